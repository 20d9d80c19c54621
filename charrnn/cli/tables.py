"""Tables about runs and corpora, drawn with Rich; losses in words."""

import datetime
import math
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console
from rich.measure import measure_renderables
from rich.table import Table
from rich.text import Text

from charrnn.checkpoint.record import CorpusRecord, ModelRecord, RunRecord
from charrnn.cli.console import safe_console
from charrnn.cli.info import RunFacts
from charrnn.settings.architecture import CELL_NAMES
from charrnn.settings.setting import Configuration, settings_of
from charrnn.wording import counted, layout_in_words, printable, size_in_words

if TYPE_CHECKING:
    from charrnn.corpus.lint import LintReport

WIDEST_SPARKLINE: Final = 40

MOST_LABELS_SHOWN: Final = 24
"""Labels of a field that are listed; JSON has all."""

_BARS: Final = "▁▂▃▄▅▆▇█"

_BASELINES: Final = {"unigram": "guessing by frequency", "xz": "xz -9"}


def bits(nats: float) -> float:
    """Convert nats to bits."""
    return nats / math.log(2)


def sparkline(values: list[float]) -> str:
    """Draw values as a row of bars; the lowest value is the lowest bar."""
    low, high = min(values), max(values)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((value - low) * scale)] for value in values)


def labelled_baselines(baselines: Mapping[str, float]) -> list[tuple[str, float]]:
    """Names for people and losses of the baselines of a run, the lowest loss first."""
    named = [(_BASELINES.get(name, name), loss) for name, loss in baselines.items()]
    return sorted(named, key=lambda item: item[1])


def show_runs(console: Console, runs: list[RunFacts], now: datetime.datetime) -> None:
    """Print a line for each run, and why some cannot be used. Ages are counted from `now`."""
    table = _plain_table("Name", "Corpus", "Network", "Bits/char", "Saved", "Size")
    for run in runs:
        table.add_row(
            Text(printable(run.directory.name), "bold"),
            printable(run.record.corpus.name) if run.record else "",
            _network(run.record) if run.record else "",
            Text(f"{bits(run.model.validation_loss):.3f}") if run.model else Text(run.state, "red"),
            _age(now - run.saved),
            size_in_words(run.size),
        )
    _keep_words_whole(table, console)
    console.print(table)
    for run in runs:
        if run.problem is not None:
            console.print(f"\n{printable(run.directory.name)}: {run.problem}")


def show_run(console: Console, run: RunFacts, now: datetime.datetime) -> None:
    """Print all that is known of a usable run. Ages are counted from `now`."""
    record, model = run.record, run.model
    assert record is not None, "a usable run has a record"
    assert model is not None, "a usable run has a network"
    console.print(Text(printable(run.directory.name), "bold"))
    unused = () if record.corpus.header_tokens else ("min_poems", "label_dropout")
    for section in (
        _facts(run, record, model, now),
        _layers(record),
        _losses(record, model),
        _history(run.history),
        _pairs(
            {
                "Reading": _settings(record.corpus_config, without=unused),
                "Training": _settings(record.training, without=unused),
            }
        ),
    ):
        console.print()
        console.print(section)


def _facts(run: RunFacts, record: RunRecord, model: ModelRecord, now: datetime.datetime) -> Table:
    corpus = record.corpus
    poems = f" in {corpus.poems:,} poems" if corpus.poems > 1 else ""
    facts = {
        "Network": f"{_network(record)}, {record.architecture.parameters:,} parameters",
        "Corpus": f"{corpus.name}: {counted(corpus.characters, 'character')}{poems}, "
        f"{len(record.vocabulary):,} distinct ({corpus.encoding})",
        "Layout": _layout(corpus),
        "Titles": f"of {corpus.titles:,} poems" if corpus.titles else "",
        **_labels(corpus),
        "Writes with": ", ".join(f"{name} {value}" for name, value in record.writing.items()),
        "Trained": f"{counted(model.step, 'step')}, {counted(model.epoch, 'epoch')}, on {record.device}",
        "Warm start": record.origin.name if record.origin else "",
        "Learned": _learned(run.learned()),
        "Started": record.created,
        "Saved": _age(now - run.saved),
        "Size": f"{size_in_words(run.size)} in {run.directory}",
        "Versions": ", ".join(f"{name} {version}" for name, version in record.versions.items()),
    }
    return _pairs({name: value for name, value in facts.items() if value})


