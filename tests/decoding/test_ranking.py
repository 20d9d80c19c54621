import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.decoding.ranking import (
    COPYING,
    REPETITION,
    HypothesisScore,
    copied_share,
    repeated_share,
    run_length,
    score,
)
from tests.corpora import filter_of


def marked(runs: list[tuple[int, int]], start: int, stop: int) -> float:
    covered = {place for end, length in runs for place in range(end - length, end)}
    return len(covered & set(range(start, stop))) / max(1, stop - start)


def test_the_score_is_the_mean_log_probability_when_nothing_comes_again() -> None:
    found = score("", "abcd", [-1.0, -2.0, -3.0, -2.0], tokens=4096)
    assert found == HypothesisScore(log_probability=-2.0, repeated=0.0, copied=0.0)
    assert found.total == -2.0


def test_what_is_repeated_and_what_is_copied_takes_nats_off() -> None:
    found = HypothesisScore(log_probability=-1.0, repeated=0.5, copied=0.25)
    assert found.total == -1.0 - 0.5 * REPETITION - 0.25 * COPYING


def test_a_draft_without_a_character_is_the_worst() -> None:
    found = score("ab", "", [], tokens=10)
    assert found.log_probability is None
    assert found.total == -math.inf


@pytest.mark.parametrize(("tokens", "run"), [(64, 8), (65, 8), (4096, 4), (8000, 4), (2, 48)])
def test_a_run_is_noticed_at_the_same_number_of_bits(tokens: int, run: int) -> None:
    assert run_length(tokens) == run


@pytest.mark.parametrize(
    ("prompt", "text", "share"),
    [
        ("", "abcdef", 0.0),
        ("", "abcabc", 0.5),
        ("abc", "abc", 1.0),
        ("ab", "cabc", 0.75),
        ("abcabc", "def", 0.0),
        ("abcab", "c", 1.0),
        ("", "aaaa", 0.75),
    ],
)
def test_characters_of_runs_that_stood_before_are_counted(
    prompt: str, text: str, share: float
) -> None:
    assert repeated_share(prompt, text, 3) == share


@given(st.text("ab", max_size=12), st.text("ab", min_size=1, max_size=30), st.integers(1, 5))
def test_the_share_repeated_is_that_of_a_plain_search(prompt: str, text: str, run: int) -> None:
    whole = prompt + text
    runs = [
        (end, run)
        for end in range(run, len(whole) + 1)
        if whole[end - run : end] in [whole[other - run : other] for other in range(run, end)]
    ]
    expected = marked(runs, len(prompt), len(whole))
    assert repeated_share(prompt, text, run) == pytest.approx(expected)


@given(
    st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=4),
    st.text("abc", max_size=8),
    st.text("abc", min_size=1, max_size=20),
    st.integers(2, 4),
)
def test_the_share_copied_is_that_of_a_plain_search(
    learned: list[str], prompt: str, text: str, n: int
) -> None:
    whole = prompt + text
    runs = [
        (end, n)
        for end in range(n, len(whole) + 1)
        if any(whole[end - n : end] in poem for poem in learned)
    ]
    expected = marked(runs, len(prompt), len(whole))
    assert copied_share(prompt, text, filter_of(learned, n)) == pytest.approx(expected)


def test_nothing_but_white_space_after_a_prompt_copies_nothing() -> None:
    assert (
        copied_share("", " ", filter_of(["abc"]))
        == copied_share("abc", "\n", filter_of(["abc"]))
        == 0
    )


def test_the_text_that_is_copied_most_counts() -> None:
    filters = [filter_of([poem]) for poem in ("x" * 40, "abcdefghijklmnopqrstuvwxyz" * 2)]
    text = "abcdefghijklmnopqrst"
    found = score("", text, [-1.0] * len(text), tokens=65, ngram_filters=filters)
    assert found.copied == 1.0
    assert score("", text, [-1.0] * len(text), tokens=65, ngram_filters=filters[:1]).copied == 0.0
