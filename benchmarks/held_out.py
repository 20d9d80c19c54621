"""The loss of a network on held-out poems by stock Keras, each poem read from a zero state.

    python -m benchmarks.held_out shi held_out.jsonl
    python -m benchmarks.held_out shi held_out.jsonl --labels author --title-field title

Nothing of charrnn computes: `keras.saving.load_model` opens `model.keras`. Before a poem stand the
labels of the named fields, `other` for those that the network does not know, and its title.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.cli.evaluate import han_tokens
from charrnn.corpus.poem_fields import OTHER, field_names
from charrnn.corpus.poem_files import PoemRecord, read_poem_file
from charrnn.corpus.vocabulary import END_OF_POEM, Ids, Vocabulary

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

TOKENS = 6_000
"""Tokens read at once."""

STEP = 32
"""Lengths are rounded up to a multiple of it, so that few shapes are compiled."""


def header_of(
    poem: PoemRecord, vocabulary: Vocabulary, fields: Sequence[str], title_field: str | None
) -> list[int]:
    """The tokens before the text of a poem."""
    if not vocabulary.has_headers:
        return [END_OF_POEM]
    places = {(label.field, label.value): number for number, label in enumerate(vocabulary.labels)}
    header = [END_OF_POEM]
    for field in fields:
        if value := poem.fields.get(field):
            place = places.get((field, value), places.get((field, OTHER)))
            header += [] if place is None else [vocabulary.first_label + place]
    title = poem.fields.get(title_field, "") if title_field else ""
    return [*header, *vocabulary.encode(title).tolist(), vocabulary.end_of_header]


@click.command()
@click.argument("network")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--labels", help="Fields whose labels are read before each poem.")
@click.option("--title-field", help="The field of the title that is read before each poem.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
def main(
    network: str, file: Path, labels: str | None, title_field: str | None, checkpoints: Path
) -> None:
    """Measure NETWORK on the poems of FILE (JSON, JSON Lines, CSV, TSV)."""
    import keras

    opened = Checkpoint.open(find_checkpoint(network, checkpoints))
    vocabulary = Vocabulary.of_record(opened.record.vocabulary, opened.record.corpus)
    model = keras.saving.load_model(opened.model_path, compile=False)
    poems = read_poem_file(file.read_text(encoding="utf-8"), str(file))
    texts: list[tuple[list[int], int]] = []  # tokens, and how many of them are the header
    for poem in poems:
        header = header_of(poem, vocabulary, field_names(labels), title_field)
        texts.append(([*header, *vocabulary.encode(poem.text).tolist(), END_OF_POEM], len(header)))
    texts.sort(key=lambda one: len(one[0]))
    han = np.zeros(vocabulary.size, np.bool_)
    if (found := han_tokens(vocabulary)) is not None:
        han[: len(found)] = found
    nats = np.zeros(2)
    counts = np.zeros(2, np.int64)
    together = max(1, TOKENS // len(texts[-1][0]))
    for start in range(0, len(texts), together):
        tokens, scored = padded(texts[start : start + together])
        logits = model.predict_on_batch(tokens[:, :-1])
        losses = keras.ops.sparse_categorical_crossentropy(tokens[:, 1:], logits, from_logits=True)
        losses = np.asarray(losses)
        for number, chosen in enumerate((scored, scored & han[tokens[:, 1:]])):
            nats[number] += losses[chosen].sum(dtype=np.float64)
            counts[number] += chosen.sum()
    click.echo(f"{len(poems):,} poems, {counts[0]:,} tokens: {nats[0] / counts[0]:.4f} nats")
    if counts[1]:
        click.echo(f"perplexity of a Chinese character: {np.exp(nats[1] / counts[1]):.2f}")


def padded(batch: Sequence[tuple[list[int], int]]) -> tuple[Ids, np.ndarray]:
    """`(poems, time)` tokens, and `(poems, time - 1)` whether the token after each is scored."""
    length = 1 + -(-max(len(tokens) - 1 for tokens, _ in batch) // STEP) * STEP
    tokens = np.full((len(batch), length), END_OF_POEM, np.int32)
    scored = np.zeros((len(batch), length - 1), np.bool_)
    for row, (poem, header) in enumerate(batch):
        tokens[row, : len(poem)] = poem
        scored[row, header - 1 : len(poem) - 1] = True
    return tokens, scored


if __name__ == "__main__":
    main()