def _labels(corpus: CorpusRecord) -> dict[str, str]:
    """The labels of each field with their numbers of poems, the most frequent first."""
    fields: dict[str, list[str]] = {}
    for label in sorted(corpus.labels, key=lambda label: -label.poems):
        fields.setdefault(label.field, []).append(f"{label.value} ({label.poems:,})")
    return {
        f"Label {field}": ", ".join(values[:MOST_LABELS_SHOWN])
        + (
            f" and {len(values) - MOST_LABELS_SHOWN:,} more, see --json"
            if values[MOST_LABELS_SHOWN:]
            else ""
        )
        for field, values in fields.items()
    }


def _layout(corpus: "CorpusRecord | LintReport") -> str:
    return f"{corpus.layout}: {layout_in_words(corpus.layout, stanzas=corpus.stanzas)}"


def _learned(facts: Mapping[str, Any]) -> str:
    """The learned tables in words; empty if there are none."""
    tables = []
    if facts["characters"] is not None:
        characters, poems = facts["characters"], facts["poems"]
        known = counted(characters, "character")
        tables.append(f"the tones of {known}, from {counted(poems, 'regular poem')}")
    if facts["words"] is not None:
        tables.append(counted(facts["words"], "word"))
    return facts["problem"] or "; ".join(tables)


def _layers(record: RunRecord) -> Table:
    table = Table(
        box=None, pad_edge=False, header_style="bold", footer_style="bold", show_footer=True
    )
    table.add_column("Layer", "Total")
    table.add_column("Output", justify="right")
    table.add_column("Parameters", f"{record.architecture.parameters:,}", justify="right")
    table.add_column("Where they come from")
    for layer in record.architecture.table():
        table.add_row(layer.name, f"{layer.output:,}", f"{layer.parameters:,}", layer.formula)
    return table


def _losses(record: RunRecord, model: ModelRecord) -> Table:
    table = _plain_table("Loss per character", "nats", "bits")
    losses = {"validation": model.validation_loss, "training": model.training_loss}
    losses |= {_BASELINES.get(name, name): loss for name, loss in record.baselines.items()}
    for name, loss in losses.items():
        style = "bold" if name == "validation" else ""
        table.add_row(name, f"{loss:.4f}", f"{bits(loss):.4f}", style=style)
    return table


