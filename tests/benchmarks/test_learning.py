"""What the benchmarks of learning count; what they measure is for a quiet machine."""

import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.learning.text import Clock, Text, half_cosine
from benchmarks.protocols import Windows, random_windows, unknown_kinds, whole_pass, window_loss
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.scoring import text_loss
from tests.decoding.networks import random_network


@pytest.fixture
def network() -> NumpyEngine:
    weights, sizes = random_network()
    return NumpyEngine(weights, sizes)


def test_the_whole_pass_reads_as_one_stream_does(network: NumpyEngine) -> None:
    ids = np.random.default_rng(0).integers(0, network.vocabulary_size, 500)
    nats, apart, characters = whole_pass(network, ids, None)
    assert nats / 499 == pytest.approx(text_loss(network, ids).nats_per_character, abs=1e-5)
    assert (apart, characters) == (0.0, 0)
    everything = np.ones(network.vocabulary_size, np.bool_)
    nats, apart, characters = whole_pass(network, ids, everything)
    assert apart == pytest.approx(nats)
    assert characters == 499


def test_random_windows_begin_with_an_empty_context(network: NumpyEngine) -> None:
    ids = np.random.default_rng(0).integers(0, network.vocabulary_size, 12)
    # There is one place for windows of eleven characters.
    loss = window_loss(network, ids, Windows(2, 3, 11), seed=0)
    nats, _, _ = whole_pass(network, ids, None)
    assert loss == pytest.approx(nats / 11, abs=1e-5)


def test_kinds_of_characters_that_are_not_known_are_counted_once() -> None:
    assert unknown_kinds("月花月雪雪, moon", Vocabulary(("月",))) == 2


def test_a_text_is_divided_as_nanogpt_does(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("abcab" * 7, encoding="utf-8")
    text = Text.read(path)
    assert (len(text.training), len(text.validation), text.tokens) == (31, 4, 3)
    assert text.training[:5].tolist() == [0, 1, 2, 0, 1]


def test_targets_are_the_characters_after() -> None:
    inputs, targets = random_windows(np.arange(20), 5, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(inputs + 1, targets)


def test_a_clock_counts_from_the_first_step() -> None:
    clock = Clock(time.monotonic() - 10, 15.0)
    assert clock.progress() == 0
    assert clock.progress() < 1
    late = Clock(time.monotonic() - 10, 8.0)
    assert late.progress() == 0
    assert late.progress() > 1


def test_a_rate_falls_as_half_a_cosine() -> None:
    assert half_cosine(0, 4.0, 2.0) == 4
    assert half_cosine(0.5, 4.0, 2.0) == pytest.approx(3)
    assert half_cosine(1, 4.0, 2.0) == half_cosine(7, 4.0, 2.0) == pytest.approx(2)
