"""`charrnn novelty`: how much of a text stands in what a network learned."""

import dataclasses
import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint.directory import Checkpoint, CheckpointWriter, find_checkpoint
from charrnn.cli.learned_text import corpus_again, read_alike
from charrnn.cli.options import checkpoints_option, config_options, examples, json_option
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.corpus.loading import Corpus
    from charrnn.corpus.ngram_filter import NgramFilter
    from charrnn.corpus.splitting import Split

RUNS_TOLD: Final = 5

SHOWN_AROUND: Final = 30
"""Characters that are shown on either side of a run where it was found."""

_NAMES: Final = 36
_FIGURES: Final = 14


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a text whose n-grams all stand in the text learned.

    Attributes:
        length: Its characters.
        poem: Which poem of the text it is in, counted from 1.
        text: Its characters, white space folded.
        source: Which poem of the corpus it stands in, counted from 1; None where it was not found.
        shown: What stands around it there.
    """

    length: int
    poem: int
    text: str
    source: int | None = None
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Novelty:
    """How much of a text stands in the text learned.

    Attributes:
        characters: Of the text, white space folded.
        ngrams: How many n-grams it has.
        seen: How many of them stand there.
        runs: The longest runs, the longest first.
    """

    characters: int
    ngrams: int
    seen: int
    runs: tuple[Run, ...]

    @property
    def share(self) -> float | None:
        """The share of the n-grams that stand there; None where there are none."""
        return self.seen / self.ngrams if self.ngrams else None

    @property
    def longest(self) -> int:
        """Characters of the longest run; 0 where no n-gram stands there."""
        return self.runs[0].length if self.runs else 0


@click.command(
    epilog=examples(
        ("charrnn novelty poems.txt", "what poems.txt shares with the newest network's text"),
        ("charrnn novelty - < poems.txt", "whatever comes in"),
        ("charrnn novelty poems.txt --checkpoint quatrains --json", "the same for programs"),
    ),
)
@click.argument("file")
@click.option(
    "--checkpoint",
    metavar="NAME",
    help="Name or path of the network whose text is compared.  [default: the newest]",
)
@config_options(CorpusConfig, only=("encoding",))
@checkpoints_option
@json_option
def novelty(
    file: str,
    checkpoint: str | None,
    corpus_config: CorpusConfig,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Tell how much of a text stands in the text that a network learned.

    FILE is taken apart into poems as the network's own corpus was; - is standard input. White space
    of any kind counts as one space. Where the corpus can be read again, the validation split is
    measured too, which people wrote and the network never saw, and the longest runs are looked for.
    """
    from charrnn.corpus.splitting import poems_at, split_corpus

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    record = opened.record
    text = read_alike(file, record, corpus_config.encoding)
    corpus: Corpus | None = None
    missing = ""
    try:
        corpus = corpus_again(opened)
    except CorpusError as error:
        missing = str(error)
    known = _filter(opened, corpus, missing)
    measured = {"this text": measure(known, poems_at(text, text.spans), RUNS_TOLD)}
    if corpus is None:
        click.echo(f"There is nothing to compare with: {missing}", err=True)
    else:
        fraction, shortest = record.corpus_config.validation_fraction, record.training.shortest_part
        split = split_corpus(corpus, fraction, shortest)
        measured["this text"] = _located(measured["this text"], corpus, split)
        measured["validation"] = measure(known, poems_at(corpus, split.validation))
    (_print_json if as_json else _print_lines)(opened, known.n, file, measured)


def measure(known: "NgramFilter", poems: Iterable[str], most_runs: int = 1) -> Novelty:
    """Compare a text with the text learned.

    Args:
        known: The n-grams of the text learned.
        poems: The poems of the text. Runs do not cross them.
        most_runs: How many of the longest runs are to be told.
    """
    import numpy as np

    from charrnn.corpus.ngram_filter import folded

    characters = ngrams = seen = 0
    longest: list[tuple[int, int, str]] = []
    for number, poem in enumerate(poems, 1):
        text = folded(poem)
        hits = known.hits(text)
        characters, ngrams, seen = (
            characters + len(text),
            ngrams + len(hits),
            seen + int(hits.sum()),
        )
        edges = np.flatnonzero(np.diff(hits, prepend=False, append=False)).reshape(-1, 2)
        spans = ((start, stop + known.n - 1) for start, stop in edges.tolist())
        runs = ((stop - start, -number, text[start:stop]) for start, stop in spans)
        longest = heapq.nlargest(most_runs, [*longest, *runs])
    told = tuple(Run(length, -number, text) for length, number, text in longest)
    return Novelty(characters, ngrams, seen, told)


