"""The same without oneDNN, which lays the weights out anew for each character."""

from pathlib import Path

import torch

from benchmarks.generation import pytorch_step
from benchmarks.generation.contestants import Write


def open_writer(checkpoint: Path) -> Write:
    """Load the network of a checkpoint."""
    torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
    return pytorch_step.open_writer(checkpoint)
