"""Holds poems that a network writes, free and in a form, beside those of people: a table.

    python -m benchmarks.poems --network shi --form qijue --people shi.json --training shi.json
    python -m benchmarks.poems --network verse --form sonnet --people held-out.txt \
        --training read.txt --count 100 --seed 5 --peer-minutes 15 --json build/sonnet.json

A file has poems with fields ("author" and "split" are used), or is plain text. The poems of people must
be none that the network has read; those of --training are what it has read. docs/poems.md tells
what each measure is. Figures have 95 % bootstrap intervals over poems.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import described
from benchmarks.poems import copies, couplets, discriminator, distances, intervals, measures, peers
from benchmarks.poems.intervals import Estimate
from benchmarks.poems.pieces import (
    Piece,
    Source,
    halves,
    lines_as_tokens,
    pieces_of,
    read_sources,
    shuffled,
)
from benchmarks.poems.writers import Written, collected, written_free, written_in_form
from benchmarks.training.tables import NOTHING, markdown
from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.cli.options import config_options, given_settings
from charrnn.cli.writing_defaults import settled_writing
from charrnn.decoding.batch import with_seed
from charrnn.decoding.writer import TextGenerator
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.form import LanguageName
from charrnn.forms.core.known_forms import requested_form
from charrnn.forms.core.language import FormRules, open_rules
from charrnn.settings.configuration import SamplingConfig


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one kind of poems.

    Attributes:
        name: "people", "free", "in form", or a peer.
        poems, pieces: How many were read or written, and how many of those had the lines.
        figures: Each with its interval; None where there is nothing to take it of.
        missing: Why nothing was measured, or a part of it.
    """

    name: str
    poems: int = 0
    pieces: int = 0
    figures: dict[str, Estimate | None] = field(default_factory=dict)
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """All of it; an estimate is value, low, high."""
        return {
            "name": self.name,
            "poems": self.poems,
            "pieces": self.pieces,
            "figures": self.figures,
            "missing": self.missing,
        }


class Judge:
    """Measures pieces against what people wrote and what the network read.

    Args:
        people: Pieces of people that all others are compared with.
        training: The poems that the network has read.
        language: Of all of them.
        seed: Of the intervals, the folds and the shuffled couplets.
    """

    def __init__(
        self, people: Sequence[Piece], training: Sequence[Source], language: LanguageName, seed: int
    ) -> None:
        self._people, self._language, self.seed = people, language, seed
        self._training = [copies.comparable(poem.text, language) for poem in training]
        known = measures.known_words((poem.text for poem in training), language)
        self._measures = measures.per_piece(language, known)
        self._couplets = couplets.learn_halves(
            (poem.author, lines_as_tokens(poem.text, language)) for poem in training
        )

    def row(self, name: str, written: Written) -> Row:
        """Everything about the pieces of one kind."""
        pieces = written.pieces
        figures = self._of_pieces(pieces) | self._of_groups(pieces[: len(self._people)])
        try:
            figures["discriminator"] = discriminator.accuracy(pieces, self._people, self.seed)
            missing = ""
        except ModuleNotFoundError:
            missing = "scikit-learn is not installed: pip install --group benchmark"
        return Row(name, written.poems, len(pieces), figures, missing)

    def _of_pieces(self, pieces: Sequence[Piece]) -> dict[str, Estimate | None]:
        """What each piece tells by itself, or beside what was read."""
        numbers = [piece.poem for piece in pieces]
        figures = {
            name: intervals.share(measures.parts(pieces, measure), numbers, self.seed)
            for name, measure in self._measures.items()
        }
        ordered = couplets.in_order(pieces, self._couplets, self.seed)
        figures["couplets in their order"] = intervals.share(ordered, numbers, self.seed)
        texts = [copies.comparable(piece.text, self._language) for piece in pieces]
        longest = copies.longest_copies(texts, self._training)
        figures["longest copy, mean"] = intervals.mean(longest, numbers, self.seed)
        most = float(max(longest, default=0))
        figures["longest copy of all"] = Estimate(most, most, most) if longest else None
        return figures

    def _of_groups(self, pieces: Sequence[Piece]) -> dict[str, Estimate | None]:
        """What many pieces tell together."""
        return {
            "distinct 1-grams": distances.distinct(pieces, 1, self.seed),
            "distinct 2-grams": distances.distinct(pieces, 2, self.seed),
            **distances.distances(pieces, self._people, self.seed),
        }


