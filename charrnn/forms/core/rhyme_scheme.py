"""Which lines of a form rhyme, by how often they do in poems of that form."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

RHYMING: Final = 0.7
"""Share of the poems in which two lines must rhyme, for the form to have them rhyme.

Lines that need not rhyme do so by chance in one poem of twenty; those that must, in nine of ten, or
in fewer where sounds have changed since.
"""

SOMETIMES: Final = 0.2
"""Share from which on two lines rhyme by intention, if not in all poems."""

COMMON: Final = 0.1
"""Share of the poems that have a scheme which stands beside others."""

FARTHEST: Final = 10
"""Lines between two that are compared; rhymes that are farther apart go by those in between."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Pair = tuple[int, int]
"""Two lines, from 0, the earlier one first."""

Shares = Mapping[Pair, float]
"""In which share of some poems two lines rhyme."""

Scheme = tuple[str, ...]
"""A letter for each line, in the order in which rhymes begin; "" for a line without one."""


def compared_lines(lines: int) -> Iterator[Pair]:
    """The pairs of lines of which it matters how often they rhyme."""
    for later in range(lines):
        for earlier in range(max(0, later - FARTHEST), later):
            yield earlier, later


def shares_of(rhyming: Sequence[frozenset[Pair]], lines: int) -> Shares:
    """In which share of the poems two lines rhyme.

    Args:
        rhyming: Which lines rhyme in each poem.
        lines: How many lines a poem has.
    """
    counts = Counter(pair for pairs in rhyming for pair in pairs)
    return {pair: counts[pair] / len(rhyming) for pair in compared_lines(lines)}


def scheme_of(shares: Shares, lines: int) -> Scheme:
    """The rhyme scheme of poems in which lines rhyme so often."""
    group = list(range(lines))
    for (earlier, later), share in sorted(shares.items()):
        if share >= RHYMING:
            old, new = group[later], group[earlier]
            group = [new if one == old else one for one in group]
    begun = [one for one in dict.fromkeys(group) if group.count(one) > 1]
    letters = {one: _letter(number) for number, one in enumerate(begun)}
    return tuple(letters.get(one, "") for one in group)


def common_schemes(rhyming: Sequence[frozenset[Pair]], lines: int) -> dict[Scheme, int]:
    """The rhyme schemes of some poems.

    There is one where each two lines rhyme in most of the poems or in few. Else the poems are told
    apart by the pairs of which that is not so, as those of ABAB and AABB are.

    Args:
        rhyming: Which lines rhyme in each poem.
        lines: How many lines a poem has.

    Returns:
        At least one scheme, the commonest first, each with how many poems show it.
    """
    shares = shares_of(rhyming, lines)
    open_pairs = frozenset(pair for pair, share in shares.items() if SOMETIMES <= share < RHYMING)
    decided = {pair: 1.0 for pair, share in shares.items() if share >= RHYMING}
    schemes: Counter[Scheme] = Counter()
    for pairs in rhyming:
        schemes[scheme_of(decided | dict.fromkeys(pairs & open_pairs, 1.0), lines)] += 1
    common = {
        scheme: count for scheme, count in schemes.most_common() if count >= COMMON * len(rhyming)
    }
    return common or {scheme_of(shares, lines): len(rhyming)}


def _letter(number: int) -> str:
    """The letters of the alphabet, then Chinese characters: a rhyme is named by any letter."""
    return _LETTERS[number] if number < len(_LETTERS) else chr(0x4E00 + number - len(_LETTERS))
