"""The tables of `charrnn corpus`, drawn with Rich on standard output."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.cli.sizes import size_in_words
from charrnn.corpus.lint import LintReport


def print_catalogue(rows: Iterable[Mapping[str, Any]]) -> None:
    """Draw the corpora known by name.

    Args:
        rows: For each its name, title, language, layout, size in bytes, licence and availability.
    """
    table = _table("CORPUS", "LANGUAGE", "LAYOUT", "SIZE", "LICENCE", "HERE")
    for row in rows:
        table.add_row(
            f"[bold]{row['name']}[/]\n{row['title']}",
            row["language"],
            row["layout"],
            size_in_words(row["size"]),
            row["licence"],
            row["availability"],
        )
    _console().print(table)


def print_details(details: Mapping[str, Any]) -> None:
    """Draw names and values, a line for each value that there is.

    Args:
        details: Values by name; numbers, texts or lists of addresses.
    """
    table = Table.grid("", "", padding=(0, 2))
    table.columns[1].overflow = "fold"
    for key, value in details.items():
        if value not in (None, []):
            table.add_row(key, _text(_spelled(key, value)))
    _console().print(table)


def _spelled(key: str, value: Any) -> str:
    if key == "size":
        return size_in_words(value)
    if isinstance(value, list):
        return value[0] if len(value) == 1 else f"{len(value)} files, the first: {value[0]}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_report(report: LintReport) -> None:
    """Draw what was found out about a corpus, and a table of what may be wrong with it."""
    console = _console()
    rows = {
        "corpus": report.name,
        "encoding": report.encoding,
        "layout": report.layout,
        "poems": report.poems,
        "characters": report.characters,
        "distinct characters": f"{report.distinct_characters:,}, {report.seen_once:,} seen once",
        "vocabulary": f"{report.vocabulary_size:,} ids",
        "rarest": "  ".join(f"{_visible(one)} {count:,}" for one, count in report.rarest),
        "validation": _validation(report),
    }
    print_details(rows)
    if not report.issues:
        console.print("\nNothing wrong was found.")
        return
    table = _table("FOUND", "TIMES", "EXAMPLES")
    table.show_lines = True
    for issue in report.issues:
        places = "\n".join(f"poem {one.poem:,}: {one.text}" for one in issue.examples)
        finding = f"[bold]{issue.kind}[/]\n{issue.advice}"
        table.add_row(finding, f"{issue.count:,}", _text(places))
    console.print()
    console.print(table)


def _validation(report: LintReport) -> str:
    if report.too_short is not None:
        return report.too_short
    characters = f"{report.validation_characters:,} characters"
    if report.layout == "text":
        return f"the last {characters}"
    return f"{report.validation_poems:,} poems, {characters}"


def _visible(character: str) -> str:
    if character.isprintable() and not character.isspace():
        return character
    return {" ": "space", "\n": "line-end", "\t": "tab"}.get(character, ascii(character))


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in {"SIZE", "TIMES"} else "left",
            overflow="fold",
            no_wrap=heading not in {"CORPUS", "FOUND", "EXAMPLES"},
        )
    return table


def _console() -> Console:
    return Console(highlight=False)


def _text(value: object) -> Text:
    """A text that Rich does not search for markup: poems hold brackets of their own."""
    return Text(str(value))
