"""PyTorch's LSTM, trained as charrnn trains: the same sizes, streams, schedule, dropout, average.

What PyTorch's layer cannot do without leaving its kernels, it does not: weights of the state are
not left out.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.learning.text import Clock, Text, half_cosine, validation_windows
from benchmarks.machine import available_cores

BATCH = 32
WINDOW = 64
EMBEDDING = 64
WARM_UP = 50


class Network(nn.Module):
    """Embedding, LSTM, one dropout mask for a window, output."""

    def __init__(self, tokens: int, units: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDING)
        self.recurrent = nn.LSTM(EMBEDDING, units)
        self.logits = nn.Linear(units, tokens)
        self.dropout = dropout
        nn.init.normal_(self.embedding.weight, std=0.1)
        nn.init.xavier_uniform_(self.recurrent.weight_ih_l0)
        for gate in self.recurrent.weight_hh_l0.chunk(4):
            nn.init.orthogonal_(gate)
        with torch.no_grad():
            self.recurrent.bias_hh_l0.zero_()
            self.recurrent.bias_ih_l0.zero_()
            self.recurrent.bias_ih_l0[units : 2 * units] = 1.0
        nn.init.xavier_uniform_(self.logits.weight)
        nn.init.zeros_(self.logits.bias)

    def forward(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Read `(time, batch)`; logits of the same form, and the state after."""
        hidden, state = self.recurrent(self.embedding(ids), state)
        if self.training and self.dropout:
            hidden = hidden * nn.functional.dropout(torch.ones_like(hidden[:1]), self.dropout)
        return self.logits(hidden), state


def learn(
    text: Text, began: float, seconds: float, *, units: int, dropout: float, rate: float
) -> dict[str, Any]:
    """Train until the time is up, and measure the average of the weights."""
    torch.set_num_threads(available_cores())
    torch.manual_seed(0)
    network = Network(text.tokens, units, dropout)
    averaged = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.9, 0.99), fused=True)
    clock = Clock(began, seconds)
    stream = len(text.training) // BATCH
    streams = torch.from_numpy(text.training[: stream * BATCH].reshape(BATCH, stream).T.copy())
    step, place, state = 0, 0, None
    while (progress := clock.progress()) < 1:
        for group in optimizer.param_groups:
            group["lr"] = half_cosine(progress, rate, 0.02 * rate) * min(1, (step + 1) / WARM_UP)
        if place + WINDOW + 1 > stream:
            place, state = int(np.random.default_rng(step).integers(WINDOW)), None
        read = streams[place : place + WINDOW + 1]
        place += WINDOW
        with torch.autocast("cpu", torch.bfloat16):
            logits, state = network(read[:-1], state)
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), read[1:].flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        averaged.update_parameters(network)
        state = tuple(tensor.detach() for tensor in state)
        step += 1
    averaged.eval()
    return {
        "readings": step * BATCH * WINDOW / len(text.training),
        "whole": _whole(averaged, text),
        "windows": _windows(averaged, text),
    }


@torch.no_grad()
def _whole(network: nn.Module, text: Text) -> float:
    """Every character of the validation split, in one pass from a zero state."""
    ids, state, nats = torch.from_numpy(text.validation)[:, None], None, 0.0
    for start in range(0, len(ids) - 1, 4096):
        targets = ids[start + 1 : start + 4097]
        logits, state = network(ids[start : start + len(targets)], state)
        nats += nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), reduction="sum"
        ).item()
    return nats / (len(ids) - 1)


@torch.no_grad()
def _windows(network: nn.Module, text: Text) -> float:
    losses = []
    for inputs, targets in validation_windows(text.validation, 256):
        logits, _ = network(torch.from_numpy(inputs.T.copy()), None)
        wanted = torch.from_numpy(targets.T.copy()).flatten()
        losses.append(nn.functional.cross_entropy(logits.flatten(0, 1), wanted).item())
    return float(np.mean(losses))
