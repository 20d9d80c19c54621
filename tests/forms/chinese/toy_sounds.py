"""A few characters and how they sound, so that tests need no rhyme book."""

from charrnn.forms.chinese.sounds import Reading, SoundTable

_LEVEL = {"东": "东风中空红", "删": "山间还颜", "先": "天年边前", "": "云江花春"}
_OBLIQUE = {"月": "月发", "送": "梦凤", "": "夜雨日水"}
_EITHER = {"看": ("寒", "翰"), "重": ("冬", "宋")}

TOY = SoundTable(
    "toy",
    {
        **{one: frozenset({Reading("平", key)}) for key, ones in _LEVEL.items() for one in ones},
        **{one: frozenset({Reading("仄", key)}) for key, ones in _OBLIQUE.items() for one in ones},
        **{
            one: frozenset({Reading("平", level), Reading("仄", oblique)})
            for one, (level, oblique) in _EITHER.items()
        },
    },
)
"""云 and 月 are in one tone only, 看 and 重 in both, and 鱼 is not known."""
