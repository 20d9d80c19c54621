from types import SimpleNamespace

import pytest

from charrnn.decoding.endings import MARGIN, Ending, ends_sentence
from charrnn.decoding.hypothesis import GrowingText
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM


def allows(layout, text, written):
    hypothesis = SimpleNamespace(written=GrowingText().followed_by(text), generated=written)
    return Ending(layout).allows(hypothesis)


@pytest.mark.parametrize(
    "text", ["to sea.\n", "to sea. ", 'he said "no!" ', "月。", "“月。”", "月！"]
)
def test_continuous_text_stops_with_a_sentence(text):
    assert allows("text", text, LENGTH_OF_TEXT)
    assert not allows("text", text, LENGTH_OF_TEXT - 1)


@pytest.mark.parametrize("text", ["to sea.", "3.1", "to sea, ", "to sea\n", "月，", "sea"])
def test_it_does_not_stop_within_one(text):
    assert not allows("text", text, LENGTH_OF_TEXT)


def test_it_waits_for_a_line_end_and_at_last_for_the_end_of_a_word():
    assert allows("text", "to sea\n", LENGTH_OF_TEXT + MARGIN)
    assert not allows("text", "to sea ", LENGTH_OF_TEXT + MARGIN)
    assert allows("text", "to sea ", LONGEST_POEM - 1)
    assert not allows("text", "to sea", LONGEST_POEM - 1)


def test_a_poem_that_is_too_long_stops_at_the_end_of_a_line():
    assert not allows("blocks", "to sea.\n", LENGTH_OF_TEXT)
    assert allows("blocks", "to sea\n", LONGEST_POEM - MARGIN)
    assert not allows("blocks", "to sea", LONGEST_POEM - MARGIN)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("the sea.", True), ('"the sea!"\n', True), ("月。”", True), ("the sea", False), ("", False)],
)
def test_the_end_of_a_sentence_is_seen_through_closing_marks(text, ends):
    assert ends_sentence(text) == ends
