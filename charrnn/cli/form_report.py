"""`charrnn evaluate --form`: poems of people, free ones and ones in a form, side by side."""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint import Checkpoint
from charrnn.config import SamplingConfig, seed_after
from charrnn.errors import CheckpointError, FormGivenUpError
from charrnn.forms.core.config import FormConfig

if TYPE_CHECKING:
    from charrnn.corpus.passages import PassageIndex
    from charrnn.forms.core.report import Row, Sample
    from charrnn.forms.core.writer import FormWriter
    from charrnn.generation.hypothesis import Poem
    from charrnn.generation.writer import TextGenerator

HUMAN: Final = "human"
FREE: Final = "free"
IN_FORM: Final = "in form"

_WIDTH: Final = 12
_LABELS: Final = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What is to be compared.

    Attributes:
        checkpoint: The network.
        human: Poems that people wrote and the network never saw; none where they are not at hand.
        text: What those are called.
        form: The form, and how it is judged.
        sampling: How characters are drawn, in the form and outside.
        count: Poems of each kind.
    """

    checkpoint: Checkpoint
    human: Sequence[str]
    text: str
    form: FormConfig
    sampling: SamplingConfig
    count: int


def report_form(asked: Evaluation, *, as_json: bool) -> None:
    """Write poems in a form and without it, and tell how they compare.

    Args:
        asked: What is to be compared.
        as_json: Whether one JSON document is printed instead of a table.

    Raises:
        CharrnnError: The form cannot be kept by this network.
    """
    from charrnn.forms.core.compile import compile_form
    from charrnn.forms.core.report import report
    from charrnn.generation.writer import TextGenerator, with_seed

    asked = dataclasses.replace(asked, sampling=with_seed(asked.sampling))
    writer = TextGenerator.open(asked.checkpoint)
    bound = compile_form(writer, asked.form, asked.sampling)
    samples = [_free(writer, bound, asked), _in_form(bound, asked)]
    if asked.human:
        samples.insert(0, _human(writer, bound, asked))
    rows = report(samples, bound.rules.form, _passages(asked.checkpoint))
    (_print_json if as_json else _print_table)(asked, bound, rows)


def chosen_evenly(poems: Sequence[str], count: int) -> list[str]:
    """So many of some poems, evenly chosen; all where there are no more."""
    if len(poems) <= count:
        return list(poems)
    return [poems[number * len(poems) // count] for number in range(count)]


def _human(writer: "TextGenerator", bound: "FormWriter", asked: Evaluation) -> "Sample":
    from charrnn.forms.core.report import Sample
    from charrnn.generation.surprise import explain_poems

    poems = chosen_evenly(asked.human, asked.count)
    with _bar("Reading", sum(map(len, poems))) as advance:
        read = list(explain_poems(writer, poems, advance))
    return Sample(
        name=HUMAN,
        poems=poems,
        judgements=[bound.rules.verify(poem) for poem in poems],
        # The end of a poem is no character of it.
        log_probabilities=[
            [surprise.log_probability for surprise in poem if surprise.character] for poem in read
        ],
    )


def _free(writer: "TextGenerator", bound: "FormWriter", asked: Evaluation) -> "Sample":
    poems = []
    began = time.perf_counter()
    with _bar("Writing freely", asked.count) as advance:
        for poem in writer.write_many("", _settings(asked)):
            poems.append(poem)
            advance(1)
    return _sample(FREE, bound, poems, time.perf_counter() - began)


def _in_form(bound: "FormWriter", asked: Evaluation) -> "Sample":
    poet = bound
    poems, given_up = [], 0
    began = time.perf_counter()
    with _bar("Writing in the form", asked.count) as advance:
        for settings in _settings(asked):
            try:
                poems.append(poet.write(sampling=settings))
            except FormGivenUpError:
                given_up += 1
            advance(1)
    return _sample(IN_FORM, bound, poems, time.perf_counter() - began, given_up)


def _sample(
    name: str, bound: "FormWriter", poems: "Sequence[Poem]", seconds: float, given_up: int = 0
) -> "Sample":
    """Poems that were written, as they are compared."""
    from charrnn.forms.core.report import Sample

    texts = [str(poem) for poem in poems]
    return Sample(
        name=name,
        poems=texts,
        judgements=[bound.rules.verify(text) for text in texts],
        log_probabilities=[poem.log_probabilities for poem in poems],
        seconds=seconds,
        given_up=given_up,
    )


def _settings(asked: Evaluation) -> Iterator[SamplingConfig]:
    """The settings of each poem, with a seed one higher than that before."""
    seed = asked.sampling.seed
    assert seed is not None, "a seed was drawn"
    for number in range(asked.count):
        yield dataclasses.replace(asked.sampling, seed=seed_after(seed, number))


def _passages(checkpoint: Checkpoint) -> "PassageIndex | None":
    from charrnn.generation.copying import open_passages

    try:
        index = open_passages(checkpoint)
    except CheckpointError as error:
        reason = str(error)
    else:
        if index is not None:
            return index
        reason = "there is no index of the text learned; charrnn novelty makes it."
    click.echo(f"How much is copied is not told: {reason}", err=True)
    return None


@contextmanager
def _bar(label: str, length: int) -> "Iterator[Callable[[int], None]]":
    """A bar on stderr when that is a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield bar.update


