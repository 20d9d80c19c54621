"""PyTorch: `nn.LSTM` called with one character after the other, in `torch.inference_mode`."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.generation.contestants import TEMPERATURE, Write
from benchmarks.machine import available_cores
from charrnn.checkpoint.directory import Checkpoint
from charrnn.decoding.weights import NetworkWeights


def open_writer(checkpoint: Path) -> Write:
    """Load the network of a checkpoint."""
    torch.set_num_threads(available_cores())
    opened = Checkpoint.open(checkpoint)
    with NetworkWeights.open(opened.model_path, opened.record.architecture) as stored:
        network = StepNetwork(stored).eval()

    @torch.inference_mode()
    def write(poems: int, characters: int) -> list[list[int]]:
        ids, state = torch.zeros((poems, 1), dtype=torch.long), None
        written: list[list[int]] = [[] for _ in range(poems)]
        for _ in range(characters):
            logits, state = network(ids, state)
            ids = torch.multinomial(torch.softmax(logits[:, 0] / TEMPERATURE, dim=-1), 1)
            for text, token in zip(written, ids[:, 0].tolist(), strict=True):
                text.append(token)
        return written

    return write


class StepNetwork(nn.Module):
    """`nn.Embedding`, `nn.LSTM` and `nn.Linear` with the weights of a checkpoint."""

    def __init__(self, weights: NetworkWeights) -> None:
        super().__init__()
        units, vocabulary_size = weights.logits_kernel.shape
        layers = tuple(weights.recurrent)
        self.embedding = nn.Embedding(*weights.embedding.shape)
        self.recurrent = nn.LSTM(weights.embedding.shape[1], units, len(layers), batch_first=True)
        self.logits = nn.Linear(units, vocabulary_size)
        # PyTorch keeps the gates in the order of Keras, but transposed, and has two biases.
        arrays = {
            "embedding.weight": weights.embedding,
            "logits.weight": weights.logits_kernel.T,
            "logits.bias": weights.logits_bias,
        }
        for number, layer in enumerate(layers):
            arrays[f"recurrent.weight_ih_l{number}"] = layer.kernel.T
            arrays[f"recurrent.weight_hh_l{number}"] = layer.recurrent_kernel.T
            arrays[f"recurrent.bias_ih_l{number}"] = layer.bias
            arrays[f"recurrent.bias_hh_l{number}"] = 0 * layer.bias
        for name, parameter in self.named_parameters():
            parameter.data.copy_(torch.from_numpy(arrays[name]))

    def forward(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """From ids `(batch, time)` to logits `(batch, time, vocabulary)`, and the new state."""
        hidden, state = self.recurrent(self.embedding(ids), state)
        return self.logits(hidden), state
