"""A small decoder of the kind that nanoGPT trains, with its recipes for this text.

The recipes are those of karpathy/nanoGPT (README, config/train_shakespeare_char.py): AdamW with
second moment 0.99 and weight decay 0.1 on matrices, a warm-up (100 of 2,000 and of 5,000 steps), a
half cosine to a tenth of the rate, gradients clipped at 1. Their length in steps gives way to the
clock, that of the warm-up in proportion.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.learning.text import (
    Clock,
    Text,
    half_cosine,
    random_windows,
    validation_windows,
)
from benchmarks.machine import available_cores


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes and settings."""

    layers: int
    heads: int
    width: int
    context: int
    batch: int
    dropout: float
    warm_up: float
    rate: float = 1e-3


RECIPES = {
    "nanoGPT, CPU recipe": Recipe(4, 4, 128, 64, 12, dropout=0.0, warm_up=100 / 2000),
    "nanoGPT, baby GPT": Recipe(6, 6, 384, 256, 64, dropout=0.2, warm_up=100 / 5000),
}


class Block(nn.Module):
    """Attention to what came before, then a layer of four times the width, each added to its input."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        width = recipe.width
        self.heads, self.dropout = recipe.heads, recipe.dropout
        self.before, self.between = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.attention = nn.Linear(width, 3 * width, bias=False)
        self.gathered = nn.Linear(width, width, bias=False)
        self.wide = nn.Sequential(
            nn.Linear(width, 4 * width, bias=False),
            nn.GELU(),
            nn.Linear(4 * width, width, bias=False),
            nn.Dropout(recipe.dropout),
        )
        self.dropped = nn.Dropout(recipe.dropout)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Read `(batch, time, width)`."""
        batch, length, width = hidden.shape
        parts = self.attention(self.before(hidden)).chunk(3, dim=-1)
        shape = (batch, length, self.heads, width // self.heads)
        queries, keys, values = (part.view(shape).transpose(1, 2) for part in parts)
        seen = nn.functional.scaled_dot_product_attention(
            queries, keys, values, dropout_p=self.dropout * self.training, is_causal=True
        )
        seen = seen.transpose(1, 2).reshape(batch, length, width)
        hidden = hidden + self.dropped(self.gathered(seen))
        return hidden + self.wide(self.between(hidden))


class Decoder(nn.Module):
    """Characters and their places, blocks, and an output tied to the characters."""

    def __init__(self, recipe: Recipe, tokens: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(tokens, recipe.width)
        self.places = nn.Embedding(recipe.context, recipe.width)
        self.dropped = nn.Dropout(recipe.dropout)
        self.blocks = nn.Sequential(*(Block(recipe) for _ in range(recipe.layers)))
        self.last = nn.LayerNorm(recipe.width, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                ends_a_block = name.endswith(("gathered.weight", "wide.2.weight"))
                scale = (2 * recipe.layers) ** -0.5 if ends_a_block else 1.0
                nn.init.normal_(weight, std=0.02 * scale)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits `(batch, time, tokens)`."""
        places = torch.arange(ids.shape[1])
        hidden = self.dropped(self.tokens(ids) + self.places(places))
        return self.last(self.blocks(hidden)) @ self.tokens.weight.T


def learn(name: str, text: Text, began: float, seconds: float, autocast: bool) -> dict[str, Any]:
    """Train by a recipe until the time is up, and measure."""
    recipe = RECIPES[name]
    network, steps = trained(recipe, text, Clock(began, seconds), autocast)
    return {
        "readings": steps * recipe.batch * recipe.context / len(text.training),
        "windows": _loss(network, text, recipe.context, autocast),
    }


def trained(recipe: Recipe, text: Text, clock: Clock, autocast: bool) -> tuple[Decoder, int]:
    """A network that has learned until the time was up, and the number of its steps."""
    torch.set_num_threads(available_cores())
    torch.manual_seed(0)
    network = Decoder(recipe, text.tokens)
    matrices = [weight for weight in network.parameters() if weight.dim() > 1]
    others = [weight for weight in network.parameters() if weight.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.99), fused=True)
    random, step = np.random.default_rng(0), 0
    while (progress := clock.progress()) < 1:
        rate = half_cosine(progress, recipe.rate, recipe.rate / 10)
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, progress / recipe.warm_up)
        inputs, targets = random_windows(text.training, recipe.batch, recipe.context, random)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = network(torch.from_numpy(inputs))
        loss = nn.functional.cross_entropy(
            logits.float().flatten(0, 1), torch.from_numpy(targets).flatten()
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
    return network, step


@torch.no_grad()
def _loss(network: Decoder, text: Text, context: int, autocast: bool) -> float:
    network.eval()
    losses = []
    for inputs, targets in validation_windows(text.validation, context):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = network(torch.from_numpy(inputs)).float().flatten(0, 1)
        losses.append(
            nn.functional.cross_entropy(logits, torch.from_numpy(targets).flatten()).item()
        )
    return float(np.mean(losses))
