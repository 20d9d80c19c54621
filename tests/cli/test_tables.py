import math

import pytest

from charrnn.cli.tables import bits, labelled_baselines, sparkline


def test_a_bit_is_the_logarithm_of_two_in_nats() -> None:
    assert bits(math.log(2)) == 1.0
    assert bits(1.0) == pytest.approx(1.442695)


def test_a_sparkline_goes_from_the_lowest_to_the_highest_bar() -> None:
    assert sparkline([3.0, 2.0, 1.0]) == "█▅▁"
    assert sparkline([2.0]) == "▁"


def test_baselines_have_names_for_people_and_the_lowest_is_first() -> None:
    assert labelled_baselines({"unigram": 3.0, "xz": 2.0, "guess": 4.0}) == [
        ("xz -9", 2.0),
        ("guessing by frequency", 3.0),
        ("guess", 4.0),
    ]
