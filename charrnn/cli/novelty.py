"""`charrnn novelty`: how much of a text is copied from what a network learned."""

import dataclasses
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE, Checkpoint, CheckpointWriter
from charrnn.checkpoint.lookup import find_checkpoint
from charrnn.cli.options import checkpoints_option, config_options, examples, json_option
from charrnn.cli.process import print_json, tell
from charrnn.cli.texts import corpus_again, read_alike
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.corpus.loading import Corpus
    from charrnn.corpus.ngram_filter import NgramFilter
    from charrnn.corpus.splitting import Split

RUNS_SHOWN: Final = 5

SHOWN_AROUND: Final = 30
"""Characters shown on either side of a run in the corpus."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a text whose n-grams are all in the learned text.

    Attributes:
        length: Its number of characters.
        poem: Number of its poem in the text, from 1.
        text: Its characters, white space folded.
        source: Number of its poem in the corpus, from 1; None if it was not found.
        shown: The run there, with the characters around it.
        false_alarms: How many of its n-grams the corpus does not have; None if it was not searched.
    """

    length: int
    poem: int
    text: str
    source: int | None = None
    shown: str | None = None
    false_alarms: int | None = None


@dataclass(frozen=True, slots=True)
class Novelty:
    """How much of a text is in the learned text.

    `seen` of its n-grams are in the learned text. `runs` are the longest, the longest first.
    """

    characters: int
    ngrams: int
    seen: int
    runs: tuple[Run, ...]

    @property
    def share(self) -> float | None:
        """Share of the n-grams in the learned text; None without n-grams."""
        return self.seen / self.ngrams if self.ngrams else None

    @property
    def longest(self) -> int:
        """Characters of the longest run; 0 without one."""
        return self.runs[0].length if self.runs else 0


