"""`charrnn evaluate`: how well a network foresees a text, and how well it keeps a form."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from charrnn.checkpoint import Checkpoint, find_checkpoint
from charrnn.cli.learned_text import corpus_again, read_alike
from charrnn.cli.options import (
    SettingType,
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    given_settings,
    json_option,
    option_name,
)
from charrnn.config import CorpusConfig, FormConfig, SamplingConfig
from charrnn.errors import CorpusError
from charrnn.naming import spoken_name
from charrnn.record import RunRecord
from charrnn.setting import Setting, settings_of

if TYPE_CHECKING:
    from charrnn.corpus.layout import Spans
    from charrnn.corpus.reading import Corpus
    from charrnn.corpus.vocabulary import Ids
    from charrnn.generation.scoring import Score
    from charrnn.generation.writer import TextGenerator

COUNT: Final = Setting(
    help="Poems to write in the form, and as many without it.", minimum=1, kind=int
)

DEFAULT_COUNT: Final = 100

FORM_SETTINGS: Final = settings_of(FormConfig).keys() - {
    "acrostic",
    "acrostic_at",
    "must",
    "rhyme_with",
    "first_line",
}
"""Those of the form; what is demanded of one poem is not asked of all."""

SAMPLING_SETTINGS: Final = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "max_copy",
    "seed",
)


@click.command(
    epilog=examples(
        ("charrnn evaluate quatrains", "on the part of its corpus kept aside"),
        ("charrnn evaluate quatrains poems.txt", "on a text of your own"),
        ("charrnn evaluate quatrains --json", "the same for programs"),
        ("charrnn evaluate tang --form qijue --count 1000", "poems in a form, and free ones"),
    ),
)
@checkpoint_argument
@click.argument("file", required=False)
@config_options(CorpusConfig, only=("encoding",))
@config_options(FormConfig, only=FORM_SETTINGS)
@config_options(SamplingConfig, only=SAMPLING_SETTINGS)
@click.option(
    "--count",
    type=SettingType(COUNT),
    default=DEFAULT_COUNT,
    help=f"{COUNT.help}  [default: {DEFAULT_COUNT}; {COUNT.range()}]",
)
@checkpoints_option
@json_option
@click.pass_context
def evaluate(
    context: click.Context,
    *,
    checkpoint: str | None,
    file: str | None,
    corpus_config: CorpusConfig,
    form_config: FormConfig,
    sampling_config: SamplingConfig,
    count: int,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Tell how well a network foresees a text, or keeps a form of verse.

    CHECKPOINT is a name or a path; without it, the newest network is asked. FILE is taken apart
    into poems as the network's own corpus was; - is standard input. Without it, the network is
    measured on the validation part of its corpus.

    With --form, poems are written in the form and without it, and both are compared with those of
    FILE or of the validation part: how many keep the form, how various they are, how much of them
    was learned by heart, how probable the network holds them, how long they take. Every row counts
    as many characters or words, and as many poems, where figures depend on how many there are.
    """
    if file is None and corpus_config.encoding is not None:
        raise click.UsageError("--encoding is that of FILE: name a file to evaluate on.")
    if not form_config.asked:
        _refuse_settings_of_writing(context)
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    if not form_config.asked:
        _evaluate_text(opened, file, corpus_config.encoding, as_json=as_json)
        return
    from charrnn.cli.form_report import Evaluation, report_form

    evaluation = Evaluation(
        checkpoint=opened,
        human=_poems_of_people(opened, file, corpus_config.encoding),
        text=_called(opened, file),
        form=form_config,
        sampling=sampling_config,
        count=count,
    )
    report_form(evaluation, as_json=as_json)


def _refuse_settings_of_writing(context: click.Context) -> None:
    """Refuse settings of writing where nothing is written."""
    given = given_settings(context, SamplingConfig)
    if context.get_parameter_source("count") is not ParameterSource.DEFAULT:
        given.add("count")
    for name in sorted(given):
        raise click.UsageError(f"{option_name(name)} goes with --form: nothing is written here.")


