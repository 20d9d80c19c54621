"""An exact index of the runs of characters that stand in a text, which is not kept itself.

It is an FM-index (Ferragina and Manzini, "Opportunistic data structures with applications", 2000)
of the text read backwards, so that a run grows at its end, as poems are written: what takes one
step back there is one step on here. A run is a range of neighbouring suffixes, and all that is known
of a text that grows character by character is the range of the longest run it ends with. How
much neighbours share tells what is left of that range when the run loses its beginning (Ohlebusch,
Gog and Kügel, "Computing matching statistics and maximal exact matches on compressed full-text
indexes", 2010).
"""

import itertools
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from charrnn.corpus.passage_building import NO_SYMBOL, index_texts
from charrnn.corpus.passage_file import Numbers, PassageArrays, read_passages, write_passages

LONGEST_RUN: Final = 255
"""Characters of a run that an index tells apart; longer runs are followed through the text."""

_SPACE: Final = " "
_FIRST_LOOK: Final = 64


class Run(NamedTuple):
    """A run of characters that stands in the text. A value, and hashable.

    Attributes:
        length: Its characters; 0 is the empty run, which stands everywhere.
        start: The first row of the index that begins with it.
        stop: The row after the last one.
    """

    length: int
    start: int
    stop: int


class Passage(NamedTuple):
    """A run of any length, and where it stands.

    Attributes:
        length: Its characters.
        ends: `(n,)` the places in the whole text of its last character.
    """

    length: int
    ends: Numbers


class Occurrence(NamedTuple):
    """A place of the text.

    Attributes:
        poem: Number of the poem in its corpus, counted from 1.
        offset: Where in that poem, in characters after `normalised`.
    """

    poem: int
    offset: int


def normalised(text: str) -> str:
    """A text as its runs are compared: white space is one space, and none stands around it."""
    return " ".join(text.split())