@click.command(
    epilog=examples(
        ("charrnn novelty poems.txt", "compare with the newest network's corpus"),
        ("charrnn novelty - < poems.txt", "read standard input"),
        ("charrnn novelty poems.txt --checkpoint quatrains --json", "the same for programs"),
    ),
)
@click.argument("file")
@click.option(
    "--checkpoint",
    metavar="NAME",
    help="Name or path of the network to compare with.  [default: the newest]",
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
    """Measure how much of a text is copied from what a network learned.

    FILE is divided into poems in the layout of the network's own corpus; - is standard input. Any
    white space counts as one space. About 0.6 % of the n-grams of any text are taken for known by
    chance, as the network keeps only a filter of them. If the corpus can be read again, its
    validation split, which the network never saw, is measured for comparison, and the sources of
    the longest runs are shown.
    """
    from charrnn.corpus.splitting import poems_at, split_corpus

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    record = opened.record
    text = read_alike(file, record, corpus_config.encoding)
    try:
        corpus, missing = corpus_again(opened), ""
    except CorpusError as error:
        corpus, missing = None, str(error)
    known = _filter(opened, corpus, missing)
    measured = {"this text": measure(known, poems_at(text, text.spans), RUNS_SHOWN)}
    if corpus is None:
        tell(f"The validation split is not measured: {missing}")
    else:
        fraction, shortest = (
            record.corpus_config.validation_fraction,
            record.training.shortest_split,
        )
        split = split_corpus(corpus, fraction, shortest)
        measured["this text"] = _located(measured["this text"], corpus, split, known.n)
        measured["validation"] = measure(known, poems_at(corpus, split.validation))
    if as_json:
        print_json(_facts(opened, known.n, file, measured))
    else:
        _print_lines(opened, known.n, file, measured)


def measure(known: "NgramFilter", poems: Iterable[str], most_runs: int = 1) -> Novelty:
    """Compare poems with the learned text. No run crosses the end of a poem."""
    import numpy as np

    from charrnn.corpus.ngram_filter import folded

    characters = ngrams = seen = 0
    longest: list[tuple[int, int, str]] = []
    for number, poem in enumerate(poems, 1):
        text = folded(poem)
        hits = known.hits(text)
        characters += len(text)
        ngrams += len(hits)
        seen += int(hits.sum())
        edges = np.flatnonzero(np.diff(hits, prepend=False, append=False)).reshape(-1, 2)
        spans = ((start, stop + known.n - 1) for start, stop in edges.tolist())
        runs = ((stop - start, -number, text[start:stop]) for start, stop in spans)
        longest = heapq.nlargest(most_runs, [*longest, *runs])
    found = tuple(Run(length, -number, text) for length, number, text in longest)
    return Novelty(characters, ngrams, seen, found)


def _filter(checkpoint: Checkpoint, corpus: "Corpus | None", missing: str) -> "NgramFilter":
    """The n-gram filter of a checkpoint; made from the corpus and saved if it is missing."""
    from charrnn.corpus.ngram_filter import filter_of_training_split
    from charrnn.decoding.constraints import open_ngram_filter

    known = open_ngram_filter(checkpoint)
    if known is not None:
        return known
    if corpus is None:
        raise CheckpointError(
            f"{checkpoint.directory} has no n-gram filter of the text it learned, and none can be "
            f"made: {missing}"
        )
    known = filter_of_training_split(corpus, checkpoint.record)
    path = checkpoint.directory / NGRAM_FILTER_FILE
    try:
        with CheckpointWriter(checkpoint.directory).held():
            known.write(path)
    except (CheckpointError, OSError):
        return known  # A run writes there, or the directory is read-only: use it unsaved.
    tell(f"Saved the n-gram filter as {path}.")
    return known


def _located(measured: Novelty, corpus: "Corpus", split: "Split", n: int) -> Novelty:
    """Search the runs, and the n-grams of those that are not found, in the training split."""
    import numpy as np

    from charrnn.corpus.ngram_filter import folded
    from charrnn.corpus.splitting import poems_at
    from charrnn.corpus.store import as_array

    training = as_array(split.training)
    numbers = np.searchsorted(as_array(corpus.spans)[:, 0], training[:, 0], "right").tolist()
    found: dict[str, dict[str, Any]] = {}
    missing = {
        run.text: {run.text[start : start + n] for start in range(run.length - n + 1)}
        for run in measured.runs
    }
    for number, poem in zip(numbers, poems_at(corpus, training), strict=True):
        text = folded(poem)
        for run in measured.runs:
            place = text.find(run.text)
            if place >= 0 and run.text not in found:
                start, stop = max(0, place - SHOWN_AROUND), place + run.length + SHOWN_AROUND
                shown = "…" * (start > 0) + text[start:stop] + "…" * (stop < len(text))
                found[run.text] = {"source": number, "shown": shown}
            missing[run.text] -= {ngram for ngram in missing[run.text] if ngram in text}
        if len(found) == len(measured.runs):
            break
    runs = (
        dataclasses.replace(run, **found.get(run.text, {"false_alarms": len(missing[run.text])}))
        for run in measured.runs
    )
    return dataclasses.replace(measured, runs=tuple(runs))


def _print_lines(checkpoint: Checkpoint, n: int, file: str, measured: dict[str, Novelty]) -> None:
    """Print the figures in columns, and the longest runs below."""
    corpus = checkpoint.record.corpus
    columns = [["", "characters", f"{n}-grams in the corpus", "longest run in the corpus"]]
    for name, one in measured.items():
        share = "-" if one.share is None else f"{100 * one.share:.1f} %"
        longest = f"{one.longest:,}" if one.runs else f"under {n}"
        columns.append([name, f"{one.characters:,}", share, longest])
    file = "standard input" if file == "-" else file
    click.echo(f"{file} compared with {corpus.name}, which {checkpoint.directory.name} learned\n")
    for label, *figures in zip(*columns, strict=True):
        click.echo(f"{label:36}" + "".join(f"{figure:>14}" for figure in figures))
    runs = measured["this text"].runs
    if not runs:
        click.echo(f"\nNo {n} consecutive characters of it are in the corpus.")
        return
    click.echo("\nThe longest runs in the corpus:")
    for run in runs:
        poems = corpus.layout != "text"
        click.echo(f"\n{run.length:>5}  “{run.text}”" + f", poem {run.poem:,}" * poems)
        if run.shown is not None:
            click.echo(f"{'':7}in {corpus.name}" + f", poem {run.source:,}" * poems + ":")
            click.echo(f"{'':7}| {run.shown}")
        elif run.false_alarms:
            click.echo(f"{'':7}not in {corpus.name}, a false alarm of the filter of its {n}-grams")
        elif run.false_alarms is not None:
            click.echo(f"{'':7}in overlapping parts of at least {n} characters, not as a whole")


def _facts(
    checkpoint: Checkpoint, n: int, file: str, measured: dict[str, Novelty]
) -> dict[str, Any]:
    names = ("characters", "ngrams", "share", "longest")
    figures = [{name: getattr(one, name) for name in names} for one in measured.values()]
    return {
        "checkpoint": str(checkpoint.directory),
        "model": checkpoint.model.sha256,
        "corpus": checkpoint.record.corpus.name,
        "text": file,
        "n": n,
        "figures": figures[0],
        "validation": figures[1] if len(figures) > 1 else None,
        "runs": [dataclasses.asdict(run) for run in measured["this text"].runs],
    }
