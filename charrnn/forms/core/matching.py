"""Whether each of some lines can still have an ending that no other line has."""

from collections import Counter
from collections.abc import Collection, Sequence

Symbols = frozenset[int]
"""Symbols of a vocabulary."""


def can_all_differ(choices: Sequence[Symbols], taken: Symbols = frozenset()) -> bool:
    """Whether one symbol can be chosen from each of some sets, all of them different.

    This is Hall's marriage problem (1935). A set that has as many members as there are sets can be
    served last, so it is left aside; for what remains, augmenting paths are looked for (Kuhn, 1955).

    Args:
        choices: The sets.
        taken: Symbols that may not be chosen any more.
    """
    scarce = [one - taken for one in _scarce(choices, taken, len(choices))]
    scarce.sort(key=len)
    while scarce and len(scarce[-1]) >= len(scarce):
        scarce.pop()
    alike = Counter(scarce)
    return all(count <= len(one) for one, count in alike.items()) and _can_be_matched(scarce)


def leaving_enough(
    candidates: Symbols, choices: Sequence[Symbols], taken: Symbols = frozenset()
) -> Symbols:
    """The symbols that can be taken so that all the others can still differ.

    Args:
        candidates: The symbols to choose from now.
        choices: The sets that will be chosen from later.
        taken: Symbols that may not be chosen any more.
    """
    if not can_all_differ(choices, taken):
        return frozenset()
    free = candidates - taken
    # A set with one member more than there are sets can do without any one of them.
    needed = free & frozenset[int]().union(*_scarce(choices, taken, len(choices) + 1))
    return free.difference(one for one in needed if not can_all_differ(choices, taken | {one}))


def _scarce(choices: Sequence[Symbols], taken: Symbols, enough: int) -> list[Symbols]:
    """Sets that may have fewer members left than is enough whatever happens."""
    return [one for one in choices if len(one) - len(taken) < enough]


def _can_be_matched(choices: Sequence[Collection[int]]) -> bool:
    """Whether the sets can have different members, by augmenting paths."""
    holders: dict[int, int] = {}

    def serve(number: int, tried: set[int]) -> bool:
        for symbol in choices[number]:
            if symbol not in tried:
                tried.add(symbol)
                if symbol not in holders or serve(holders[symbol], tried):
                    holders[symbol] = number
                    return True
        return False

    return all(serve(number, set()) for number in range(len(choices)))
