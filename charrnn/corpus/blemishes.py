"""What may be wrong with a corpus: each kind of fault, found and shown by example."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.corpus.chinese_script import only_simplified, only_traditional
from charrnn.corpus.reading import Corpus
from charrnn.corpus.recipes import HAN
from charrnn.corpus.splitting import Split
from charrnn.corpus.vocabulary import character_counts

_MOST_EXAMPLES: Final = 3
_CONTEXT: Final = 12
_MARKUP: Final = re.compile(
    r"</?[a-zA-Z][^<>\n]{0,80}>|&(?:[a-zA-Z]{2,8}|#\d{1,6});|\[[^\[\]\n]{1,40}\]|（[^（）\n]{1,80}）"
    r"|〖[^〖〗\n]{1,40}〗|\*\*\w|https?://|(?<!\w)_\w[^_\n]{0,80}_|^#{1,6} ",
    re.MULTILINE,
)
_HOLES: Final = re.compile(f"[□\ufffd]|(?<=[{HAN}])[○●?](?=[{HAN}])")
_HALF_WIDTH: Final = re.compile(f"(?<=[{HAN}])[,.;:?!]")
_FULL_WIDTH: Final = re.compile(f"(?<=[{HAN}])[，。；：？！、]")
_VERSE_END: Final = re.compile("[\n，。；？！]| / ")
_HAN_CHARACTER: Final = re.compile(f"[{HAN}]")
_SHORTEST_HAN_VERSE: Final = 5
_SHORTEST_VERSE: Final = 20
_FEWEST_FOREIGN: Final = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One place where a fault was seen.

    Attributes:
        poem: Number of the poem, from 1.
        text: What stands there.
    """

    poem: int
    text: str


@dataclass(frozen=True, slots=True)
class Blemish:
    """One kind of fault in a corpus.

    Attributes:
        kind: What it is.
        count: How often it occurs.
        examples: The first few places.
        advice: What to do about it.
    """

    kind: str
    count: int
    examples: tuple[Example, ...]
    advice: str


def find_blemishes(corpus: Corpus, split: Split | None) -> list[Blemish]:
    """Look for everything that spoils what is learned from a corpus.

    Args:
        corpus: The corpus.
        split: Its two parts; None when it is too short to be divided.

    Returns:
        The kinds of fault that were found.
    """
    found = [search(corpus) for search in _SEARCHES]
    if split is not None:
        found.append(_overlap(corpus, split))
    return [blemish for blemish in found if blemish is not None]


def _poems(corpus: Corpus) -> Iterator[tuple[int, str]]:
    return ((number + 1, corpus.poem(number)) for number in range(corpus.poems))


def _blemish(kind: str, examples: Iterable[Example], advice: str) -> Blemish | None:
    shown: list[Example] = []
    count = 0
    for example in examples:
        count += 1
        if len(shown) < _MOST_EXAMPLES:
            shown.append(example)
    return Blemish(kind, count, tuple(shown), advice) if count else None


def _places(corpus: Corpus, pattern: re.Pattern[str]) -> Iterator[Example]:
    for number, poem in _poems(corpus):
        for match in pattern.finditer(poem):
            start, stop = max(0, match.start() - _CONTEXT), match.end() + _CONTEXT
            yield Example(number, " ".join(poem[start:stop].split()))


def _duplicates(corpus: Corpus) -> Blemish | None:
    def repetitions() -> Iterator[Example]:
        first: dict[int, int] = {}
        for number, poem in _poems(corpus):
            earlier = first.setdefault(hash(" ".join(poem.split())), number)
            if earlier != number:
                yield Example(number, f"repeats poem {earlier:,}: {poem.splitlines()[0].rstrip()}")

    return _blemish(
        "duplicate poems",
        repetitions(),
        "Delete the repetitions: what stands twice is learned twice as hard, and copied.",
    )


def _markup(corpus: Corpus) -> Blemish | None:
    return _blemish(
        "leftover markup and notes",
        _places(corpus, _MARKUP),
        "Delete tags, footnote marks and bracketed notes: the network would learn to write them.",
    )


def _holes(corpus: Corpus) -> Blemish | None:
    return _blemish(
        "holes",
        _places(corpus, _HOLES),
        "Fill the lost characters in, or delete the poems that lack some.",
    )


def _mixed_scripts(corpus: Corpus) -> Blemish | None:
    counts = character_counts(corpus.text)
    characters = [chr(point) for point in np.flatnonzero(counts)]
    simplified = list(filter(only_simplified, characters))
    traditional = list(filter(only_traditional, characters))
    if min(len(simplified), len(traditional)) < _FEWEST_FOREIGN:
        return None
    rarer = min(simplified, traditional, key=lambda script: sum(counts[ord(one)] for one in script))
    name, other = (
        ("simplified", "traditional") if rarer is simplified else ("traditional", "simplified")
    )
    return _blemish(
        f"{name} characters in {other} text",
        _places(corpus, re.compile(f"[{''.join(rarer)}]")),
        f"Put the whole text into one script; most of it is {other}.",
    )


def _mixed_punctuation(corpus: Corpus) -> Blemish | None:
    half, full = (
        sum(1 for _ in pattern.finditer(corpus.text)) for pattern in (_HALF_WIDTH, _FULL_WIDTH)
    )
    if not half or not full:
        return None
    name, pattern = ("half-width", _HALF_WIDTH) if half <= full else ("full-width", _FULL_WIDTH)
    return _blemish(
        f"{name} punctuation among the other width",
        _places(corpus, pattern),
        "Use one width for all: ， and , are two characters to the network.",
    )


def _removed_controls(corpus: Corpus) -> Blemish | None:
    if not corpus.removed:
        return None
    return Blemish(
        "control characters",
        corpus.removed,
        (),
        "They were taken out. Many of them mean that the file is damaged or not plain text.",
    )


def _overlap(corpus: Corpus, split: Split) -> Blemish | None:
    learned = {
        hash(verse)
        for start, stop in split.training.tolist()
        for verse in _long_verses(corpus.text[start:stop])
    }
    numbers = {start: number for number, start in enumerate(corpus.starts.tolist(), 1)}
    examples = (
        Example(numbers.get(start, 1), verse)
        for start, stop in split.validation.tolist()
        for verse in _long_verses(corpus.text[start:stop])
        if hash(verse) in learned
    )
    return _blemish(
        "verses of the validation part that are learned too",
        examples,
        "If these are more than refrains, delete near copies: the validation loss looks too good.",
    )


def _long_verses(text: str) -> Iterator[str]:
    """Verses long enough that two alike are no chance."""
    for verse in map(str.strip, _VERSE_END.split(text)):
        shortest = _SHORTEST_HAN_VERSE if _HAN_CHARACTER.match(verse) else _SHORTEST_VERSE
        if len(verse) >= shortest:
            yield verse


_SEARCHES: Final[tuple[Callable[[Corpus], Blemish | None], ...]] = (
    _duplicates,
    _markup,
    _holes,
    _mixed_scripts,
    _mixed_punctuation,
    _removed_controls,
)
