"""Writes many poems in one compiled loop: predict, filter, draw, read, without a word to Python.

A step of a batch is a few products of matrices and hundreds of small operations on what they give.
Python and TensorFlow take longer to begin each of them than a GPU takes for all; compiled by XLA
they are a handful.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.model.filters import draw, prepare, temperature_at, weigh_ending
from charrnn.model.step_network import State, StepNetwork
from charrnn.rules import Beginning, Rules

STRETCH: Final = 32
"""Symbols written in one call. Between calls, poems that are done make room for others."""


class _Poems(NamedTuple):
    """Where the poems stand, a row for each.

    Attributes:
        logits: `(batch, vocabulary)` float32, the prediction of the next symbol.
        state: What the network remembers.
        lines: `(batch,)` int32, lines begun.
        open_line: `(batch,)`, whether the last of them goes on.
        blank: `(batch,)`, whether nothing but white space is written.
        ages: `(batch, vocabulary)` int32, how many symbols ago each was written; `(batch, 0)` where
            repetition costs nothing.
    """

    logits: tf.Tensor
    state: State
    lines: tf.Tensor
    open_line: tf.Tensor
    blank: tf.Tensor
    ages: tf.Tensor


class WritingLoop:
    """Writes poems that begin alike, each with random numbers of its own.

    Args:
        network: The network.
        rules: What holds for all poems.
        beginning: Where all of them go on.
        batch: How many are written side by side.
    """

    def __init__(
        self, network: StepNetwork, rules: Rules, beginning: Beginning, batch: int
    ) -> None:
        self._network = network
        self._rules = rules
        self._beginning = _first_row(beginning, counts_ages=rules.config.repetition_penalty != 1)
        self._poems = tf.nest.map_structure(
            lambda row: tf.repeat(row, batch, axis=0), self._beginning
        )
        self._write = tf.function(self._stretch, jit_compile=True, autograph=False)

    @property
    def stretch(self) -> int:
        """Symbols that `advance` writes at most."""
        return STRETCH

    def advance(
        self,
        fresh: npt.NDArray[np.bool_],
        written: npt.NDArray[np.int32],
        missing: npt.NDArray[np.int32],
        uniforms: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Go on with every poem.

        Args:
            fresh: `(batch,)`, true where a poem begins in the place of the one before.
            written: `(batch,)`, symbols that have been written of each.
            missing: `(batch,)`, symbols to write of each; 0 lets a row rest.
            uniforms: `(batch, stretch)` random numbers from [0, 1), one for each symbol.

        Returns:
            Symbols `(batch, stretch)`, and the log-probability of each in nats, under the network's
            own prediction. What follows the poem break, or is more than was missing, means nothing.
        """
        self._poems, symbols, log_probabilities = self._write(
            self._poems,
            tf.constant(fresh),
            tf.constant(written, tf.int32),
            tf.constant(missing, tf.int32),
            tf.constant(np.ascontiguousarray(uniforms.T)),
        )
        return symbols.numpy().T, log_probabilities.numpy().T

    def _stretch(
        self,
        poems: _Poems,
        fresh: tf.Tensor,
        written: tf.Tensor,
        missing: tf.Tensor,
        uniforms: tf.Tensor,
    ) -> tuple[_Poems, tf.Tensor, tf.Tensor]:
        """A stretch; `uniforms`, the symbols and their log-probabilities are `(stretch, batch)`."""
        poems = tf.nest.map_structure(
            lambda first, row: tf.where(_beside(fresh, row), first, row), self._beginning, poems
        )

        def is_under_way(step: tf.Tensor, ended: tf.Tensor, *_: object) -> tf.Tensor:
            return (step < STRETCH) & tf.reduce_any(~ended & (step < missing))

        def write_one(
            step: tf.Tensor,
            ended: tf.Tensor,
            poems: _Poems,
            symbols: tf.TensorArray,
            log_probabilities: tf.TensorArray,
        ) -> tuple[tf.Tensor, tf.Tensor, _Poems, tf.TensorArray, tf.TensorArray]:
            symbol = draw(self._prospect(poems, written + step), uniforms[step])
            likely = tf.gather(tf.nn.log_softmax(poems.logits), symbol, batch_dims=1)
            return (
                step + 1,
                ended | (symbol == END_OF_POEM),
                self._after(poems, symbol),
                symbols.write(step, symbol),
                log_probabilities.write(step, likely),
            )

        shape = written.shape
        _, _, poems, symbols, log_probabilities = tf.while_loop(
            is_under_way,
            write_one,
            (
                tf.constant(0),
                tf.zeros(shape, tf.bool),
                poems,
                tf.TensorArray(tf.int32, STRETCH, element_shape=shape),
                tf.TensorArray(tf.float32, STRETCH, element_shape=shape),
            ),
        )
        return poems, symbols.stack(), log_probabilities.stack()

    def _prospect(self, poems: _Poems, written: tf.Tensor) -> tf.Tensor:
        """`(batch, vocabulary)` float64, the distributions to draw the next symbols from."""
        rules = self._rules
        logits = tf.cast(poems.logits, tf.float64)
        if rules.break_odds is not None:
            places = tf.clip_by_value(poems.lines - 1, 0, len(rules.break_odds) - 1)
            added = tf.gather(rules.break_odds, places)
            logits = weigh_ending(logits, added, END_OF_POEM, rules.line_end)
        done = poems.lines - 1 if rules.by_lines else written
        return prepare(
            logits,
            rules.config,
            barred=tf.where(poems.blank[:, None], rules.never_first, rules.never),
            temperature=temperature_at(
                rules.config.temperature, tf.cast(done, tf.float64) / rules.schedule
            ),
            recent=poems.ages <= rules.config.repetition_window,
            bias=rules.bias,
        )

    def _after(self, poems: _Poems, symbol: tf.Tensor) -> _Poems:
        """The poems with one more symbol each."""
        rules = self._rules
        logits, state = self._network.step(symbol, poems.state)
        is_blank = tf.gather(rules.blank, symbol)
        begins = ~poems.open_line & ~is_blank
        is_same = tf.range(poems.ages.shape[1]) == symbol[:, None]
        return _Poems(
            logits,
            state,
            poems.lines + tf.cast(begins, tf.int32),
            (poems.open_line | begins) & (symbol != rules.line_end),
            poems.blank & is_blank,
            tf.where(is_same, 1, poems.ages + 1),
        )


def _first_row(beginning: Beginning, *, counts_ages: bool) -> _Poems:
    """The row that a poem begins with."""
    ages = beginning.ages if counts_ages else beginning.ages[:0]
    return _Poems(
        tf.constant(beginning.logits),
        [[tf.constant(array) for array in layer] for layer in beginning.state],
        tf.constant([beginning.lines], tf.int32),
        tf.constant([beginning.open_line]),
        tf.constant([beginning.blank]),
        tf.constant(ages[None], tf.int32),
    )


def _beside(rows: tf.Tensor, array: tf.Tensor) -> tf.Tensor:
    """A mask `(batch,)`, shaped to meet an array `(batch, ...)`."""
    return tf.reshape(rows, (-1, *(1,) * (array.shape.rank - 1)))
