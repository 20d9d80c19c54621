"""Runs as a person reads them: tables of what they are and how well they learned."""

import datetime
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.checkpoint.record import ModelRecord, RunRecord
from charrnn.cli.losses import BASELINES, bits, sparkline
from charrnn.cli.run_facts import RunFacts, Taught
from charrnn.cli.sizes import size_in_words
from charrnn.settings.architecture import CELL_NAMES
from charrnn.settings.setting import Configuration, settings_of
from charrnn.wording import counted

WIDEST_SPARKLINE = 40


def show_runs(console: Console, runs: list[RunFacts], now: datetime.datetime) -> None:
    """Print a line for each run, and why some of them cannot be used.

    Args:
        console: Where to.
        runs: The runs, in the order of the lines.
        now: The time that ages are counted from.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("Name", "Corpus", "Network", "Bits/char", "Saved", "Size"):
        right = header in {"Bits/char", "Size"}
        table.add_column(header, justify="right" if right else "left", overflow="fold")
    for run in runs:
        table.add_row(
            Text(run.directory.name, "bold"),
            run.record.corpus.name if run.record else "",
            _network(run.record) if run.record else "",
            Text(f"{bits(run.model.validation_loss):.3f}") if run.model else Text(run.state, "red"),
            _age(now - run.saved),
            size_in_words(run.size),
        )
    console.print(table)
    for run in runs:
        if run.problem is not None:
            console.print(f"\n{run.directory.name}: {run.problem}")


def show_run(console: Console, run: RunFacts, now: datetime.datetime) -> None:
    """Print all that is known of a run that can be used.

    Args:
        console: Where to.
        run: The run.
        now: The time that ages are counted from.
    """
    record, model = run.record, run.model
    assert record is not None, "a run that can be used has a record"
    assert model is not None, "a run that can be used has a network"
    console.print(Text(run.directory.name, "bold"))
    _section(console, _facts(run, record, model, now))
    _section(console, _layers(record))
    _section(console, _losses(record, model))
    _section(console, _history(run.history))
    _section(console, _settings(record))


def _section(console: Console, content: Any) -> None:
    console.print()
    console.print(content)


def _facts(run: RunFacts, record: RunRecord, model: ModelRecord, now: datetime.datetime) -> Table:
    corpus = record.corpus
    poems = f" in {corpus.poems:,} poems" if corpus.poems > 1 else ""
    facts = {
        "Network": f"{_network(record)}, {record.architecture.parameters:,} parameters",
        "Corpus": f"{corpus.name}: {corpus.characters:,} characters{poems}, "
        f"{len(record.vocabulary):,} distinct ({corpus.layout}, {corpus.encoding})",
        "Trained": f"{model.step:,} steps, {model.epoch:.3g} readings of the text, "
        f"on {record.device}",
        **({} if record.origin is None else {"Began with": record.origin.name}),
        **_taught(run.taught()),
        "Begun": record.created,
        "Saved": _age(now - run.saved),
        "Size": f"{size_in_words(run.size)} in {run.directory}",
        "Versions": ", ".join(f"{name} {version}" for name, version in record.versions.items()),
    }
    return _pairs(facts.items())


def _taught(taught: Taught) -> dict[str, str]:
    """What its poems taught, in words; nothing where that is nothing."""
    lessons = []
    if taught.characters is not None:
        lessons.append(
            f"the tones of {taught.characters:,} characters, from {taught.poems:,} regular poems"
        )
    if taught.words is not None:
        lessons.append(f"{taught.words:,} words")
    told = taught.problem or "; ".join(lessons)
    return {"Learned": told} if told else {}


def _pairs(rows: Any) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


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
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Loss per character")
    table.add_column("nats", justify="right")
    table.add_column("bits", justify="right")
    losses = {
        "on the validation part": model.validation_loss,
        "on the training part": model.training_loss,
        **{BASELINES.get(name, name): loss for name, loss in record.baselines.items()},
    }
    for number, (name, loss) in enumerate(losses.items()):
        table.add_row(name, f"{loss:.4f}", f"{bits(loss):.4f}", style="" if number else "bold")
    return table


def _history(history: list[dict[str, Any]]) -> Table:
    losses = [
        float(evaluation["validation_loss"])
        for evaluation in history
        if isinstance(evaluation.get("validation_loss"), int | float)
    ]
    if not losses:
        return _pairs([("History", "no evaluation is kept")])
    line = sparkline(_thinned(losses, WIDEST_SPARKLINE))
    return _pairs(
        [
            ("History", f"{losses[0]:.3f} {line} {losses[-1]:.3f} nats"),
            ("", f"{len(losses)} evaluations, the best {min(losses):.4f}"),
        ]
    )


def _thinned(values: list[float], most: int) -> list[float]:
    """At most so many of the values, evenly chosen, the first and the last among them."""
    if len(values) <= most:
        return values
    return [values[position * (len(values) - 1) // (most - 1)] for position in range(most)]


def _settings(record: RunRecord) -> Table:
    return _pairs(
        [
            ("Reading", ", ".join(_spelled(record.corpus_config))),
            ("Training", ", ".join(_spelled(record.training))),
        ]
    )


def _spelled(configuration: Configuration) -> Iterator[str]:
    """Every setting that was given or settled."""
    for name in settings_of(type(configuration)):
        value = getattr(configuration, name)
        if value is not None:
            words = f"{value:g}" if isinstance(value, float) else value
            yield f"{name.replace('_', '-')} {words}"


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
