"""Writes poems that keep a form, and hands over none that does not."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from charrnn.config import Choose, SamplingConfig
from charrnn.errors import FormGivenUpError
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.form import Form
from charrnn.forms.core.judgement import Judgement
from charrnn.forms.core.smc_decoder import Composer, WrittenLine
from charrnn.generation.batch import generators_for
from charrnn.generation.draft import Draft, Poem
from charrnn.generation.ranking import Score
from charrnn.generation.writer import TextGenerator, with_seed


class Poet:
    """Writes poems in a form.

    Each line is written in many drafts at once (`charrnn.forms.core.particles`). When all of them have
    it whole, one is chosen, and all go on from it.

    Args:
        writer: The network that writes.
        automaton: The form, with what is demanded on top of it, over the symbols of the network.
        judge: Holds a poem to the form. It knows nothing of the automaton, and no poem is finished
            that it finds fault with.
        form: The form.
        particles: How many drafts of a line are written at once.
        choose: With "weight", a line is drawn by the weights of its drafts: it is a sample of what
            the network writes there when it happens to keep the form. With "best" it is the draft
            of the best score (`charrnn.generation.ranking`): likelier, and less various.
    """

    def __init__(
        self,
        writer: TextGenerator,
        automaton: Automaton,
        judge: Callable[[str], Judgement],
        form: Form,
        *,
        particles: int,
        choose: Choose,
    ) -> None:
        self._writer = writer
        self._automaton = automaton
        self._judge = judge
        self._form = form
        self._particles = particles
        self._choose = choose

    def begin(self, prompt: str = "") -> Draft:
        """A poem that is begun with a prompt; the form knows it as the network reads it."""
        return self._composer(SamplingConfig(), prompt).begun

    def stream(
        self,
        prompt: str = "",
        config: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[WrittenLine]:
        """Write a poem, one line at a time.

        Args:
            prompt: What the poem begins with.
            config: How characters are drawn. Where the best of several poems is asked for, its
                lines come when it is found.
            generator: Draws the random numbers; None makes one from the seed of the settings, or
                from the system when they hold none.

        Yields:
            The lines as they become final; nothing when the prompt is the whole poem.

        Raises:
            ConfigurationError: The settings cannot be kept with this network, or in a form.
            FormConflictError: No poem in the form begins with the prompt.
            FormGivenUpError: A line could not be finished, or the judge finds fault with the poem,
                whose last line is then kept back.
        """
        config = config or SamplingConfig()
        composer = self._composer(config, prompt)
        generators = generators_for(config, generator)
        if len(generators) == 1:
            yield from self._judged(composer, generators[0])
        else:
            lines, _ = self._ranked(composer, generators)
            yield from lines

    def write(self, prompt: str = "", config: SamplingConfig | None = None) -> Poem:
        """Write a poem, the same that `stream` does; without a seed, one is drawn and reported."""
        (poem,) = self.write_many(prompt, [config or SamplingConfig()])
        return poem

    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write poems, one after the other.

        Args:
            prompt: What they begin with.
            settings: How the characters of each are drawn; without a seed, one is drawn and
                reported.

        Raises:
            ConfigurationError: The settings cannot be kept with this network, or in a form.
            FormConflictError: No poem in the form begins with the prompt.
            FormGivenUpError: A line could not be finished, or the judge finds fault with a poem.
        """
        composers: dict[SamplingConfig, Composer] = {}
        for one in settings:
            config = with_seed(one)
            but_for_the_seed = dataclasses.replace(config, seed=None)
            if but_for_the_seed not in composers:
                composers = {but_for_the_seed: self._composer(config, prompt)}
            composer = composers[but_for_the_seed]
            lines, scores = self._ranked(composer, generators_for(config))
            yield Poem(
                prompt=composer.prompt,
                text="".join(line.text for line in lines),
                settings=config,
                log_probabilities=_log_probabilities(lines),
                ended=True,
                substitutions=composer.begun.substitutions,
                scores=scores,
            )

    def _composer(self, config: SamplingConfig, prompt: str) -> Composer:
        return Composer(
            self._writer,
            self._automaton,
            self._form,
            config,
            prompt,
            particles=self._particles,
            choose=self._choose,
        )

    def _ranked(
        self, composer: Composer, generators: Sequence[np.random.Generator]
    ) -> tuple[Sequence[WrittenLine], tuple[Score, ...]]:
        """The best of some poems, and the scores of all, its own first; none of a single one."""
        poems = [list(self._judged(composer, generator)) for generator in generators]
        if len(poems) == 1:
            return poems[0], ()
        scored = sorted(
            ((self._score(composer, lines), lines) for lines in poems),
            key=lambda pair: pair[0].total,
            reverse=True,
        )
        return scored[0][1], tuple(score for score, _ in scored)

    def _score(self, composer: Composer, lines: Sequence[WrittenLine]) -> Score:
        text = "".join(line.text for line in lines)
        return self._writer.score(composer.prompt, text, _log_probabilities(lines))

    def _judged(self, composer: Composer, generator: np.random.Generator) -> Iterator[WrittenLine]:
        """The lines of a poem; the last one when the whole has passed."""
        for line in composer.lines(generator):
            if line.last:
                self._check(line.draft.text)
            yield line

    def _check(self, text: str) -> None:
        faults = self._judge(text).faults
        if faults:
            raise FormGivenUpError(
                "a poem was written that does not keep the form, and is kept back. This is a "
                "mistake of charrnn's own; please report it. What the verifier says: "
                f"{'; '.join(fault.message for fault in faults)}. The poem:\n{text}"
            )


def _log_probabilities(lines: Sequence[WrittenLine]) -> tuple[float, ...]:
    return tuple(one for line in lines for one in line.log_probabilities)
