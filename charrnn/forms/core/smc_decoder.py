"""Sequential Monte Carlo decoding of a poem in a form, line by line.

Sampling from the allowed tokens alone favours probable beginnings that lead to improbable ends. So
many hypotheses (particles) are written at once. The weight of each is the product of the
probability mass that the network gave to allowed tokens at each step. When few particles carry most
of the weight, they are resampled. The result is a sample from the network's distribution,
conditioned on the form (Lew et al., 2023, Sequential Monte Carlo steering of large language models;
Del Moral et al., 2006).
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.decoding.constraints import Constraint, NoRepeat, states_after
from charrnn.decoding.decoder import Decoder
from charrnn.decoding.hypothesis import Hypothesis, gather
from charrnn.decoding.prompts import read_prompt
from charrnn.decoding.sampling import draw, temperature_at
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import FormGivenUpError
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.config import Choose, refuse_sampling_outside_a_form
from charrnn.forms.core.opening import given_tokens, states_after_prompt
from charrnn.settings.configuration import SamplingConfig

RESAMPLING_THRESHOLD: Final = 0.5
"""Resample if the effective sample size falls below this share of the particles; 0.5 is usual."""


@dataclass(frozen=True, slots=True, eq=False)
class Particle:
    """A hypothesis and what is written of its current line. A value.

    Attributes:
        hypothesis: The poem.
        log_weight: Logarithm of its importance weight, not normalized.
        line: The text of the line.
        log_probabilities: Log-probability of each of its characters, in nats.
    """

    hypothesis: Hypothesis
    log_weight: float = 0.0
    line: str = ""
    log_probabilities: tuple[float, ...] = ()


def write_line(
    decoder: Decoder,
    particles: Sequence[Particle],
    is_whole: Callable[[Hypothesis], bool],
    generator: np.random.Generator,
) -> tuple[list[Particle], list[Hypothesis]]:
    """Write a line in all particles, one token at a time, with resampling.

    A particle with a complete line waits for the others; one in a dead end is dropped.

    Returns:
        The particles with a complete line, none if all were dropped; and the dropped hypotheses.
    """
    living, died = list(particles), list[Hypothesis]()
    going = [row for row, one in enumerate(living) if not is_whole(one.hypothesis)]
    while going:
        extended = _extended(decoder, [living[row] for row in going], generator)
        for row, particle in reversed(list(zip(going, extended, strict=True))):
            if particle is None:
                died.append(living.pop(row).hypothesis)
            else:
                living[row] = particle
        if not all(is_whole(one.hypothesis) for one in living):
            living = _resampled(living, len(particles), generator)
        going = [row for row, one in enumerate(living) if not is_whole(one.hypothesis)]
    return living, died


def effective_sample_size(log_weights: Sequence[float]) -> float:
    """Effective sample size of at least one weight (Kong et al., 1994)."""
    return float(1 / np.square(_weights(log_weights)).sum())


def systematic_resampling(log_weights: Sequence[float], uniform: float, count: int) -> list[int]:
    """Draw `count` sorted indices with one uniform number in [0, 1) (Carpenter et al., 1999)."""
    cumulative = _weights(log_weights).cumsum()
    places = (uniform + np.arange(count)) / count * cumulative[-1]
    taken = np.searchsorted(cumulative, places, side="right")
    last = np.searchsorted(cumulative, cumulative[-1])  # of any weight; rounding must not pass it
    rows: list[int] = np.minimum(taken, last).tolist()
    return rows


def draw_index(log_weights: Sequence[float], uniform: float) -> int:
    """Draw one index by weight; `uniform` is a random number in [0, 1)."""
    (row,) = systematic_resampling(log_weights, uniform, 1)
    return row


def _resampled(
    particles: list[Particle], count: int, generator: np.random.Generator
) -> list[Particle]:
    log_weights = [one.log_weight for one in particles]
    if effective_sample_size(log_weights) >= RESAMPLING_THRESHOLD * count:
        return particles
    ancestors = systematic_resampling(log_weights, generator.random(), count)
    return [replace(particles[row], log_weight=0.0) for row in ancestors]


def _extended(
    decoder: Decoder, particles: Sequence[Particle], generator: np.random.Generator
) -> list[Particle | None]:
    """The particles with one more token each; None for a dead end."""
    hypotheses = [particle.hypothesis for particle in particles]
    decoder_state = gather(hypotheses)
    following = decoder.distribution(hypotheses, decoder_state.logits, shares=True)
    extended: list[Particle | None] = [None] * len(hypotheses)
    if not following.rows:
        return extended
    if len(following.rows) < len(hypotheses):
        hypotheses = [hypotheses[row] for row in following.rows]
        decoder_state = decoder_state.rows(following.rows)
    assert following.log_shares is not None
    tokens = draw(following.logits, generator.random(len(hypotheses)))
    steps = decoder.steps(hypotheses, decoder_state, tokens)
    for row, log_share, step in zip(
        following.rows, following.log_shares.tolist(), steps, strict=True
    ):
        before = particles[row]
        kept = (step.log_probability,) if step.character else ()
        extended[row] = Particle(
            step.hypothesis,
            before.log_weight + log_share,
            before.line + step.character,
            before.log_probabilities + kept,
        )
    return extended


def _weights(log_weights: Sequence[float]) -> npt.NDArray[np.float64]:
    weights: npt.NDArray[np.float64] = np.exp(np.array(log_weights) - max(log_weights))
    weights /= weights.sum()
    return weights


MAX_RETRIES: Final = 8
"""Retries of a line before the poem is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class WrittenLine:
    """A final line of a poem.

    Attributes:
        number: The line, from 1.
        text: Its text including the separator after it, without the prompt.
        log_probabilities: Log-probability of each character of the text, in nats.
        hypothesis: The poem up to it.
        last: Whether the poem is complete.
    """

    number: int
    text: str
    log_probabilities: tuple[float, ...]
    hypothesis: Hypothesis
    last: bool


