"""What happens to the network's logits before a token is drawn: one list of logits processors.

Each processor is called as `(hypotheses, logits) -> logits`, with logits `(batch, vocabulary)`. It
returns a new array, or its input where nothing changes. Every row depends on its own hypothesis
alone. `logits_processors` makes the list.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.constraints import Constraint
from charrnn.decoding.hypothesis import LINE_END, LONGEST_END, Hypothesis
from charrnn.decoding.prompts import shown
from charrnn.decoding.sampling import Logits, penalise_repetition
from charrnn.errors import ConfigurationError
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.configuration import Layout, SamplingConfig
from charrnn.settings.notation import parse_ban, parse_favours

LARGEST_BIAS: Final = 1e30
"""Largest bias in nats, so that float32 logits stay numbers."""

LARGEST_SHARE: Final = 0.999
"""Largest share of last lines among all lines, so that its odds are finite."""


class LogitsProcessor(Protocol):
    """One step from a prediction to the logits that are drawn from."""

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Process `(batch, vocabulary)` logits, one row for each hypothesis."""


def logits_processors(
    config: SamplingConfig,
    vocabulary: Vocabulary,
    layout: Layout,
    line_count_prior: "LineCountPrior | None" = None,
    constraints: Sequence[Constraint] = (),
    *,
    line_ends: int | None = None,
) -> list[LogitsProcessor]:
    """The logits processors of some settings, in their order.

    Those of the types `SUPPRESSING` come last. They set logits to -inf and change no other. The
    constraints are in the order of `Hypothesis.constraint_states`. `line_ends` is the most that
    stand in a row in a poem; None for any number.

    Raises:
        ConfigurationError: The settings leave no character to write.
    """
    wishes = token_wishes(config, vocabulary)
    processors: list[LogitsProcessor] = []
    if line_count_prior is not None and config.end_of_poem == "corpus":
        processors.append(line_count_prior)
    if config.repetition_penalty != 1:
        processors.append(RepetitionPenalty(config, vocabulary))
    if wishes.bias is not None:
        processors.append(LogitBias(wishes.bias))
    processors.append(SuppressTokens(wishes.suppressed, vocabulary, layout, line_ends))
    if constraints:
        processors.append(Constraints(constraints))
    return processors


class LineCountPrior:
    """Makes poems end after as many lines as the poems of a corpus.

    A small network learns letters and words long before it learns to count lines. It knows that
    poems end at the end of a line, but not of which one. The sum of the probabilities of a line end
    and of the end of the poem stays; only their ratio changes. Let h(k) be the share of the poems of
    k lines or more that have k lines, and h the share of all lines that are a last one. In line k,
    the odds of the end of the poem against a line end are multiplied by the odds of h(k) and divided
    by the odds of h. So no poem ends where h(k) is 0, and no further line begins where it is 1.

    Args:
        poems: How many poems have 1, 2, 3 ... lines; at least one poem.
        line_end: Id of the line end.

    Attributes:
        usual_lines: Mean number of lines of a poem.
    """

    def __init__(self, poems: Sequence[int], line_end: int) -> None:
        self._line_end = line_end
        longer = np.cumsum(np.array(poems, np.float64)[::-1])[::-1]  # poems of k lines or more
        shares = [
            float(count / rest) if rest else 1.0 for count, rest in zip(poems, longer, strict=True)
        ]
        lines = sum(count * line for line, count in enumerate(poems, 1))
        # Where all poems have one line there is nothing to reweigh: every line ends the poem.
        usual = min(sum(poems) / lines, LARGEST_SHARE)
        # `(lines,)`, added to the log-odds in line 1, 2, 3 ...; the last one in all further lines.
        self._log_odds = np.array([_log_odds(share) - _log_odds(usual) for share in (*shares, 1.0)])
        self.usual_lines = round(lines / sum(poems))

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Reweigh the line end and the end of the poem."""
        lines = np.array([hypothesis.lines.begun for hypothesis in hypotheses])
        added = self._log_odds[np.clip(lines - 1, 0, len(self._log_odds) - 1)]
        ending, line_ending = logits[:, END_OF_POEM], logits[:, self._line_end]
        either = np.logaddexp(ending, line_ending)
        odds = ending - line_ending + added
        reweighed = logits.copy()
        reweighed[:, END_OF_POEM] = either - np.logaddexp(0, -odds)
        reweighed[:, self._line_end] = either - np.logaddexp(0, odds)
        return reweighed


class RepetitionPenalty:
    """Makes recent characters less likely (Keskar et al., 2019, CTRL)."""

    def __init__(self, config: SamplingConfig, vocabulary: Vocabulary) -> None:
        self._penalty = config.repetition_penalty
        self._window = config.repetition_window
        self._code_points = np.array([ord(one) for one in vocabulary.characters], np.uint32)

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Penalise the last characters of each hypothesis."""
        ends = [hypothesis.written.last(self._window) for hypothesis in hypotheses]
        points = np.frombuffer("".join(ends).encode("utf-32-le", "surrogatepass"), np.uint32)
        places = np.searchsorted(self._code_points, points)
        known = np.append(self._code_points, 0)[places] == points
        rows = np.repeat(np.arange(len(ends)), [len(end) for end in ends])
        recent = np.zeros(logits.shape, np.bool_)
        recent[rows[known], places[known] + SPECIAL] = True
        return penalise_repetition(logits, recent, self._penalty)


