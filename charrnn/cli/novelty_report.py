"""What `charrnn novelty` found, for people and for programs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.loading import Corpus
from charrnn.corpus.passages import Occurrence
from charrnn.corpus.sources import STANDARD_INPUT
from charrnn.generation.copying import CopiedRun, Novelty

SHOWN_AROUND: Final = 60
"""Characters of its line that are shown at most on either side of a copied run."""

PLACES_TOLD: Final = 10

_SHARES: Final = (0.5, 0.9, 1.0)
_NAMES: Final = 36
_FIGURES: Final = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was found.

    Attributes:
        file: What was measured.
        checkpoint: The network whose text it was compared with.
        limit: The longest run that a poem of this network shares with it by default.
        stretch: Characters that count as a poem, for a continuous text.
        text: The figures of the file.
        kept_aside: Those of the validation part; None where it is not at hand.
        corpus: The corpus; None where it is not at hand.
    """

    file: str
    checkpoint: Checkpoint
    limit: int
    stretch: int | None
    text: Novelty
    kept_aside: Novelty | None
    corpus: Corpus | None


def print_lines(report: Report) -> None:
    """Print the figures side by side, and below them the longest copied runs."""
    name = report.checkpoint.record.corpus.name
    file = "standard input" if report.file == STANDARD_INPUT else report.file
    click.echo(f"{file} beside {name}, which {report.checkpoint.directory.name} learned\n")
    measured = [report.text] + ([report.kept_aside] if report.kept_aside else [])
    _print_row("", ["this text", "kept aside"][: len(measured)])
    columns = [_column(one, report.limit) for one in measured]
    for label, *figures in zip(_labels(report), *columns, strict=True):
        _print_row(label, figures)
    if not report.text.runs:
        click.echo("\nNone of its characters stands there.")
        return
    click.echo("\nThe longest runs that stand there too:")
    for run in report.text.runs:
        click.echo(f"\n{len(run.text):>5}  “{run.text}”")
        source = f"poem {run.poem:,}, from " if report.stretch is None else ""
        click.echo(f"{'':7}{source}{_place(report, run)}")
        for line in _lines_around(report, run):
            click.echo(f"{'':7}| {line}")


def print_json(report: Report) -> None:
    """Print one document."""
    document = {
        "checkpoint": str(report.checkpoint.directory),
        "model": report.checkpoint.model.sha256,
        "corpus": report.checkpoint.record.corpus.name,
        "text": report.file,
        "limit": report.limit,
        "stretch": report.stretch,
        "figures": _facts(report.text, report.limit) | {"longest": list(report.text.longest)},
        "kept_aside": report.kept_aside and _facts(report.kept_aside, report.limit),
        "runs": [
            {
                "text": run.text,
                "length": len(run.text),
                "poem": run.poem,
                "places": len(run.occurrences),
                "stands_in": [place._asdict() for place in run.occurrences[:PLACES_TOLD]],
                "lines": list(_lines_around(report, run)),
            }
            for run in report.text.runs
        ],
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def _facts(novelty: Novelty, limit: int) -> dict[str, Any]:
    half, most, all_ = map(novelty.longest_in, _SHARES)
    return {
        "poems": len(novelty.longest),
        "characters": novelty.characters,
        "longest_of_half": half,
        "longest_of_nine_in_ten": most,
        "longest_of_all": all_,
        "over_limit": novelty.share_over(limit),
        "shares": {str(n): share for n, share in novelty.shares.items()},
    }


def _labels(report: Report) -> list[str]:
    poems = "poems" if report.stretch is None else f"stretches of {report.stretch:,} characters"
    return [
        poems,
        "characters",
        "longest copied run, half have at most",
        "nine in ten have at most",
        "the longest of all",
        f"over {report.limit} (the limit of poems)",
        *(f"{n}-grams seen" for n in report.text.shares),
    ]


def _column(novelty: Novelty, limit: int) -> list[str]:
    return [
        f"{len(novelty.longest):,}",
        f"{novelty.characters:,}",
        *(f"{novelty.longest_in(share):,}" for share in _SHARES),
        _percentage(novelty.share_over(limit)),
        *map(_percentage, novelty.shares.values()),
    ]


def _percentage(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _print_row(label: str, figures: list[str]) -> None:
    click.echo(f"{label:{_NAMES}}" + "".join(f"{figure:>{_FIGURES}}" for figure in figures))


def _place(report: Report, run: CopiedRun) -> str:
    """Where the first of the places is, and how many more there are."""
    first, more = run.occurrences[0], len(run.occurrences) - 1
    name = report.checkpoint.record.corpus.name
    if report.stretch is None:
        place = f"poem {first.poem:,} of {name}"
    elif report.corpus is None:
        place = f"character {first.offset + 1:,} of {name}"
    else:
        _, start, _ = _found(report.corpus, run, first)
        place = f"line {report.corpus.text[:start].count(chr(10)) + 1:,} of {name}"
    return f"{place} and {more:,} more place{'s' if more > 1 else ''}" if more else place


def _lines_around(report: Report, run: CopiedRun) -> Iterator[str]:
    """The lines of the corpus that hold a run, where it is at hand."""
    if report.corpus is None:
        return
    poem, start, stop = _found(report.corpus, run, run.occurrences[0])
    begin = poem.rfind("\n", 0, start) + 1
    end = poem.find("\n", stop)
    end = len(poem) if end < 0 else end
    cut_begin, cut_end = max(begin, start - SHOWN_AROUND), min(end, stop + SHOWN_AROUND)
    shown = poem[cut_begin:cut_end]
    shown = ("…" if cut_begin > begin else "") + shown + ("…" if cut_end < end else "")
    yield from (line for line in shown.split("\n") if line.strip())


def _found(corpus: Corpus, run: CopiedRun, place: Occurrence) -> tuple[str, int, int]:
    """A poem of the corpus, and where in it a run begins and ends, its white space as it was."""
    poem = corpus.poem(place.poem - 1)
    found = re.search(r"\s+".join(map(re.escape, run.text.split(" "))), poem)
    assert found is not None, "the index is that of this text"
    return poem, *found.span()
