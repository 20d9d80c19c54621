"""Random Chinese forms, random sounds, and random things to demand of a poem."""

from typing import Any

from hypothesis import strategies as st

from charrnn.forms.chinese.sounds import TONES, Reading, SoundTable
from charrnn.forms.core.form import Form, Line
from tests.forms.chinese.toy_language import Asked, form

ENDINGS = st.sampled_from(["", "", "level", "oblique"])
READINGS = st.sampled_from(["any", "strict"])


@st.composite
def lines(draw: st.DrawFn, longest: int) -> Line:
    """A line with up to two patterns, or with up to two lengths."""
    rhyme: Any = draw(st.sampled_from(["", "A", "A", "B"]))
    ending: Any = draw(ENDINGS)
    if draw(st.booleans()):
        lengths = draw(st.lists(st.integers(1, longest), min_size=1, max_size=2, unique=True))
        return Line(lengths=tuple(lengths), rhyme=rhyme, ending=ending)
    length = draw(st.integers(1, longest))
    pattern = st.text("平仄中", min_size=length, max_size=length)
    patterns = draw(st.lists(pattern, min_size=1, max_size=2))
    return Line(lengths=(length,), pattern="|".join(patterns), rhyme=rhyme, ending=ending)


@st.composite
def forms(draw: st.DrawFn, longest: tuple[int, ...]) -> Form:
    """A form whose lines are at most so long, of up to three variants."""
    variant = st.tuples(*(lines(length) for length in longest))
    return form(*draw(st.lists(variant, min_size=1, max_size=3)))


@st.composite
def sounds(draw: st.DrawFn, characters: str) -> SoundTable:
    """How characters sound, some of them in several ways and some in none."""
    reading = st.builds(
        Reading, st.sampled_from(TONES), st.sampled_from(["甲", "乙", "甲", "乙", ""])
    )
    readings = st.frozensets(reading, max_size=3)
    return SoundTable("toy", {character: draw(readings) for character in characters})


@st.composite
def requirements(draw: st.DrawFn, characters: str, longest: tuple[int, ...]) -> Asked:
    """Some of what can be demanded of a poem; often nothing."""

    def maybe(strategy: st.SearchStrategy[str]) -> str:
        return draw(strategy) if draw(st.integers(0, 3)) == 0 else ""

    word = st.text(characters, min_size=1, max_size=2)
    position: Any = draw(st.sampled_from(["start", "end"]))
    return Asked(
        acrostic=maybe(st.text(characters, max_size=len(longest))),
        acrostic_at=position,
        must=tuple(draw(st.lists(word, max_size=2))) if draw(st.booleans()) else (),
        rhyme_with=maybe(st.sampled_from(characters)),
        first_line=maybe(st.text(characters, min_size=1, max_size=longest[0])),
        readings=draw(READINGS),
    )
