"""Several networks that read one text side by side, and predict as one.

Each has an alphabet of its own. They read in a joint one: the poem break and the unknown symbol
are shared, and a character that a network does not know is unknown to it.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.config import Layout
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.generation.engine import Ids, Logits, State, StepModel
from charrnn.generation.filters import Mask, log_softmax
from charrnn.generation.writer import TextGenerator

IMPLAUSIBLE: Final = np.float32(-1e5)
"""Nats added to the logits of symbols that a joint prediction rules out.

Temperatures below thousands never reach them. They stay numbers, so that their order is known to
a mask that leaves nothing else, and differences of logits are numbers too.
"""

Combination = Callable[[Sequence[Logits]], Logits]
"""From log-probabilities `(..., joint vocabulary)` of each network to logits of all, float32.

Where a network does not know the joint symbol stands how likely it holds an unknown one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A network among others.

    Attributes:
        model: The network.
        ids: `(joint vocabulary,)` its own id of each joint symbol.
    """

    model: StepModel
    ids: npt.NDArray[np.intp]

    @classmethod
    def of(cls, generator: TextGenerator, joint: Vocabulary) -> "Reader":
        """A network with a vocabulary of its own, as a reader of a joint one."""
        ids = [END_OF_POEM, UNKNOWN, *map(generator.vocabulary.id_of, joint.characters)]
        return cls(generator.model, np.array(ids, np.intp))

    @property
    def known(self) -> Mask:
        """`(joint vocabulary,)`, true for the poem break and the characters it knows."""
        known: Mask = self.ids != UNKNOWN
        return known


class JointModel:
    """A `StepModel` made of several.

    Its state is that of the networks one after the other, layer by layer.

    Args:
        readers: The networks, at least one.
        combine: What becomes of their predictions.
    """

    def __init__(self, readers: Sequence[Reader], combine: Combination) -> None:
        self._readers = tuple(readers)
        self._combine = combine
        layers = [len(reader.model.initial_state(1)) for reader in self._readers]
        ends = itertools.accumulate(layers, initial=0)
        self._layers = [slice(*pair) for pair in itertools.pairwise(ends)]

    @property
    def vocabulary_size(self) -> int:
        """Symbols of the joint vocabulary."""
        return len(self._readers[0].ids)

    def initial_state(self, batch: int) -> State:
        """The state before the first symbol, for `batch` texts side by side."""
        return sum((reader.model.initial_state(batch) for reader in self._readers), ())

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one symbol of each text; see `StepModel.step`."""
        return self._joined(
            [
                reader.model.step(reader.ids[ids], state[layers])
                for reader, layers in zip(self._readers, self._layers, strict=True)
            ]
        )

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several symbols of each text; see `StepModel.read`."""
        return self._joined(
            [
                reader.model.read(reader.ids[ids], state[layers])
                for reader, layers in zip(self._readers, self._layers, strict=True)
            ]
        )

    def _joined(self, results: Sequence[tuple[Logits, State]]) -> tuple[Logits, State]:
        log_probabilities = [
            np.take(log_softmax(own), reader.ids, axis=-1)
            for reader, (own, _) in zip(self._readers, results, strict=True)
        ]
        return self._combine(log_probabilities), sum((state for _, state in results), ())


def common_layout(generators: Sequence[TextGenerator]) -> Layout:
    """The layout that all networks learned.

    Raises:
        ConfigurationError: There is none: what ends a poem to one means nothing to another.
    """
    layouts = sorted({generator.layout for generator in generators})
    if len(layouts) > 1:
        raise ConfigurationError(
            "networks that write together must have learned texts of one layout. "
            f"Received: {' and '.join(layouts)}."
        )
    return generators[0].layout
