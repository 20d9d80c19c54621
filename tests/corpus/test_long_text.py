import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus import long_text, temporary
from charrnn.corpus.long_text import TextWriter, code_units, pieces, whole_lines

characters = st.sampled_from("ab\né诗𠀀")


@given(
    st.lists(st.text(characters, max_size=9), max_size=9),
    st.integers(0, 30),
    st.integers(1, 5),
    st.integers(-50, 50),
    st.integers(-50, 50),
)
def test_a_text_is_the_same_in_memory_and_in_a_file(parts, long, segment, start, stop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(temporary, "LONG", long)
        patch.setattr(long_text, "SEGMENT", segment)
        patch.setattr(long_text, "CHUNK", segment + 2)
        writer = TextWriter()
        for part in parts:
            writer.append(part)
        text, whole = writer.finish(), "".join(parts)
        assert isinstance(text, str) == (len(whole) <= long)
        assert len(text) == writer.length == len(whole)
        assert text[:] == whole
        assert text[start:stop] == whole[start:stop]
        assert "".join(pieces(text)) == whole
        lines = list(whole_lines(text, 0, len(text)))
        assert "".join(lines) == whole
        assert all(some.endswith("\n") for some in lines[:-1])


def test_a_wide_character_makes_its_own_segment_wide_and_no_other(monkeypatch):
    monkeypatch.setattr(temporary, "LONG", 0)
    monkeypatch.setattr(long_text, "SEGMENT", 100)
    stores = []
    really = long_text.TemporaryStore
    monkeypatch.setattr(long_text, "TemporaryStore", lambda: stores.append(really()) or stores[-1])
    writer = TextWriter()
    writer.append("a" * 100 + "诗" + "b" * 99 + "𠀀" + "é" * 149)
    text = writer.finish()
    assert stores[0].size == 100 + 200 + 400 + 50
    assert text[99:102] == "a诗b"
    assert text[199:203] == "b𠀀éé"


def test_a_stored_text_is_read_in_order_only(monkeypatch):
    monkeypatch.setattr(temporary, "LONG", 0)
    writer = TextWriter()
    writer.append("abc")
    with pytest.raises(ValueError, match="in order"):
        writer.finish()[::-1]


@given(st.text(st.characters(codec=None)))
def test_code_units_are_the_code_points(text):
    units = code_units(text)
    assert units.tolist() == list(map(ord, text))
    widest = max(map(ord, text), default=0)
    assert units.dtype == (np.uint8 if widest < 256 else np.uint16 if widest < 65536 else np.uint32)
