"""Pronunciations: a dictionary, words derived from it, and guesses for the rest.

The dictionary is CMUdict in the data of the package eng-to-ipa (the extra `english`), which is not
imported. A file of the user has priority. Words of old verse are in archaic.txt, and elisions, which
count in a metre only, in elisions.txt.
"""

import functools
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from charrnn.errors import FormError
from charrnn.forms.english.inflection import derive, with_ending
from charrnn.forms.english.letter_to_sound import guess
from charrnn.forms.english.pronunciation import Pronunciation, parse_pronunciation
from charrnn.input_files import read_input

Origin = Literal["dictionary", "derived", "guessed"]
"""Where a pronunciation comes from: the dictionary, a related word, or the spelling."""

_SUPPLEMENT: Final = Path(__file__).with_name("archaic.txt")

_ELISIONS: Final = Path(__file__).with_name("elisions.txt")

_DICTIONARY: Final = ("eng_to_ipa", "resources", "CMU_dict.json")

_COMMENT: Final = re.compile(r";;;.*|#.*")

_FURTHER: Final = re.compile(r"\(\d+\)$")
"""Marks another pronunciation: READ(2)."""


_ABBREVIATION: Final = re.compile(r"(?!.*([fhmrsz])\1)[b-df-hj-np-tv-xz]{2,}")
"""Letters without a vowel, such as html; but shh and brr are said as they stand."""

_TRIPHTHONG: Final = re.compile(r"\b(A[YW][012]) ER0\b")

_VOWEL: Final = re.compile("[^b-df-hj-np-tv-xz]")

_SYLLABLE: Final = re.compile("[012]")

_ONE_VOWEL: Final = re.compile("[iy]r|our|oir")
"""Letters of desire and hour, which have a syllable less in speech too, unlike power."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The pronunciations of a word, at least one, the usual one first, and their origin."""

    pronunciations: tuple[Pronunciation, ...]
    origin: Origin


class Lexicon:
    """Words, in lower case, and their pronunciations as in CMUdict.

    Verse in a metre adds `elisions`: heaven, power as one syllable. None is a lexicon of speech,
    without them.
    """

    def __init__(
        self,
        entries: Mapping[str, Sequence[str]],
        elisions: Mapping[str, Sequence[str]] | None = MappingProxyType({}),
    ) -> None:
        self._entries = entries
        self._elisions = elisions
        self._known: dict[str, tuple[Pronunciation, ...]] = {}
        self._sounds: dict[str, Sound] = {}

    @functools.cached_property
    def without_elisions(self) -> "Lexicon":
        """The same words as in speech, for forms that count syllables without a metre."""
        return Lexicon(self._entries, None)

    def __contains__(self, word: object) -> bool:
        """Whether a word is an entry."""
        return word in self._entries

    def __iter__(self) -> Iterator[str]:
        """The entries."""
        return iter(self._entries)

    def pronunciations(self, word: str) -> tuple[Pronunciation, ...]:
        """The pronunciations of an entry; () for other words."""
        if word not in self._entries:
            return ()
        if word not in self._known:
            self._known[word] = tuple(map(parse_pronunciation, self._ways_of(word)))
        return self._known[word]

    def _ways_of(self, word: str) -> Iterable[str]:
        """The ways of an entry; fire, desire, and in verse power, may lose a syllable."""
        ways = [way.upper() for way in self._entries[word]]
        if self._elisions is not None:
            ways += self._elisions.get(word, ())
        elif not _ONE_VOWEL.search(word):
            return ways
        return dict.fromkeys((*ways, *(_TRIPHTHONG.sub(r"\1 R", way) for way in ways)))

    def sound(self, word: str) -> Sound:
        """The pronunciations of a word in lower case with straight apostrophes and a letter."""
        if word not in self._sounds:
            self._sounds[word] = self._find(word)
        return self._sounds[word]

    def _find(self, word: str) -> Sound:
        if known := self.pronunciations(word):
            return Sound(known, "dictionary")
        if derived := derive(word, self.pronunciations):
            return Sound(derived, "derived")
        stem, apostrophe, _ = word.rpartition("'")
        if stem and apostrophe:
            guessed = with_ending(word, lambda part: (self._guess(part),) if part == stem else ())
            if guessed:
                return Sound(guessed, "guessed")
        return Sound((self._guess(word),), "guessed")

    def _guess(self, word: str) -> Pronunciation:
        """A guess from the spelling; an abbreviation without vowels is spelt out."""
        letters = [self.pronunciations(letter) for letter in word]
        if _ABBREVIATION.fullmatch(word) and all(letters):
            return Pronunciation(tuple(phone for ways in letters for phone in ways[0].phones))
        return guess(word)


