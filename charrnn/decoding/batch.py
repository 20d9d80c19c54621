"""Poems that are written in one batch, each as it would be alone, and handed over in order."""

import itertools
from collections import abc, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.decoding.decoder import BacktrackingSampler, Decoder
from charrnn.decoding.hypothesis import Hypothesis
from charrnn.decoding.ranking import Score
from charrnn.settings.configuration import SamplingConfig

MOST_TOGETHER: Final = 64
"""Poems of a batch. More gain little, and each holds its states in memory."""


class Sequence:
    """A poem in the writing, with what is final of it.

    Args:
        number: Which poem it is a draft of.
        sampler: Its way.

    Attributes:
        tokens: What was written, the end of the poem included.
        characters: The same as text.
        log_probabilities: Those of the characters.
        ended: Whether the network has ended it.
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
        """What was written, put together."""
        return "".join(self.characters)

    def collect(self) -> None:
        """Take down what has become final."""
        for token, step in self.sampler.hand_out():
            if token is not None:
                self.tokens.append(token)
            # The end of a poem has no character, and its probability is not kept.
            if step.character:
                self.characters.append(step.character)
                self.log_probabilities.append(step.log_probability)
            else:
                self.ended = step.hypothesis.ended
                self.dead_end = step.hypothesis.dead_end


def write_together(decoder: Decoder, sequences: Iterator[Sequence]) -> Iterator[Sequence]:
    """Write poems in one batch; one that is done makes room for another.

    Args:
        decoder: Writes them.
        sequences: The poems, taken as there is room; `MOST_TOGETHER` are written at once.

    Yields:
        The poems as they are done.
    """
    under_way: list[Sequence] = []
    while True:
        under_way.extend(itertools.islice(sequences, MOST_TOGETHER - len(under_way)))
        if not under_way:
            return
        decoder.advance([sequence.sampler for sequence in under_way])
        for sequence in under_way:
            sequence.collect()
        done = [sequence for sequence in under_way if sequence.sampler.over]
        if done:
            under_way = [sequence for sequence in under_way if not sequence.sampler.over]
            yield from done


@dataclass(frozen=True, slots=True, eq=False)
class RankedSequences:
    """A poem that is done.

    Attributes:
        settings: Those it was written with.
        sequences: Its drafts, the best first.
        scores: Their scores; none for a single draft, which is not judged.
    """

    settings: SamplingConfig
    sequences: abc.Sequence[Sequence]
    scores: abc.Sequence[Score]


def of_seed(settings: SamplingConfig) -> list[np.random.Generator]:
    """The random numbers of a poem's drafts; the first draft is the poem of the seed alone."""
    seeds = [
        np.random.SeedSequence(settings.seed, spawn_key=(number,) if number else ())
        for number in range(settings.best_of)
    ]
    return [np.random.default_rng(seed) for seed in seeds]


def generators_for(
    settings: SamplingConfig, first: np.random.Generator | None = None
) -> list[np.random.Generator]:
    """The random numbers of a poem's drafts, of which those of the first may have been given."""
    return [first, *first.spawn(settings.best_of - 1)] if first else of_seed(settings)


def write_in_order(
    decoder: Decoder,
    start: Hypothesis,
    settings: Iterable[SamplingConfig],
    judge: Callable[[Sequence], Score],
    *,
    generators: Callable[[SamplingConfig], abc.Sequence[np.random.Generator]] = of_seed,
) -> Iterator[RankedSequences]:
    """Write poems, each from as many drafts as its settings tell.

    Args:
        decoder: Writes them.
        start: Where they all go on.
        settings: Of each poem, taken as there is room; a seed in each.
        judge: Scores a draft where there are several.
        generators: Random numbers for the drafts of a poem.

    Yields:
        The poems in order, each as soon as those before it are done too. After Ctrl-C those that
        are done, then the KeyboardInterrupt.
    """
    asked: dict[int, SamplingConfig] = {}
    drafts: defaultdict[int, list[Sequence]] = defaultdict(list)
    done: dict[int, RankedSequences] = {}

    def sequences() -> Iterator[Sequence]:
        for number, config in enumerate(settings):
            asked[number] = config
            for generator in generators(config):
                yield Sequence(number, decoder.sampler(start, generator))

    following = 0
    try:
        for sequence in write_together(decoder, sequences()):
            together = drafts[sequence.number]
            together.append(sequence)
            if len(together) == asked[sequence.number].best_of:
                del drafts[sequence.number]
                done[sequence.number] = _ranked(asked.pop(sequence.number), together, judge)
            while following in done:
                yield done.pop(following)
                following += 1
    except KeyboardInterrupt:
        for number in sorted(done):
            yield done[number]
        raise


def _ranked(
    settings: SamplingConfig, sequences: abc.Sequence[Sequence], judge: Callable[[Sequence], Score]
) -> RankedSequences:
    """The drafts of a poem, the best first."""
    if len(sequences) == 1:
        return RankedSequences(settings, sequences, ())
    judged = sorted(
        ((judge(sequence), sequence) for sequence in sequences),
        key=lambda pair: pair[0].total,
        reverse=True,
    )
    scores, ranked = zip(*judged, strict=True)
    return RankedSequences(settings, ranked, scores)
