"""Building the arrays of a passage index; `charrnn.corpus.passages` says what they are for."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from charrnn.corpus.passage_file import Numbers, PassageArrays, narrowest_type
from charrnn.corpus.store import code_units
from charrnn.corpus.suffixes import sort_suffixes
from charrnn.errors import CorpusError

LONGEST_INDEXED: Final = 12_000_000
"""Characters of a text up to which an index is built; it takes 36 to 75 bytes of memory for each."""

NO_SYMBOL: Final = 0
"""The symbol between poems, and that of characters which the text does not hold."""


def index_texts(
    texts: Sequence[str], numbers: Sequence[int], *, corpus: str, longest_run: int
) -> PassageArrays:
    """Index the runs of some texts.

    Args:
        texts: The poems, their white space normalised; none is empty.
        numbers: Which poems of their corpus they are.
        corpus: Digest of that corpus.
        longest_run: Characters of a run that are told apart, at most 255.

    Raises:
        CorpusError: They are too long together, or there are none.
    """
    refuse_long(sum(map(len, texts)))
    symbols, alphabet = _as_symbols(texts)
    places, shared = sort_suffixes(symbols[::-1], longest_run)
    place = narrowest_type(len(symbols))
    ends = (np.uint32(len(symbols) - 1) - places).astype(place, copy=False)
    # The last poem is followed by what stands before the first one.
    next_symbols = np.roll(symbols, -1)[ends]
    return PassageArrays(
        corpus=corpus,
        longest_run=longest_run,
        alphabet=alphabet,
        firsts=np.append(0, np.bincount(symbols).cumsum()).astype(place),
        poems=np.array(numbers, np.uint32),
        following=np.argsort(next_symbols, kind="stable").astype(place),
        ends=ends,
        next_symbols=next_symbols,
        shared=shared,
    )


def refuse_long(characters: int) -> None:
    """Refuse a text that would take too much memory, or none; raises CorpusError."""
    if not characters:
        raise CorpusError("there is no text to index.")
    if characters > LONGEST_INDEXED:
        raise CorpusError(
            f"it has {characters:,} characters, and {LONGEST_INDEXED:,} are indexed at most."
        )


def _as_symbols(texts: Sequence[str]) -> tuple[Numbers, str]:
    """All texts as symbols, with `NO_SYMBOL` before each; and the alphabet."""
    # A line end stands nowhere in a normalised text.
    points = code_units("\n" + "\n".join(texts))
    alphabet = "".join(map(chr, np.flatnonzero(np.bincount(points)))).replace("\n", "")
    table = np.zeros(int(points.max()) + 1, narrowest_type(len(alphabet)))
    table[[ord(character) for character in alphabet]] = np.arange(1, len(alphabet) + 1)
    return table[points], alphabet
