"""Converts Chinese verse to traditional characters, and tells the script of a text.

A simplified character may stand for several traditional ones (后 for 後 and 后). Each takes the one
that is commonest in verse, but in the phrases listed here another one.
"""

import functools
import re
from collections.abc import Iterable
from typing import Final

from charrnn.corpus.chinese_script import (
    only_simplified,
    only_traditional,
    simplify,
    traditional_forms,
)
from charrnn.settings.configuration import Script

_USUAL: Final = dict(
    pair.split("=")
    for pair in [
        "为=為",
        "里=裡",
        "峰=峰",
        "群=群",
        "众=眾",
        "床=床",
        "启=啟",
        "灶=灶",
        "干=乾",
        "斗=斗",
        "钟=鐘",
        "系=繫",
        "征=征",
        "占=占",
        "郁=郁",
        "御=御",
        "谷=谷",
        "咸=咸",
        "只=只",
        "几=幾",
        "游=遊",
        "吁=吁",
        "才=才",
        "凄=淒",
        "虫=蟲",
        "冲=沖",
        "栗=栗",
        "熏=熏",
        "闲=閑",
        "艳=艷",
        "愿=願",
        "尸=尸",
        "涂=塗",
        "凶=凶",
        "板=板",
        "唇=唇",
    ]
)
"""Characters whose commonest form in verse is not the first of the table."""

_PHRASES: Final = (
    ("后", "后", "太后 皇后 王后 母后 后妃 后土 后稷 后羿 后皇"),
    ("余", "余", "嗟余 伊余 顾余 昔余 启余 起余 愁余 余亦 余独 余既"),
    ("云", "云", "云云 诗云 谁云 或云 皆云 自云 人云 不云 云何 云胡 云谁 云亡 岁云"),
    ("里", "里", "故里 帝里 乡里 邻里 闾里 田里 蒿里 下里 道里 里闾 里巷 里人 里门 里社 余里"),
    ("里", "里", "万里 千里 百里 十里 九里 八里 七里 六里 五里 四里 三里 二里 一里 两里 数里 几里"),
    ("发", "髮", "白发 华发 鬓发 鹤发 玄发 结发 散发 素发 齿发 毛发 短发 衰发 霜发 黄发 黑发 绿发"),
    ("发", "髮", "头发 怒发 披发 束发 握发 须发 丝发 发白 发短 发稀 发如 发垂 理发 沐发 晞发"),
    ("干", "干", "阑干 栏干 江干 桑干 长干 公干 相干 若干 干戈 干将 干禄 干谒 干戚 干旄 干羽 干云"),
    ("干", "幹", "枝干 树干 老干 劲干 霜干 孤干 贞干"),
    ("斗", "鬥", "战斗 争斗 格斗 斗鸡 斗草 斗百草"),
    ("钟", "鍾", "龙钟 千钟 万钟 钟山 钟情 钟期"),
    ("系", "系", "世系 帝系"),
    ("征", "徵", "宫征 征求 征召 征士"),
    ("郁", "鬱", "郁郁 忧郁 沉郁 郁结 葱郁 郁葱 郁陶"),
    ("御", "禦", "御寒 御冬 御敌 御侮 备御"),
    ("谷", "穀", "五谷 米谷 嘉谷 禾谷 谷雨 布谷"),
    ("咸", "鹹", "酸咸 咸酸 咸潮"),
    ("只", "隻", "一只 只影 影只 只手 只轮 双只"),
    ("几", "几", "隐几 凭几 几案 几席 净几 几杖"),
    ("游", "游", "游鱼 游泳 上游 中游 下游"),
    ("台", "台", "天台 台州"),
    ("冲", "衝", "冲天 冲斗 冲冠 冲波"),
    ("于", "于", "单于 于阗 于归 于飞"),
    ("并", "并", "并州 并刀"),
    ("丑", "丑", "癸丑 乙丑 辛丑 丁丑 己丑"),
    ("历", "曆", "历日 新历 旧历 玉历"),
    ("仆", "仆", "颠仆 僵仆"),
    ("舍", "捨", "不舍 取舍 难舍 舍身 舍生"),
    ("须", "鬚", "髭须 白须 须眉 虬须 须发 须鬓 霜须 长须"),
    ("术", "朮", "白术 苍术"),
    ("帘", "帘", "酒帘 青帘"),
    ("松", "鬆", "蓬松"),
    ("复", "複", "复道"),
)
"""A character, the form that it has in some phrases, and those phrases."""


def traditionalise(text: str) -> str:
    """Convert simplified Chinese to traditional, each character as is commonest in verse.

    The text keeps its length. Text that is traditional already should not be converted: its 云
    would become 雲.
    """
    converted = list(map(_usual_form, text))
    for character, form, phrases in _patterns():
        for match in phrases.finditer(text):
            for place, one in enumerate(match.group(1), match.start()):
                if one == character:
                    converted[place] = form
    return "".join(converted)


def in_script(text: str, script: Script) -> str:
    """A text in a script; unchanged if most of it is in that script already."""
    if script_of(text) == script:
        return text
    return traditionalise(text) if script == "traditional" else simplify(text)


def script_of(characters: Iterable[str]) -> Script | None:
    """The script of most of the characters that only one script has; None where there are none."""
    distinct = set(characters)
    simplified = sum(map(only_simplified, distinct))
    traditional = sum(map(only_traditional, distinct))
    if simplified == traditional:
        return None
    return "simplified" if simplified > traditional else "traditional"


@functools.cache
def _usual_form(character: str) -> str:
    return _USUAL.get(character) or next(iter(traditional_forms(character)), character)


@functools.cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    # A lookahead, so that phrases may overlap.
    return tuple(
        (character, form, re.compile(f"(?=({'|'.join(phrases.split())}))"))
        for character, form, phrases in _PHRASES
    )
