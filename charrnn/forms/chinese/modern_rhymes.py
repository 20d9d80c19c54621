"""The rhymes of today's Mandarin, which follow from how a syllable is spelled in pinyin."""

import functools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from charrnn.errors import FormError
from charrnn.forms.chinese.sounds import TONES, Reading

FINALS: Final[dict[str, dict[str, str]]] = {
    "xinyun": {
        "麻": "a ia ua",
        "波": "o e uo",
        "皆": "ê ie üe",
        "开": "ai uai",
        "微": "ei uei",
        "豪": "ao iao",
        "尤": "ou iou",
        "寒": "an ian uan üan",
        "文": "en in uen ün",
        "唐": "ang iang uang",
        "庚": "eng ing ueng ong iong",
        "齐": "i ü er",
        "支": "-i",
        "姑": "u",
    },
    "tongyun": {
        "啊": "a ia ua",
        "喔": "o uo",
        "鹅": "e ê ie üe",
        "衣": "i -i",
        "乌": "u",
        "迂": "ü",
        "哀": "ai uai",
        "欸": "ei uei",
        "熬": "ao iao",
        "欧": "ou iou",
        "安": "an ian uan üan",
        "恩": "en in uen ün",
        "昂": "ang iang uang",
        "英": "eng ing ueng",
        "雍": "ong iong",
        "儿": "er",
    },
}
"""中华新韵 (中华诗词学会, 2005; 14 classes) and 中华通韵 (state standard of 2019; 16), by final."""

_HISSING: Final = {"zh", "ch", "sh", "r", "z", "c", "s"}
"""Initials after which i is another sound, written -i above."""


CURRENT: Final = 0.05
"""Share of the words with a character that a reading of it has today; older ones are rarer."""


class PinyinSounds:
    """Readings by pinyin: the first and second tones are level, the third and fourth oblique.

    Args:
        name: `xinyun` or `tongyun`.
        pronunciations: Syllables by code point, commas between them: `{0x82b1: "huā"}`.
        spelling: The module `pypinyin.contrib.tone_convert`.
    """

    def __init__(self, name: str, pronunciations: dict[int, str], spelling: Any) -> None:
        self.name = name
        self._pronunciations = pronunciations
        self._spelling = spelling
        self._classes = {
            final: rhyme for rhyme, finals in FINALS[name].items() for final in finals.split()
        }
        self.readings = functools.cache(self._readings)

    @classmethod
    def open(cls, name: str) -> "PinyinSounds":
        """The sounds of a modern rhyme book; raises FormError where pypinyin is missing."""
        try:
            from pypinyin.constants import PINYIN_DICT
            from pypinyin.contrib import tone_convert
            from pypinyin.phrases_dict import phrases_dict
        except ImportError as error:
            raise FormError(
                f"the rhyme book {name} needs the package pypinyin; install it with "
                'pip install "charrnn[chinese]", or name a table of your own.'
            ) from error
        return cls(name, PINYIN_DICT | _current(phrases_dict), tone_convert)

    def _readings(self, character: str) -> frozenset[Reading]:
        """The readings of a character; a light tone counts only where there is no other."""
        syllables = self._pronunciations.get(ord(character), "").split(",")
        found = [(tone, rhyme) for tone, rhyme in map(self._sound, syllables) if rhyme]
        full = [(tone, rhyme) for tone, rhyme in found if tone != "5"] or found
        return frozenset(
            Reading(tone, rhyme)
            for number, rhyme in full
            for tone in (TONES if number == "5" else (TONES[number in "34"],))
        )

    def _sound(self, syllable: str) -> tuple[str, str]:
        """Number of the tone of a syllable, 5 for the light one, and its class or nothing."""
        if not syllable:
            return "", ""
        spelling = self._spelling
        final = spelling.to_finals(syllable, strict=True, v_to_u=True)
        if final == "i" and spelling.to_initials(syllable, strict=True) in _HISSING:
            final = "-i"
        numbered = spelling.to_tone3(syllable, neutral_tone_with_five=True)
        return numbered[-1], self._classes.get(final, "")


def _current(words: Mapping[str, Sequence[Sequence[str]]]) -> dict[int, str]:
    """The syllables of characters as words of today have them, by code point.

    Args:
        words: Words, and for each of their characters its syllables, of which the first counts.
    """
    heard: dict[str, Counter[str]] = defaultdict(Counter)
    for word, syllables in words.items():
        for character, (syllable, *_) in zip(word, syllables, strict=False):
            heard[character][syllable] += 1
    return {
        ord(character): ",".join(
            syllable
            for syllable, count in counts.most_common()
            if count >= CURRENT * counts.total()
        )
        for character, counts in heard.items()
    }
