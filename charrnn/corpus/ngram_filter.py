"""The set of character n-grams of a text, as a filter from which the text cannot be restored.

It is a Bloom filter (Bloom, 1970) with all bits of an n-gram in one word of 64 bits, so that a
look-up reads memory once (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom
filters", 2007). N-grams of the text are always found, and others with a probability of about 0.6 %.
A run of white space counts as one space. No n-gram spans two poems.

The file has a header (magic, version, n, words, SHA-256 of the corpus), a CRC-32 of header and
words, and the words, all little-endian. It is mapped into memory and checked whole, so that no change
of it turns the guard off; that takes 2 ms for 5 MB, where SHA-256 takes 12. After 11 letters of the
text, the filter allows one to ten continuations by 12 letters, and hundreds by 25. A known passage
can still be looked up.

n is 12 for letters and 6 for characters that are like words. Of the n-grams that the bundled
networks write, 12 % (shakespeare) and 0.4 % (tang) are in the training text. With the default
limits, 102 of 63,600 and none of 22,600 characters end a run that is too long; 22 of them are real
copies.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.atomic_files import replacing
from charrnn.checkpoint.record import RunRecord
from charrnn.checkpoint.regular_files import open_regular
from charrnn.corpus.layout import Spans, neighbours
from charrnn.corpus.store import blocks, pieces
from charrnn.errors import CheckpointError, CorpusError

if TYPE_CHECKING:
    from charrnn.corpus.loading import Corpus

N_OF_LETTERS: Final = 12
N_OF_WORDS: Final = 6
"""For scripts such as Chinese, in which a character carries as much information as a word."""

MOST_NGRAMS: Final = 100_000_000
"""Most n-grams of a filter, whose file has 175 MB then."""

_BITS_OF_NGRAM: Final = 14

MOST_WORDS: Final = MOST_NGRAMS * _BITS_OF_NGRAM // 64 + 1

MULTIPLIER: Final = 0x9E3779B97F4A7C15
"""The hash of c1 ... cn is the sum of ci * MULTIPLIER ** (n - i), modulo 2 ** 64."""

WORD: Final = (1 << 64) - 1

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_HashT = TypeVar("_HashT", int, Hashes)

_MAGIC: Final = b"CHRNGRAM"
_VERSION: Final = 2
_HEADER: Final = struct.Struct("<8sIIQ32s")
_CHECKSUM: Final = struct.Struct("<Q")
_MIXERS: Final = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_POEM_END: Final = "\n"
_WHITE_SPACE: Final = re.compile(r"\s+")
_FIRST_CJK: Final = "\u2e80"


def folded(text: str) -> str:
    """A text with one space for each run of white space, and none around it."""
    return " ".join(text.split())


class NgramFilter:
    """The n-grams of a text, n at least 2, as `(words,)` uint64 bits.

    `corpus` is the SHA-256 of the corpus in hexadecimal.
    """

    def __init__(self, n: int, corpus: str, words: Hashes) -> None:
        self.n = n
        self.corpus = corpus
        self._words = words

    @classmethod
    def build(cls, texts: Iterable[str], n: int, *, most: int, corpus: str) -> Self:
        """Build the filter of folded texts, which have a line end between two poems.

        `most` is an upper limit for the number of n-grams.
        """
        words = np.zeros(max(1, -(-most * _BITS_OF_NGRAM // 64)), np.uint64)
        for text in texts:
            hashes, within = _ngrams(text, n)
            places, bits = _bits(hashes[within], len(words))
            np.bitwise_or.at(words, places, bits)
        return cls(n, corpus, words)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a filter into memory.

        Raises:
            CheckpointError: The file is damaged, of another version, or not a filter.
            OSError: The file is missing or cannot be read.
        """
        with open_regular(path, _HEADER.size + _CHECKSUM.size + 8 * MOST_WORDS) as file:
            is_empty = os.fstat(file.fileno()).st_size == 0  # There is nothing to map then.
            content = np.zeros(0, np.uint8) if is_empty else np.memmap(file, np.uint8, "r")
        header, stored = content[: _HEADER.size].tobytes(), content[_HEADER.size :]
        words = stored[_CHECKSUM.size :]
        if len(header) < _HEADER.size or not header.startswith(_MAGIC):
            raise CheckpointError(f"{path} is not an n-gram filter.")
        _, version, n, count, digest = _HEADER.unpack(header)
        if version != _VERSION:
            raise CheckpointError(
                f"{path} has version {version}, and this charrnn reads version {_VERSION}."
            )
        checksum = _CHECKSUM.pack(zlib.crc32(words.data, zlib.crc32(header)))
        if (
            len(words) != 8 * count
            or not (2 <= n < 256 and count)
            or stored[: _CHECKSUM.size].tobytes() != checksum
        ):
            raise CheckpointError(f"{path} was changed or cut short.")
        return cls(n, digest.hex(), words.view(np.ndarray).view(np.dtype("<u8")))

    def write(self, path: Path) -> None:
        """Create or replace the file in one step; raises OSError."""
        digest = bytes.fromhex(self.corpus)
        header = _HEADER.pack(_MAGIC, _VERSION, self.n, len(self._words), digest)
        words = self._words.astype("<u8", copy=False).data
        with replacing(path) as temporary, temporary.open("wb") as file:
            file.write(header)
            file.write(_CHECKSUM.pack(zlib.crc32(words, zlib.crc32(header))))
            file.write(words)

    def holds(self, ngram: int) -> bool:
        """Whether an n-gram is in the text, by its hash."""
        place, bits = _bits(ngram, len(self._words))
        return int(self._words[place]) & bits == bits

    def holds_each(self, ngrams: Hashes) -> Mask:
        """The same for an array of hashes."""
        places, bits = _bits(ngrams, len(self._words))
        found: Mask = self._words[places] & bits == bits
        return found

    def hits(self, text: str) -> Mask:
        """Whether each n-gram of a folded poem is in the text, `(length - n + 1,)`."""
        return self.holds_each(_ngrams(text, self.n)[0])