class SMCDecoder:
    """Writes poems in a form of so many lines that share a prompt.

    Attributes:
        prompt: The prompt as the network reads it, without leading white space.
        prompt_hypothesis: The hypothesis after the prompt, without constraints.

    Raises:
        ConfigurationError: The settings do not suit the network or a form.
    """

    def __init__(
        self,
        writer: TextGenerator,
        automaton: Automaton,
        lines: int,
        config: SamplingConfig,
        prompt: str,
        *,
        particles: int,
        choose: Choose,
    ) -> None:
        refuse_sampling_outside_a_form(config)
        read = read_prompt(
            prompt.lstrip(), writer.vocabulary, writer.layout, stanzas=writer.stanzas
        )
        self._tokens = read.ids
        self.prompt = writer.vocabulary.decode(read.ids)
        self.prompt_hypothesis = dataclasses.replace(
            writer.begin(self.prompt), substitutions=read.substitutions
        )
        self._writer = writer
        self._automaton = automaton
        self._lines = lines
        self._config = config
        self._others = writer.constraints(config)
        self._others_begun = states_after(self._others, read.ids)
        self._particles = particles
        self._choose = choose
        self._decoders: dict[float, Decoder] = {}
        self._decoder_at(0)  # refuses settings that leave nothing to write

    def check_prompt(self) -> None:
        """Raise FormConflictError if no poem in the form begins with the prompt."""
        self._states(np.random.default_rng(0))

    def lines(self, generator: np.random.Generator) -> Iterator[WrittenLine]:
        """Write a poem; yields its final lines, none if the prompt is a complete poem.

        Raises:
            FormConflictError: No poem in the form begins with the prompt.
            FormGivenUpError: A line could not be finished.
        """
        states = self._states(generator)
        if self._automaton.is_final(states[0]):
            return
        number, text = self._automaton.lines_written(states[0]), self.prompt
        drafts = self._beginnings(states)

        def begin_again() -> list[Particle]:
            return self._beginnings(self._states(generator))

        while True:
            line = self._line(number, text, drafts, begin_again, generator)
            yield line
            if line.last:
                return
            number, text = line.number, line.hypothesis.text
            drafts = [Particle(line.hypothesis)] * self._particles
            begin_again = drafts.copy

    def _line(
        self,
        number: int,
        text: str,
        drafts: list[Particle],
        begin_again: Callable[[], list[Particle]],
        generator: np.random.Generator,
    ) -> WrittenLine:
        obstacles: dict[str, None] = {}
        for _ in range(1 + MAX_RETRIES):
            written, died = write_line(
                self._decoder_at(number),
                drafts,
                lambda draft: (
                    draft.ended
                    or self._automaton.lines_written(draft.constraint_states[0]) > number
                ),
                generator,
            )
            if written:
                line = self._choose_particle(written, text, generator)
                return WrittenLine(
                    number=number + 1,
                    text=line.line,
                    log_probabilities=line.log_probabilities,
                    hypothesis=line.hypothesis,
                    last=self._finished(line.hypothesis),
                )
            obstacles.update(dict.fromkeys(self._obstacles(died)))
            drafts = begin_again()
        raise FormGivenUpError(_complaint(number, list(obstacles)))

    def _states(self, generator: np.random.Generator) -> list[Hashable]:
        return states_after_prompt(
            self._automaton, self._writer.vocabulary, self._tokens, generator, self._particles
        )

    def _beginnings(self, states: Sequence[Hashable]) -> list[Particle]:
        """The particles after the prompt and after tokens that are the only choice.

        Such tokens count as typed: other constraints do not forbid them.
        """
        tokens, after = given_tokens(self._automaton, states)
        draft = dataclasses.replace(
            self.prompt_hypothesis, constraint_states=(states[0], *self._others_begun)
        )
        decoder = self._decoder_at(self._automaton.lines_written(states[0]))
        line, log_probabilities = "", list[float]()
        for step in decoder.retrace(draft, tokens):
            draft = step.hypothesis
            line += step.character
            log_probabilities += [step.log_probability] if step.character else []
        return [
            Particle(
                dataclasses.replace(draft, constraint_states=(state, *draft.constraint_states[1:])),
                line=line,
                log_probabilities=tuple(log_probabilities),
            )
            for state in after
        ]

    def _decoder_at(self, line: int) -> Decoder:
        """The decoder of a line, with the temperature that the schedule has there."""
        progress = line / max(1, self._lines - 1)
        temperature = self._config.temperature
        if isinstance(temperature, str):
            temperature = float(temperature_at(temperature, progress))
        if temperature not in self._decoders:
            # The form writer ranks poems; at temperature 0 there is nothing to rank.
            config = dataclasses.replace(self._config, temperature=temperature, best_of=1)
            writer = self._writer
            constraints: list[Constraint] = [self._automaton, *self._others]
            self._decoders[temperature] = Decoder(
                writer.model, writer.vocabulary, writer.layout, config, constraints=constraints
            )
        return self._decoders[temperature]

    def _choose_particle(
        self, drafts: Sequence[Particle], before: str, generator: np.random.Generator
    ) -> Particle:
        if self._choose == "weight":
            return drafts[draw_index([one.log_weight for one in drafts], generator.random())]
        different = {one.line: one for one in reversed(drafts)}
        return max(
            different.values(),
            key=lambda one: self._writer.score(before, one.line, one.log_probabilities).total,
        )

    def _finished(self, draft: Hypothesis) -> bool:
        return draft.ended or self._automaton.is_final(draft.constraint_states[0])

    def _obstacles(self, died: Sequence[Hypothesis]) -> Iterator[str]:
        """The constraints that forbid what the form allows in dead ends."""
        for draft in died:
            form, *states = draft.constraint_states
            open_ = self._automaton.allowed_tokens(form)
            for constraint, state in zip(self._others, states, strict=True):
                allowed = constraint.allowed_tokens(state)
                if allowed is not None and (open_ & ~allowed).any():
                    yield "no-repeat-ngram-size" if isinstance(constraint, NoRepeat) else "max-copy"


def _complaint(number: int, obstacles: Sequence[str]) -> str:
    where = f"after line {number}" if number else "before its first line was whole"
    line = "the next" if number else "it"
    begun = f"the poem was given up {where}: in {1 + MAX_RETRIES} attempts at {line}, "
    if not obstacles:
        return f"{begun}the network gave no probability to anything that the form allows."
    options = " or ".join(f"--{name}" for name in obstacles)
    return (
        f"{begun}{' and '.join(obstacles)} left nothing to write of what the form allows. Allow "
        f"longer runs with {options}, or require less."
    )