class PassageIndex:
    """The runs of the poems of a text; a run is not longer than the poem it stands in.

    Args:
        arrays: The index as it lies in a file.

    Attributes:
        corpus: Digest of the corpus.
        alphabet: Its characters.
        longest_run: Characters of a run that the index tells apart.
        empty: The run of no characters.
    """

    def __init__(self, arrays: PassageArrays) -> None:
        self.corpus = arrays.corpus
        self.alphabet = arrays.alphabet
        self.longest_run = arrays.longest_run
        self._arrays = arrays
        self._symbols = {character: symbol for symbol, character in enumerate(arrays.alphabet, 1)}
        self._firsts = arrays.firsts.tolist()
        self._following: memoryview[int] = arrays.following.data
        self._shared = arrays.shared
        self._space = self._symbols.get(_SPACE, NO_SYMBOL)
        self.empty = Run(0, 0, len(arrays.shared))

    @classmethod
    def build(
        cls,
        poems: Iterable[str],
        *,
        numbers: Sequence[int] = (),
        corpus: str = "",
        longest_run: int = LONGEST_RUN,
    ) -> Self:
        """Index the runs of some poems.

        Args:
            poems: The poems; those that hold nothing but white space are left out.
            numbers: Which poems of their corpus they are; 1, 2, 3 ... when none are given.
            corpus: Digest of that corpus.
            longest_run: Characters of a run that are told apart; at most `LONGEST_RUN`.

        Raises:
            CorpusError: They are too long together, or there are none.
        """
        numbered = [
            (number, text)
            for number, text in zip(
                numbers or itertools.count(1), map(normalised, poems), strict=bool(numbers)
            )
            if text
        ]
        arrays = index_texts(
            [text for _, text in numbered],
            [number for number, _ in numbered],
            corpus=corpus,
            longest_run=longest_run,
        )
        return cls(arrays)

    def write(self, path: Path) -> None:
        """Create or replace its file in one step; raises OSError as `files.replacing` does."""
        write_passages(path, self._arrays)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map an index into memory; raises CheckpointError when it cannot be used, or OSError."""
        return cls(read_passages(path))

    def symbol_of(self, character: str) -> int:
        """The symbol of a character; white space is a space, and others may have none."""
        return self._space if character.isspace() else self._symbols.get(character, NO_SYMBOL)

    def grown(self, run: Run, symbol: int) -> Run | None:
        """A run with one more character at its end; None where that stands nowhere.

        Args:
            run: Fewer than `longest_run` characters.
            symbol: The character; not `NO_SYMBOL`.
        """
        first, last = self._firsts[symbol], self._firsts[symbol + 1]
        start = bisect_left(self._following, run.start, first, last)
        stop = bisect_left(self._following, run.stop, start, last)
        return Run(run.length + 1, start, stop) if start < stop else None

    def after(self, run: Run, symbol: int, longest: int | None = None) -> Run:
        """The longest run that a text ends with, after one more character.

        Args:
            run: The longest run it ended with before.
            symbol: The character; `NO_SYMBOL` ends every run. A space after a space adds nothing.
            longest: Longer runs lose their beginning; at most `longest_run`, which None stands for.
        """
        if symbol == NO_SYMBOL:
            return self.empty
        if symbol == self._space and self._ends_in_space(run):
            return run
        most = self.longest_run if longest is None else longest
        run = self.shortened(run, most - 1)
        grown = self.grown(run, symbol)
        while grown is None and run.length > 0:
            run = self._next_shorter(run)
            grown = self.grown(run, symbol)
        return grown or self.empty

    def shortened(self, run: Run, length: int) -> Run:
        """The last characters of a run."""
        if run.length <= length:
            return run
        return Run(length, *self._rows_sharing(run, length)) if length > 0 else self.empty

    def followers(self, run: Run) -> npt.NDArray[np.intp]:
        """The symbols that stand after a run somewhere in the text, in order."""
        rows = self._arrays.next_symbols[run.start : run.stop]
        found = np.flatnonzero(np.bincount(rows))
        followers: npt.NDArray[np.intp] = found[found != NO_SYMBOL]
        return followers

    def runs_at_ends(self, text: str) -> Iterator[Run]:
        """For each character of a text, the longest run that ends with it, up to `longest_run`.

        Args:
            text: Should be `normalised`.
        """
        run = self.empty
        for symbol in map(self.symbol_of, text):
            run = self.after(run, symbol)
            yield run

    def passages_at_ends(self, text: str) -> Iterator[Passage]:
        """For each character of a text, the longest run that ends with it, however long.

        Args:
            text: Should be `normalised`.
        """
        long: dict[int, int] = {}
        for run in self.runs_at_ends(text):
            ends = self._arrays.ends[run.start : run.stop]
            if run.length < self.longest_run:
                long = {}
                yield Passage(run.length, ends)
                continue
            # Rows tell no more apart, but few places are left, and each can be followed on.
            long = {end: long.get(end - 1, run.length - 1) + 1 for end in ends.tolist()}
            longest = max(long.values())
            those = [end for end, length in long.items() if length == longest]
            yield Passage(longest, np.array(those, ends.dtype))

    def where(self, text: str) -> list[Occurrence]:
        """All places where a run of any length stands, in the order of the text.

        Args:
            text: The run, not empty; `normalised`, but that a space may stand at either end.
        """
        (passage,) = deque(self.passages_at_ends(text), maxlen=1)
        return self.occurrences(passage) if passage.length == len(text) else []

    def entropy(self) -> float:
        """What a character tells on average, in bits, by how often each stands in the text."""
        counts = np.diff(self._firsts)[1:]
        shares = counts / counts.sum()
        return -float((shares * np.log2(shares)).sum())

    def occurrences(self, passage: Passage) -> list[Occurrence]:
        """All places where a passage stands, in the order of the text."""
        ends = np.sort(passage.ends).astype(np.int64)
        poems = np.searchsorted(self._borders, ends) - 1
        offsets = ends - passage.length - self._borders[poems]
        numbers = self._arrays.poems[poems]
        return list(map(Occurrence, numbers.tolist(), offsets.tolist()))

    @cached_property
    def _borders(self) -> npt.NDArray[np.int64]:
        """Where in the text each poem has the symbol before it."""
        return np.sort(self._arrays.ends[: self._firsts[1]]).astype(np.int64)

    def _ends_in_space(self, run: Run) -> bool:
        space = self._space
        return run.length > 0 and self._firsts[space] <= run.start < self._firsts[space + 1]

    def _next_shorter(self, run: Run) -> Run:
        """The run without its beginning, shorter by as little as makes it stand elsewhere too."""
        after = int(self._shared[run.stop]) if run.stop < len(self._shared) else 0
        length = min(run.length - 1, max(int(self._shared[run.start]), after))
        return self.shortened(run, length)

    def _rows_sharing(self, run: Run, length: int) -> tuple[int, int]:
        """The rows that begin with the same so many symbols as those of a run."""
        if length == 1:
            symbol = bisect_right(self._firsts, run.start) - 1
            return self._firsts[symbol], self._firsts[symbol + 1]
        start = run.start - _steps_until_below(self._shared[run.start :: -1], length)
        stop = run.stop + _steps_until_below(self._shared[run.stop :], length)
        return start, stop


def _steps_until_below(shared: Numbers, length: int) -> int:
    """How many rows come before the first that shares less."""
    begin, look = 0, _FIRST_LOOK
    while begin < len(shared):
        below = shared[begin : begin + look] < length
        first = int(below.argmax())
        if below[first]:
            return begin + first
        begin, look = begin + look, 8 * look
    return len(shared)