def open_lexicon(file: Path | None = None) -> Lexicon:
    """Open the lexicon; a `file` in the format of CMUdict has priority over the installed one.

    Raises:
        FormError: The file cannot be read; or there is none, and the extra is not installed.
    """
    installed = installed_dictionary()
    if installed is None and file is None:
        raise FormError(
            "English verse needs a dictionary of pronunciations, and none is installed: "
            "run pip install 'charrnn[english]', or give a file in the format of CMUdict with "
            "--lexicon FILE."
        )
    return _opened(installed, file, file and _stamp(file))


@functools.lru_cache(4)
def _opened(installed: Path | None, file: Path | None, stamp: object) -> Lexicon:
    """The lexicon, cached until the stamp of its file changes."""
    del stamp
    entries: dict[str, tuple[str, ...]] = {}
    if installed is not None:
        entries |= _read_installed(installed)
    elisions = {word: ways for word, ways in _elisions().items() if word in entries}
    for word, ways in words_of_old_verse().items():
        entries[word] = tuple(dict.fromkeys((*entries.get(word, ()), *ways)))
    if file is not None:
        own = read_pronunciations(file)
        entries |= own
        elisions = {word: ways for word, ways in elisions.items() if word not in own}
    return Lexicon(entries, elisions)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def installed_dictionary() -> Path | None:
    """The dictionary file of the extra `english`, or None."""
    package, *inside = _DICTIONARY
    found = importlib.util.find_spec(package)
    for place in (found and found.submodule_search_locations) or ():
        path = Path(place).joinpath(*inside)
        if path.is_file():
            return path
    return None


def read_pronunciations(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a file in the format of CMUdict, in UTF-8 or Latin-1.

    A line is a word and its phones; (2) after a word marks another pronunciation. Comments begin
    with ;;; or #.

    Raises:
        FormError: The file cannot be read, a line has no phones, or there are no words.
    """
    entries: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_lines(path), 1):
        word, *phones = _COMMENT.sub("", line).split() or [""]
        if not word:
            continue
        try:
            way = str(parse_pronunciation(" ".join(phones)))
        except ValueError as error:
            raise FormError(
                f"{path}, line {number}: {word} should be followed by its phones, such as "
                f"HH AH0 L OW1, not by {str(error) or 'nothing'}."
            ) from None
        word = _FURTHER.sub("", word).lower()
        entries[word] = tuple(dict.fromkeys((*entries.get(word, ()), way)))
    if not entries:
        raise FormError(f"{path} has no words; each line should be a word and its phones.")
    return entries


@functools.cache
def words_of_old_verse() -> Mapping[str, tuple[str, ...]]:
    """The bundled pronunciations of words that modern dictionaries lack."""
    return read_pronunciations(_SUPPLEMENT)


@functools.cache
def _elisions() -> Mapping[str, tuple[str, ...]]:
    return read_pronunciations(_ELISIONS)


def _lines(path: Path) -> list[str]:
    try:
        content = read_input(path)
    except OSError as error:
        raise FormError(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.splitlines()


def _as_words(word: str, ways: tuple[str, ...]) -> tuple[str, ...]:
    """The ways without U.S. for us, and others of more syllables than the word has vowels.

    An apostrophe counts as a vowel. Where all ways are so, as of prism, all stay.
    """
    vowels = len(_VOWEL.findall(word))
    return tuple(way for way in ways if len(_SYLLABLE.findall(way)) <= vowels) or ways


@functools.cache
def _read_installed(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        return {
            word: _as_words(word, tuple(ways)) if len(ways) > 1 else tuple(ways)
            for word, ways in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise FormError(
            f"{path} cannot be read ({error}): run pip install --force-reinstall eng-to-ipa."
        ) from None
