"""Poems with fields: reading JSON, JSON Lines, CSV and TSV files of poems."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from charrnn.errors import CorpusError
from charrnn.wording import listed

TEXT_FIELDS: Final = (
    *("text", "poem", "paragraphs", "lines", "content", "body", "verse"),
    *("正文", "内容", "內容", "诗", "詩"),
)
"""Names of the field that holds the text of a poem, the first that is there."""

_CLAUSE_ENDS: Final = "，。；？！、："
_DELIMITERS: Final = ",;\t"
_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class PoemRecord:
    """A poem of a file: its text, and its other fields by name, empty ones left out."""

    text: str
    fields: Mapping[str, str]


def read_poem_file(content: str, name: str) -> list[PoemRecord]:
    """The poems of a JSON document, of JSON Lines, or of a table with a row of headings.

    A JSON document is a list of objects, or an object with such a list. The text of a poem is a
    string or a list of lines; see `TEXT_FIELDS`. Lists of other values are joined with ", ".

    Args:
        content: The content of the file.
        name: Its name in messages.

    Raises:
        CorpusError: It cannot be parsed, holds no poems, or a field of a poem has another type.
    """
    is_json = content.lstrip("\ufeff \t\r\n")[:1] in {"[", "{"}
    rows = _json_rows(content, name) if is_json else _table_rows(content, name)
    text_field = _text_field(rows, name)
    records = [_record(row, number, text_field, name) for number, row in enumerate(rows, 1)]
    if not any(record.text for record in records):
        raise CorpusError(f"{name} holds no poem: its field {text_field} is empty everywhere.")
    return [record for record in records if record.text]


def _json_rows(content: str, name: str) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(content.lstrip("\ufeff"))
    except (ValueError, RecursionError) as whole:
        rows = list(_json_lines(content, name, whole))
    else:
        rows = _list_in(document)
    if not rows:
        raise CorpusError(f"{name} holds no poems: it is JSON without a list of objects.")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise CorpusError(
                f"{name}: poem {number:,} must be an object with fields such as text, title and "
                f"author. Received: {type(row).__name__}."
            )
    return rows


def _json_lines(content: str, name: str, whole: Exception) -> Iterator[Any]:
    lines = [(number, line) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    for number, line in lines:
        try:
            yield json.loads(line.lstrip("\ufeff"))
        except (ValueError, RecursionError) as error:
            problem, place = (whole, "") if number == lines[0][0] else (error, f", line {number:,}")
            raise CorpusError(f"{name}{place} is not valid JSON ({problem}).") from error


def _list_in(document: Any) -> list[Any]:
    """The poems of a JSON document: a list, a list in an object, or one poem."""
    if isinstance(document, dict):
        lists = [value for value in document.values() if _is_list_of_objects(value)]
        return lists[0] if lists else [document]
    return document if isinstance(document, list) else []


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _table_rows(content: str, name: str) -> list[Mapping[str, Any]]:
    content = content.lstrip("\ufeff")
    heading = content.lstrip("\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    csv.field_size_limit(max(len(content), 1 << 17))
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    found: list[Mapping[str, Any]] = []
    try:
        names = [cell.strip() for cell in next(filter(None, rows), [])]
        for row in filter(None, rows):
            if len(row) != len(names):
                raise CorpusError(
                    f"{name}, line {rows.line_num:,} has {len(row)} cells, and its heading has "
                    f"{len(names)}: put quotation marks around cells with line ends or delimiters."
                )
            found.append(dict(zip(names, row, strict=True)))
    except csv.Error as error:
        raise CorpusError(
            f"{name}, line {rows.line_num:,} is not a valid row ({error})."
        ) from error
    if not found:
        raise CorpusError(f"{name} holds no poems: it has a heading and no rows.")
    return found


def _text_field(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    by_folded = {key.strip().lower(): key for row in rows for key in row}
    for wanted in TEXT_FIELDS:
        if wanted in by_folded:
            return by_folded[wanted]
    known = [repr(key) for key in by_folded.values()][:_NAMED]
    raise CorpusError(
        f"{name} has no field with the text of the poems: name it text. "
        f"Received: {listed(known) if known else 'no fields'}."
    )


def _record(row: Mapping[str, Any], number: int, text_field: str, name: str) -> PoemRecord:
    where = f"{name}: poem {number:,}"
    text = _poem_text(row.get(text_field), f"{where}: {text_field}")
    fields = {
        key.strip(): told
        for key, value in row.items()
        if key != text_field and (told := _field_text(value, f"{where}: {key}"))
    }
    return PoemRecord(text, fields)


def _poem_text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip("\n")
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return _joined([line.strip("\n") for line in value])
    raise CorpusError(
        f"{where} must be the text of a poem, or a list of its lines. Received: {_kind(value)}."
    )


def _joined(lines: Iterable[str]) -> str:
    """Lines of a poem; those of Chinese that end in punctuation stand in one, as poets' books do."""
    lines = [line for line in lines if line.strip()] or [""]
    if all(line.rstrip().endswith(tuple(_CLAUSE_ENDS)) for line in lines):
        return "".join(line.strip() for line in lines)
    return "\n".join(lines)


def _field_text(value: Any, where: str) -> str:
    """The value of a field as text: numbers as they are written, lists joined, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ", ".join(filter(None, (_field_text(one, where) for one in value)))
    return ""


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list of other things", bool: "true or false"}
    return names.get(type(value), "a number")