def _print_table(asked: Evaluation, bound: "FormWriter", rows: "Sequence[Row]") -> None:
    form, rules = bound.rules.form, bound.rules
    click.echo(f"{asked.checkpoint.directory.name} in {form.title} ({rules.rhymes})")
    if asked.human:
        click.echo(f"human: {asked.text}")
    click.echo()
    click.echo(" " * _LABELS + "".join(f"{row.name:>{_WIDTH}}" for row in rows))
    of_tones = "tones that are right" if form.language == "chinese" else "lines in metre"
    of_tokens = "characters" if form.language == "chinese" else "words"
    for label, cells in (
        ("poems", [f"{row.poems:,}" for row in rows]),
        ("given up", [f"{row.given_up:,}" for row in rows] if rows[-1].given_up else None),
        ("with the lines of the form", [_percent(row.shaped) for row in rows]),
        ("  of those, in rhyme", [_percent(row.rhyming) for row in rows]),
        (f"  of those, {of_tones}", [_percent(row.sounding) for row in rows]),
        ("keeping the form in everything", [_percent(row.passing) for row in rows]),
        (f"distinct {of_tokens}", [_percent(row.distinct_1) for row in rows]),
        (f"distinct pairs of {of_tokens}", [_percent(row.distinct_2) for row in rows]),
        ("self-BLEU", [_number(row.self_bleu, 3) for row in rows]),
        (f"runs of 4 {of_tokens} learned", [_percent(row.copied) for row in rows]),
        ("longest run copied, mean", [_number(row.longest_run, 1) for row in rows]),
        ("longest run copied, of all", [_number(row.longest_run_of_all, 0) for row in rows]),
        ("log-probability per character", [_number(row.log_probability, 3) for row in rows]),
        (
            "  of those with the lines of the form",
            [_number(row.shaped_log_probability, 3) for row in rows],
        ),
        ("seconds per poem", [_number(row.seconds, 3) for row in rows]),
    ):
        if cells is not None:
            click.echo(f"{label:{_LABELS}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _print_json(asked: Evaluation, bound: "FormWriter", rows: "Sequence[Row]") -> None:
    document: dict[str, Any] = {
        "checkpoint": str(asked.checkpoint.directory),
        "model": asked.checkpoint.model.sha256,
        "form": bound.rules.form.name,
        "rhymes": bound.rules.rhymes,
        "text": asked.text if asked.human else None,
        "count": asked.count,
        "form_settings": dataclasses.asdict(bound.settings),
        "settings": dataclasses.asdict(asked.sampling),
        "rows": [dataclasses.asdict(row) for row in rows],
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
