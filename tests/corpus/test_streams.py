import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import CorpusConfig
from charrnn.corpus.reading import corpus_from_text
from charrnn.corpus.streams import (
    EVALUATION_STREAMS,
    EVALUATION_WARM_UP,
    LONGEST_WINDOW,
    SHORTEST_EVALUATION_STREAM,
    SHORTEST_WINDOW,
    evaluation_streams,
    natural_window,
)


@given(length=st.integers(2, 70 * SHORTEST_EVALUATION_STREAM))
def test_every_character_but_the_first_is_counted_once(length: int) -> None:
    streams = evaluation_streams(np.arange(length, dtype=np.uint32))
    counted = streams.targets[streams.counted]
    np.testing.assert_array_equal(np.sort(counted), np.arange(1, length))
    assert len(streams.inputs) <= EVALUATION_STREAMS


def test_targets_are_the_characters_after_the_inputs() -> None:
    streams = evaluation_streams(np.arange(5000, dtype=np.uint32))
    np.testing.assert_array_equal(streams.targets, streams.inputs + 1)


def test_a_stream_warms_up_on_the_characters_before_its_cut() -> None:
    streams = evaluation_streams(np.arange(4 * SHORTEST_EVALUATION_STREAM + 1, dtype=np.uint32))
    second = streams.inputs[1]
    assert not streams.counted[1, :EVALUATION_WARM_UP].any()
    assert streams.counted[1, EVALUATION_WARM_UP:].all()
    np.testing.assert_array_equal(np.diff(second.astype(int)), 1)
    assert second[EVALUATION_WARM_UP] == SHORTEST_EVALUATION_STREAM


def test_a_short_text_is_one_stream_without_warm_up() -> None:
    streams = evaluation_streams(np.arange(100, dtype=np.uint8))
    assert streams.inputs.shape == (1, 99)
    assert streams.counted.all()


def window_of(poem: str, layout: str = "lines") -> int:
    text = "\n".join([poem] * 5)
    return natural_window(corpus_from_text(text, CorpusConfig(layout=layout)))


@pytest.mark.parametrize(
    ("length", "window"),
    [(10, SHORTEST_WINDOW), (64, 64), (65, 80), (140, 144), (5000, LONGEST_WINDOW)],
)
def test_a_window_holds_a_poem_within_limits(length: int, window: int) -> None:
    assert window_of("ab" * (length // 2) + "a" * (length % 2)) == window


def test_continuous_text_has_the_shortest_window() -> None:
    assert window_of("abc" * 500, layout="text") == SHORTEST_WINDOW
