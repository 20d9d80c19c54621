"""The letters of an English word divided into its syllables, for showing them under their stress."""

import itertools
import re
import unicodedata
from typing import Final

_ONSETS: Final = re.compile(
    r"(?:s?[ptc]h?[rl]|[sc]h[rl]?|thr?|ph[rl]?|wh|qu|[bgdf]r|[bgf]l|sw|tw|s[ptkclmnq]u?|[^aeiouy])$"
)
"""The consonant letters that begin a syllable, of those between two vowels."""


def divide(word: str, count: int) -> tuple[str, ...]:
    """Divide a word as it is written.

    Where the letters show fewer syllables than it has, vowels are parted (po-em) or letters; where
    they show more, the e that is most likely silent joins the syllable before.

    Args:
        word: As it is written, capitals and apostrophes included.
        count: How many syllables it has, 1 or more.

    Returns:
        As many parts as syllables, which joined are the word; parts are empty where letters lack.
    """
    starts = _vowel_starts(word, count)
    cuts = [0]
    for before, start in itertools.pairwise(starts):
        between = _plain(word[before:start])
        onset = _ONSETS.search(between.lstrip("aeiouy")) if between[-1:] not in "aeiouy" else None
        cuts.append(max(before + 1, start - (len(onset.group()) if onset else 0)))
    cuts.append(len(word))
    parts = [word[start:end] for start, end in itertools.pairwise(cuts)]
    return tuple(parts + [""] * (count - len(parts)))


def _plain(letters: str) -> str:
    """Small letters without accents, one for each character."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] for letter in letters)


def _vowel_starts(word: str, count: int) -> list[int]:
    """Where the vowels of the syllables begin, at most as many as there are syllables."""
    plain = _plain(word)
    starts = [found.start() for found in re.finditer(r"(?<!q)[aeiouy]+|(?<=q)u[aeiouy]+", plain)]
    if plain[:1] == "y" and starts[:1] == [0] and len(plain) > 1 and plain[1] in "aeiou":
        starts[0] = 1
    while len(starts) > count:
        starts.remove(_most_silent(plain, starts))
    spare = [n for n, letter in enumerate(plain) if letter in "aeiouy" and n not in starts]
    spare += [n for n in range(len(plain)) if plain[n] not in "aeiouy" and n > 0]
    return sorted(starts + spare[: max(0, count - len(starts))])


def _most_silent(plain: str, starts: list[int]) -> int:
    """The vowel that is least likely to make a syllable: a last e, else an e, else the last."""
    for silent in (r"e$", r"e[ds]?$", r"e(?=ly|less|ful|ness|ment)", r"e(?=[rnl][aeiouy])", r"e"):
        found = [
            start for start in starts[1:] if re.compile(silent).match(plain, start) is not None
        ]
        if found:
            return found[-1]
    return starts[-1]
