"""Writes poems in one batch: one step of the network adds a token to each of them.

A step goes from the network's logits through the logits processors and the sampling filters to a
draw, and from the drawn tokens to the next logits.
"""

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.constraints import Constraint
from charrnn.decoding.endings import Ending
from charrnn.decoding.engine import Ids, StepModel
from charrnn.decoding.hypothesis import DecoderState, Hypothesis, Step, gather
from charrnn.decoding.logits_processors import SUPPRESSING, LineCountPrior, logits_processors
from charrnn.decoding.sampling import (
    Logits,
    Temperature,
    draw,
    filtered,
    log_probabilities_of,
    log_share,
    log_softmax,
    temperature_at,
)
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, Layout, SamplingConfig

LONGEST_HELD: Final = 32
"""Most characters held back while a constraint restricts what may follow, to be taken back."""

MOST_STEPS_BACK: Final = 1_000
"""Steps back before the poem grows again; after that many it is stopped.

If every continuation is blocked some characters on, there are too many to try them all.
"""


@dataclass(slots=True, eq=False)
class NextTokenDistribution:
    """The next token of some hypotheses.

    Attributes:
        rows: The hypotheses that can go on, in order; the others are at a dead end.
        logits: `(rows, vocabulary)`, the distributions to draw from.
        log_shares: `(rows,)` float64, see `log_share`; None unless asked for.
    """

    rows: list[int]
    logits: Logits
    log_shares: npt.NDArray[np.float64] | None = None


