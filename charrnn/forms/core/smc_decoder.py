"""Writes one poem in a form, line after line."""

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.config import Choose, SamplingConfig
from charrnn.errors import ConfigurationError, FormGivenUpError
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.form import Form
from charrnn.forms.core.opening import given_symbols, states_after_prompt
from charrnn.forms.core.particles import Particle, chosen, write_line
from charrnn.generation.constraint import Constraint, NoRepeat, states_after
from charrnn.generation.draft import Draft
from charrnn.generation.next_symbols import NextSymbols
from charrnn.generation.pen import Pen
from charrnn.generation.prompts import read_prompt
from charrnn.generation.sampling import temperature_at
from charrnn.generation.writer import TextGenerator

MOST_RETURNS: Final = 8
"""How often a line is begun again before the poem is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class WrittenLine:
    """A line of a poem that is final.

    Attributes:
        number: Which line of the poem it is, from 1.
        text: What was written of it, with what parts it from the next; without what was typed.
        log_probabilities: The network's, in nats, one for each character of the text.
        draft: The poem with it.
        last: Whether the poem is whole.
    """

    number: int
    text: str
    log_probabilities: tuple[float, ...]
    draft: Draft
    last: bool


class Composer:
    """Writes poems in a form that begin alike, each from random numbers of its own.

    Args:
        writer: The network.
        automaton: The form.
        form: The same form, which tells how many lines there are.
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
        form: Form,
        config: SamplingConfig,
        prompt: str,
        *,
        particles: int,
        choose: Choose,
    ) -> None:
        refuse_what_contradicts_a_form(config)
        read = read_prompt(
            prompt.lstrip(), writer.vocabulary, writer.layout, stanzas=writer.stanzas
        )
        self._symbols = read.ids
        self.prompt = writer.vocabulary.decode(read.ids)
        self.begun = dataclasses.replace(
            writer.begin(self.prompt), substitutions=read.substitutions
        )
        self._writer = writer
        self._automaton = automaton
        self._form = form
        self._config = config
        self._others = writer.constraints(config)
        self._others_begun = states_after(self._others, read.ids)
        self._particles = particles
        self._choose = choose
        self._pens: dict[float, Pen] = {}
        self._pen_at(0)  # refuses settings that leave nothing to write

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
        if self._automaton.finished(states[0]):
            return
        number, text = self._automaton.lines(states[0]), self.prompt
        drafts = self._beginnings(states)

        def begin_again() -> list[Particle]:
            return self._beginnings(self._states(generator))

        while True:
            line = self._line(number, text, drafts, begin_again, generator)
            yield line
            if line.last:
                return
            number, text = line.number, line.draft.text
            drafts = [Particle(line.draft)] * self._particles
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
                self._pen_at(number),
                drafts,
                lambda draft: draft.ended or self._automaton.lines(draft.kept[0]) > number,
                generator,
            )
            if written:
                line = self._chosen(written, text, generator)
                return WrittenLine(
                    number=number + 1,
                    text=line.line,
                    log_probabilities=line.log_probabilities,
                    draft=line.draft,
                    last=self._finished(line.draft),
                )
            obstacles.update(dict.fromkeys(self._obstacles(died)))
            drafts = begin_again()
        raise FormGivenUpError(_complaint(number, list(obstacles)))

    def _states(self, generator: np.random.Generator) -> list[Hashable]:
        """The states of the form after the prompt, with the places of required words drawn."""
        return states_after_prompt(
            self._automaton, self._writer.vocabulary, self._symbols, generator, self._particles
        )

    def _beginnings(self, states: Sequence[Hashable]) -> list[Particle]:
        """The drafts of a poem after its prompt, and after what is as good as typed.

        Where the form leaves one symbol alone, as when the first line is given, what was typed goes
        on with it; and what was typed is not held against the other constraints.
        """
        symbols, after = given_symbols(self._automaton, states)
        draft = dataclasses.replace(self.begun, kept=(states[0], *self._others_begun))
        line, log_probabilities = "", list[float]()
        for step in self._pen_at(self._automaton.lines(states[0])).retrace(draft, symbols):
            draft = step.draft
            line += step.character
            log_probabilities += [step.log_probability] if step.character else []
        return [
            Particle(
                dataclasses.replace(draft, kept=(state, *draft.kept[1:])),
                line=line,
                log_probabilities=tuple(log_probabilities),
            )
            for state in after
        ]

    def _pen_at(self, line: int) -> Pen:
        """What writes a line, at the temperature that the settings have for it."""
        progress = line / max(1, self._form.lines - 1)
        temperature = self._config.temperature
        if isinstance(temperature, str):
            temperature = float(temperature_at(temperature, progress))
        if temperature not in self._pens:
            # Poems are ranked by the poet; a schedule may end at 0, where there is nothing to rank.
            config = dataclasses.replace(self._config, temperature=temperature, best_of=1)
            writer = self._writer
            constraints: list[Constraint] = [self._automaton, *self._others]
            ahead = NextSymbols(config, writer.vocabulary, writer.layout, None, constraints)
            self._pens[temperature] = Pen(writer.model, writer.vocabulary, ahead, constraints)
        return self._pens[temperature]

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

    def _finished(self, draft: Draft) -> bool:
        return draft.ended or self._automaton.finished(draft.kept[0])

    def _obstacles(self, died: Sequence[Draft]) -> Iterator[str]:
        """What forbids all that the form allows to drafts that died."""
        for draft in died:
            form, *states = draft.kept
            open_ = self._automaton.allowed(form)
            for constraint, state in zip(self._others, states, strict=True):
                allowed = constraint.allowed(state)
                if allowed is not None and (open_ & ~allowed).any():
                    yield "no-repeat" if isinstance(constraint, NoRepeat) else "max-copy"


def refuse_what_contradicts_a_form(config: SamplingConfig) -> None:
    """Refuse settings that mean nothing where a form is kept; raises ConfigurationError."""
    if config.beam is not None:
        raise ConfigurationError(
            "a poem in a form is drawn, many drafts at once, and not searched for. Leave out beam; "
            "best-of takes the best of several poems."
        )
    if config.length is not None:
        raise ConfigurationError("a form tells how long a poem is. Leave out length.")
    if config.lines != "corpus":
        raise ConfigurationError("a form tells how many lines a poem has. Leave out lines.")


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
