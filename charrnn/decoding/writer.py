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
from charrnn.decoding.batch import Sequence, generators_for, write_in_order
from charrnn.decoding.constraint import Constraint, NoRepeat, states_after
from charrnn.decoding.copying import copy_guards
from charrnn.decoding.decoder import Decoder
from charrnn.decoding.hypothesis import LINE_END, NO_TOKENS, Hypothesis, Poem, Step
from charrnn.decoding.logits_processors import LineCountPrior, token_wishes
from charrnn.decoding.prompts import read_prompt
from charrnn.decoding.ranking import Score
from charrnn.decoding.reader import TextReader
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import settings_of

_BUT_FOR_THE_SEED: Final = attrgetter(*(set(settings_of(SamplingConfig)) - {"seed"}))


class TextGenerator(TextReader):
    """Writes with a network; see `charrnn.decoding.reader.TextReader`."""

    @cached_property
    def _line_count_prior(self) -> LineCountPrior | None:
        """What makes poems end after as many lines as those learned; None where none are counted."""
        line_end = self.vocabulary.id_of(LINE_END)
        counted = sum(self.poems_by_lines) > 0 and line_end != UNKNOWN
        return LineCountPrior(self.poems_by_lines, line_end) if counted else None

    def stream(
        self,
        hypothesis: Hypothesis,
        config: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """Go on with a poem, one character at a time.

        Args:
            hypothesis: Where to go on; nothing follows one that has ended.
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
        if hypothesis.ended:
            return
        config = config or SamplingConfig()
        decoder, start = self._prepared(hypothesis, config)
        if config.beam is not None or config.best_of > 1:
            yield from self._chosen(decoder, start, config, generator)
            return
        sampler = decoder.sampler(start, generator or np.random.default_rng(config.seed))
        while not sampler.over:
            decoder.advance([sampler])
            for _, step in sampler.hand_out():
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
        """Write poems in batches of up to `MOST_TOGETHER`.

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
        decoder, start = self._prepared(self.begin(prompt), first)
        alike = (_like(first, one) for one in chain([first], asked))
        if first.beam is not None:
            yield from (self._searched(prompt, decoder, start, one) for one in alike)
            return
        for poem in write_in_order(decoder, start, alike, self._judge(prompt)):
            best = poem.sequences[0]
            yield Poem(
                prompt=prompt,
                text=best.text,
                settings=poem.settings,
                log_probabilities=tuple(best.log_probabilities),
                ended=best.ended,
                dead_end=best.dead_end,
                substitutions=start.substitutions,
                scores=tuple(poem.scores),
            )

    def notes(self, config: SamplingConfig) -> tuple[str, ...]:
        """What the user should know of settings that this network can keep only in part."""
        return token_wishes(config, self.vocabulary).notes

    def constraints(self, config: SamplingConfig) -> list[Constraint]:
        """What a poem must keep to under these settings, whatever the network would like.

        Raises:
            ConfigurationError: A limit was asked for that cannot be kept.
        """
        constraints: list[Constraint] = []
        if config.no_repeat_ngram_size is not None:
            constraints.append(NoRepeat(config.no_repeat_ngram_size, self.vocabulary.size))
        if config.max_copy != 0:
            constraints += copy_guards(
                self.ngram_filters, self.vocabulary, self.layout, config.max_copy
            )
        return constraints

    def _prepared(
        self, hypothesis: Hypothesis, config: SamplingConfig
    ) -> tuple[Decoder, Hypothesis]:
        """What writes with these settings, and the hypothesis as its constraints know it."""
        constraints = self.constraints(config)
        decoder = Decoder(
            self.model,
            self.vocabulary,
            self.layout,
            config,
            line_count_prior=self._line_count_prior,
            constraints=constraints,
            poem_length=self.poem_length,
        )
        states: tuple[Hashable, ...] = ()
        if constraints:
            read = read_prompt(hypothesis.text, self.vocabulary, self.layout, stanzas=self.stanzas)
            states = states_after(constraints, read.ids)
        start = dataclasses.replace(
            hypothesis,
            constraint_states=states,
            generated=0,
            dead_end=False,
            suppressed=NO_TOKENS,
        )
        return decoder, start

    def _judge(self, prompt: str) -> Callable[[Sequence], Score]:
        return lambda drafted: self.score(prompt, drafted.text, drafted.log_probabilities)

    def _searched(
        self, prompt: str, decoder: Decoder, start: Hypothesis, config: SamplingConfig
    ) -> Poem:
        """The likeliest continuation that a beam search finds."""
        steps = list(self._chosen(decoder, start, config))
        written = [step for step in steps if step.character]
        return Poem(
            prompt=prompt,
            text="".join(step.character for step in written),
            settings=config,
            log_probabilities=tuple(step.log_probability for step in written),
            ended=steps[-1].hypothesis.ended,
            dead_end=steps[-1].hypothesis.dead_end,
            substitutions=start.substitutions,
        )

    def _chosen(
        self,
        decoder: Decoder,
        start: Hypothesis,
        config: SamplingConfig,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """The steps of the continuation that is found to be the best of several."""
        if config.beam is not None:
            from charrnn.decoding.beam import search

            best = search(decoder, start, config.beam)
            tokens, dead_end = list(best.tokens), best.hypothesis.dead_end
        else:
            (poem,) = write_in_order(
                decoder,
                start,
                [config],
                self._judge(start.text),
                generators=partial(generators_for, first=generator),
            )
            tokens, dead_end = poem.sequences[0].tokens, poem.sequences[0].dead_end
        hypothesis = start
        for step in decoder.retrace(start, tokens):
            hypothesis = step.hypothesis
            yield step
        if dead_end:
            yield Step("", -inf, hypothesis.at_a_dead_end())


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
