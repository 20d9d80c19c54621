"""Measures a network that goes on learning from the text it is measured on.

    python -m benchmarks.dynamic_evaluation shakespeare
    python -m benchmarks.dynamic_evaluation mine poems.txt

After each segment of the text the weights take a small step down its gradient, and are drawn back
towards what they were (Krause et al., 2018, "Dynamic evaluation of neural sequence models",
section 4). Every character is predicted before it is learned from. The gradients are scaled by their
root mean square so far, where the paper takes that of the training text. The checkpoint stays as it
is. Without a file, the validation split of the network's corpus is read.
"""

from pathlib import Path

import click
import numpy as np
import tensorflow as tf

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.checkpoint.network_file import read_network
from charrnn.cli.evaluate import text_to_measure
from charrnn.corpus.splitting import encode_split
from charrnn.corpus.vocabulary import Ids, Vocabulary
from charrnn.model.network import StatefulNetwork, build_network

SEGMENT = 32
"""Characters between two steps."""

WARM_UP = 16
"""Segments that are only measured: too few to scale a gradient by."""

RATE = 1e-4
"""Length of a step for a weight whose gradient is as large as usual."""

RETURN = 1e-3
"""Share of the way back to where a weight was, in each step."""

SMALLEST = 1e-5
"""Added to root mean squares."""


def dynamic_nats(checkpoint: Checkpoint, ids: Ids) -> float:
    """Sum of the surprisal of all characters but the first, read once from a zero state."""
    architecture = checkpoint.record.architecture
    model = build_network(architecture)
    model.set_weights(read_network(checkpoint.model_path, architecture))
    network = StatefulNetwork(model, architecture)
    weights = [variable.value for variable in model.trainable_variables]
    before = [tf.identity(weight) for weight in weights]
    squares = [tf.Variable(tf.zeros(weight.shape)) for weight in weights]

    @tf.function(autograph=False)
    def learn(inputs, targets, state, number, rate):
        with tf.GradientTape() as tape:
            nats, state = network.nats(inputs, targets, state)
            loss = tf.reduce_mean(nats)
        gradients = tape.gradient(loss, weights)
        gradients = map(tf.convert_to_tensor, gradients)
        for weight, gradient, square, old in zip(weights, gradients, squares, before, strict=True):
            square.assign_add((gradient**2 - square) / (number + 1))
            moved = weight - rate * gradient / (tf.sqrt(square) + SMALLEST)
            weight.assign(moved + RETURN * (old - moved))
        return tf.reduce_sum(nats), state

    state, total = network.zero_state(1), 0.0
    for number, start in enumerate(range(0, len(ids) - 1, SEGMENT)):
        read = tf.constant(np.asarray(ids[start : start + SEGMENT + 1], np.int32)[None])
        rate = tf.constant(RATE if number >= WARM_UP else 0.0)
        place = tf.constant(number, tf.float32)
        nats, state = learn(read[:, :-1], read[:, 1:], state, place, rate)
        total += float(nats)
    return total


@click.command()
@click.argument("checkpoint")
@click.argument("file", required=False)
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
def main(*, checkpoint: str, file: str | None, checkpoints: Path) -> None:
    """Measure CHECKPOINT on FILE while it learns from it."""
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    corpus, spans = text_to_measure(opened, file, None)
    ids = encode_split(corpus, spans, Vocabulary(opened.record.vocabulary))
    click.echo(f"{dynamic_nats(opened, ids) / (len(ids) - 1):.4f} nats per character")


if __name__ == "__main__":
    main()