def filter_of_training_split(corpus: "Corpus", record: RunRecord) -> NgramFilter:
    """Build the filter of the training split of a run; raises CorpusError if it is too long."""
    n = _n_of(record.vocabulary)
    # Writing reads filters and never makes one, so it starts without the modules that read texts.
    from charrnn.corpus.splitting import split_corpus

    spans = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_split
    ).training
    lengths = (rows[:, 1] - rows[:, 0] for rows in blocks(spans))
    most = sum(int((some - n + 1).clip(min=0).sum()) for some in lengths)
    if most > MOST_NGRAMS:
        raise CorpusError(
            f"{corpus.name} has {most:,} n-grams, and a filter has at most {MOST_NGRAMS:,}."
        )
    return NgramFilter.build(_texts(corpus, spans, n), n, most=most, corpus=corpus.digest)


def _n_of(vocabulary: Sequence[str]) -> int:
    like_words = sum(character >= _FIRST_CJK for character in vocabulary)
    return N_OF_WORDS if 2 * like_words > len(vocabulary) else N_OF_LETTERS


def _texts(corpus: "Corpus", spans: Spans, n: int) -> Iterator[str]:
    """Folded poems, several in one text; a long poem in pieces that overlap by n - 1 characters."""
    for group in neighbours(spans):
        start, stop = int(group[0, 0]), int(group[-1, 1])
        if len(group) > 1:
            text = corpus.text[start:stop]
            yield _POEM_END.join(folded(text[one:end]) for one, end in (group - start).tolist())
            continue
        tail = ""
        for piece in pieces(corpus.text, start, stop):
            text = _WHITE_SPACE.sub(" ", tail + piece)
            yield text
            tail = text[1 - n :]


def _ngrams(text: str, n: int) -> tuple[Hashes, Mask]:
    """`(length - n + 1,)` hashes of the n-grams of a text, and which lie within one poem."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    count = max(0, len(points) - n + 1)
    hashes = np.zeros(count, np.uint64)
    within = np.ones(count, np.bool_)
    for offset in range(n):
        some = points[offset : offset + count]
        hashes = hashes * MULTIPLIER + some
        within &= some != ord(_POEM_END)
    return hashes, within


def _bits(hashes: _HashT, words: int) -> tuple[_HashT, _HashT]:
    """The index of the word of each hash, and its bits: five, of which some may coincide."""
    one, other = _MIXERS
    mixed = (hashes ^ (hashes >> 32)) * one & WORD
    mixed = mixed ^ (mixed >> 29)
    drawn = mixed * other & WORD
    bits = 1 << (drawn >> 58)
    for shift in (52, 46, 40, 34):
        bits = bits | 1 << ((drawn >> shift) & 63)
    return mixed % words, bits  # type: ignore[return-value]
