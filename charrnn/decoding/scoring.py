"""Scores texts with a network: the loss of a text, and the surprisal of each character."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.corpus.evaluation_streams import EvaluationStreams
from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.corpus.vocabulary import Ids as TextIds
from charrnn.decoding.engine import Ids, Logits, StepModel
from charrnn.decoding.hypothesis import DecoderState, Hypothesis
from charrnn.decoding.sampling import Mask, log_softmax
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import CorpusError
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.arguments import takes
from charrnn.wording import counted

LARGEST_LOGITS: Final = 2 * 2**20
"""Logits in memory at once (8 MiB); a large vocabulary means fewer steps at once."""

MOST_STEPS: Final = 32
"""Steps read at once. More take more memory and are not faster."""

MOST_POEMS: Final = 64
"""Poems in one batch."""

LONGEST_PIECE: Final = 4_096
"""Characters of a continuous text that are scored at a time."""

RUNNERS_UP: Final = 3
"""Other tokens reported for each."""

POEM_END: Final = ""
"""Stands for the end of a poem, as in `charrnn.decoding.hypothesis.Step`."""

ANY_UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for every character that is not in the vocabulary."""

Report = Callable[[int], None]
"""Called with the number of characters read since the last call."""


@dataclass(frozen=True, slots=True)
class TextLoss:
    """The loss of a network on a text.

    Attributes:
        nats: Sum of the negative log-probabilities of the scored characters.
        characters: Their number.
        among: The same for some of the characters; None unless asked for.
    """

    nats: float
    characters: int
    among: "TextLoss | None" = None

    @property
    def nats_per_character(self) -> float:
        """Mean negative log-probability in nats."""
        return self.nats / self.characters

    @property
    def bits_per_character(self) -> float:
        """Mean negative log-probability in bits."""
        return self.nats_per_character / math.log(2)

    @property
    def perplexity(self) -> float:
        """Number of equally likely characters that would give the same loss."""
        try:
            return math.exp(self.nats_per_character)
        except OverflowError:
            return math.inf


class Candidate(NamedTuple):
    """A character that a network predicts, `POEM_END` or `ANY_UNKNOWN`, and its log-probability."""

    character: str
    log_probability: float


@dataclass(frozen=True, slots=True)
class TokenScore:
    """What a network predicted at one token of a text.

    Attributes:
        character: The character, or `POEM_END`.
        log_probability: Its log-probability in nats, before temperature and filters.
        rank: One more than the number of more likely tokens.
        runners_up: The most likely other tokens, in falling order.
    """

    character: str
    log_probability: float
    rank: int
    runners_up: tuple[Candidate, ...]

    @property
    def bits(self) -> float:
        """The surprisal in bits: 0 if certain, 1 more for each halving of the probability."""
        return max(0.0, -self.log_probability / math.log(2))


def text_loss(
    model: StepModel,
    ids: TextIds,
    report: Report | None = None,
    among: Mask | None = None,
    counts: Mask | None = None,
) -> TextLoss:
    """The loss on a text, which is read as in the evaluation during training.

    Args:
        model: The network.
        ids: `(length,)`, the text; every token but the first is scored, also ends of poems.
        report: Receives the progress.
        among: `(vocabulary_size,)`, true for tokens whose loss is also reported separately.
        counts: `(length,)`, true for ids whose loss is measured; None measures all.

    Raises:
        CorpusError: There are fewer than two tokens.
    """
    if len(ids) < 2:
        raise CorpusError(
            f"the text is too short to be scored: it has {counted(len(ids), 'character')}, "
            "and 2 are needed."
        )
    streams = EvaluationStreams(ids, counts=counts)
    state = model.initial_state(streams.streams)
    nats, nats_among, characters_among = 0.0, 0.0, 0
    for window in streams.windows(_steps(streams.streams * model.vocabulary_size)):
        logits, state = model.read(window.inputs, state)
        losses = -_of_ids(log_softmax(logits), window.targets)  # (streams, steps)
        nats += losses.sum(where=window.counted, dtype=np.float64)
        if among is not None:
            counted_among = window.counted & among[window.targets]
            nats_among += losses.sum(where=counted_among, dtype=np.float64)
            characters_among += int(counted_among.sum())
        if report is not None:
            report(int(window.counted.sum()))
    part = TextLoss(float(nats_among), characters_among) if characters_among else None
    return TextLoss(float(nats), streams.characters, part)


@takes(generator=TextGenerator, start=Hypothesis, text=str)
def score_continuation(
    generator: TextGenerator, start: Hypothesis, text: str, *, ended: bool
) -> list[TokenScore]:
    """Score what a network wrote after `start`, with the end of the poem if it has `ended`."""
    (scores,), _ = _read_on(generator, start.decoder_state.rows([start.row]), [text], ends=ended)
    return scores


