"""Poems that are written side by side, each as it would be alone, and handed over in order."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.generation.draft import Draft
from charrnn.generation.pen import Pen
from charrnn.generation.ranking import Score
from charrnn.generation.trail import Trail
from charrnn.settings.configuration import SamplingConfig

MOST_TOGETHER: Final = 64
"""Poems that are written side by side. More gain little, and each holds its states in memory."""


class Sheet:
    """A poem in the writing, with what is final of it.

    Args:
        number: Which poem it is a draft of.
        trail: Its way.

    Attributes:
        symbols: What was written, the poem break at its end included.
        characters: The same as text.
        log_probabilities: Those of the characters.
        ended: Whether the network has ended it.
        stranded: Whether it was stopped because no character may follow.
    """

    def __init__(self, number: int, trail: Trail) -> None:
        self.number = number
        self.trail = trail
        self.symbols: list[int] = []
        self.characters: list[str] = []
        self.log_probabilities: list[float] = []
        self.ended = False
        self.stranded = False

    @property
    def text(self) -> str:
        """What was written, put together."""
        return "".join(self.characters)

    def collect(self) -> None:
        """Take down what has become final."""
        for symbol, step in self.trail.hand_out():
            if symbol is not None:
                self.add(symbol, step.character, step.log_probability)
            self.ended, self.stranded = step.draft.ended, step.draft.stranded

    def add(self, symbol: int, character: str, log_probability: float) -> None:
        """Write down a symbol; the poem break has no character, and its probability is not kept."""
        self.symbols.append(symbol)
        if character:
            self.characters.append(character)
            self.log_probabilities.append(log_probability)


def write_together(pen: Pen, sheets: Iterator[Sheet]) -> Iterator[Sheet]:
    """Write poems side by side; one that is done makes room for another.

    Args:
        pen: Writes them.
        sheets: The poems, taken as there is room; `MOST_TOGETHER` are written at once.

    Yields:
        The poems as they are done.
    """
    under_way: list[Sheet] = []
    while True:
        under_way.extend(itertools.islice(sheets, MOST_TOGETHER - len(under_way)))
        if not under_way:
            return
        pen.advance([sheet.trail for sheet in under_way])
        for sheet in under_way:
            sheet.collect()
        done = [sheet for sheet in under_way if sheet.trail.over]
        if done:
            under_way = [sheet for sheet in under_way if not sheet.trail.over]
            yield from done


Writing = Callable[[Pen, Iterator[Sheet]], Iterator[Sheet]]
"""Writes poems side by side, and gives each as it is done."""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A poem that is done.

    Attributes:
        settings: Those it was written with.
        sheets: Its drafts, the best first.
        scores: Their scores; none for a single draft, which is not judged.
    """

    settings: SamplingConfig
    sheets: Sequence[Sheet]
    scores: Sequence[Score]


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
    pen: Pen,
    start: Draft,
    settings: Iterable[SamplingConfig],
    judge: Callable[[Sheet], Score],
    *,
    generators: Callable[[SamplingConfig], Sequence[np.random.Generator]] = of_seed,
    write: Writing | None = None,
) -> Iterator[Written]:
    """Write poems, each from as many drafts as its settings tell.

    Args:
        pen: Writes them.
        start: Where they all go on.
        settings: Of each poem, taken as there is room; a seed in each.
        judge: Scores a draft where there are several.
        generators: Random numbers for the drafts of a poem.
        write: Writes drafts side by side; None for `write_together`.

    Yields:
        The poems in order, each as soon as those before it are done too. After Ctrl-C those that
        are done, then the KeyboardInterrupt.
    """
    asked: dict[int, SamplingConfig] = {}
    drafts: defaultdict[int, list[Sheet]] = defaultdict(list)
    done: dict[int, Written] = {}

    def sheets() -> Iterator[Sheet]:
        for number, config in enumerate(settings):
            asked[number] = config
            for generator in generators(config):
                yield Sheet(number, pen.trail(start, generator))

    following = 0
    try:
        for sheet in (write or write_together)(pen, sheets()):
            together = drafts[sheet.number]
            together.append(sheet)
            if len(together) == asked[sheet.number].best_of:
                del drafts[sheet.number]
                done[sheet.number] = _ranked(asked.pop(sheet.number), together, judge)
            while following in done:
                yield done.pop(following)
                following += 1
    except KeyboardInterrupt:
        for number in sorted(done):
            yield done[number]
        raise


def _ranked(
    settings: SamplingConfig, sheets: Sequence[Sheet], judge: Callable[[Sheet], Score]
) -> Written:
    """The drafts of a poem, the best first."""
    if len(sheets) == 1:
        return Written(settings, sheets, ())
    judged = sorted(
        ((judge(sheet), sheet) for sheet in sheets), key=lambda pair: pair[0].total, reverse=True
    )
    scores, ranked = zip(*judged, strict=True)
    return Written(settings, ranked, scores)