@dataclass(frozen=True, slots=True, eq=False)
class LogitBias:
    """Adds a bias to the logits, `(vocabulary,)` in nats."""

    bias: Logits

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Add the bias."""
        del hypotheses
        return logits + self.bias.astype(logits.dtype)


class SuppressTokens:
    """Suppresses the unknown token, banned tokens, and white space at the start of a poem.

    A poem does not end before its first character, and a continuous text does not end at all. No
    more than `line_ends` stand in a row, with white space between them, so that a poem that is read
    again is one poem.
    """

    def __init__(
        self,
        banned: Iterable[int],
        vocabulary: Vocabulary,
        layout: Layout,
        line_ends: int | None = None,
    ) -> None:
        self._line_ends = line_ends
        self._line_end = vocabulary.id_of(LINE_END)
        blank = {vocabulary.id_of(one) for one in vocabulary.characters if one.isspace()}
        always = {UNKNOWN, *banned} | ({END_OF_POEM} if layout == "text" else set())
        self._always = np.array(sorted(always))
        self._at_the_start = np.array(sorted(always | {END_OF_POEM} | blank))

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Suppress these tokens, and those that a hypothesis suppresses."""
        left = logits.copy()
        left[:, self._always] = -np.inf
        for row, hypothesis in enumerate(hypotheses):
            if hypothesis.written.blank:
                left[row, self._at_the_start] = -np.inf
            elif self._line_ends is not None and self._has_all_line_ends(hypothesis):
                left[row, self._line_end] = -np.inf
            if hypothesis.suppressed:
                left[row, list(hypothesis.suppressed)] = -np.inf
        return left

    def _has_all_line_ends(self, hypothesis: Hypothesis) -> bool:
        end = hypothesis.written.last(LONGEST_END)
        return end.count(LINE_END, len(end.rstrip())) == self._line_ends


@dataclass(frozen=True, slots=True)
class Constraints:
    """Suppresses the tokens that constraints do not allow."""

    constraints: Sequence[Constraint]

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Set the logits of tokens that are not allowed to -inf."""
        left = logits
        for number, constraint in enumerate(self.constraints):
            for row, hypothesis in enumerate(hypotheses):
                allowed = constraint.allowed_tokens(hypothesis.constraint_states[number])
                if allowed is None:
                    continue
                if left is logits:
                    left = logits.copy()
                np.copyto(left[row], -np.inf, where=~allowed)
        return left


SUPPRESSING: Final = (SuppressTokens, Constraints)
"""The processors that suppress tokens. The share of a prediction that they leave is a weight of
sequential Monte Carlo."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenWishes:
    """What the settings ask for single characters.

    The bias is in nats, `(vocabulary,)`, None without favoured characters. The notes are a sentence
    for each named character that is not in the vocabulary.
    """

    bias: npt.NDArray[np.float64] | None
    suppressed: frozenset[int]
    notes: tuple[str, ...]


def token_wishes(config: SamplingConfig, vocabulary: Vocabulary) -> TokenWishes:
    """Translate `favour` and `ban` of the settings for a vocabulary.

    Raises:
        ConfigurationError: The ban leaves nothing but white space to write.
    """
    favours = parse_favours(config.favour) if config.favour is not None else {}
    ban = parse_ban(config.ban) if config.ban is not None else frozenset[str]()
    if all(one in ban or one.isspace() for one in vocabulary.characters):
        raise ConfigurationError(
            "the ban leaves no character to write. Ban fewer of this model's alphabet."
        )
    bias = np.zeros(vocabulary.size)
    for character, nats in favours.items():
        if character in vocabulary:
            bias[vocabulary.id_of(character)] = min(max(nats, -LARGEST_BIAS), LARGEST_BIAS)
    return TokenWishes(
        bias if bias.any() else None,
        frozenset(vocabulary.id_of(character) for character in ban if character in vocabulary),
        (
            *_notes(favours, vocabulary, "so it cannot be favoured"),
            *_notes(sorted(ban), vocabulary, "so it is never written, banned or not"),
        ),
    )


def _notes(characters: Iterable[str], vocabulary: Vocabulary, consequence: str) -> list[str]:
    return [
        f"{shown(character)} is not in this model's alphabet, {consequence}."
        for character in characters
        if character not in vocabulary
    ]


def _log_odds(share: float) -> float:
    if share in {0, 1}:
        return math.inf if share else -math.inf
    return math.log(share / (1 - share))
