"""The same `tf.function`, compiled by XLA."""

from pathlib import Path

from benchmarks.generation import tensorflow_step
from benchmarks.generation.contestants import Write


def open_writer(checkpoint: Path) -> Write:
    """Load the network of a checkpoint."""
    return tensorflow_step.open_writer(checkpoint, jit_compile=True)
