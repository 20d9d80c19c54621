"""PyTorch: `nn.Embedding`, `nn.LSTM | GRU | RNN`, `nn.Linear`, in float32 and bfloat16 autocast."""

import itertools
from collections.abc import Iterator
from typing import Any, get_args

import torch
from torch import nn

from benchmarks.machine import available_cores
from benchmarks.training.contestants import (
    PYTORCH,
    Contestant,
    measured_rate,
    random_windows,
)
from benchmarks.training.workloads import Workload
from charrnn.settings.configuration import Cell, Precision

LAYERS: dict[Cell, type[nn.LSTM | nn.GRU | nn.RNN]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "simple_rnn": nn.RNN,
}


def contestants(workload: Workload) -> Iterator[Contestant]:
    """Both precisions, with the batch first and with time first."""
    torch.set_num_threads(available_cores())
    for precision in get_args(Precision):
        for batch_first in (True, False):
            autocast = precision == "bfloat16"
            training = _Training(workload, autocast=autocast, batch_first=batch_first)
            variant = "batch first" if batch_first else "time first"
            yield Contestant(PYTORCH, variant, precision, training.measure)


class _Network(nn.Module):
    def __init__(self, workload: Workload, *, batch_first: bool) -> None:
        super().__init__()
        size = workload.size
        self.embedding = nn.Embedding(size.vocabulary_size, size.embedding)
        self.recurrent = LAYERS[workload.cell](
            size.embedding, size.units, size.layers, batch_first=batch_first
        )
        self.logits = nn.Linear(size.units, size.vocabulary_size)

    def forward(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        hidden, state = self.recurrent(self.embedding(ids), state)
        return self.logits(hidden), state


class _Training:
    """A usual loop: carried state detached, gradients clipped, AdamW in its fused form."""

    def __init__(self, workload: Workload, *, autocast: bool, batch_first: bool) -> None:
        self.workload = workload
        self.autocast = autocast
        self.network = _Network(workload, batch_first=batch_first)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=1e-3, weight_decay=0.01, fused=True
        )
        inputs, targets = random_windows(workload, 16)
        if not batch_first:
            inputs, targets = inputs.swapaxes(1, 2), targets.swapaxes(1, 2)
        pairs = zip(inputs, targets, strict=True)
        self.batches = itertools.cycle(
            [
                (torch.tensor(read, dtype=torch.long), torch.tensor(wanted, dtype=torch.long))
                for read, wanted in pairs
            ]
        )
        self.state: Any = None

    def learn(self) -> float:
        """One step; its loss."""
        inputs, targets = next(self.batches)
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            logits, state = self.network(inputs, self.state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.state = (
            tuple(tensor.detach() for tensor in state)
            if isinstance(state, tuple)
            else state.detach()
        )
        return loss.item()

    def measure(self, seconds: float) -> float:
        """Characters a second."""
        return measured_rate(self.learn, self.workload.step_characters, seconds)
