"""Writes poems at once: one step of the network adds a character to each of them.

A step goes from the logits of the network through the logits processors, the temperature and the
sampling filters to a draw, and from the drawn token to the next logits.
"""

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, SPECIAL, Vocabulary
from charrnn.decoding.constraint import Constraint
from charrnn.decoding.engine import Ids, StepModel
from charrnn.decoding.filters import Logits, Temperature, log_probabilities_of, log_softmax
from charrnn.decoding.hypothesis import DecoderState, Hypothesis, Step, gather
from charrnn.decoding.logits_processors import LineCountPrior, LogitsProcessors
from charrnn.decoding.sampling import draw, filtered, log_share, temperature_at
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, Layout, SamplingConfig

LONGEST_HELD: Final = 32
"""Characters that are held back while a constraint is on, so that stepping back may take them."""

MOST_STEPS_BACK: Final = 1_000
"""Characters dropped before the poem has grown again, after which it is stopped.

Where every way is blocked a few characters on, there are more ways than could ever be tried.
"""


@dataclass(slots=True, eq=False)
class NextTokenDistribution:
    """What may come next in some poems.

    Attributes:
        rows: Those of the poems that can go on, in order; the others are at a dead end.
        logits: `(rows, vocabulary)`, the distributions to draw from.
        log_shares: `(rows,)` float64, how much of each prediction is not suppressed, as
            `charrnn.decoding.sampling.log_share` has it; None where it was not asked for.
    """

    rows: list[int]
    logits: Logits
    log_shares: npt.NDArray[np.float64] | None = None


