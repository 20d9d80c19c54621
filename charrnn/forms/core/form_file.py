"""Forms as TOML: a file that can be read, changed and read back."""

import dataclasses
import json
import tomllib
from collections.abc import Iterable
from typing import Any, TypeVar

from charrnn.errors import FormError
from charrnn.forms.core.form import Form, Line
from charrnn.typecheck import conforms

Made = TypeVar("Made", Form, Line)


def read_form(text: str, name: str) -> Form:
    """The form that a TOML text describes.

    Args:
        text: The text, as `written_form` gives it.
        name: What to call the text in an error: its path.

    Raises:
        FormError: It is not TOML, something is missing or of the wrong kind, or the form
            contradicts itself.
    """
    try:
        values = tomllib.loads(text)
        tables = _listed(values, "variants")
        variants = [
            [_made(Line, "a line", line) for line in _listed(table, "lines")] for table in tables
        ]
        names = [table.get("name", "") for table in tables]
        return _made(Form, "a form", values | {"variants": variants, "variant_names": names})
    except tomllib.TOMLDecodeError as error:
        raise FormError(f"{name} is not TOML: {error}.") from error
    except RecursionError as error:
        raise FormError(f"{name} is no form: its tables lie too deep in one another.") from error
    except FormError as error:
        raise FormError(f"{name}: {error}") from error


def written_form(form: Form) -> str:
    """A form as TOML that `read_form` makes the same form of."""
    scalars = (
        ("name", _string(form.name)),
        ("aliases", _array(map(_string, form.aliases))),
        ("title", _string(form.title)),
        ("language", _string(form.language)),
        ("stanzas", _array(map(str, form.stanzas))),
        ("metre", _string(form.metre)),
        ("book", _string(form.book)),
        ("example", _text(form.example)),
        ("source", _text(form.source)),
    )
    needed = _required(Form)
    lines = [
        f"{key} = {value}" for key, value in scalars if key in needed or value not in {'""', "[]"}
    ]
    for name, variant in zip(form.variant_names, form.variants, strict=True):
        lines += ["", "[[variants]]", f"name = {_string(name)}", "lines = ["]
        lines += [f"    {_line(line)}," for line in variant]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _line(line: Line) -> str:
    parts = [f"lengths = {_array(map(str, line.lengths))}"]
    parts += [
        f"{key} = {_string(value)}"
        for key in ("pattern", "rhyme", "ending")
        if (value := getattr(line, key))
    ]
    return "{ " + ", ".join(parts) + " }"


def _array(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _string(text: str) -> str:
    """A basic string: JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(text: str) -> str:
    """A string with its line ends as they are."""
    if "\n" not in text:
        return _string(text)
    return '"""\n' + "\n".join(_string(line)[1:-1] for line in text.split("\n")) + '"""'


def _listed(values: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """An array of tables, checked to be one."""
    tables = values.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FormError(f"{key} must be an array of tables.")
    return tables


def _made(kind: type[Made], what: str, values: dict[str, Any]) -> Made:
    """A dataclass of values that nobody has checked."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    frozen = {key: _frozen(value) for key, value in values.items()}
    for fault, names in (
        ("has no", frozen.keys() - fields.keys()),
        ("needs", _required(kind) - frozen.keys()),
    ):
        if names:
            raise FormError(f"{what} {fault} {' and '.join(sorted(names))}.")
    for key, item in frozen.items():
        if not conforms(item, fields[key].type):
            raise FormError(f"{what} cannot have this {key}: {values[key]}.")
    return kind(**frozen)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _required(kind: type[Made]) -> set[str]:
    return {
        field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
    }
