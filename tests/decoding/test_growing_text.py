import gc
import sys

from hypothesis import given
from hypothesis import strategies as st

from charrnn.decoding.hypothesis import LONGEST_END, GrowingText


def grown(*parts: str) -> GrowingText:
    text = GrowingText()
    for part in parts:
        text = text.followed_by(part)
    return text


@given(st.lists(st.text("ab \n", max_size=2 * LONGEST_END), max_size=6), st.integers(1, 10**30))
def test_it_is_what_a_plain_text_would_be(parts: list[str], count: int) -> None:
    plain = "".join(parts)
    text = grown(*parts)
    assert str(text) == plain
    assert text.blank == (not plain.strip())
    assert text.last(count) == plain[-count:]
    assert text.last(3) == plain[-3:]


def test_the_text_before_stays_as_it_was() -> None:
    first = grown("moon")
    one, other = first.followed_by("light"), first.followed_by("less")
    assert (str(first), str(one), str(other)) == ("moon", "moonlight", "moonless")


def test_a_longer_text_shares_all_but_its_short_end() -> None:
    text = grown("x" * 100_000)
    for _ in range(3 * LONGEST_END):
        longer = text.followed_by("y")
        assert len(longer.end) < LONGEST_END
        assert longer.before is text.before or (longer.end == "" and longer.before is not None)
        text = longer


def test_many_characters_take_little_more_than_the_memory_of_characters() -> None:
    text = grown(*["x" * 10] * 10_000)
    size, piece = 0, text
    while piece is not None:
        size += sys.getsizeof(piece.end) + sys.getsizeof(piece)
        piece = piece.before
    assert size < 150_000


def test_a_long_chain_is_taken_apart_without_harm() -> None:
    text = GrowingText()
    for _ in range(100_000):
        text = GrowingText("x", text)
    assert text.last(10**6) == "x" * 100_000
    del text
    gc.collect()
