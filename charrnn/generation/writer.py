"""Writing poems with a trained network."""

import dataclasses
import os
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cached_property, partial
from itertools import chain
from math import inf
from operator import attrgetter
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import UNKNOWN
from charrnn.errors import ConfigurationError
from charrnn.generation.batch import Sheet, Writing, generators_for, write_in_order
from charrnn.generation.compiled import LoopingModel, write_in_loop
from charrnn.generation.constraint import Constraint, NoRepeat, states_after
from charrnn.generation.copying import copy_guards
from charrnn.generation.draft import Draft, Poem, Step
from charrnn.generation.ending import LINE_END, Ending
from charrnn.generation.next_symbols import NextSymbols
from charrnn.generation.pen import Pen
from charrnn.generation.prompts import read_prompt
from charrnn.generation.ranking import Score
from charrnn.generation.reader import TextReader
from charrnn.generation.wishes import wishes
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import settings_of

_BUT_FOR_THE_SEED: Final = attrgetter(*(set(settings_of(SamplingConfig)) - {"seed"}))


class TextGenerator(TextReader):
    """Writes with a network; see `charrnn.generation.reader.TextReader`."""

    @cached_property
    def _ending(self) -> Ending | None:
        """What makes poems end after as many lines as those learned; None where none are counted."""
        line_end = self.vocabulary.id_of(LINE_END)
        counted = sum(self.poems_by_lines) > 0 and line_end != UNKNOWN
        return Ending(self.poems_by_lines, line_end) if counted else None

    def stream(
        self,
        draft: Draft,
        config: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """Go on with a poem, one character at a time.

        Args:
            draft: Where to go on; nothing follows one that has ended.
            config: How characters are drawn. Where several drafts or a search are asked for, the
                characters of the best one come when it is found.
            generator: Draws the random numbers, one for each character that is tried; None makes
                one from the seed of the settings, or from the system when they hold none.

        Yields:
            The characters as they are written; under a constraint, when nothing can take them back
            any more. The last step is empty when the network ends the poem, and when no character
            is left that the constraints allow. At most `config.length` characters; when it is None
            `LONGEST_POEM`, or `LENGTH_OF_TEXT` of a continuous text.

        Raises:
            ConfigurationError: The settings cannot be kept with this network.
        """
        if draft.ended:
            return
        config = config or SamplingConfig()
        pen, start = self._prepared(draft, config)
        if config.beam is not None or config.best_of > 1:
            yield from self._chosen(pen, start, config, generator)
            return
        trail = pen.trail(start, generator or np.random.default_rng(config.seed))
        while not trail.over:
            pen.advance([trail])
            for _, step in trail.hand_out():
                yield step

    def write(self, prompt: str = "", config: SamplingConfig | None = None) -> Poem:
        """Write one poem.

        Args:
            prompt: Its first characters; none lets the network begin.
            config: How characters are drawn; without a seed, one is drawn and reported.

        Raises:
            ConfigurationError: The settings cannot be kept with this network.
        """
        (poem,) = self.write_many(prompt, [config or SamplingConfig()])
        return poem

    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write poems side by side, up to `MOST_TOGETHER` at once.

        Args:
            prompt: Their first characters; none lets the network begin.
            settings: How the characters of each are drawn, alike but for the seed; without a seed,
                one is drawn and reported. They are taken as there is room.

        Yields:
            The poems in order, each as soon as those before it are done too. A poem is the same
            alone and among others, up to the rounding of sums. After Ctrl-C the poems come that are
            done, then the KeyboardInterrupt.

        Raises:
            ConfigurationError: The settings cannot be kept with this network, or differ.
        """
        asked = iter(settings)
        first = next(asked, None)
        if first is None:
            return
        pen, start = self._prepared(self.begin(prompt), first)
        alike = (_like(first, one) for one in chain([first], asked))
        if first.beam is not None:
            yield from (self._searched(prompt, pen, start, one) for one in alike)
            return
        write = self._loop(first)
        for poem in write_in_order(pen, start, alike, self._judge(prompt), write=write):
            best = poem.sheets[0]
            yield Poem(
                prompt=prompt,
                text=best.text,
                settings=poem.settings,
                log_probabilities=tuple(best.log_probabilities),
                ended=best.ended,
                stranded=best.stranded,
                substitutions=start.substitutions,
                scores=tuple(poem.scores),
            )

    def notes(self, config: SamplingConfig) -> tuple[str, ...]:
        """What the user should know of settings that this network can keep only in part."""
        return wishes(config, self.vocabulary).notes

    def constraints(self, config: SamplingConfig) -> list[Constraint]:
        """What a poem must keep to under these settings, whatever the network would like.

        Raises:
            ConfigurationError: A limit was asked for that cannot be kept.
        """
        constraints: list[Constraint] = []
        if config.no_repeat is not None:
            constraints.append(NoRepeat(config.no_repeat, self.vocabulary.size))
        if config.max_copy != 0:
            constraints += copy_guards(
                self.ngram_filters, self.vocabulary, self.layout, config.max_copy
            )
        return constraints

    def _prepared(self, draft: Draft, config: SamplingConfig) -> tuple[Pen, Draft]:
        """What writes with these settings, and the draft as its constraints know it."""
        constraints = self.constraints(config)
        ahead = NextSymbols(
            config,
            self.vocabulary,
            self.layout,
            self._ending,
            constraints,
            poem_length=self.poem_length,
        )
        kept: tuple[Hashable, ...] = ()
        if constraints:
            read = read_prompt(draft.text, self.vocabulary, self.layout, stanzas=self.stanzas)
            kept = states_after(constraints, read.ids)
        start = dataclasses.replace(draft, kept=kept, stranded=False)
        return Pen(self.model, self.vocabulary, ahead, constraints), start

    def _loop(self, config: SamplingConfig) -> Writing | None:
        """What writes many poems by itself; None where the network is asked for each symbol."""
        # Few poems are without a run that no-repeat forbids, so nearly all would be written twice.
        if isinstance(self.model, LoopingModel) and config.no_repeat is None:
            return partial(write_in_loop, self.model)
        return None

    def _judge(self, prompt: str) -> Callable[[Sheet], Score]:
        return lambda sheet: self.score(prompt, sheet.text, sheet.log_probabilities)

    def _searched(self, prompt: str, pen: Pen, start: Draft, config: SamplingConfig) -> Poem:
        """The likeliest continuation that a beam search finds."""
        steps = list(self._chosen(pen, start, config))
        written = [step for step in steps if step.character]
        return Poem(
            prompt=prompt,
            text="".join(step.character for step in written),
            settings=config,
            log_probabilities=tuple(step.log_probability for step in written),
            ended=steps[-1].draft.ended,
            stranded=steps[-1].draft.stranded,
            substitutions=start.substitutions,
        )

    def _chosen(
        self,
        pen: Pen,
        start: Draft,
        config: SamplingConfig,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """The steps of the continuation that is found to be the best of several."""
        if config.beam is not None:
            from charrnn.generation.beam import search

            best = search(pen, start, config.beam)
            symbols, stranded = list(best.symbols), best.draft.stranded
        else:
            (poem,) = write_in_order(
                pen,
                start,
                [config],
                self._judge(start.text),
                generators=partial(generators_for, first=generator),
                write=self._loop(config),
            )
            symbols, stranded = poem.sheets[0].symbols, poem.sheets[0].stranded
        draft = start
        for step in pen.retrace(start, symbols):
            draft = step.draft
            yield step
        if stranded:
            yield Step("", -inf, draft.stranded_here())


def with_seed(config: SamplingConfig) -> SamplingConfig:
    """The settings with a seed; one short enough to type is drawn when they hold none."""
    if config.seed is not None:
        return config
    return dataclasses.replace(config, seed=int.from_bytes(os.urandom(4)))


def _like(first: SamplingConfig, other: SamplingConfig) -> SamplingConfig:
    """Settings with a seed, found to be those of the first but for it."""
    if _BUT_FOR_THE_SEED(other) != _BUT_FOR_THE_SEED(first):
        raise ConfigurationError(
            "poems that are written together have the same settings but for the seed."
        )
    return with_seed(other)
