"""`charrnn pack`: a network made ready to be given away."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.directory import Checkpoint, find_checkpoint
from charrnn.cli.learned_text import validation_part
from charrnn.cli.options import checkpoints_option, examples, named_checkpoint_argument
from charrnn.cli.sizes import size_in_words
from charrnn.cli.startup import use_idle_cores
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.configuration import LENGTH_OF_TEXT, SamplingConfig

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command(
    epilog=examples(
        ("charrnn pack mine gifts/moons", "mine, half as large, as gifts/moons"),
        ("charrnn generate gifts/moons", "write with it, there or elsewhere"),
    ),
)
@named_checkpoint_argument
@click.argument("directory", type=click.Path(path_type=Path))
@checkpoints_option
def pack(checkpoint: str, directory: Path, checkpoints: Path) -> None:
    """Make a network ready to be given away, in DIRECTORY.

    Its weights are rounded to float16, which halves their size. The text that it learned, the index
    of that, and what only training needs stay behind. A card, README.md, tells what it is, what it
    learned, how, and how well: read it, and add by whose leave the text was learned.
    """
    use_idle_cores()
    from charrnn.checkpoint.export import export
    from charrnn.corpus.catalogue import text_facts

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    try:
        result = export(
            opened,
            directory,
            measure=_measure(opened),
            write=_sample,
            text=text_facts(opened.record.corpus),
        )
    except OSError as error:
        raise CheckpointError(
            f"{directory} cannot be written ({error.strerror or error}). Give another place."
        ) from error
    click.echo(f"Packed in {directory}, {size_in_words(result.size)}.")
    if result.before is not None and result.after is not None:
        click.echo(
            f"Its loss is {result.after:.4f} nats per character; it was {result.before:.4f} before "
            "its weights were rounded."
        )


def _measure(checkpoint: Checkpoint) -> "Callable[[Checkpoint], float] | None":
    """The loss on the validation part; None, and why, where that text is not at hand."""
    from charrnn.corpus.splitting import encode_part
    from charrnn.corpus.vocabulary import Vocabulary
    from charrnn.decoding.scoring import text_loss
    from charrnn.decoding.writer import TextGenerator

    try:
        corpus, spans = validation_part(checkpoint)
    except CorpusError as error:
        click.echo(f"What rounding costs is not measured: {error}", err=True)
        return None
    ids = encode_part(corpus, spans, Vocabulary(checkpoint.record.vocabulary))
    return lambda opened: text_loss(TextGenerator.open(opened).model, ids).nats_per_character


def _sample(checkpoint: Checkpoint) -> str:
    from charrnn.decoding.writer import TextGenerator

    config = SamplingConfig(seed=1, length=LENGTH_OF_TEXT)
    return str(TextGenerator.open(checkpoint).write(config=config))