def _history(history: list[dict[str, Any]]) -> Table:
    losses = [
        float(evaluation["validation_loss"])
        for evaluation in history
        if isinstance(evaluation.get("validation_loss"), int | float)
    ]
    if not losses:
        return _pairs({"History": "no evaluations"})
    last, width = len(losses) - 1, min(len(losses), WIDEST_SPARKLINE)
    line = sparkline([losses[number * last // max(1, width - 1)] for number in range(width)])
    return _pairs(
        {
            "History": f"{losses[0]:.3f} {line} {losses[-1]:.3f} nats",
            "": f"{counted(len(losses), 'evaluation')}, the best {min(losses):.4f}",
        }
    )


def _settings(configuration: Configuration, without: Container[str] = ()) -> str:
    names = (name for name in settings_of(type(configuration)) if name not in without)
    values = ((name, getattr(configuration, name)) for name in names)
    return ", ".join(
        f"{name.replace('_', '-')} {f'{value:g}' if isinstance(value, float) else value}"
        for name, value in values
        if value is not None
    )


def _network(record: RunRecord) -> str:
    sizes = record.architecture
    return f"{CELL_NAMES[sizes.cell]}, {sizes.layers} x {sizes.units:,}"


def _age(age: datetime.timedelta) -> str:
    """An age in words: "just now", "1 minute ago", "3 days ago"."""
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(age.total_seconds() // seconds)
        if count >= 1:
            return f"{counted(count, unit)} ago"
    return "just now"


def print_catalogue(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print the corpora known by name; sizes are in bytes."""
    table = _ruled_table("CORPUS", "LANGUAGE", "LAYOUT", "SIZE", "LICENCE", "HERE")
    for row in rows:
        table.add_row(
            Text.assemble((row["name"], "bold"), "\n", row["title"]),
            row["language"],
            row["layout"],
            size_in_words(row["size"]),
            row["licence"],
            row["availability"],
        )
    safe_console().print(table)


def print_details(details: Mapping[str, Any]) -> None:
    """Print names and values, one per line; None and empty lists are left out."""
    table = Table.grid("", "", padding=(0, 2))
    table.columns[1].overflow = "fold"
    for key, value in details.items():
        if value not in (None, []):
            # As Text, because poems hold brackets that Rich would take for markup.
            table.add_row(key, Text(_in_words(key, value)))
    safe_console().print(table)


def print_report(report: "LintReport") -> None:
    """Print what a corpus consists of, and a table of its lint issues."""
    rows = {
        "corpus": report.name,
        "encoding": report.encoding,
        "layout": _layout(report),
        "poems": report.poems,
        "characters": report.characters,
        "distinct characters": f"{report.distinct_characters:,}, {report.seen_once:,} seen once",
        "vocabulary": f"{report.vocabulary_size:,} tokens",
        "rarest": "  ".join(f"{_visible(one)} {count:,}" for one, count in report.rarest),
        "validation": _validation(report),
    }
    print_details(rows)
    console = safe_console()
    if not report.issues:
        found = "Nothing wrong" if report.too_short is None else "No other fault"
        console.print(f"\n{found} was found.")
        return
    table = _ruled_table("FOUND", "TIMES", "EXAMPLES")
    table.show_lines = True
    for issue in report.issues:
        places = "\n".join(f"poem {one.poem:,}: {one.text}" for one in issue.examples)
        finding = Text.assemble((issue.kind, "bold"), "\n", issue.advice)
        table.add_row(finding, f"{issue.count:,}", Text(places))
    console.print()
    console.print(table)


def _in_words(key: str, value: Any) -> str:
    if key == "size":
        return size_in_words(value)
    if isinstance(value, list):
        return value[0] if len(value) == 1 else f"{len(value)} files, the first: {value[0]}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _validation(report: "LintReport") -> str:
    if report.too_short is not None:
        return report.too_short
    characters = counted(report.validation_characters or 0, "character")
    if report.layout == "text":
        return f"the last {characters}"
    return f"{counted(report.validation_poems or 0, 'poem')}, {characters}"


def _visible(character: str) -> str:
    if character.isprintable() and not character.isspace():
        return character
    return {" ": "space", "\n": "line-end", "\t": "tab"}.get(character, ascii(character))


def _pairs(rows: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, printable(value))
    return table


def _plain_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        right = heading in {"Bits/char", "Size", "nats", "bits"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    return table


def _keep_words_whole(table: Table, console: Console) -> None:
    """Give each column the width of its longest word, if all fit, and then what is left.

    Rich narrows the widest columns first, whatever stands in them. A word of more than a quarter of
    the line is folded.
    """
    needs = [
        measure_renderables(console, console.options, [column.header, *column.cells])
        for column in table.columns
    ]
    words = [min(need.minimum, console.width // 4) for need in needs]
    room = console.width - sum(words) - 2 * (len(words) - 1)
    if room < 0:
        return
    rows = zip(table.columns, words, needs, strict=True)
    for column, word, need in sorted(rows, key=lambda row: row[2].maximum - row[1]):
        column.width = word + min(room, need.maximum - word)
        room -= column.width - word


def _ruled_table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in {"SIZE", "TIMES"} else "left",
            overflow="fold",
            no_wrap=heading not in {"CORPUS", "FOUND", "EXAMPLES"},
        )
    return table
