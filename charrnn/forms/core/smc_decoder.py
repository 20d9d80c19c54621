"""Writes one poem in a form, line after line.

A form forbids the network most of what it would like to write. Drawing from what is left, character
by character, favours beginnings that are likely but lead into a corner. So of many drafts each
carries a weight: how probable the network held it, at every character, that what came next would be
allowed. From time to time drafts of little weight are dropped and others doubled. What is left at
the end is a sample of what the network writes when it happens to keep the form (Lew et al., 2023,
Sequential Monte Carlo steering of large language models; Del Moral et al., 2006).
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

LEAST_EFFECTIVE: Final = 0.5
"""Share of the drafts that has to count, or they are resampled; 0.5 is the usual choice."""


@dataclass(frozen=True, slots=True, eq=False)
class Particle:
    """A draft of a poem, with what is written of its line. A value.

    Attributes:
        hypothesis: The poem.
        log_weight: Logarithm of how much it counts beside the others.
        line: What is written of the line.
        log_probabilities: The network's, in nats, one for each character of it.
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
    """Write a line in each of some drafts, a character in all of them at a time.

    After any character they are resampled, when too few of them count. A draft that has the line
    whole waits for the others; one that no token may follow dies.

    Args:
        decoder: Writes them.
        particles: The drafts, at the beginning of the line or within it.
        is_whole: Whether the line of a draft is whole.
        generator: Draws the random numbers.

    Returns:
        The drafts that have the line whole, none where all have died, with their weights; and those
        that died.
    """
    living, died = list(particles), list[Hypothesis]()
    going = [row for row, one in enumerate(living) if not is_whole(one.hypothesis)]
    while going:
        grown = _grown(decoder, [living[row] for row in going], generator)
        for row, particle in reversed(list(zip(going, grown, strict=True))):
            if particle is None:
                died.append(living.pop(row).hypothesis)
            else:
                living[row] = particle
        if not all(is_whole(one.hypothesis) for one in living):
            living = _resampled(living, len(particles), generator)
        going = [row for row, one in enumerate(living) if not is_whole(one.hypothesis)]
    return living, died


def effective_size(log_weights: Sequence[float]) -> float:
    """How many drafts of equal weight would be worth as much (Kong et al., 1994).

    Args:
        log_weights: At least one.
    """
    weights = _weights(log_weights)
    return float(1 / np.square(weights).sum())


def systematic(log_weights: Sequence[float], uniform: float, count: int) -> list[int]:
    """Resample with one random number (Carpenter et al., 1999).

    On average a draft is taken as often as its share of the weight says, and never a whole time
    more or less.

    Args:
        log_weights: Of the drafts; at least one.
        uniform: A random number from [0, 1).
        count: How many to take.

    Returns:
        Which drafts are taken, in their order.
    """
    cumulative = _weights(log_weights).cumsum()
    places = (uniform + np.arange(count)) / count * cumulative[-1]
    taken = np.searchsorted(cumulative, places, side="right")
    last = np.searchsorted(cumulative, cumulative[-1])  # of any weight; rounding must not pass it
    rows: list[int] = np.minimum(taken, last).tolist()
    return rows


def chosen(log_weights: Sequence[float], uniform: float) -> int:
    """Draw one draft by weight; `uniform` is a random number from [0, 1)."""
    (row,) = systematic(log_weights, uniform, 1)
    return row


def _resampled(
    particles: list[Particle], count: int, generator: np.random.Generator
) -> list[Particle]:
    """So many drafts, resampled when too few of those that are left count."""
    log_weights = [one.log_weight for one in particles]
    if effective_size(log_weights) >= LEAST_EFFECTIVE * count:
        return particles
    ancestors = systematic(log_weights, generator.random(), count)
    return [replace(particles[row], log_weight=0.0) for row in ancestors]


def _grown(
    decoder: Decoder, particles: Sequence[Particle], generator: np.random.Generator
) -> list[Particle | None]:
    """Some drafts with one more token each; None for one that no token may follow."""
    hypotheses = [particle.hypothesis for particle in particles]
    decoder_state = gather(hypotheses)
    following = decoder.distribution(hypotheses, decoder_state.logits, shares=True)
    grown: list[Particle | None] = [None] * len(hypotheses)
    if not following.rows:
        return grown
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
        grown[row] = Particle(
            step.hypothesis,
            before.log_weight + log_share,
            before.line + step.character,
            before.log_probabilities + kept,
        )
    return grown


def _weights(log_weights: Sequence[float]) -> npt.NDArray[np.float64]:
    """Weights that add up to 1."""
    weights: npt.NDArray[np.float64] = np.exp(np.array(log_weights) - max(log_weights))
    weights /= weights.sum()
    return weights


