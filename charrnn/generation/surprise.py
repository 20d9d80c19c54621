"""How surprising each character of a text is to a network, and what it held likely instead."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import BREAK, SPECIAL
from charrnn.generation.engine import Ids, Logits
from charrnn.generation.filters import log_softmax
from charrnn.generation.hypothesis import DecoderState, Hypothesis
from charrnn.generation.scoring import LARGEST_LOGITS, LONGEST_READING
from charrnn.generation.writer import TextGenerator

RUNNERS_UP: Final = 3
"""Other characters told for each."""

POEM_END: Final = ""
"""What stands for the end of a poem, as in `charrnn.generation.hypothesis.Step`."""

ANY_UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that is not in the vocabulary, whichever it is."""

MOST_TOGETHER: Final = 64
"""Poems that are read side by side."""

LONGEST_PIECE: Final = 4_096
"""Characters of a continuous text that are told at a time."""


class Guess(NamedTuple):
    """A character that might have stood there.

    Attributes:
        character: The character, `POEM_END` or `ANY_UNKNOWN`.
        log_probability: How likely the network held it, in nats.
    """

    character: str
    log_probability: float


@dataclass(frozen=True, slots=True)
class Surprise:
    """What a network had expected where a character stands.

    Attributes:
        character: The character that stands there, or `POEM_END`.
        log_probability: How likely the network held it, in nats, under its own prediction.
        rank: 1 where it held none likelier, 2 where it held one likelier, and so on.
        runners_up: The likeliest other characters, the likeliest first.
    """

    character: str
    log_probability: float
    rank: int
    runners_up: tuple[Guess, ...]

    @property
    def bits(self) -> float:
        """The surprise: 0 for what was certain, 1 more for each halving of the probability."""
        return max(0.0, -self.log_probability / math.log(2))


class Foresight(NamedTuple):
    """What some predictions said of the symbols that came.

    Attributes:
        log_probabilities: `(...)` of the symbols that came, in nats.
        ranks: `(...)` one more than the number of likelier symbols.
        others: `(..., n)` the likeliest other symbols, the likeliest first; n is `RUNNERS_UP`, or
            less where there are fewer.
        of_others: `(..., n)` their log-probabilities.
    """

    log_probabilities: Logits
    ranks: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]
    of_others: Logits


def foresee(logits: Logits, symbols: Ids) -> Foresight:
    """Compare predictions with what came.

    Args:
        logits: `(..., vocabulary)`, unchanged.
        symbols: `(...)` what came.
    """
    log_probabilities = log_softmax(logits)
    came = symbols[..., None].astype(np.intp)
    own = np.take_along_axis(log_probabilities, came, axis=-1)
    ranks = 1 + np.count_nonzero(log_probabilities > own, axis=-1)
    others, of_others = [], []
    last = came
    for _ in range(min(RUNNERS_UP, logits.shape[-1] - 1)):
        np.put_along_axis(log_probabilities, last, -np.inf, axis=-1)
        last = log_probabilities.argmax(axis=-1)[..., None]  # The first of equals.
        others.append(last)
        of_others.append(np.take_along_axis(log_probabilities, last, axis=-1))
    return Foresight(
        own[..., 0], ranks, np.concatenate(others, axis=-1), np.concatenate(of_others, axis=-1)
    )


def explain_turn(
    generator: TextGenerator, start: Hypothesis, text: str, *, ended: bool
) -> list[Surprise]:
    """What the network had expected where it went on with a poem.

    Args:
        generator: Wrote it.
        start: Where it went on.
        text: What it wrote.
        ended: Whether it ended the poem then.
    """
    (surprises,), _ = _read_on(
        generator, start.decoder_state.rows([start.row]), [_symbols(generator, text, ends=ended)]
    )
    return surprises


