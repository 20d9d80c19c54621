"""What becomes of the network's logits before a token is drawn: one list of logits processors.

Each processor is called as `(hypotheses, logits) -> logits`, with logits `(batch, vocabulary)`. It
gives new logits, or those it was given where it changes nothing, and never changes an array. Every
row depends on its own hypothesis alone. `LogitsProcessors.for_settings` has the list.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, SPECIAL, UNKNOWN, Vocabulary
from charrnn.decoding.constraint import Constraint
from charrnn.decoding.filters import Logits, penalise_repetition
from charrnn.decoding.hypothesis import Hypothesis
from charrnn.decoding.prompts import shown
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import Layout, SamplingConfig
from charrnn.settings.notation import parse_ban, parse_favours

LARGEST_BIAS: Final = 1e30
"""Nats of a bias at most, so that logits in float32 stay numbers."""

LARGEST_SHARE: Final = 0.999
"""Share of last lines among all lines at most, to keep its odds finite."""


class LogitsProcessor(Protocol):
    """One step from a prediction to what is drawn from."""

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Process the logits of some hypotheses, a row for each."""


@dataclass(frozen=True, slots=True)
class LogitsProcessors:
    """The logits processors of some settings, in their order.

    Attributes:
        reweigh: Those that make tokens more or less likely.
        suppress: Those that forbid tokens: they set logits to -inf and change no other. How much of
            a prediction they leave is a weight of sequential Monte Carlo.
    """

    reweigh: tuple[LogitsProcessor, ...]
    suppress: tuple[LogitsProcessor, ...]

    @classmethod
    def for_settings(
        cls,
        config: SamplingConfig,
        vocabulary: Vocabulary,
        layout: Layout,
        line_count_prior: "LineCountPrior | None" = None,
        constraints: Sequence[Constraint] = (),
    ) -> "LogitsProcessors":
        """Make the list.

        Args:
            config: How tokens are drawn.
            vocabulary: The characters.
            layout: How poems stood in the text that was learned.
            line_count_prior: Makes poems end after as many lines as there; None where lines are not
                counted.
            constraints: What the poems keep to; a hypothesis holds their states in the same order.

        Raises:
            ConfigurationError: The settings leave no character to write.
        """
        asked = token_wishes(config, vocabulary)
        reweigh: list[LogitsProcessor | None] = [
            line_count_prior if config.end_of_poem == "corpus" else None,
            RepetitionPenalty(config, vocabulary) if config.repetition_penalty != 1 else None,
            LogitBias(asked.bias) if asked.bias is not None else None,
        ]
        suppress: list[LogitsProcessor | None] = [
            SuppressTokens(asked.suppressed, vocabulary, layout),
            Constraints(constraints) if constraints else None,
        ]
        return cls(
            tuple(one for one in reweigh if one is not None),
            tuple(one for one in suppress if one is not None),
        )

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> tuple[Logits, Logits]:
        """Process the logits of some hypotheses.

        Returns:
            The logits after the processors that reweigh, and after all of them.
        """
        for processor in self.reweigh:
            logits = processor(hypotheses, logits)
        reweighed = logits
        for processor in self.suppress:
            logits = processor(hypotheses, logits)
        return reweighed, logits