@takes(generator=TextGenerator, poems=Iterable)
def score_poems(
    generator: TextGenerator, poems: Iterable[str], report: Report | None = None
) -> Iterator[list[TokenScore]]:
    """Score poems, each from the initial state; their ends are scored too."""
    start = generator.begin().decoder_state
    remaining = iter(poems)
    while batch := list(itertools.islice(remaining, MOST_POEMS)):
        yield from _read_on(generator, start.rows([0] * len(batch)), batch, ends=True)[0]
        if report is not None:
            report(sum(map(len, batch)))


@takes(generator=TextGenerator, text=Iterable)
def score_text(
    generator: TextGenerator, text: Iterable[str], report: Report | None = None
) -> Iterator[list[TokenScore]]:
    """Score a continuous text in pieces of any length, `LONGEST_PIECE` characters at a time."""
    decoder_state = generator.begin().decoder_state
    for piece in text:
        for begin in range(0, len(piece), LONGEST_PIECE):
            part = piece[begin : begin + LONGEST_PIECE]
            (scores,), decoder_state = _read_on(generator, decoder_state, [part], ends=False)
            yield scores
            if report is not None:
                report(len(part))


def split_lines(scores: Iterable[TokenScore]) -> Iterator[list[TokenScore]]:
    """The scores of a text by line; the end of a poem belongs to its last line."""
    line: list[TokenScore] = []
    for score in scores:
        line.append(score)
        if score.character == "\n":
            yield line
            line = []
    if line:
        yield line


def mean_bits(scores: Sequence[TokenScore]) -> float:
    """Mean surprisal in bits."""
    return sum(score.bits for score in scores) / len(scores)


def _steps(logits_per_step: int) -> int:
    return max(1, min(MOST_STEPS, LARGEST_LOGITS // logits_per_step))


def _read_on(
    generator: TextGenerator, before: DecoderState, texts: Sequence[str], *, ends: bool
) -> tuple[list[list[TokenScore]], DecoderState]:
    """Read some texts in one batch, each from its row of a decoder state.

    Returns:
        The scores of each, and the decoder state after them, valid if all have one length.
    """
    tokens = [[*text, POEM_END] if ends else text for text in texts]
    ids = np.full((len(texts), max(map(len, tokens))), END_OF_POEM, np.intp)  # padded
    for number, text in enumerate(texts):
        ids[number, : len(text)] = generator.vocabulary.encode(text)
    assert SPECIAL == 2, "only these two ids come before the first character"
    names = (POEM_END, ANY_UNKNOWN, *generator.vocabulary.characters)
    logits, state = before.logits, before.state
    found: list[list[TokenScore]] = [[] for _ in texts]
    steps = _steps(logits.size)
    for begin in range(0, ids.shape[1], steps):
        window = ids[:, begin : begin + steps]
        after, state = generator.model.read(window, state)
        scores = score_tokens(np.concatenate([logits[:, None], after[:, :-1]], axis=1), window)
        logits = after[:, -1].copy()
        for row, characters in enumerate(one[begin : begin + steps] for one in tokens):
            columns = (part[row, : len(characters)].tolist() for part in scores)
            for character, own, rank, others, theirs in zip(characters, *columns, strict=True):
                runners_up = tuple(map(Candidate, (names[other] for other in others), theirs))
                found[row].append(TokenScore(character, own, rank, runners_up))
    return found, DecoderState(logits, state)


def score_tokens(
    logits: Logits, ids: Ids
) -> tuple[Logits, npt.NDArray[np.int64], npt.NDArray[np.int64], Logits]:
    """Compare predictions with the tokens that came.

    Args:
        logits: `(..., vocabulary)`.
        ids: `(...)`, the tokens that came.

    Returns:
        `(...)` their log-probabilities; `(...)` their ranks, from 1; `(..., n)` the most likely
        other tokens, in falling order; `(..., n)` their log-probabilities. n is `RUNNERS_UP`, or
        less for a small vocabulary.
    """
    log_probabilities = log_softmax(logits)
    own = _of_ids(log_probabilities, ids)
    ranks = 1 + np.count_nonzero(log_probabilities > own[..., None], axis=-1)
    others, of_others = [], []
    last = ids
    for _ in range(min(RUNNERS_UP, logits.shape[-1] - 1)):
        np.put_along_axis(log_probabilities, last[..., None].astype(np.intp), -np.inf, axis=-1)
        last = log_probabilities.argmax(axis=-1)  # The first of equals.
        others.append(last)
        of_others.append(_of_ids(log_probabilities, last))
    return own, ranks, np.stack(others, axis=-1), np.stack(of_others, axis=-1)


def _of_ids(log_probabilities: Logits, ids: Ids) -> Logits:
    """The log-probability of each id: `(..., vocabulary)` and `(...)` to `(...)`."""
    index = ids[..., None].astype(np.intp)
    found: Logits = np.take_along_axis(log_probabilities, index, axis=-1)[..., 0]
    return found