def table(rows: Sequence[Row]) -> str:
    """All rows, each as a column, in Markdown."""
    names = dict.fromkeys(name for row in rows for name in row.figures)
    lines = [
        ["poems", *(f"{row.poems:,}" for row in rows)],
        ["pieces with the lines of the form", *(f"{row.pieces:,}" for row in rows)],
        *([name, *(_cell(row.figures.get(name)) for row in rows)] for name in names),
    ]
    notes = [f"\n{row.name}: {row.missing}" for row in rows if row.missing]
    return "\n".join([markdown(["", *(row.name for row in rows)], lines), *notes])


def _cell(figure: Estimate | None) -> str:
    if figure is None:
        return NOTHING
    digits = 3 if abs(figure.value) < 10 else 1
    value, low, high = (f"{one:.{digits}f}" for one in figure)
    return f"{value:.6}" if low == high == value else f"{value} ({low} to {high})"


def peer_rows(
    judge: Judge, rules: FormRules, training: Sequence[Source], *, minutes: float, count: int
) -> Iterator[Row]:
    """A row for each peer; one that cannot learn here says why."""
    language = rules.form.language
    text = peers.text_of((poem.text for poem in training), language)
    for name, learn in peers.PEERS.items():
        try:
            peer = learn(text, 60 * minutes)
        except ModuleNotFoundError as error:
            yield Row(name, missing=f"{error.name} is not installed: pip install --group benchmark")
            continue
        poems = peers.poems_by(peer, text, language, judge.seed)
        yield judge.row(name, collected(poems, rules, count))


@click.command()
@click.option("--network", required=True, help="Name or path of the network.")
@click.option("--people", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--training", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--split", default="valid,test", show_default=True, help="People's, by the field.")
@config_options(FormConfig)
@config_options(SamplingConfig)
@click.option("--count", type=click.IntRange(min=2), default=1000, show_default=True)
@click.option(
    "--peer-minutes", type=float, default=0.0, help="Peers learn so long.  [default: none]"
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
@click.pass_context
def main(
    context: click.Context,
    *,
    network: str,
    people: Path,
    training: Path,
    split: str,
    form_config: FormConfig,
    sampling_config: SamplingConfig,
    count: int,
    peer_minutes: float,
    json_file: Path | None,
    checkpoints: Path,
) -> None:
    """Write --count poems of each kind, and hold them beside those of people."""
    opened = Checkpoint.open(find_checkpoint(network, checkpoints))
    given = given_settings(context, SamplingConfig) | given_settings(context, FormConfig)
    writing = settled_writing(opened.record.writing, sampling_config, form_config, given)
    if not writing.form.asked:
        raise click.UsageError("Poems are compared in a form: give --form.")
    sampling = with_seed(writing.sampling)
    seed = sampling.seed or 0
    rules = open_rules(requested_form(writing.form), writing.form)
    own, others, read = of_people(read_sources(people, split.split(",")), rules, count, seed)
    if not own:
        raise click.UsageError(f"{people} has no two poems with the lines of {rules.form.name}.")
    learned = read_sources(training, ("train",))
    judge = Judge(others, learned, rules.form.language, seed)
    writer = TextGenerator.open(opened)
    rows = [judge.row("people", Written(own, read))]
    rows.append(judge.row("free", written_free(writer, rules, sampling, count)))
    kept = written_in_form(writer, rules, writing.form, sampling, count)
    rows.append(judge.row("in form", kept))
    if peer_minutes:
        rows += peer_rows(judge, rules, learned, minutes=peer_minutes, count=count)
    heading = f"{rules.form.title}, {network}, seed {seed}; {described()}"
    print(f"{heading}\n\n{table(rows)}")
    if json_file is not None:
        document = {"about": heading, "form": rules.form.name, "seed": seed}
        document["rows"] = [row.to_json() for row in rows]
        json_file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def of_people(
    sources: Sequence[Source], rules: FormRules, count: int, seed: int
) -> tuple[list[Piece], list[Piece], int]:
    """Two groups of pieces that share no poem, and how many poems there are."""
    own, others = halves(list(pieces_of(shuffled(sources, seed), rules)), count)
    return own, others, len(sources)


if __name__ == "__main__":
    main()