class Decoder:
    """Adds to poems that are written with the same settings.

    Args:
        model: The network.
        vocabulary: Its characters.
        layout: How poems stood in the text that was learned.
        config: How tokens are drawn.
        line_count_prior: Makes poems end after as many lines as there; None where lines are not
            counted.
        constraints: What the poems keep to; a hypothesis holds their states in the same order.
        poem_length: Characters of a usual poem; None where that is not known.

    Attributes:
        length: Characters after which a poem is stopped.

    Raises:
        ConfigurationError: The settings leave no character to write.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        layout: Layout,
        config: SamplingConfig,
        *,
        line_count_prior: LineCountPrior | None = None,
        constraints: Sequence[Constraint] = (),
        poem_length: int | None = None,
    ) -> None:
        self._model = model
        self._config = config
        self._constraints = constraints
        self._characters = ("",) * SPECIAL + vocabulary.characters
        self._processors = LogitsProcessors.for_settings(
            config, vocabulary, layout, line_count_prior, constraints
        )
        self.length = config.length or (LENGTH_OF_TEXT if layout == "text" else LONGEST_POEM)
        # A schedule goes by lines where a poem has several and no length was asked for.
        lines = line_count_prior.usual_lines if line_count_prior is not None else 1
        self._last_line = lines if lines > 1 and config.length is None else None
        self._last_character = max(1, (config.length or poem_length or self.length) - 1)

    def sampler(self, start: Hypothesis, generator: np.random.Generator) -> "BacktrackingSampler":
        """The way on from a hypothesis that knows the constraints, with its random numbers."""
        held = LONGEST_HELD if self._constraints else 0
        return BacktrackingSampler(start, generator, self.length, held)

    def advance(self, samplers: "Sequence[BacktrackingSampler]") -> None:
        """Take one step in each of some poems: a character on, the end, or a character back.

        Args:
            samplers: Poems that are not over.
        """
        hypotheses = [sampler.hypothesis for sampler in samplers]
        decoder_state = gather(hypotheses)
        following = self.distribution(hypotheses, decoder_state.logits)
        if len(following.rows) < len(samplers):
            for row in set(range(len(samplers))).difference(following.rows):
                samplers[row].step_back()
            if not following.rows:
                return
            samplers = [samplers[row] for row in following.rows]
            hypotheses = [hypotheses[row] for row in following.rows]
            decoder_state = decoder_state.rows(following.rows)
        tokens = draw(following.logits, [sampler.uniform() for sampler in samplers])
        steps = self.steps(hypotheses, decoder_state, tokens)
        for sampler, token, step in zip(samplers, tokens.tolist(), steps, strict=True):
            sampler.add(token, step)

    def distribution(
        self, hypotheses: Sequence[Hypothesis], logits: Logits, *, shares: bool = False
    ) -> NextTokenDistribution:
        """Look ahead.

        Args:
            hypotheses: The poems.
            logits: `(batch, vocabulary)`, the network's predictions for them.
            shares: Whether to tell how much of each prediction is not suppressed.
        """
        reweighed, left = self._processors(hypotheses, logits)
        rows = list(range(len(hypotheses)))
        if self._constraints:
            can_go_on = ~np.isneginf(left.max(axis=-1))
            if not can_go_on.all():
                rows = np.flatnonzero(can_go_on).tolist()
                if not rows:
                    return NextTokenDistribution(rows, left[:0])
                hypotheses = [hypotheses[row] for row in rows]
                reweighed, left = reweighed[rows], left[rows]
        temperature = self._temperature(hypotheses)
        log_shares = log_share(reweighed, left, temperature) if shares else None
        return NextTokenDistribution(rows, filtered(left, self._config, temperature), log_shares)

    def steps(
        self, hypotheses: Sequence[Hypothesis], decoder_state: DecoderState, tokens: Ids
    ) -> list[Step]:
        """The steps by which some poems grow by one token each; see `grown`."""
        likely = log_probabilities_of(tokens, decoder_state.logits).tolist()
        grown = self.grown(hypotheses, decoder_state, tokens)
        written = [self._characters[token] for token in tokens.tolist()]
        return list(map(Step, written, likely, grown))

    def grown(
        self, hypotheses: Sequence[Hypothesis], decoder_state: DecoderState, tokens: Ids
    ) -> list[Hypothesis]:
        """Some poems with one more token each.

        Args:
            hypotheses: The poems.
            decoder_state: That of them all, in order.
            tokens: `(batch,)`.
        """
        added = tokens.tolist()
        after = decoder_state
        if END_OF_POEM not in added:
            after = DecoderState(*self._model.step(tokens, decoder_state.state))
        elif going_on := [row for row, token in enumerate(added) if token != END_OF_POEM]:
            state = decoder_state.rows(going_on).state
            after = DecoderState(*self._model.step(tokens[going_on], state))
        grown = []
        row = 0
        for hypothesis, token in zip(hypotheses, added, strict=True):
            if token == END_OF_POEM:
                grown.append(hypothesis.at_its_end())
                continue
            known = hypothesis.constraint_states
            states = self._constrained(known, token) if known else known
            grown.append(hypothesis.followed_by(self._characters[token], after, row, states))
            row += 1
        return grown

    def retrace(self, hypothesis: Hypothesis, tokens: Sequence[int]) -> Iterator[Step]:
        """Write what has been chosen already, one token after the other."""
        for token in tokens:
            decoder_state = gather([hypothesis])
            likely = float(log_softmax(decoder_state.logits)[0, token])
            (hypothesis,) = self.grown([hypothesis], decoder_state, np.array([token]))
            yield Step(self._characters[token], likely, hypothesis)

    def _constrained(self, states: tuple[Hashable, ...], token: int) -> tuple[Hashable, ...]:
        """The states of all constraints after one more token."""
        return tuple(
            constraint.next_state(state, token)
            for constraint, state in zip(self._constraints, states, strict=True)
        )

    def _temperature(self, hypotheses: Sequence[Hypothesis]) -> Temperature:
        temperature = self._config.temperature
        if not isinstance(temperature, str):
            return float(temperature)
        if self._last_line is not None:
            done = np.array([one.lines.begun - 1 for one in hypotheses]) / (self._last_line - 1)
        else:
            done = np.array([one.generated for one in hypotheses]) / self._last_character
        return temperature_at(temperature, done)


_Held = tuple[Hypothesis, int, Step]
"""A step that may be taken back: where it was taken, its token, and what came of it."""


class BacktrackingSampler:
    """The way of one poem from character to character, which can step back out of a dead end.

    When no token may follow, it drops the last character and suppresses it where it stood. It hands
    a step out when nothing can take it back any more. When there is nothing left to step back to,
    the poem is stopped as long as it has been, all its promises kept.

    Args:
        start: Where to go on.
        generator: Draws its random numbers, one for each character that is tried.
        length: Characters after which it is stopped, at least 1.
        held: Characters to hold back; 0 where there are no dead ends.

    Attributes:
        hypothesis: The poem as it stands.
        over: Whether nothing is to be added: it has ended, is as long as was asked, or is at a dead
            end.
        uniform: Gives the next random number.
    """

    def __init__(
        self, start: Hypothesis, generator: np.random.Generator, length: int, held: int
    ) -> None:
        self.hypothesis = start
        self.over = False
        self.uniform = generator.random
        self._end = start.generated + length
        self._most_held = held
        self._held: deque[_Held] = deque()
        self._ready: list[tuple[int | None, Step]] = []
        self._longest = start.generated
        self._at_longest: tuple[Hypothesis, deque[_Held]] = (start, deque())
        self._steps_back = 0

    def add(self, token: int, step: Step) -> None:
        """Go a step on."""
        before, self.hypothesis = self.hypothesis, step.hypothesis
        self.over = self.hypothesis.ended or self.hypothesis.generated >= self._end
        if not self._most_held:
            self._ready.append((token, step))
            return
        self._held.append((before, token, step))
        if self.hypothesis.generated > self._longest:
            self._longest = self.hypothesis.generated
            self._steps_back = 0
        self._release(0 if self.over else self._most_held)

    def step_back(self) -> None:
        """Drop the last character, because nothing may follow it; or stop the poem here."""
        if self._steps_back == 0:
            self._at_longest = (self.hypothesis, self._held.copy())
        self._steps_back += 1
        if not self._held or self._steps_back > MOST_STEPS_BACK:
            longest, self._held = self._at_longest
            self.hypothesis = longest.at_a_dead_end()
            self.over = True
            self._release(0)
            self._ready.append((None, Step("", -inf, self.hypothesis)))
            return
        before, token, _ = self._held.pop()
        self.hypothesis = before.without(token)

    def hand_out(self) -> list[tuple[int | None, Step]]:
        """The steps that have become final since it was last asked, each with its token.

        The last one is empty where the poem ended, and at a dead end: there it has no token, and
        its probability is 0.
        """
        ready, self._ready = self._ready, []
        return ready

    def _release(self, kept: int) -> None:
        while len(self._held) > kept:
            _, token, step = self._held.popleft()
            self._ready.append((token, step))
