"""Which arithmetic trains a network fastest on this machine: measured on a layer of its sizes."""

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import tensorflow as tf

from charrnn.model.equations import EQUATIONS
from charrnn.model.kernel import Arithmetic, Weights, dealt, read_window
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import Precision, Split

ROUNDS: Final = 4
"""Rounds in which what is compared is timed in turn, so that other work hits all alike."""

PRECISIONS: Final[dict[Precision, tf.DType]] = {
    "float32": tf.float32,
    "bfloat16": tf.bfloat16,
}

_BFLOAT16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
_PROCESSOR: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Timing:
    """What a window took.

    Attributes:
        precision: Of the products.
        parts: Parts computed side by side.
        split: What was dealt to them.
        seconds: For one window of one layer, forward and back.
    """

    precision: Precision
    parts: int
    split: Split
    seconds: float

    def __str__(self) -> str:
        parts = f"{self.parts} part{'s' if self.parts > 1 else ''} of the {self.split}"
        return f"{self.precision} in {parts}: {1000 * self.seconds:,.1f} ms"


def quickest_first(
    architecture: Architecture,
    batch_size: int,
    window: int,
    cores: int,
    *,
    precision: Precision | None = None,
    parts: int | None = None,
    split: Split | None = None,
) -> list[Timing]:
    """Time what could train the network on a CPU.

    Both precisions are timed with a part of the units for each core; in the quicker one then parts
    of the rows; and with what was best fewer parts, half as many each time, while they gain.

    Args:
        architecture: Its sizes; a layer of these is read, with made-up weights.
        batch_size: Rows of its batches.
        window: Characters of a window.
        cores: Cores of the processor.
        precision: The only one to time; None times those that the processor has products for.
        parts: The only number of parts to time; None tries several.
        split: The only way to deal; None tries both.

    Returns:
        All that was timed, the quickest first.
    """
    precisions: list[Precision] = [precision] if precision else ["float32"]
    if precision is None and multiplies_bfloat16():
        precisions.append("bfloat16")

    def candidate(name: Precision, count: int, dealt: Split) -> _Candidate:
        arithmetic = Arithmetic(PRECISIONS[name], count, dealt)
        read = _reader(architecture, batch_size, window, arithmetic)
        return _Candidate(Timing(name, count, dealt, float("inf")), read)

    most = parts or cores
    ranked = _compared([], [candidate(name, most, split or "units") for name in precisions])
    if split is None and 1 < most <= batch_size:
        ranked = _compared(ranked, [candidate(ranked[0].timing.precision, most, "rows")])
    for count in _fewer(cores) if parts is None else ():
        best = ranked[0]
        fewer = candidate(best.timing.precision, count, best.timing.split)
        ranked = _compared(ranked, [fewer])
        if ranked[0] is best:
            break
    return [one.timing for one in ranked]


def multiplies_bfloat16() -> bool:
    """Whether the processor has products of bfloat16; elsewhere they are slow imitations."""
    if platform.system() != "Linux" or not _PROCESSOR.exists():
        return False
    return not _BFLOAT16_FLAGS.isdisjoint(_PROCESSOR.read_text(encoding="utf-8").split())


def _fewer(cores: int) -> Iterator[int]:
    """Fewer parts than cores, but more than one."""
    while cores > 3:
        cores //= 2
        yield cores


@dataclass(slots=True)
class _Candidate:
    """Something to time, and the least that it took so far."""

    timing: Timing
    read: Callable[[], float]

    def time(self) -> None:
        began = time.perf_counter()
        self.read()
        least = min(self.timing.seconds, time.perf_counter() - began)
        self.timing = replace(self.timing, seconds=least)


def _compared(ranked: list[_Candidate], others: list[_Candidate]) -> list[_Candidate]:
    """Time new candidates in turn with the quickest so far; returns all, the quickest first."""
    for one in others:
        one.read()  # The first time compiles.
    for _ in range(ROUNDS):
        for one in (*ranked[:1], *others):
            one.time()
    return sorted([*ranked, *others], key=lambda one: one.timing.seconds)


def _reader(
    architecture: Architecture, batch_size: int, window: int, arithmetic: Arithmetic
) -> Callable[[], float]:
    """Reads a window of a layer, forward and back, and waits until it is done."""
    units = architecture.units
    features = units if architecture.layers > 1 else architecture.embedding
    equations = EQUATIONS[architecture.cell, architecture.activation]
    constants = len(equations.constant_blocks) + len(equations.peepholes)
    width = equations.gates * units
    noise = tf.random.Generator.from_seed(0)
    weights = Weights(
        noise.normal((features, width), stddev=features**-0.5),
        noise.normal((units, width), stddev=units**-0.5),
        tf.zeros((constants, units)),
    )
    layout = arithmetic.layout
    inputs = layout.sequence(noise.normal((window, batch_size, features)))

    @tf.function(autograph=False)
    def read(*arguments: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            outputs = []
            shares = dealt(batch_size, arithmetic.row_parts)
            for rows in tf.split(arguments[0], shares, 2 - layout.axis):
                zero = tf.zeros(layout.shape(units, batch=layout.sizes(rows)[2]))
                weights = Weights(*arguments[1:])
                outputs += read_window(equations, arithmetic, rows, weights, (zero, zero))[:1]
        return [tf.reduce_sum(gradient) for gradient in tape.gradient(outputs, arguments)]

    return lambda: float(read(inputs, *weights)[0])
