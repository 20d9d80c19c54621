"""Writes poems in one batch, each as it would be alone, and returns them in order."""

import dataclasses
import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

import numpy as np

from charrnn.decoding.decoder import BacktrackingSampler, Decoder
from charrnn.decoding.hypothesis import Hypothesis
from charrnn.decoding.ranking import HypothesisScore
from charrnn.errors import ConfigurationError
from charrnn.settings.arguments import check_type
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import settings_of

_ALL_BUT_THE_SEED: Final = attrgetter(*(set(settings_of(SamplingConfig)) - {"seed"}))

MOST_TOGETHER: Final = 64
"""Poems of a batch. More gain little, and each holds its states in memory."""


class Draft:
    """A draft of the poem of a number, with its final steps.

    Attributes:
        tokens: What was written, with the end of the poem.
        characters: The same as text.
        log_probabilities: Those of the characters, in nats.
        ended: Whether the network has ended the poem.
        dead_end: Whether it was stopped because no character may follow.
    """

    def __init__(self, number: int, sampler: BacktrackingSampler) -> None:
        self.number = number
        self.sampler = sampler
        self.tokens: list[int] = []
        self.characters: list[str] = []
        self.log_probabilities: list[float] = []
        self.ended = False
        self.dead_end = False

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(self.characters)

    def collect(self) -> None:
        """Add the steps that have become final."""
        for token, step in self.sampler.take_final():
            if token is not None:
                self.tokens.append(token)
            # The end of a poem has no character, and its probability is not kept.
            if step.character:
                self.characters.append(step.character)
                self.log_probabilities.append(step.log_probability)
            else:
                self.ended = step.hypothesis.ended
                self.dead_end = step.hypothesis.dead_end


def write_together(decoder: Decoder, drafts: Iterator[Draft]) -> Iterator[Draft]:
    """Write up to `MOST_TOGETHER` drafts in one batch; one that is done makes room for another."""
    active: list[Draft] = []
    while True:
        active.extend(itertools.islice(drafts, MOST_TOGETHER - len(active)))
        if not active:
            return
        decoder.advance([draft.sampler for draft in active])
        for draft in active:
            draft.collect()
        done = [draft for draft in active if draft.sampler.over]
        if done:
            active = [draft for draft in active if not draft.sampler.over]
            yield from done


@dataclass(frozen=True, slots=True, eq=False)
class RankedDrafts:
    """The drafts of a poem, the best first, with their scores; a single draft has none."""

    settings: SamplingConfig
    drafts: Sequence[Draft]
    scores: Sequence[HypothesisScore]


def generators_for(
    settings: SamplingConfig, first: np.random.Generator | None = None, *, kind: str = ""
) -> list[np.random.Generator]:
    """The random generators of a poem's drafts. The first draft is the poem of the seed alone.

    `first` is the generator of the first draft; None makes all from the seed and the kind of poem:
    poems of one seed and different kinds do not begin alike.
    """
    if first is not None:
        return [first, *first.spawn(settings.best_of - 1)]
    keys = [(number, *kind.encode()) for number in range(settings.best_of)]
    return [
        np.random.default_rng(
            np.random.SeedSequence(settings.seed, spawn_key=key if any(key) else ())
        )
        for key in keys
    ]


def write_in_order(
    decoder: Decoder,
    start: Hypothesis,
    settings: Iterable[SamplingConfig],
    judge: Callable[[Draft], HypothesisScore],
    *,
    generators: Callable[[SamplingConfig], Sequence[np.random.Generator]] = generators_for,
) -> Iterator[RankedDrafts]:
    """Write poems, each as the best of `best_of` drafts.

    The settings, each with a seed, are taken as there is room. `judge` scores drafts if there are
    several.

    Yields:
        The poems in order, each when it and those before it are done. After Ctrl-C, the poems that
        are done, then the KeyboardInterrupt.
    """
    asked: dict[int, SamplingConfig] = {}
    written: defaultdict[int, list[Draft]] = defaultdict(list)
    done: dict[int, RankedDrafts] = {}

    def drafts() -> Iterator[Draft]:
        for number, config in enumerate(settings):
            asked[number] = config
            for generator in generators(config):
                yield Draft(number, decoder.sampler(start, generator))

    following = 0
    try:
        for draft in write_together(decoder, drafts()):
            together = written[draft.number]
            together.append(draft)
            if len(together) == asked[draft.number].best_of:
                del written[draft.number]
                done[draft.number] = _ranked(asked.pop(draft.number), together, judge)
            while following in done:
                yield done.pop(following)
                following += 1
    except KeyboardInterrupt:
        for number in sorted(done):
            yield done[number]
        raise


def _ranked(
    settings: SamplingConfig, drafts: Sequence[Draft], judge: Callable[[Draft], HypothesisScore]
) -> RankedDrafts:
    if len(drafts) == 1:
        return RankedDrafts(settings, drafts, ())
    judged = sorted(
        ((judge(draft), draft) for draft in drafts), key=lambda pair: pair[0].total, reverse=True
    )
    scores, ranked = zip(*judged, strict=True)
    return RankedDrafts(settings, ranked, scores)


def with_seed(config: SamplingConfig) -> SamplingConfig:
    """The settings with a seed; a missing one is drawn, short enough to type."""
    if config.seed is not None:
        return config
    return dataclasses.replace(config, seed=int.from_bytes(os.urandom(4)))


def like(first: SamplingConfig, other: SamplingConfig) -> SamplingConfig:
    """Settings with a seed; raises ConfigurationError if they differ from the first otherwise."""
    check_type("the settings of a poem", other, SamplingConfig)
    if _ALL_BUT_THE_SEED(other) != _ALL_BUT_THE_SEED(first):
        raise ConfigurationError(
            "poems that are written together must have the same settings but for the seed."
        )
    return with_seed(other)
