"""How fast charrnn wants to be on two cores: ratios that a table shows beside the measured ones."""

from typing import Final, NamedTuple

from benchmarks.training.contestants import CHARRNN_FLOAT32
from benchmarks.training.workloads import Workload


class Targets(NamedTuple):
    """Least ratios; None where there is no goal.

    Attributes:
        keras: Against stock Keras at its best.
        pytorch_float32: Against PyTorch in float32.
        pytorch_bfloat16: Against PyTorch in bfloat16 autocast.
        product: Against the matrix product in the same precision.
    """

    keras: float | None = None
    pytorch_float32: float | None = None
    pytorch_bfloat16: float | None = None
    product: float | None = None


AUTO: Final = {
    "lstm-2x512": Targets(2.8, 2.0, 1.1, 0.7),
    "lstm-2x256": Targets(2.8, 1.6, 1.0, 0.5),
    "lstm-1x512": Targets(3.0, 1.6, 1.15, 0.55),
    "lstm-1x1024": Targets(3.0, 1.6, 1.15, 0.55),
    "gru-2x512": Targets(2.5, 1.5, 1.0),
    "simple_rnn-2x512": Targets(2.5, 1.5, 1.0),
}
"""Of charrnn in the precision that it chooses, by workload."""

LSTM_FLOAT32: Final = Targets(1.6, 1.05, None, 0.7)


def targets_of(workload: Workload, name: str) -> Targets:
    """The goals of charrnn's contestant `name`."""
    if name == CHARRNN_FLOAT32:
        return LSTM_FLOAT32 if workload.cell == "lstm" else Targets()
    return AUTO.get(workload.name, Targets())
