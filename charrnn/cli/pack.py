"""`charrnn pack`: export a network to give it away."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import find_checkpoint
from charrnn.cli.options import checkpoints_option, examples, named_checkpoint_argument
from charrnn.cli.process import print_notes, tell, use_idle_cores
from charrnn.cli.texts import validation_part
from charrnn.cli.writing_defaults import check_writing
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.configuration import LENGTH_OF_TEXT, SamplingConfig
from charrnn.wording import size_in_words

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command(
    epilog=examples(
        ("charrnn pack mine gifts/moons", "export mine, half as large"),
        ("charrnn pack mine gifts/odes --writing form=sonnet", "a network that writes sonnets"),
        ("charrnn generate gifts/moons", "write with it, there or elsewhere"),
    ),
)
@named_checkpoint_argument
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--writing",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting that the network writes with unless told otherwise, such as temperature=0.7 or "
    "form=qijue; give it once for each setting.  [default: those it has]",
)
@checkpoints_option
def pack(checkpoint: str, directory: Path, writing: tuple[str, ...], checkpoints: Path) -> None:
    """Export a network to DIRECTORY, to give it away.

    The weights are rounded to float16, which halves their size. The training state is left out,
    and the text is never in it. A model card, README.md, says what the network is, what it
    learned, how, and how well: read it, and add the licence of the text.
    """
    use_idle_cores()
    from charrnn.checkpoint.export import export
    from charrnn.corpus.catalogue import text_facts
    from charrnn.decoding.constraints import lost_filter_note

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    print_notes(filter(None, [lost_filter_note(opened)]))
    try:
        result = export(
            opened,
            directory,
            measure=_measure(opened),
            write=_sample,
            text=text_facts(opened.record.corpus),
            writing=_parsed(writing, opened) if writing else None,
        )
    except OSError as error:
        raise CheckpointError(
            f"{directory} cannot be written ({error.strerror or error}). Choose another one."
        ) from error
    click.echo(f"Packed in {directory}, {size_in_words(result.size)}.")
    if result.before is not None and result.after is not None:
        click.echo(
            f"Its loss is {result.after:.4f} nats per character, {result.before:.4f} before "
            "rounding."
        )


def _parsed(pairs: tuple[str, ...], checkpoint: Checkpoint) -> dict[str, str]:
    """The settings in a list of NAME=VALUE; ConfigurationError if the network cannot keep them."""
    writing = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(
                f"--writing takes a setting and its value, as in form=qijue. Received: {pair}."
            )
        writing[name.strip().removeprefix("--")] = value.strip()
    form = check_writing(writing).form
    if form.asked:
        from charrnn.forms.core.known_forms import requested_form
        from charrnn.forms.core.language import language_written

        language_written(requested_form(form), checkpoint.record.vocabulary)
    return writing


def _measure(checkpoint: Checkpoint) -> "Callable[[Checkpoint], float] | None":
    """Measures the loss on the validation split; None, with a message, without that text."""
    from charrnn.corpus.splitting import encode_split
    from charrnn.corpus.vocabulary import Vocabulary
    from charrnn.decoding.scoring import text_loss
    from charrnn.decoding.writer import TextGenerator

    try:
        corpus, spans = validation_part(checkpoint)
    except CorpusError as error:
        tell(f"The loss after rounding is not measured: {error}")
        return None
    ids = encode_split(
        corpus, spans, Vocabulary.of_record(checkpoint.record.vocabulary, checkpoint.record.corpus)
    )
    return lambda opened: text_loss(TextGenerator.open(opened).model, ids).nats_per_character


def _sample(checkpoint: Checkpoint) -> str:
    from charrnn.decoding.writer import TextGenerator

    config = SamplingConfig(seed=1, length=LENGTH_OF_TEXT)
    return str(TextGenerator.open(checkpoint).write(config=config))
