"""The lines of a Chinese poem, and the tones and rhymes of characters."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol, get_args

from charrnn.checkpoint.directory import SOUNDS_FILE, Checkpoint
from charrnn.corpus.chinese_script import simplified_forms, traditional_forms
from charrnn.errors import FormError
from charrnn.forms.core.language import open_table

BREAKS: Final = "，。？！；：,.?!;:"
"""Punctuation that ends a line of verse, as white space does."""

PASSED_OVER: Final = "、·・…—～~-–\"'“”‘’「」『』《》〈〉（）()【】[]"
"""Punctuation within a line, which is ignored."""

_SILENT: Final = re.compile(f"[{re.escape(PASSED_OVER)}\u200b\ufeff\ufe00-\ufe0f]")
_BREAK: Final = re.compile(rf"[{re.escape(BREAKS)}\s]+")

_HAN: Final = re.compile(
    "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f\U00030000-\U000323af]+"
)


def verse_lines(text: str) -> list[str]:
    """The lines of verse, between punctuation or line ends; other characters stay."""
    return [line for line in _BREAK.split(_SILENT.sub("", text)) if line]


def is_han(text: str) -> bool:
    """Whether a character, or each of a text, is Chinese, by the blocks of Unicode 15."""
    return _HAN.fullmatch(text) is not None


Tone = Literal["平", "仄"]

TONES: Final[tuple[Tone, ...]] = get_args(Tone)

TONE_OF_MARK: Final[dict[str, Tone]] = {"平": "平", "仄": "仄", "level": "平", "oblique": "仄"}
"""The tone that a mark of a pattern, or the ending of a line, requires; others require none."""

_STEPS: Final = 3
"""Steps from a character over its variants to one in a table."""

_OTHER_GLYPHS: Final = """
爲為 疎疏 劒劍 猨猿 簷檐 鬬鬥 啓啟 堤隄 斾旆 棹櫂 蘂蕊 幷并 樽尊 罇尊 堦階 逕徑 沉沈 臯皋
珮佩 飜翻 髪髮 秪祇 秖祇 暎映 倏儵 搗擣 着著 隣鄰 妬妒 檝楫 呌叫 牋箋 顇悴 巵卮 污汙 汚汙
逈迥 顦憔 鏁鎖 珪圭 鵶鴉 髣仿 浣澣 緜綿 鉢缽 坂阪 缾瓶 讐讎 栢柏 忻欣 壠隴 棃梨 盞琖 壻婿
碁棋 粧妝 鸎鶯 筯箸 帬裙 牕窗 窓窗 趂趁 藂叢 粗麤 邨村 懽歡 飡餐 虵蛇 輭軟 悮誤 峩峨 舃舄
欵款 穉稚 効效 衞衛 鼈鱉 怱匆 擡抬 溪谿 衆眾 徴徵 輙輒 畧略 胷胸 湼涅 筭算 廐廄 轝輿 勅敕
嶤嶢 塲場 厓崖 恡吝 襃褒 瓌瑰 尅剋 敧欹 攲欹 鉏鋤 菓果 礀澗 磵澗 蕚萼 恓棲 慙慚 徧遍 竝並
覩睹 廻回 迴回 髴彿 椀碗 盌碗 跡迹 蹟迹 亘亙 葱蔥 羣群 却卻 歘欻 鹚鶿 嵓嵒 斵斲 隟隙 撃擊
頳赬 鳯鳳 麄麤 颕穎 陁陀 翺翱 倂併 羗羌 蟇蟆 緫總 崪崒 刼劫 倐倏 躭耽 塼磚 駈驅 覊羈 濶闊
澘潸 箆篦 墖塔 笻筇 氊氈 覔覓 憇憩 葅菹 畊耕 踈疎 敍敘 髠髡 狥徇 餙飾 飚飆 毶毿 嘿默 徭傜
啣銜 抝拗 蒭芻 嫦姮 犂犁 鷰燕 嗁啼 悤怱 窻窗 皐皋 匳奩 謌歌 澁澀 瑯琅 甎磚 箒帚 鄽廛 顋腮
韈襪 韤襪 蹏蹄 蜨蝶 袵衽 壍塹 僞偽 椶棕 粘黏 蠭蜂 鲙膾 鞵鞋 舡船 缰韁 駞駝 鰕蝦 捍扞 岗岡
崗岡
"""
"""Pairs of a glyph of old prints and the one in tables, beside differences of script."""


class Reading(NamedTuple):
    """One reading of a character: its tone, and its rhyme class ("" if only the tone is known)."""

    tone: Tone
    rhyme: str = ""


class ChineseSounds(Protocol):
    """Knows the readings of characters."""

    @property
    def name(self) -> str:
        """Its name in output: "pingshui"."""
        ...

    def readings(self, character: str) -> frozenset[Reading]:
        """All readings of a character; none if it is unknown."""
        ...


def tones(sounds: ChineseSounds, character: str) -> frozenset[Tone]:
    """The tones that a character can have; none if it is unknown."""
    return frozenset(reading.tone for reading in sounds.readings(character))


def rhymes(sounds: ChineseSounds, character: str, tone: Tone | None = None) -> frozenset[str]:
    """The rhyme classes of a character, in one tone or in both."""
    return frozenset(
        reading.rhyme
        for reading in sounds.readings(character)
        if reading.rhyme and tone in {None, reading.tone}
    )


@dataclass(frozen=True, slots=True)
class SoundTable:
    """Readings from a table.

    A simplified character has the readings of all its traditional forms, and an unknown variant
    those of its other forms.
    """

    name: str
    table: Mapping[str, frozenset[Reading]]

    def readings(self, character: str) -> frozenset[Reading]:
        """All readings of a character; none if the table has no variant of it."""
        found = self._joint({character, *traditional_forms(character)})
        forms = {character}
        for _ in range(_STEPS):
            if found:
                break
            forms = {other for form in forms for other in _other_forms(form)}
            found = self._joint(forms)
        return found

    def _joint(self, characters: Iterable[str]) -> frozenset[Reading]:
        known = (self.table[character] for character in characters if character in self.table)
        return frozenset().union(*known)


def _other_forms(character: str) -> frozenset[str]:
    return frozenset(
        (
            *simplified_forms(character),
            *traditional_forms(character),
            *_glyphs().get(character, ()),
        )
    )


@functools.cache
def _glyphs() -> dict[str, str]:
    return {pair[0]: pair[1] for pair in _OTHER_GLYPHS.split()}


LEARNED: Final = "learned"
"""Name of sounds that were learned from poems."""

CERTAIN_SHARE: Final = 0.95
"""Share of the occurrences in one tone from which on a character has only that tone."""

FEWEST_PLACES: Final = 3
"""Least number of occurrences that tell the tone of a character."""

FEWEST_OF_SECOND: Final = 2
"""Least number of occurrences in another tone that tell that a character has it too."""


@dataclass(frozen=True, slots=True)
class LearnedSounds:
    """Sounds that were learned from regular poems.

    Attributes:
        poems: The number of poems.
        places: For each character, how often it stood in a level and in an oblique position.
        classes: Rhyme classes of each tone, most frequent characters first; they may overlap.
        corpus: Digest of the corpus; "" if unknown.
    """

    poems: int
    places: Mapping[str, tuple[int, int]]
    classes: Mapping[Tone, tuple[str, ...]]
    corpus: str = ""

    def __post_init__(self) -> None:
        """Refuse negative counts and unknown tones with a FormError."""
        counts = (count for pair in self.places.values() for count in pair)
        if self.classes.keys() != set(TONES) or min(counts, default=0) < 0:
            raise FormError(
                f"learned sounds have classes of {' and '.join(TONES)}, and counts at least 0."
            )

    def sounds(self, name: str = LEARNED) -> SoundTable:
        """The readings of all characters whose tone is known; a rare one has that of its rhymes."""
        classes = self._named_classes()
        table: dict[str, frozenset[Reading]] = {}
        for character, places in self.places.items():
            rhyming = [tone for tone in TONES if character in classes[tone]]
            allowed = _allowed(places) if sum(places) >= FEWEST_PLACES else rhyming
            if allowed:
                table[character] = frozenset(
                    Reading(tone, name)
                    for tone in allowed
                    for name in classes[tone].get(character, ("",))
                )
        return SoundTable(name, table)

    def _named_classes(self) -> dict[Tone, dict[str, list[str]]]:
        """The classes of each character by tone, each named after a common member."""
        names: set[str] = set()
        named: dict[Tone, dict[str, list[str]]] = {}
        for tone in TONES:
            named[tone] = defaultdict(list)
            for members in self.classes[tone]:
                name = next((one for one in members if one not in names), members)
                names.add(name)
                for one in members:
                    named[tone][one].append(name)
        return named


def _allowed(places: tuple[int, int]) -> Sequence[Tone]:
    fewest = max(FEWEST_OF_SECOND, (1 - CERTAIN_SHARE) * sum(places))
    return [
        tone
        for tone, count in zip(TONES, places, strict=True)
        if count >= fewest or count == max(places)
    ]


def open_sounds(checkpoint: Checkpoint) -> LearnedSounds | None:
    """The learned sounds of a network, or None; CheckpointError if they are damaged."""
    return open_table(checkpoint, SOUNDS_FILE, LearnedSounds)
