import itertools
import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.evaluation_streams import (
    EVALUATION_STREAMS,
    EVALUATION_WARM_UP,
    SHORTEST_EVALUATION_STREAM,
    EvaluationStreams,
    Window,
)


def evaluation_streams(ids: np.ndarray) -> Window:
    streams = EvaluationStreams(ids)
    return streams.window(0, streams.length)


@given(length=st.integers(2, 70 * SHORTEST_EVALUATION_STREAM))
def test_every_character_but_the_first_is_counted_once(length: int) -> None:
    streams = evaluation_streams(np.arange(length, dtype=np.uint32))
    counted = streams.targets[streams.counted]
    np.testing.assert_array_equal(np.sort(counted), np.arange(1, length))
    assert len(streams.inputs) <= EVALUATION_STREAMS
    assert len(counted) == EvaluationStreams(np.zeros(length, np.uint8)).characters


@given(length=st.integers(2, 70 * SHORTEST_EVALUATION_STREAM))
def test_streams_are_the_text_at_the_places_they_stand_for(length: int) -> None:
    ids = (np.arange(length) % 251).astype(np.uint8)
    laid_out = evaluation_streams(ids)
    streams, width = laid_out.inputs.shape
    stride = -(-(length - 1) // streams)
    places = np.arange(streams)[:, None] * stride + np.arange(stride - width, stride)
    inside = places.clip(0, length - 2)
    read = places.clip(0, length - 1)
    np.testing.assert_array_equal(laid_out.inputs, ids[read])
    np.testing.assert_array_equal(laid_out.targets[laid_out.counted], ids[1:])
    own = np.arange(stride - width, stride) >= 0
    np.testing.assert_array_equal(laid_out.counted, (places == inside) & own)


@given(
    length=st.integers(2, 5 * SHORTEST_EVALUATION_STREAM),
    steps=st.integers(1, 700),
)
def test_how_many_steps_are_read_at_once_makes_no_difference(length: int, steps: int) -> None:
    ids = (np.arange(length) % 251).astype(np.uint8)
    whole = evaluation_streams(ids)
    windows = list(EvaluationStreams(ids).windows(steps))
    for name in ("inputs", "targets", "counted"):
        parts = [getattr(window, name) for window in windows]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), getattr(whole, name))


def test_a_window_takes_memory_for_itself_alone() -> None:
    ids = np.zeros(4_000_000, np.uint8)
    tracemalloc.start()
    try:
        for window in itertools.islice(EvaluationStreams(ids).windows(256), 20):
            assert window.inputs.shape == (EVALUATION_STREAMS, 256)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_targets_are_the_characters_after_the_inputs() -> None:
    streams = evaluation_streams(np.arange(5000, dtype=np.uint32))
    after = streams.inputs[streams.counted] + 1
    np.testing.assert_array_equal(streams.targets[streams.counted], after)


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


@given(
    length=st.integers(2, 70 * SHORTEST_EVALUATION_STREAM),
    most=st.integers(1, 70 * SHORTEST_EVALUATION_STREAM),
)
def test_of_a_long_text_the_beginnings_of_all_streams_are_counted(length: int, most: int) -> None:
    whole = EvaluationStreams(np.arange(length, dtype=np.uint32))
    streams = EvaluationStreams(np.arange(length, dtype=np.uint32), most)
    read = streams.window(0, streams.length)
    found = read.targets[read.counted]
    stride = -(-(length - 1) // streams.streams)
    own = min(stride, max(1, most // streams.streams))
    places = np.arange(length - 1)
    np.testing.assert_array_equal(found, 1 + places[places % stride < own])
    assert streams.characters == len(found)
    assert streams.streams == whole.streams
    assert len(found) <= max(most, streams.streams)
    if most >= whole.characters + whole.streams:
        assert streams.characters == whole.characters


def test_nothing_counts_beyond_the_length_of_the_streams() -> None:
    streams = EvaluationStreams(np.arange(4 * SHORTEST_EVALUATION_STREAM + 1, dtype=np.uint32))
    beyond = streams.window(streams.length - 1, streams.length + 9)
    assert beyond.counted.sum(axis=1).tolist() == [1, 1, 1, 1]