class LineCountPrior:
    """Makes poems end after as many lines as those of a corpus.

    A small network learns letters and words long before it learns to count lines. It knows that
    poems end at the end of a line, but not of which one. How likely it holds the two together, line
    end and end of poem, is left as it is; how they share it is settled anew. Let h(k) be the share
    of the poems of k lines or more that have k lines, and h the share of all lines that are a last
    one. In line k the odds of the end of the poem against the line end are multiplied by the odds
    of h(k) over the odds of h; so where h(k) is 0 no poem ends, and where it is 1 no further line
    begins.

    Args:
        poems: How many poems have 1, 2, 3 ... lines; at least one poem.
        line_end: Id of the line end.

    Attributes:
        usual_lines: Lines of a poem, on average.
    """

    def __init__(self, poems: Sequence[int], line_end: int) -> None:
        self._line_end = line_end
        lasting = np.cumsum(np.array(poems, np.float64)[::-1])[::-1]  # poems of k lines or more
        shares = [
            float(count / rest) if rest else 1.0 for count, rest in zip(poems, lasting, strict=True)
        ]
        lines = sum(count * line for line, count in enumerate(poems, 1))
        # Where all poems have one line there is nothing to weigh: every line ends the poem.
        usual = min(sum(poems) / lines, LARGEST_SHARE)
        # `(lines,)`, added to the log-odds in line 1, 2, 3 ...; the last one in all lines beyond.
        self._log_odds = np.array([_log_odds(share) - _log_odds(usual) for share in (*shares, 1.0)])
        self.usual_lines = round(lines / sum(poems))

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Take the count of lines into account."""
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
    """Makes characters less likely that were written a moment ago (Keskar et al., 2019, CTRL).

    Args:
        config: The penalty, and how many characters count as a moment ago.
        vocabulary: The characters.
    """

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
    """Adds to the logits of tokens, in every hypothesis alike.

    Attributes:
        bias: `(vocabulary,)`, in nats.
    """

    bias: Logits

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Add the bias."""
        del hypotheses
        return logits + self.bias.astype(logits.dtype)


class SuppressTokens:
    """Forbids tokens: the unknown one, those that are banned, and white space before a poem.

    A poem has no end before it has begun, and a continuous text has none at all.

    Args:
        banned: Ids that are never to be written.
        vocabulary: The characters.
        layout: How poems stood in the text that was learned.
    """

    def __init__(self, banned: Iterable[int], vocabulary: Vocabulary, layout: Layout) -> None:
        blank = {vocabulary.id_of(one) for one in vocabulary.characters if one.isspace()}
        always = {UNKNOWN, *banned} | ({END_OF_POEM} if layout == "text" else set())
        self._always = np.array(sorted(always))
        self._at_the_beginning = np.array(sorted(always | {END_OF_POEM} | blank))

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Set the logits of these tokens to -inf, and of those a hypothesis suppresses itself."""
        left = logits.copy()
        left[:, self._always] = -np.inf
        for row, hypothesis in enumerate(hypotheses):
            if hypothesis.written.blank:
                left[row, self._at_the_beginning] = -np.inf
            if hypothesis.suppressed:
                left[row, list(hypothesis.suppressed)] = -np.inf
        return left


@dataclass(frozen=True, slots=True)
class Constraints:
    """Forbids what constraints do not allow.

    Attributes:
        constraints: The constraints; a hypothesis holds their states in the same order.
    """

    constraints: Sequence[Constraint]

    def __call__(self, hypotheses: Sequence[Hypothesis], logits: Logits) -> Logits:
        """Set the logits of all other tokens to -inf."""
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


@dataclass(frozen=True, slots=True, eq=False)
class TokenWishes:
    """What the settings ask of single characters.

    Attributes:
        bias: `(vocabulary,)` float64, nats to add to logits; None where nothing is favoured.
        suppressed: Ids of the characters that are banned.
        notes: A sentence for each character named that the vocabulary does not hold.
    """

    bias: npt.NDArray[np.float64] | None
    suppressed: frozenset[int]
    notes: tuple[str, ...]


def token_wishes(config: SamplingConfig, vocabulary: Vocabulary) -> TokenWishes:
    """Favour and ban of the settings, for a vocabulary.

    Raises:
        ConfigurationError: The ban leaves nothing but white space to write.
    """
    favours = parse_favours(config.favour) if config.favour is not None else {}
    ban = parse_ban(config.ban or "")
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
    """The logarithm of share / (1 - share), which is infinite at 0 and at 1."""
    if share in {0, 1}:
        return math.inf if share else -math.inf
    return math.log(share / (1 - share))