class Decoder:
    """Extends hypotheses that share their settings; stops a poem after `length` characters.

    Where the settings name no length, `Ending` tells where it stops.

    The constraints are in the order of `Hypothesis.constraint_states`. `poem_length` is the number
    of characters of a usual poem. `line_ends` is the most in a row in a poem; None for any number.

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
        line_ends: int | None = None,
    ) -> None:
        self._model = model
        self._config = config
        self._constraints = constraints
        self._characters = ("",) * SPECIAL + vocabulary.characters
        self._processors = logits_processors(
            config, vocabulary, layout, line_count_prior, constraints, line_ends=line_ends
        )
        self.length = config.length or (LENGTH_OF_TEXT if layout == "text" else LONGEST_POEM)
        self._ending = Ending(layout) if config.length is None else None
        # A temperature schedule goes by lines if poems have several and no length was asked for.
        lines = line_count_prior.usual_lines if line_count_prior is not None else 1
        self._last_line = lines if lines > 1 and config.length is None else None
        self._last_character = max(1, (config.length or poem_length or self.length) - 1)

    def sampler(self, start: Hypothesis, generator: np.random.Generator) -> "BacktrackingSampler":
        """A sampler that goes on from a hypothesis with constraint states."""
        return BacktrackingSampler(start, generator, self.length, self._ending)

    def stream(self, sampler: "BacktrackingSampler") -> Iterator[Step]:
        """Write one poem to its end; yields each step when it is final."""
        while not sampler.over:
            self.advance([sampler])
            for _, step in sampler.take_final():
                yield step

    def advance(self, samplers: "Sequence[BacktrackingSampler]") -> None:
        """Take one step in each poem, none of which is over: a token more, or a character back."""
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
            is_final = not self._constraints or self._is_unrestricted(step.hypothesis)
            sampler.add(token, step, is_final=is_final)

    def distribution(
        self, hypotheses: Sequence[Hypothesis], logits: Logits, *, shares: bool = False
    ) -> NextTokenDistribution:
        """The distributions of the next tokens, from predictions `(batch, vocabulary)`.

        `shares` asks for `log_shares`.
        """
        reweighed = left = logits
        for processor in self._processors:
            left = processor(hypotheses, left)
            if not isinstance(processor, SUPPRESSING):
                reweighed = left
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
        """Extend each hypothesis by one token; see `grown`."""
        log_probabilities = log_probabilities_of(tokens, decoder_state.logits).tolist()
        grown = self.grown(hypotheses, decoder_state, tokens)
        characters = [self._characters[token] for token in tokens.tolist()]
        return list(map(Step, characters, log_probabilities, grown))

    def grown(
        self, hypotheses: Sequence[Hypothesis], decoder_state: DecoderState, tokens: Ids
    ) -> list[Hypothesis]:
        """The hypotheses with one more token each, `(batch,)`; the decoder state has their rows."""
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
            states = self._next_states(known, token) if known else known
            grown.append(hypothesis.followed_by(self._characters[token], after, row, states))
            row += 1
        return grown

    def retrace(self, hypothesis: Hypothesis, tokens: Sequence[int]) -> Iterator[Step]:
        """Write tokens that were chosen before, one after the other."""
        for token in tokens:
            decoder_state = gather([hypothesis])
            log_probability = float(log_softmax(decoder_state.logits)[0, token])
            (hypothesis,) = self.grown([hypothesis], decoder_state, np.array([token]))
            yield Step(self._characters[token], log_probability, hypothesis)

    def _next_states(self, states: tuple[Hashable, ...], token: int) -> tuple[Hashable, ...]:
        return tuple(
            constraint.next_state(state, token)
            for constraint, state in zip(self._constraints, states, strict=True)
        )

    def _is_unrestricted(self, hypothesis: Hypothesis) -> bool:
        """Whether every constraint allows every token next, so that it is no dead end."""
        return all(
            constraint.allowed_tokens(state) is None
            for constraint, state in zip(
                self._constraints, hypothesis.constraint_states, strict=True
            )
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
"""A step that may be taken back: the hypothesis before it, its token, and the step."""


class BacktrackingSampler:
    """Samples one poem, and steps back out of dead ends.

    At a dead end it drops the last character and suppresses it where it stood. A step is final when
    no constraint restricts what follows it, or after `LONGEST_HELD` more. When no step can be taken
    back, the poem is stopped at its longest; otherwise where the ending allows it, or without one
    after `length` characters, at least 1. The generator draws one random number for each character
    that is tried.

    Attributes:
        hypothesis: The poem so far.
        over: Whether it has ended, has reached its length, or is at a dead end.
        uniform: Returns the next random number.
    """

    def __init__(
        self,
        start: Hypothesis,
        generator: np.random.Generator,
        length: int,
        ending: Ending | None = None,
    ) -> None:
        self.hypothesis = start
        self.over = False
        self.uniform = generator.random
        self._end = start.generated + (length if ending is None else ending.most)
        self._ending = ending
        self._held: deque[_Held] = deque()
        self._final: list[tuple[int | None, Step]] = []
        self._longest = start.generated
        self._at_longest: tuple[Hypothesis, deque[_Held]] = (start, deque())
        self._steps_back = 0

    def add(self, token: int, step: Step, *, is_final: bool) -> None:
        """Go one step on with the token that was drawn; a final step is never taken back."""
        before, self.hypothesis = self.hypothesis, step.hypothesis
        self.over = (
            self.hypothesis.ended
            or self.hypothesis.generated >= self._end
            or (self._ending is not None and self._ending.allows(self.hypothesis))
        )
        if is_final or self.hypothesis.generated > self._longest:
            self._longest = self.hypothesis.generated
            self._steps_back = 0
        if is_final and not self._held:
            self._final.append((token, step))
            return
        self._held.append((before, token, step))
        self._release(0 if is_final or self.over else LONGEST_HELD)

    def step_back(self) -> None:
        """Drop the last character because nothing may follow it, or stop the poem here."""
        if self._steps_back == 0:
            self._at_longest = (self.hypothesis, self._held.copy())
        self._steps_back += 1
        if not self._held or self._steps_back > MOST_STEPS_BACK:
            longest, self._held = self._at_longest
            self.hypothesis = longest.at_a_dead_end()
            self.over = True
            self._release(0)
            self._final.append((None, Step("", -inf, self.hypothesis)))
            return
        before, token, _ = self._held.pop()
        self.hypothesis = before.without(token)

    def take_final(self) -> list[tuple[int | None, Step]]:
        """The steps that have become final since the last call, each with its token.

        The last one is empty at the end of the poem, and at a dead end. At a dead end it has no
        token and probability 0.
        """
        final, self._final = self._final, []
        return final

    def _release(self, kept: int) -> None:
        while len(self._held) > kept:
            _, token, step = self._held.popleft()
            self._final.append((token, step))
