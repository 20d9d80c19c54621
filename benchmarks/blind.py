"""Can readers tell poems of a network from those of people? A rating sheet, and what came of it.

    python -m benchmarks.blind make sheet.html --network shi --form qijue --people shi.json --seed 7
    python -m benchmarks.blind evaluate answers.json

The sheet is a page that works without a connection. Which poems are whose stands beside it, in
sheet.key.json, and not in the page. The poems of people must be none that the network has read; where they
have authors, those are taken whose author has few poems, so that readers are unlikely to know them.
The answers are what the page saves; several files are several readers.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from benchmarks.poems.intervals import NORMAL, Estimate, mean
from benchmarks.poems.pieces import Piece, Source, pieces_of, read_sources, shuffled
from benchmarks.poems.writers import written_in_form
from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.cli.options import config_options, given_settings
from charrnn.cli.writing_defaults import settled_writing
from charrnn.corpus.poem_fields import OTHER
from charrnn.decoding.batch import with_seed
from charrnn.decoding.writer import TextGenerator
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.form import LanguageName
from charrnn.forms.core.known_forms import requested_form
from charrnn.forms.core.language import language_named, open_rules
from charrnn.settings.configuration import SamplingConfig

PERSON, MACHINE = "person", "machine"

NAMELESS = frozenset({"", OTHER})
"""What stands for an author who is not named, or who has few poems."""

TEMPLATE = Path(__file__).with_name("blind.html")

PLACE = "/*POEMS*/"


class Answer(NamedTuple):
    """What a reader said of a poem; None where nothing was said."""

    number: int
    guess: str
    confidence: int | None
    sense: int | None


@click.group()
def main() -> None:
    """Make a rating sheet, or evaluate answers."""


@main.command()
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option("--network", required=True, help="Name or path of the network.")
@click.option("--people", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--split", default="valid,test", show_default=True, help="People's, by the field.")
@click.option("--most-poems", default=30, show_default=True, help="Of an author in the file.")
@config_options(FormConfig)
@config_options(SamplingConfig)
@click.option("--count", type=click.IntRange(min=1), default=15, help="Poems of each kind.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
@click.pass_context
def make(
    context: click.Context,
    *,
    sheet: Path,
    network: str,
    people: Path,
    split: str,
    most_poems: int,
    form_config: FormConfig,
    sampling_config: SamplingConfig,
    count: int,
    checkpoints: Path,
) -> None:
    """Write SHEET, and its key beside it."""
    opened = Checkpoint.open(find_checkpoint(network, checkpoints))
    given = given_settings(context, SamplingConfig) | given_settings(context, FormConfig)
    writing = settled_writing(opened.record.writing, sampling_config, form_config, given)
    if not writing.form.asked:
        raise click.UsageError("The poems of a sheet are in one form: give --form.")
    sampling = with_seed(writing.sampling)
    seed = sampling.seed or 0
    rules = open_rules(requested_form(writing.form), writing.form)
    every = read_sources(people, None)
    unknown = little_known(every, split.split(","), most_poems)
    theirs = one_a_poem(list(pieces_of(shuffled(unknown, seed), rules)))[:count]
    if len(theirs) < count:
        raise click.UsageError(
            f"{people} has {len(theirs)} poems in the form {rules.form.name} by authors of at most "
            f"{most_poems}. Received: --count {count}."
        )
    writer = TextGenerator.open(opened)
    ours = written_in_form(writer, rules, writing.form, sampling, count).pieces
    language = rules.form.language
    poems = [(printed(piece.text, language), PERSON) for piece in theirs]
    poems += [(printed(piece.text, language), MACHINE) for piece in ours]
    random.Random(seed).shuffle(poems)
    write_sheet(sheet, poems, f"{rules.form.title}, {network}, seed {seed}")


@main.command()
@click.argument("answers", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="[default: beside them]")
@click.option("--seed", default=0, show_default=True, help="Of the intervals.")
def evaluate(answers: tuple[Path, ...], key: Path | None, seed: int) -> None:
    """Print how many of ANSWERS are right, and the mean marks."""
    found: list[Answer] = []
    truths: set[tuple[str, ...]] = set()
    for file in answers:
        document = _read(file)
        # A file that came from a reader names the key, and no other place.
        place = key or file.parent / Path(str(document.get("key"))).name
        truth = tuple(map(str, _read(place).get("who", ())))
        truths.add(truth)
        found += answers_of(document, len(truth), file)
    if len(truths) > 1:
        raise click.UsageError("The answers belong to different sheets: evaluate each by itself.")
    print(json.dumps(evaluated(found, truths.pop(), seed), ensure_ascii=False, indent=1))


def little_known(sources: Sequence[Source], split: Sequence[str], most: int) -> list[Source]:
    """Poems of some parts, by authors of whom all parts together have few poems, or of no name."""
    counts = Counter(source.author for source in sources)
    return [
        source
        for source in sources
        if source.split in {"", *split}
        and (source.author in NAMELESS or counts[source.author] <= most)
    ]


def one_a_poem(pieces: Sequence[Piece]) -> list[Piece]:
    """The first piece of each poem."""
    return list({piece.poem: piece for piece in reversed(pieces)}.values())[::-1]


def printed(text: str, language: LanguageName) -> str:
    """A poem as the sheet shows it, so that its print does not tell whose it is.

    Chinese lines stand two by two between plain marks; blank lines between English ones go.
    """
    lines = [line.strip() for line in language_named(language).lines_of(text)]
    if language == "english":
        return "\n".join(lines)
    pairs = (lines[start : start + 2] for start in range(0, len(lines), 2))
    return "\n".join("，".join(pair) + "。" for pair in pairs)


def write_sheet(sheet: Path, poems: Sequence[tuple[str, str]], about: str) -> None:
    """Write a page of poems, and beside it whose they are.

    Args:
        sheet: Where the page is written.
        poems: Each as it is shown, and "person" or "machine".
        about: What the sheet was made of; it stands in the key alone.
    """
    key = sheet.with_suffix(".key.json")
    shown = json.dumps({"key": key.name, "poems": [text for text, _ in poems]}, ensure_ascii=False)
    page = TEMPLATE.read_text(encoding="utf-8").replace(PLACE, shown.replace("<", "\\u003c"))
    sheet.write_text(page, encoding="utf-8")
    document = {"about": about, "who": [who for _, who in poems]}
    key.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def answers_of(document: dict[str, Any], poems: int, file: Path) -> list[Answer]:
    """The answers that a page saved; UsageError where they do not fit a sheet of so many poems."""
    found = []
    for one in document.get("answers", ()):
        answer = Answer(one["number"], one["guess"], one.get("confidence"), one.get("sense"))
        if answer.number not in range(poems) or answer.guess not in {PERSON, MACHINE}:
            raise click.UsageError(f"{file} does not fit its key of {poems} poems: {one}.")
        found.append(answer)
    if not found:
        raise click.UsageError(f"{file} holds no answers.")
    return found


def evaluated(answers: Sequence[Answer], truth: Sequence[str], seed: int) -> dict[str, Any]:
    """Right answers with Wilson's interval, and marks with bootstrap intervals over poems."""
    right = [answer.guess == truth[answer.number] for answer in answers]
    marks = {
        f"{name} of a {who}'s": _mean_mark(answers, truth, name, who, seed)
        for name in ("sense", "confidence")
        for who in (PERSON, MACHINE)
    }
    taken = [answer.guess == PERSON for answer in answers if truth[answer.number] == MACHINE]
    return {
        "answers": len(answers),
        "right": sum(right),
        "share right": wilson(sum(right), len(right)),
        "machine taken for a person": wilson(sum(taken), len(taken)) if taken else None,
        **marks,
    }


def wilson(successes: int, trials: int) -> Estimate:
    """A share with its 95 % score interval (Wilson, 1927)."""
    shared = successes / trials
    square = NORMAL**2
    middle = (shared + square / (2 * trials)) / (1 + square / trials)
    spread = shared * (1 - shared) / trials + square / (4 * trials**2)
    either_way = NORMAL * spread**0.5 / (1 + square / trials)
    return Estimate(shared, middle - either_way, middle + either_way)


def _mean_mark(
    answers: Sequence[Answer], truth: Sequence[str], name: str, who: str, seed: int
) -> Estimate | None:
    marked = [one for one in answers if truth[one.number] == who and getattr(one, name) is not None]
    return mean([getattr(one, name) for one in marked], [one.number for one in marked], seed)


def _read(file: Path) -> dict[str, Any]:
    """A JSON object; UsageError where there is none."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file} cannot be read as JSON: {error}.") from error
    if not isinstance(document, dict):
        raise click.UsageError(f"{file} must hold one JSON object.")
    return document


if __name__ == "__main__":
    main()