MOST_RETURNS: Final = 8
"""How often a line is begun again before the poem is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class WrittenLine:
    """A line of a poem that is final.

    Attributes:
        number: Which line of the poem it is, from 1.
        text: What was written of it, with what parts it from the next; without what was typed.
        log_probabilities: The network's, in nats, one for each character of the text.
        hypothesis: The poem with it.
        last: Whether the poem is whole.
    """

    number: int
    text: str
    log_probabilities: tuple[float, ...]
    hypothesis: Hypothesis
    last: bool


class SMCDecoder:
    """Writes poems in a form that begin alike, each from random numbers of its own.

    Args:
        writer: The network.
        automaton: The form.
        lines: How many lines the form has.
        config: How characters are drawn.
        prompt: What the poems begin with.
        particles: How many drafts of a line are written at once.
        choose: How one of them is chosen.

    Attributes:
        prompt: The prompt as the network reads it, without white space before it.
        begun: The poem that has been begun with it, under no constraint.

    Raises:
        ConfigurationError: The settings cannot be kept with this network, or in a form.
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
        self.begun = dataclasses.replace(
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

    def lines(self, generator: np.random.Generator) -> Iterator[WrittenLine]:
        """Write a poem.

        Args:
            generator: Draws its random numbers.

        Yields:
            The lines, each when nothing can change it any more; nothing when the prompt is the
            whole poem.

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
        """The line after so many, and after such a text."""
        obstacles: dict[str, None] = {}
        for _ in range(1 + MOST_RETURNS):
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
                line = self._chosen(written, text, generator)
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
        """The states of the form after the prompt, with the places of required words drawn."""
        return states_after_prompt(
            self._automaton, self._writer.vocabulary, self._tokens, generator, self._particles
        )

    def _beginnings(self, states: Sequence[Hashable]) -> list[Particle]:
        """The drafts of a poem after its prompt, and after what is as good as typed.

        Where the form leaves one token alone, as when the first line is given, what was typed goes
        on with it; and what was typed is not held against the other constraints.
        """
        tokens, after = given_tokens(self._automaton, states)
        draft = dataclasses.replace(self.begun, constraint_states=(states[0], *self._others_begun))
        line, log_probabilities = "", list[float]()
        for step in self._decoder_at(self._automaton.lines_written(states[0])).retrace(
            draft, tokens
        ):
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
        """What writes a line, at the temperature that the settings have for it."""
        progress = line / max(1, self._lines - 1)
        temperature = self._config.temperature
        if isinstance(temperature, str):
            temperature = float(temperature_at(temperature, progress))
        if temperature not in self._decoders:
            # Poems are ranked by the form writer; a schedule may end at 0, where there is nothing to rank.
            config = dataclasses.replace(self._config, temperature=temperature, best_of=1)
            writer = self._writer
            constraints: list[Constraint] = [self._automaton, *self._others]
            self._decoders[temperature] = Decoder(
                writer.model, writer.vocabulary, writer.layout, config, constraints=constraints
            )
        return self._decoders[temperature]

    def _chosen(
        self, drafts: Sequence[Particle], before: str, generator: np.random.Generator
    ) -> Particle:
        """The draft that is taken for the line."""
        if self._choose == "weight":
            return drafts[chosen([one.log_weight for one in drafts], generator.random())]
        different = {one.line: one for one in reversed(drafts)}
        return max(
            different.values(),
            key=lambda one: self._writer.score(before, one.line, one.log_probabilities).total,
        )

    def _finished(self, draft: Hypothesis) -> bool:
        return draft.ended or self._automaton.is_final(draft.constraint_states[0])

    def _obstacles(self, died: Sequence[Hypothesis]) -> Iterator[str]:
        """What forbids all that the form allows to drafts that died."""
        for draft in died:
            form, *states = draft.constraint_states
            open_ = self._automaton.allowed_tokens(form)
            for constraint, state in zip(self._others, states, strict=True):
                allowed = constraint.allowed_tokens(state)
                if allowed is not None and (open_ & ~allowed).any():
                    yield "no-repeat-ngram-size" if isinstance(constraint, NoRepeat) else "max-copy"


def _complaint(number: int, obstacles: Sequence[str]) -> str:
    """The sentences that tell why a poem was given up."""
    where = f"after line {number}" if number else "before its first line was whole"
    line = "the next" if number else "it"
    begun = f"the poem was given up {where}: in {1 + MOST_RETURNS} attempts at {line}, "
    if not obstacles:
        return f"{begun}the network held nothing possible that the form allows."
    options = " or ".join(f"--{name}" for name in obstacles)
    return (
        f"{begun}{' and '.join(obstacles)} left nothing to write of what the form allows. Allow "
        f"longer runs with {options}, or demand less."
    )
