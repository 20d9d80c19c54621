import math

import numpy as np
import pytest

from charrnn.errors import ConfigurationError
from charrnn.generation.contrast import contrast, unlike
from charrnn.generation.filters import log_softmax
from tests.generation.tables import probabilities, table_generator

ALL = np.ones(4, np.bool_)


def logs(*values: float) -> np.ndarray:
    return np.log(np.array(values, np.float32))


def test_a_contrast_divides_by_a_power_of_what_the_other_one_says():
    given = [logs(0.4, 0.4, 0.1, 0.1), logs(0.64, 0.16, 0.16, 0.04)]
    before = [array.copy() for array in given]
    # 0.4 / 0.8, 0.4 / 0.4, 0.1 / 0.4, 0.1 / 0.2: in quarters 2, 4, 1, 2.
    shares = np.exp(log_softmax(contrast(given, 0.5, ALL, 0.0)))
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, np.array([2, 4, 1, 2]) / 9, rtol=1e-5)
    for array, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_a_contrast_of_strength_zero_leaves_the_plausible_as_they_are():
    shares = np.exp(
        log_softmax(contrast([logs(0.5, 0.25, 0.24, 0.01), logs(1, 1, 1, 1)], 0, ALL, 0))
    )
    np.testing.assert_allclose(shares, np.array([50, 25, 24, 0]) / 99, rtol=1e-5)


@pytest.mark.parametrize("strength", [0.5, 1.0, 10.0])
def test_the_implausible_stay_below_whatever_the_other_one_says(strength):
    rows = [logs(0.8, 0.11, 0.079, 1e-20), logs(0.98, 0.01, 1e-30, 1e-30)]
    rows = [np.stack([row, row[::-1]]) for row in rows]
    scores = contrast(rows, strength, ALL, 0.0)
    assert scores[0].argsort().tolist() == [3, 2, 0, 1]
    assert scores[1].argsort().tolist() == [0, 1, 3, 2]
    assert np.isfinite(scores).all()
    assert np.exp(log_softmax(scores))[0, 2:].tolist() == [0, 0]


def test_what_the_other_one_does_not_know_counts_as_guessed():
    foreseen = np.array([True, True, False, True])
    scores = contrast(
        [logs(0.25, 0.25, 0.25, 0.25), logs(0.5, 0.25, 1e-9, 0.25)], 1.0, foreseen, math.log(0.125)
    )
    np.testing.assert_allclose(np.exp(log_softmax(scores)), np.array([2, 4, 8, 4]) / 18, rtol=1e-5)


def test_a_writer_unlike_another_one_has_the_alphabet_of_the_first():
    expert = table_generator({"a": 0.5, "b": 0.3, "é": 0.2}, poems_by_lines=[2])
    amateur = table_generator({"a": 8, "b": 1, "x": 1})
    writer = unlike(expert, amateur, 1.0)
    # The other one has five symbols: é counts a fifth. 5/8, 3/1, 2 / 2.
    assert probabilities(writer, "aéb") == pytest.approx(
        {"a": 5 / 37, "b": 24 / 37, "é": 8 / 37}, rel=1e-5
    )
    assert writer.vocabulary == expert.vocabulary
    assert writer.poems_by_lines == expert.poems_by_lines
    assert writer.checkpoints == expert.checkpoints


def test_a_network_unlike_itself_takes_the_plausible_as_equals():
    one = table_generator({"a": 0.6, "b": 0.38, "c": 0.02})
    assert probabilities(unlike(one, one, 1.0)) == pytest.approx({"a": 0.5, "b": 0.5}, rel=1e-5)


@pytest.mark.parametrize("strength", [-0.1, 11, math.nan, True])
def test_a_strength_out_of_range_is_refused(strength):
    one = table_generator({"a": 1})
    with pytest.raises(ConfigurationError) as refusal:
        unlike(one, one, strength)
    assert str(refusal.value) == (
        f"the strength must be a number from 0 to 10. Received: {strength}."
    )