def _filter(checkpoint: Checkpoint, corpus: "Corpus | None", missing: str) -> "NgramFilter":
    """The n-gram filter of a checkpoint; one without gets it now, where its corpus is at hand."""
    from charrnn.corpus.ngram_filter import filter_of_training_part
    from charrnn.decoding.constraints import open_ngram_filter

    known = open_ngram_filter(checkpoint)
    if known is not None:
        return known
    if corpus is None:
        raise CheckpointError(
            f"{checkpoint.directory} has no n-gram filter of the text it learned, and none can be "
            f"made: {missing}"
        )
    known = filter_of_training_part(corpus, checkpoint.record)
    try:
        with CheckpointWriter(checkpoint.directory).held():
            known.write(checkpoint.ngram_filter_path)
    except (CheckpointError, OSError):
        return known  # A run is going on there, or nothing can be written: it was made for now.
    click.echo(f"The filter is now kept in {checkpoint.ngram_filter_path}.", err=True)
    return known


def _located(measured: Novelty, corpus: "Corpus", split: "Split") -> Novelty:
    """Look for the runs in the training split."""
    import numpy as np

    from charrnn.corpus.ngram_filter import folded
    from charrnn.corpus.splitting import poems_at
    from charrnn.corpus.store import as_array

    training = as_array(split.training)
    numbers = np.searchsorted(as_array(corpus.spans)[:, 0], training[:, 0], "right").tolist()
    found: dict[str, Run] = {}
    for number, poem in zip(numbers, poems_at(corpus, training), strict=True):
        text = folded(poem)
        for run in measured.runs:
            place = text.find(run.text)
            if place >= 0 and run.text not in found:
                start, stop = max(0, place - SHOWN_AROUND), place + run.length + SHOWN_AROUND
                shown = "…" * (start > 0) + text[start:stop] + "…" * (stop < len(text))
                found[run.text] = dataclasses.replace(run, source=number, shown=shown)
        if len(found) == len(measured.runs):
            break
    runs = tuple(
        dataclasses.replace(run, source=there.source, shown=there.shown)
        for run in measured.runs
        for there in [found.get(run.text, run)]
    )
    return dataclasses.replace(measured, runs=runs)


def _print_lines(checkpoint: Checkpoint, n: int, file: str, measured: dict[str, Novelty]) -> None:
    """Print the figures side by side, and below them the longest runs."""
    corpus = checkpoint.record.corpus
    columns = [
        ["", "characters", f"{n}-grams that stand there", "longest run that stands there"],
        *(
            [
                name,
                f"{one.characters:,}",
                "-" if one.share is None else f"{100 * one.share:.1f} %",
                f"{one.longest:,}" if one.runs else f"under {n}",
            ]
            for name, one in measured.items()
        ),
    ]
    file = "standard input" if file == "-" else file
    click.echo(f"{file} beside {corpus.name}, which {checkpoint.directory.name} learned\n")
    for label, *figures in zip(*columns, strict=True):
        click.echo(f"{label:{_NAMES}}" + "".join(f"{one:>{_FIGURES}}" for one in figures))
    runs = measured["this text"].runs
    if not runs:
        click.echo(f"\nNo {n} characters of it stand there.")
        return
    click.echo("\nThe longest runs that stand there too:")
    for run in runs:
        poems = corpus.layout != "text"
        click.echo(f"\n{run.length:>5}  “{run.text}”" + f", poem {run.poem:,}" * poems)
        if run.shown is not None:
            click.echo(f"{'':7}in {corpus.name}" + f", poem {run.source:,}" * poems + ":")
            click.echo(f"{'':7}| {run.shown}")
        elif len(measured) > 1:
            click.echo(f"{'':7}in parts of at least {n} characters, not as a whole")


def _print_json(checkpoint: Checkpoint, n: int, file: str, measured: dict[str, Novelty]) -> None:
    """Print one document."""
    figures: list[dict[str, Any]] = [
        {
            "characters": one.characters,
            "ngrams": one.ngrams,
            "share": one.share,
            "longest": one.longest,
        }
        for one in measured.values()
    ]
    document = {
        "checkpoint": str(checkpoint.directory),
        "model": checkpoint.model.sha256,
        "corpus": checkpoint.record.corpus.name,
        "text": file,
        "n": n,
        "figures": figures[0],
        "validation": figures[1] if len(figures) > 1 else None,
        "runs": [dataclasses.asdict(run) for run in measured["this text"].runs],
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
