"""Figures about poems: how various they are, and how new. All are pure functions."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from charrnn.corpus.passages import PassageIndex, normalised
from charrnn.forms.core.form import LanguageName
from charrnn.forms.core.language import language_named

Tokens = Sequence[str]
"""The characters of a Chinese poem, or the words of an English one."""

Gram = tuple[str, ...]

LONGEST_GRAM: Final = 4
"""Tokens of the longest runs that self-BLEU compares, and of those whose novelty is told."""

SMOOTHING: Final = 0.1
"""What no match at all counts as: the first method of Chen and Cherry (2014)."""

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def tokens_of(text: str, language: LanguageName) -> list[str]:
    """The characters of a Chinese text, or the words of an English one in small letters."""
    return [text[start:stop].lower() for start, stop in _places(text, language)]


def distinct(poems: Sequence[Tokens], n: int, most: int | None = None) -> float | None:
    """Share of the n-grams of poems that are different (Li and others, 2016).

    It falls with the number of n-grams, so it is to be compared for as many of them only.

    Args:
        poems: The poems; no n-gram crosses from one to the next.
        n: Tokens of an n-gram.
        most: How many n-grams count, the first; None counts all.

    Returns:
        The share; None where there are no n-grams.
    """
    grams = [gram for poem in poems for gram in _grams(poem, n)][:most]
    return len(set(grams)) / len(grams) if grams else None


def count_grams(poems: Sequence[Tokens], n: int) -> int:
    """How many n-grams poems have."""
    return sum(max(0, len(poem) - n + 1) for poem in poems)


def self_bleu(poems: Sequence[Tokens], n: int = LONGEST_GRAM) -> float | None:
    """How much poems are like one another: the mean BLEU of each against all others.

    See Zhu and others (2018, "Texygen") and Papineni and others (2002, "BLEU"). It rises with the
    number of poems, so it is to be compared for as many of them only.

    Args:
        poems: The poems.
        n: Tokens of the longest n-grams compared.

    Returns:
        From 0, nothing in common, to 1, all alike; None where there are not two poems.
    """
    if len(poems) < 2:
        return None
    logs = [0.0] * len(poems)
    for length in range(1, n + 1):
        counts = [Counter(_grams(poem, length)) for poem in poems]
        elsewhere = _Elsewhere(counts)
        for number, grams in enumerate(counts):
            matched = sum(min(count, elsewhere(number, gram)) for gram, count in grams.items())
            precision = (matched or SMOOTHING) / max(1, grams.total())
            logs[number] += math.log(precision) / n
    lengths = Counter(map(len, poems))
    scores = (
        _brevity(len(poem), lengths) * math.exp(log) if poem else 0.0
        for poem, log in zip(poems, logs, strict=True)
    )
    return math.fsum(scores) / len(poems)


def copied(index: PassageIndex, poem: str, language: LanguageName) -> tuple[int, int, int]:
    """How much of a poem stands in the text that was learned.

    Args:
        index: The text learned.
        poem: The poem.
        language: Whether runs of four characters or of four words are compared.

    Returns:
        How many of its runs of `LONGEST_GRAM` tokens stand there, with what stands between them;
        how many such runs there are; and the characters of the longest run of any kind.
    """
    text = normalised(poem)
    lengths = [passage.length for passage in index.passages_at_ends(text)]
    places = _places(text, language)
    seen = total = 0
    for (start, _), (_, stop) in zip(places, places[LONGEST_GRAM - 1 :], strict=False):
        if language == "chinese" and stop - start > LONGEST_GRAM:
            continue  # The end of a line stands between.
        total += 1
        seen += lengths[stop - 1] >= stop - start
    return seen, total, max(lengths, default=0)


def _places(text: str, language: LanguageName) -> list[tuple[int, int]]:
    """Where the tokens of a text begin and end."""
    if language == "chinese":
        is_han = language_named(language).writes
        return [(place, place + 1) for place, one in enumerate(text) if is_han(one)]
    return [word.span() for word in _WORD.finditer(text)]


def _grams(poem: Tokens, n: int) -> Iterator[Gram]:
    return zip(*(poem[start:] for start in range(n)), strict=False)


class _Elsewhere:
    """How often an n-gram stands at most in a poem other than one.

    Args:
        counts: How often each stands in each poem.
    """

    def __init__(self, counts: Sequence[Counter[Gram]]) -> None:
        self._most: dict[Gram, tuple[int, int]] = {}
        self._second: Counter[Gram] = Counter()
        for number, grams in enumerate(counts):
            for gram, count in grams.items():
                most, _ = self._most.get(gram, (0, -1))
                if count > most:
                    self._most[gram] = count, number
                self._second[gram] = max(self._second[gram], min(count, most))

    def __call__(self, number: int, gram: Gram) -> int:
        """How often it stands in the poem, other than the numbered one, that has it most often."""
        most, owner = self._most[gram]
        return self._second[gram] if owner == number else most


def _brevity(length: int, lengths: Counter[int]) -> float:
    """BLEU's penalty for being shorter than the nearest of the other poems."""
    others = [other for other, count in lengths.items() if other != length or count > 1]
    nearest = min(others, key=lambda other: (abs(other - length), other))
    return 1.0 if length >= nearest else math.exp(1 - nearest / length)