def _evaluate_text(
    opened: Checkpoint, file: str | None, encoding: str | None, *, as_json: bool
) -> None:
    from charrnn.corpus.rows import blocks
    from charrnn.corpus.splitting import encode_part
    from charrnn.corpus.vocabulary import UNKNOWN
    from charrnn.generation.writer import TextGenerator

    generator = TextGenerator.open(opened)
    corpus, spans = (
        _validation_part(opened) if file is None else _whole_file(file, opened.record, encoding)
    )
    ids = encode_part(corpus, spans, generator.vocabulary)
    if file is None:
        _tell_what_training_measured(ids)
    score = _score(generator, ids)
    unknown = sum(int((block == UNKNOWN).sum()) for block in blocks(ids))
    text = _called(opened, file)
    if as_json:
        _print_json(opened, text, score, unknown)
    else:
        _print_lines(opened, text, score, unknown)


def _poems_of_people(checkpoint: Checkpoint, file: str | None, encoding: str | None) -> list[str]:
    """Poems that the network never saw; none, and why, where they are not at hand."""
    from charrnn.corpus.indexing import poems_at

    if file is not None:
        corpus, spans = _whole_file(file, checkpoint.record, encoding)
    else:
        try:
            corpus, spans = _validation_part(checkpoint)
        except CorpusError as error:
            click.echo(f"There are no poems of people to compare with: {error}", err=True)
            return []
    if corpus.layout != "text":
        return list(poems_at(corpus, spans))
    click.echo(
        "There are no poems of people to compare with: the text is a continuous one.", err=True
    )
    return []


def _called(checkpoint: Checkpoint, file: str | None) -> str:
    return f"the validation part of {checkpoint.record.corpus.name}" if file is None else file


def _validation_part(checkpoint: Checkpoint) -> "tuple[Corpus, Spans]":
    from charrnn.corpus.splitting import split_corpus

    try:
        corpus = corpus_again(checkpoint)
    except CorpusError as error:
        command = f"charrnn evaluate {spoken_name(checkpoint.directory)} FILE"
        raise CorpusError(f"{error} Name a text to evaluate on: {command}") from error
    record = checkpoint.record
    split = split_corpus(corpus, record.reading.validation_fraction, record.training.window)
    return corpus, split.validation


def _whole_file(file: str, record: RunRecord, encoding: str | None) -> "tuple[Corpus, Spans]":
    corpus = read_alike(file, record, encoding)
    return corpus, corpus.spans


def _tell_what_training_measured(ids: "Ids") -> None:
    """Explain a loss that is not the one that training told of the same network."""
    from charrnn.corpus.streams import MOST_MEASURED, EvaluationStreams

    streams = EvaluationStreams(ids, MOST_MEASURED)
    if streams.characters < len(ids) - 1:
        click.echo(
            f"All {len(ids):,} characters of the validation part are read; training measured the "
            f"same {streams.characters:,} of them each time, so its loss is a little different.",
            err=True,
        )


def _score(generator: "TextGenerator", ids: "Ids") -> "Score":
    """Score a text, with a bar on stderr when that is a terminal."""
    from charrnn.generation.scoring import score

    with click.progressbar(
        length=len(ids) - 1, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        return score(generator.model, ids, bar.update)


def _print_lines(checkpoint: Checkpoint, text: str, score: "Score", unknown: int) -> None:
    click.echo(f"{checkpoint.directory.name} on {text}")
    for name, value in (
        ("nats per character", f"{score.nats_per_character:.4f}"),
        ("bits per character", f"{score.bits_per_character:.4f}"),
        ("perplexity", f"{score.perplexity:.3f}"),
        ("characters scored", f"{score.characters:,}"),
        ("unknown to the network", f"{unknown:,}"),
    ):
        click.echo(f"  {name:24}{value:>12}")


def _print_json(checkpoint: Checkpoint, text: str, score: "Score", unknown: int) -> None:
    document = {
        "checkpoint": str(checkpoint.directory),
        "model": checkpoint.model.sha256,
        "text": text,
        "nats_per_character": score.nats_per_character,
        "bits_per_character": score.bits_per_character,
        "perplexity": score.perplexity,
        "characters": score.characters,
        "unknown_characters": unknown,
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
