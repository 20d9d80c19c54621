"""`charrnn evaluate`: how well networks predict a text."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import spoken_name
from charrnn.cli.networks import Networks, blend_option, find_networks
from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    json_option,
)
from charrnn.cli.process import print_json, reading_bar, tell, use_idle_cores
from charrnn.cli.texts import read_alike, validation_part
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.corpus.layout import Spans
    from charrnn.corpus.loading import Corpus
    from charrnn.corpus.vocabulary import Ids, Vocabulary
    from charrnn.decoding.sampling import Mask
    from charrnn.decoding.scoring import TextLoss
    from charrnn.decoding.writer import TextGenerator


@click.command(
    epilog=examples(
        ("charrnn evaluate quatrains", "on the validation split of its corpus"),
        ("charrnn evaluate quatrains poems.txt", "on a text of your own"),
        ("charrnn evaluate quatrains --json", "the same for programs"),
    ),
)
@checkpoint_argument
@click.argument("file", required=False)
@config_options(CorpusConfig, only=("encoding",))
@blend_option
@checkpoints_option
@json_option
def evaluate(
    *,
    checkpoint: str | None,
    file: str | None,
    corpus_config: CorpusConfig,
    blend: str | None,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Measure how well a network predicts a text.

    CHECKPOINT is a name or a path; without it, the newest network is measured. FILE is divided
    into poems in the layout of the network's own corpus; - is standard input. Without FILE, the
    text is the validation split of that corpus. --blend measures several networks as one.
    """
    if blend is not None and file is None:
        checkpoint, file = None, checkpoint  # The only argument is the file.
    if file is None and corpus_config.encoding is not None:
        raise click.UsageError("--encoding is the encoding of FILE: name a file.")
    networks = find_networks(checkpoint, checkpoints, blend=blend)
    use_idle_cores()
    from charrnn.corpus.splitting import encode_split
    from charrnn.corpus.store import blocks
    from charrnn.corpus.vocabulary import UNKNOWN
    from charrnn.decoding.scoring import text_loss

    # The first network decides how the text is read and divided.
    first = Checkpoint.open(networks.weights[0][0])
    opened = networks.open(reads_only=True)
    corpus, spans = text_to_measure(first, file, corpus_config.encoding)
    ids = encode_split(corpus, spans, opened.writer.vocabulary)
    if file is None:
        _note_other_measurement(ids)
    unknown = sum(int((block == UNKNOWN).sum()) for block in blocks(ids))
    among = han_tokens(opened.writer.vocabulary)
    with reading_bar(len(ids) - 1) as bar:
        loss = text_loss(opened.writer.model, ids, bar.update, among)
    headed = _loss_with_headers(opened.writer, corpus, spans)
    text = f"the validation split of {first.record.corpus.name}" if file is None else file
    if as_json:
        facts = {
            "text": text,
            "nats_per_character": loss.nats_per_character,
            "bits_per_character": loss.bits_per_character,
            "perplexity": loss.perplexity,
            "perplexity_of_chinese_characters": loss.among and loss.among.perplexity,
            "characters": loss.characters,
            "unknown_characters": unknown,
            "nats_per_character_with_labels_and_titles": headed and headed.nats_per_character,
        }
        print_json(opened.facts | facts)
    else:
        _print_lines(networks, text, loss, headed, unknown)


def text_to_measure(
    checkpoint: Checkpoint, file: str | None, encoding: str | None
) -> "tuple[Corpus, Spans]":
    """A whole file, or the validation split of a network's corpus; raises CorpusError."""
    if file is not None:
        corpus = read_alike(file, checkpoint.record, encoding)
        return corpus, corpus.spans
    try:
        return validation_part(checkpoint)
    except CorpusError as error:
        command = f"charrnn evaluate {spoken_name(checkpoint.directory)} FILE"
        raise CorpusError(f"{error} Name a text to evaluate on: {command}") from error


def _loss_with_headers(
    writer: "TextGenerator", corpus: "Corpus", spans: "Spans"
) -> "TextLoss | None":
    """The loss on poems whose labels and titles are read first; None where there are none."""
    from charrnn.corpus.headers import HeadedPoems, is_text
    from charrnn.decoding.headers import HeadedModel
    from charrnn.decoding.scoring import text_loss

    if corpus.fields is None or not isinstance(writer.model, HeadedModel):
        return None
    vocabulary = writer.model.vocabulary
    ids = HeadedPoems.of(corpus, spans, vocabulary).whole()
    return text_loss(writer.model.model, ids, counts=is_text(ids, vocabulary))


def han_tokens(vocabulary: "Vocabulary") -> "Mask | None":
    """Which tokens are Chinese characters, UNKNOWN among them; None if there are none."""
    import numpy as np

    from charrnn.corpus.vocabulary import END_OF_POEM
    from charrnn.forms.chinese.sounds import is_han
    from charrnn.settings.architecture import SPECIAL

    found = [is_han(character) for character in vocabulary.characters]
    if not any(found):
        return None
    mask = np.array([True] * SPECIAL + found)
    mask[END_OF_POEM] = False
    return mask


def _note_other_measurement(ids: "Ids") -> None:
    """Say why the loss differs from the one that training printed."""
    from charrnn.corpus.evaluation_streams import MOST_MEASURED, EvaluationStreams

    streams = EvaluationStreams(ids, MOST_MEASURED)
    if streams.characters < len(ids) - 1:
        tell(
            f"This measures all {len(ids):,} characters of the validation split. Training measured "
            f"{streams.characters:,} of them, so its loss is a little different."
        )


def _print_lines(
    networks: Networks, text: str, loss: "TextLoss", headed: "TextLoss | None", unknown: int
) -> None:
    click.echo(f"{networks.name} on {text}")
    rows = {
        "nats per character": f"{loss.nats_per_character:.4f}",
        "bits per character": f"{loss.bits_per_character:.4f}",
        "perplexity": f"{loss.perplexity:.3f}",
    }
    if headed is not None:
        rows["with labels and titles"] = f"{headed.nats_per_character:.4f}"
    if loss.among is not None:
        rows["of a Chinese character"] = f"{loss.among.perplexity:.1f}"
    rows |= {"characters scored": f"{loss.characters:,}", "unknown to the network": f"{unknown:,}"}
    for name, value in rows.items():
        click.echo(f"  {name:26}{value:>12}")
