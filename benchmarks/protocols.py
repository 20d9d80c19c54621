"""One network on the text its corpus kept aside, by every protocol that published losses follow.

    python benchmarks/protocols.py shakespeare
    python benchmarks/protocols.py shi

"whole": every character once, in one pass from a zero state, the state carried on. "parallel":
the same in up to 64 streams, as training and `charrnn evaluate` measure. "windows": random windows
from an empty context, the mean over all places in them; nanoGPT estimates its losses so, with 200
batches of 64 windows of 256 characters (karpathy/nanoGPT, train.py, `estimate_loss`). Of Chinese
text, the perplexity of Han characters alone is told too, those that the network does not know as
if all kinds of them that the text holds were equally likely.
"""

import math
import os
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PIECE = 256
"""Characters read at once in the whole pass."""


class Windows(NamedTuple):
    """How random windows are drawn."""

    batches: int
    batch_size: int
    length: int


def whole_pass(model, ids, among):
    """Nats of all characters but the first, and of those among some tokens with their number."""
    from charrnn.decoding.sampling import log_softmax

    state, nats, apart, characters = model.initial_state(1), 0.0, 0.0, 0
    for start in range(0, len(ids) - 1, PIECE):
        piece = np.asarray(ids[start : start + PIECE + 1])
        logits, state = model.read(piece[None, :-1], state)
        surprises = -np.take_along_axis(
            log_softmax(logits[0]), piece[1:, None].astype(np.intp), axis=-1
        )[:, 0]
        nats += float(surprises.sum(dtype=np.float64))
        if among is not None:
            counted = among[piece[1:]]
            apart += float(surprises[counted].sum(dtype=np.float64))
            characters += int(counted.sum())
    return nats, apart, characters


def random_windows(ids, batch, length, random):
    """Inputs and targets of windows at random places, `(batch, length)` each."""
    starts = random.integers(len(ids) - length, size=batch)
    rows = ids[starts[:, None] + np.arange(length + 1)]
    return rows[:, :-1], rows[:, 1:]


def window_loss(model, ids, windows, seed):
    """Mean nats per character in random windows from an empty context."""
    from charrnn.decoding.sampling import log_softmax

    random = np.random.default_rng(seed)
    text = np.asarray(ids[:])
    total = 0.0
    for _ in range(windows.batches):
        inputs, targets = random_windows(text, windows.batch_size, windows.length, random)
        logits, _ = model.read(inputs, model.initial_state(windows.batch_size))
        wanted = targets[..., None].astype(np.intp)
        total -= float(np.take_along_axis(log_softmax(logits), wanted, -1).mean())
    return total / windows.batches


def validation_part(opened):
    """The ids of what a checkpoint's corpus kept aside."""
    from charrnn.cli.evaluate import text_to_measure
    from charrnn.corpus.splitting import encode_split
    from charrnn.corpus.vocabulary import Vocabulary

    corpus, spans = text_to_measure(opened, None, None)
    return encode_split(corpus, spans, Vocabulary(opened.record.vocabulary))


def unknown_kinds(text, vocabulary):
    """How many kinds of Han characters of a text a network does not know."""
    from charrnn.forms.chinese.sounds import is_han

    return sum(is_han(character) and character not in vocabulary for character in set(text))


@click.command()
@click.argument("network")
@click.option("--checkpoints", type=click.Path(path_type=Path), default="checkpoints")
@click.option("--batches", default=200, show_default=True, help="Batches of random windows.")
@click.option("--seed", default=0, show_default=True, help="Where the random windows lie.")
def main(network: str, checkpoints: Path, batches: int, seed: int) -> None:
    """Measure NETWORK, whose corpus must be at hand."""
    from charrnn.checkpoint.directory import Checkpoint
    from charrnn.checkpoint.lookup import find_checkpoint
    from charrnn.cli.evaluate import han_tokens, text_to_measure
    from charrnn.corpus.splitting import encode_split
    from charrnn.corpus.vocabulary import UNKNOWN
    from charrnn.decoding.scoring import text_loss
    from charrnn.decoding.writer import TextGenerator

    opened = Checkpoint.open(find_checkpoint(network, checkpoints))
    writer = TextGenerator.open(opened)
    corpus, spans = text_to_measure(opened, None, None)
    ids = encode_split(corpus, spans, writer.vocabulary)
    among = han_tokens(writer.vocabulary)
    nats, apart, characters = whole_pass(writer.model, ids, among)
    print("| protocol | nats per character |\n|---|---|")
    print(f"| whole | {nats / (len(ids) - 1):.4f} |", flush=True)
    print(f"| parallel | {text_loss(writer.model, ids).nats_per_character:.4f} |", flush=True)
    windows = Windows(batches, 64, 256)
    print(f"| windows | {window_loss(writer.model, ids, windows, seed):.4f} |", flush=True)
    if characters:
        unknown = int((np.asarray(ids[:]) == UNKNOWN).sum())
        kinds = unknown_kinds(corpus.text[:], writer.vocabulary)
        fair = apart + unknown * math.log(max(1, kinds))
        print(
            f"\nA Han character: perplexity {math.exp(fair / characters):.1f}, {unknown:,} of "
            f"{characters:,} unknown, of {kinds:,} kinds ({math.exp(apart / characters):.1f} if "
            "all of these counted as one)."
        )


if __name__ == "__main__":
    main()
