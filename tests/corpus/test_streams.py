import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.streams import (
    EVALUATION_STREAMS,
    EVALUATION_WARM_UP,
    SHORTEST_EVALUATION_STREAM,
    evaluation_streams,
)


@given(length=st.integers(2, 70 * SHORTEST_EVALUATION_STREAM))
def test_every_character_but_the_first_is_counted_once(length: int) -> None:
    streams = evaluation_streams(np.arange(length, dtype=np.uint32))
    counted = streams.targets[streams.counted]
    np.testing.assert_array_equal(np.sort(counted), np.arange(1, length))
    assert len(streams.inputs) <= EVALUATION_STREAMS


@given(length=st.integers(2, 70 * SHORTEST_EVALUATION_STREAM))
def test_streams_are_the_text_at_the_places_they_stand_for(length: int) -> None:
    ids = (np.arange(length) % 251).astype(np.uint8)
    laid_out = evaluation_streams(ids)
    streams, width = laid_out.inputs.shape
    stride = -(-(length - 1) // streams)
    places = np.arange(streams)[:, None] * stride + np.arange(stride - width, stride)
    inside = places.clip(0, length - 2)
    np.testing.assert_array_equal(laid_out.inputs, ids[inside])
    np.testing.assert_array_equal(laid_out.targets, ids[inside + 1])
    own = np.arange(stride - width, stride) >= 0
    np.testing.assert_array_equal(laid_out.counted, (places == inside) & own)


def test_streams_take_little_more_memory_than_what_they_hold() -> None:
    ids = np.zeros(2_000_000, np.uint8)
    tracemalloc.start()
    try:
        streams = evaluation_streams(ids)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    held = streams.inputs.nbytes + streams.targets.nbytes + streams.counted.nbytes
    assert peak < held + 100_000


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
