import lzma
import math
import tracemalloc

import numpy as np
import pytest

from charrnn.training.data import unigram_entropy, xz_entropy


def test_guessing_by_frequency_by_hand() -> None:
    # Counts with one more each: 3 a, 1 b of 4; the validation split is half and half.
    training = np.array([0, 0], np.uint8)
    validation = np.array([0, 1], np.uint8)
    expected = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    assert unigram_entropy(training, validation, 2) == pytest.approx(expected)


def test_even_frequencies_cost_the_logarithm_of_the_alphabet() -> None:
    ids = np.arange(64, dtype=np.uint8)
    assert unigram_entropy(ids, ids, 64) == pytest.approx(math.log(64))


def test_counting_takes_no_memory_by_the_character() -> None:
    ids = np.arange(5_000_001, dtype=np.uint32).astype(np.uint8) % 64
    tracemalloc.start()
    try:
        entropy = unigram_entropy(ids, ids, 64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert entropy == pytest.approx(math.log(64))
    assert peak < 2 * len(ids)


def test_xz_counts_its_bytes() -> None:
    text = "the moon, the moon " * 50
    size = len(lzma.compress(text.encode(), preset=9))
    assert xz_entropy(text) == pytest.approx(size * 8 * math.log(2) / len(text))


def test_xz_takes_lone_surrogates() -> None:
    assert xz_entropy("a\ud800b" * 100) > 0
