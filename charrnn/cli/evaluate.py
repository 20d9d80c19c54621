"""`charrnn evaluate`: how well a network foresees a text, and how well it keeps a form."""

from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from charrnn.checkpoint import Checkpoint
from charrnn.cli.networks import blend_option, find_networks
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
from charrnn.cli.text_report import TextEvaluation, called, report_text, text_to_measure
from charrnn.config import CorpusConfig, SamplingConfig
from charrnn.errors import CorpusError
from charrnn.forms.core.config import FormConfig
from charrnn.setting import Setting, settings_of

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
@click.option(
    "--dynamic",
    is_flag=True,
    help="Measure besides how well it does when it goes on learning from what it has read; the "
    "network that is saved stays as it is.",
)
@blend_option
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
    dynamic: bool,
    blend: str | None,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Tell how well a network foresees a text, or keeps a form of verse.

    CHECKPOINT is a name or a path; without it, the newest network is asked. FILE is taken apart
    into poems as the network's own corpus was; - is standard input. Without it, the network is
    measured on the validation part of its corpus. With --blend several networks are measured as one.

    With --form, poems are written in the form and without it, and both are compared with those of
    FILE or of the validation part: how many keep the form, how various they are, how much of them
    was learned by heart, how probable the network holds them, how long they take. Every row counts
    as many characters or words, and as many poems, where figures depend on how many there are.
    """
    if blend is not None and file is None:
        checkpoint, file = None, checkpoint  # The blend is in its place.
    if file is None and corpus_config.encoding is not None:
        raise click.UsageError("--encoding is that of FILE: name a file to evaluate on.")
    if form_config.asked:
        _refuse_settings_of_reading(blend, dynamic=dynamic)
    else:
        _refuse_settings_of_writing(context)
    networks = find_networks(checkpoint, checkpoints, blend=blend)
    if dynamic and len(networks.weights) > 1:
        raise click.UsageError("--dynamic measures one network; leave it out, or --blend.")
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    opened = Checkpoint.open(networks.weights[0][0])
    if not form_config.asked:
        text = TextEvaluation(
            networks=networks,
            first=opened,
            file=file,
            encoding=corpus_config.encoding,
            dynamic=dynamic,
        )
        report_text(text, as_json=as_json)
        return
    from charrnn.cli.form_report import Evaluation, report_form

    evaluation = Evaluation(
        checkpoint=opened,
        human=_poems_of_people(opened, file, corpus_config.encoding),
        text=called(opened, file),
        form=form_config,
        sampling=sampling_config,
        count=count,
    )
    report_form(evaluation, as_json=as_json)


def _refuse_settings_of_reading(blend: str | None, *, dynamic: bool) -> None:
    """Refuse what tells how a text is measured where poems are written."""
    for name, is_given in {"--blend": blend is not None, "--dynamic": dynamic}.items():
        if is_given:
            raise click.UsageError(f"{name} measures a text; leave it out, or --form.")


def _refuse_settings_of_writing(context: click.Context) -> None:
    """Refuse settings of writing where nothing is written."""
    given = given_settings(context, SamplingConfig)
    if context.get_parameter_source("count") is not ParameterSource.DEFAULT:
        given.add("count")
    for name in sorted(given):
        raise click.UsageError(f"{option_name(name)} goes with --form: nothing is written here.")


def _poems_of_people(checkpoint: Checkpoint, file: str | None, encoding: str | None) -> list[str]:
    """Poems that the network never saw; none, and why, where they are not at hand."""
    from charrnn.corpus.indexing import poems_at

    try:
        corpus, spans = text_to_measure(checkpoint, file, encoding)
    except CorpusError as error:
        if file is not None:
            raise
        click.echo(f"There are no poems of people to compare with: {error}", err=True)
        return []
    if corpus.layout != "text":
        return list(poems_at(corpus, spans))
    click.echo(
        "There are no poems of people to compare with: the text is a continuous one.", err=True
    )
    return []