def explain_poems(
    generator: TextGenerator, poems: Iterable[str], report: Callable[[int], None] | None = None
) -> Iterator[list[Surprise]]:
    """What a network expects in poems, each read from a fresh start; their ends are told too.

    Args:
        generator: The network.
        poems: The poems, as a corpus holds them; characters are read as in training.
        report: Called with the number of characters read since the last call.
    """
    start = generator.begin().decoder_state
    asked = iter(poems)
    while together := list(itertools.islice(asked, MOST_TOGETHER)):
        before = start.rows([0] * len(together))
        yield from _read_on(
            generator, before, [_symbols(generator, poem, ends=True) for poem in together]
        )[0]
        if report is not None:
            report(sum(map(len, together)))


def explain_text(
    generator: TextGenerator, text: Iterable[str], report: Callable[[int], None] | None = None
) -> Iterator[list[Surprise]]:
    """What a network expects in a continuous text, read from its beginning to its end.

    Args:
        generator: The network.
        text: The text, in pieces of any length.
        report: Called with the number of characters read since the last call.

    Yields:
        That of some characters after some.
    """
    decoder_state = generator.begin().decoder_state
    for piece in text:
        for begin in range(0, len(piece), LONGEST_PIECE):
            some = piece[begin : begin + LONGEST_PIECE]
            (surprises,), decoder_state = _read_on(
                generator, decoder_state, [_symbols(generator, some, ends=False)]
            )
            yield surprises
            if report is not None:
                report(len(some))


def lines_of(surprises: Iterable[Surprise]) -> Iterator[list[Surprise]]:
    """The surprises of a text line by line; the end of a poem belongs to its last line."""
    line: list[Surprise] = []
    for surprise in surprises:
        line.append(surprise)
        if surprise.character == "\n":
            yield line
            line = []
    if line:
        yield line


def mean_bits(surprises: Sequence[Surprise]) -> float:
    """Bits for each of some characters, on average."""
    return sum(surprise.bits for surprise in surprises) / len(surprises)


class _Symbols(NamedTuple):
    """What is to be foreseen of one text: characters as they are told, and their ids."""

    characters: Sequence[str]
    ids: Ids


def _symbols(generator: TextGenerator, text: str, *, ends: bool) -> _Symbols:
    ids = generator.vocabulary.encode(text).astype(np.intp)
    if not ends:
        return _Symbols(text, ids)
    return _Symbols([*text, POEM_END], np.append(ids, BREAK))


def _read_on(
    generator: TextGenerator, before: DecoderState, texts: Sequence[_Symbols]
) -> tuple[list[list[Surprise]], DecoderState]:
    """Read some texts side by side, each from its row of a decoder state.

    Returns:
        What was expected in each, and the decoder state after them, where all are of one length.
    """
    ids = np.full((len(texts), max(len(text.ids) for text in texts)), BREAK, np.intp)
    for row, text in enumerate(texts):
        ids[row, : len(text.ids)] = text.ids
    logits, state = before.logits, before.state
    found: list[list[Surprise]] = [[] for _ in texts]
    steps = max(1, min(LONGEST_READING, LARGEST_LOGITS // logits.size))
    characters = (POEM_END, ANY_UNKNOWN, *generator.vocabulary.characters)
    assert SPECIAL == 2, "the ids before the first character are those two"
    for begin in range(0, ids.shape[1], steps):
        window = ids[:, begin : begin + steps]
        after, state = generator.model.read(window, state)
        foresight = foresee(np.concatenate([logits[:, None], after[:, :-1]], axis=1), window)
        logits = after[:, -1].copy()
        for row, text in enumerate(texts):
            some = text.characters[begin : begin + steps]
            found[row] += _told(some, [part[row] for part in foresight], characters)
    return found, DecoderState(logits, state)


def _told(
    characters: Sequence[str], of_row: Sequence[npt.NDArray[np.generic]], names: Sequence[str]
) -> Iterator[Surprise]:
    """What was expected in the place of some characters; the rest of the row is padding."""
    columns = (part[: len(characters)].tolist() for part in of_row)
    for character, own, rank, others, of_others in zip(characters, *columns, strict=True):
        guesses = zip((names[other] for other in others), of_others, strict=True)
        yield Surprise(character, own, rank, tuple(itertools.starmap(Guess, guesses)))
