from typing import Any

import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.constraints import NoRepeat, states_after
from charrnn.decoding.decoder import Decoder
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.hypothesis import DecoderState, GrowingText, Hypothesis, LineCount
from charrnn.decoding.logits_processors import (
    SUPPRESSING,
    LineCountPrior,
    LogitBias,
    RepetitionPenalty,
    logits_processors,
)
from charrnn.errors import ConfigurationError
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import random_network

VOCABULARY = Vocabulary(("\n", "a", "b", "c"))
LOGITS = np.log(np.array([0.1, 0.2, 0.2, 0.25, 0.15, 0.1], np.float32))
PLAIN = SamplingConfig(temperature=1.0)
LINE_END, A, B, C = range(SPECIAL, SPECIAL + 4)


class Once:
    """A constraint that allows every token once."""

    def initial_state(self) -> frozenset[int]:
        return frozenset()

    def allowed_tokens(self, state: frozenset[int]) -> np.ndarray | None:
        return ~np.isin(np.arange(VOCABULARY.size), list(state)) if state else None

    def next_state(self, state: frozenset[int], token: int) -> frozenset[int]:
        return state | {token}


def hypothesis(text: str, states: tuple[object, ...] = (), generated: int = 0) -> Hypothesis:
    written = GrowingText().followed_by(text)
    state = DecoderState(LOGITS[None], ())
    return Hypothesis(written, state, 0, LineCount().followed_by(text), states, generated)


def decoder(config: SamplingConfig, layout: str, *rest: Any, **more: Any) -> Decoder:
    model = NumpyEngine(*random_network())
    return Decoder(model, VOCABULARY, layout, config, *rest, **more)


def ways(ahead: Decoder, *texts: str, generated: int = 0) -> np.ndarray:
    """What may come after some texts, as probabilities `(batch, vocabulary)`."""
    hypotheses = [hypothesis(text, generated=generated) for text in texts]
    following = ahead.distribution(hypotheses, np.tile(LOGITS, (len(texts), 1)))
    assert following.rows == list(range(len(texts)))
    shares = np.exp(following.logits)
    return shares / shares.sum(axis=1, keepdims=True)


def share_of(*tokens: int) -> np.ndarray:
    """The network's probabilities of some tokens, renormalised."""
    shares = np.zeros(len(LOGITS))
    shares[list(tokens)] = np.exp(LOGITS[list(tokens)])
    return shares / shares.sum()


def test_a_poem_begins_with_something_to_be_seen() -> None:
    found = ways(decoder(PLAIN, "blocks"), "a", " \n", "")
    np.testing.assert_allclose(found[0], share_of(END_OF_POEM, LINE_END, A, B, C), rtol=1e-5)
    np.testing.assert_allclose(found[1], share_of(A, B, C), rtol=1e-5)
    np.testing.assert_allclose(found[2], share_of(A, B, C), rtol=1e-5)


def test_a_text_has_no_end_and_nothing_is_unknown() -> None:
    (found,) = ways(decoder(PLAIN, "text"), "a")
    np.testing.assert_allclose(found, share_of(LINE_END, A, B, C), rtol=1e-5)
    assert found[UNKNOWN] == 0


def test_what_is_banned_never_comes_and_what_is_favoured_comes_more() -> None:
    config = SamplingConfig(temperature=1.0, ban="b", favour="c=1")
    (found,) = ways(decoder(config, "text"), "a")
    assert found[B] == 0
    np.testing.assert_allclose(found[C] / found[A], 0.1 / 0.25 * np.e, rtol=1e-5)


def test_a_ban_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="leaves no character to write"):
        decoder(SamplingConfig(ban="abc"), "blocks")


def test_the_last_characters_of_each_row_are_the_recent_ones() -> None:
    config = SamplingConfig(repetition_penalty=2.0, repetition_window=2)
    hypotheses = [hypothesis(text) for text in ("abc\n", "a", "b€", "\U0001f319z")]
    logits = np.tile(LOGITS, (4, 1))
    penalised = RepetitionPenalty(config, VOCABULARY)(hypotheses, logits) != logits
    assert [np.flatnonzero(row).tolist() for row in penalised] == [[LINE_END, C], [A], [B], []]


def test_every_row_keeps_to_its_own_constraint_and_what_was_suppressed_there() -> None:
    constraint = Once()
    ahead = decoder(PLAIN, "text", constraints=[constraint])
    hypotheses = [
        hypothesis("x", states_after([constraint], ids)) for ids in ([A], [], [A, B, LINE_END])
    ]
    hypotheses[0] = hypotheses[0].without(B)
    following = ahead.distribution(hypotheses, np.tile(LOGITS, (3, 1)))
    open_ways = [np.flatnonzero(np.isfinite(row)).tolist() for row in following.logits]
    assert open_ways == [[LINE_END, C], [LINE_END, A, B, C], [C]]


def test_no_more_line_ends_stand_in_a_row_than_a_poem_may_have() -> None:
    texts = ("a", "a\n", "a\n \n", "a\n\t \u3000", "a\nb", "a\n" + " " * 50)
    for most, suppressed in ((None, ()), (0, (0, 4)), (1, (1, 3, 5)), (2, (2,))):
        found = ways(decoder(PLAIN, "blocks", line_ends=most), *texts)
        assert tuple(np.flatnonzero(found[:, LINE_END] == 0)) == suppressed


def test_the_processors_that_reweigh_come_before_those_that_suppress() -> None:
    # The logit 2 is halved, and 1 added to that; no bias brings back what is suppressed.
    config = SamplingConfig(repetition_penalty=2.0, favour="a=1", ban="b")
    processors = logits_processors(config, VOCABULARY, "text")
    logits = np.array([[0, 0, 0, 2, 2, 0]], np.float32)
    left = logits
    for processor in processors:
        left = processor([hypothesis("a")], left)
    assert left.tolist() == [[-np.inf, -np.inf, 0, 2, -np.inf, 0]]
    suppress = [isinstance(processor, SUPPRESSING) for processor in processors]
    assert suppress == [False, False, True]
    assert logits.tolist() == [[0, 0, 0, 2, 2, 0]]


def test_a_bias_beyond_float32_leaves_numbers() -> None:
    config = SamplingConfig(favour="a=1e300")
    (found,) = ways(decoder(config, "text"), "b")
    assert found[A] == 1
    assert LogitBias(np.array([1.0, 0.0]))([], np.zeros((1, 2), np.float32)).dtype == np.float32


def test_every_processor_treats_a_row_as_if_it_were_alone() -> None:
    once = NoRepeat(2, VOCABULARY)
    config = SamplingConfig(repetition_penalty=1.5, favour="a=1", ban="b")
    prior = LineCountPrior((1, 2, 3), LINE_END)
    processors = logits_processors(config, VOCABULARY, "blocks", prior, [once])
    texts = ("", "ac", "aca", "a\nb", " ")
    rows = [hypothesis(text, states_after([once], VOCABULARY.encode(text))) for text in texts]
    logits = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    for processor in processors:
        together = processor(rows, logits)
        for row, one in enumerate(rows):
            np.testing.assert_array_equal(together[[row]], processor([one], logits[[row]]))


def test_rows_that_nothing_may_follow_are_left_out() -> None:
    constraint = Once()
    ahead = decoder(PLAIN, "text", constraints=[constraint])
    (stuck,) = (states_after([constraint], [LINE_END, A, B, C]),)
    hypotheses = [
        hypothesis("x", stuck),
        hypothesis("x", states_after([constraint], [A])),
        hypothesis("x", stuck),
    ]
    following = ahead.distribution(hypotheses, np.tile(LOGITS, (3, 1)))
    assert following.rows == [1]
    assert following.logits.shape == (1, VOCABULARY.size)
    assert ahead.distribution(hypotheses[:1], LOGITS[None]).rows == []


def test_a_row_is_at_a_dead_end_too_where_the_count_of_lines_forbids_what_is_left() -> None:
    constraint = Once()
    ahead = decoder(
        PLAIN, "blocks", line_count_prior=LineCountPrior((0, 3), LINE_END), constraints=[constraint]
    )
    stuck = hypothesis("abc", states_after([constraint], [A, B, C, LINE_END]))
    free = hypothesis("ab", states_after([constraint], [A, B, LINE_END]))
    assert ahead.distribution([stuck, free], np.tile(LOGITS, (2, 1))).rows == [1]


def test_a_schedule_goes_by_characters_where_a_length_is_given() -> None:
    config = SamplingConfig(temperature="1.0:0.5", length=11)
    ahead = decoder(config, "blocks", line_count_prior=LineCountPrior((0, 0, 0, 1), LINE_END))
    for written, temperature in ((0, 1.0), (5, 0.75), (10, 0.5)):
        (found,) = ways(ahead, "a", generated=written)
        np.testing.assert_allclose(found[A] / found[B], (0.25 / 0.15) ** (1 / temperature), 1e-4)


def test_a_schedule_goes_by_lines_where_poems_have_lines() -> None:
    config = SamplingConfig(temperature="1.0:0.5")
    ahead = decoder(config, "blocks", line_count_prior=LineCountPrior((0, 0, 1), LINE_END))
    found = ways(ahead, "", "a", "a\nb", "a\nb\nc", "a\nb\nc\na", generated=999)
    for row, temperature in enumerate((1.0, 1.0, 0.75, 0.5, 0.5)):
        np.testing.assert_allclose(
            found[row, A] / found[row, B], (0.25 / 0.15) ** (1 / temperature), 1e-4
        )


@pytest.mark.parametrize(
    ("length", "poem_length", "last"), [(5, 9, 4), (None, 9, 8), (None, None, 1999)]
)
def test_a_schedule_goes_by_the_characters_of_a_usual_poem_of_one_line(
    length: int | None, poem_length: int | None, last: int
) -> None:
    config = SamplingConfig(temperature="1.0:0.5", length=length)
    ending = LineCountPrior((3,), LINE_END)
    ahead = decoder(config, "lines", line_count_prior=ending, poem_length=poem_length)
    (found,) = ways(ahead, "a", generated=last)
    np.testing.assert_allclose(found[A] / found[B], (0.25 / 0.15) ** 2, 1e-4)
    (found,) = ways(ahead, "a", generated=last // 2)
    assert found[A] / found[B] < (0.25 / 0.15) ** 1.6


def test_lines_are_counted_only_where_that_is_asked() -> None:
    ending = LineCountPrior((1,), LINE_END)
    config = SamplingConfig(temperature=1.0, end_of_poem="model")
    (plain,) = ways(decoder(config, "blocks", line_count_prior=ending), "a")
    (counted,) = ways(decoder(PLAIN, "blocks", line_count_prior=ending), "a")
    assert plain[LINE_END] > 0
    assert counted[LINE_END] == 0


@pytest.mark.parametrize(
    ("layout", "length", "expected"),
    [("text", None, 500), ("blocks", None, 2_000), ("lines", 7, 7), ("text", 7, 7)],
)
def test_a_poem_is_stopped_at_its_length(layout: str, length: int | None, expected: int) -> None:
    config = SamplingConfig(length=length)
    assert decoder(config, layout).length == expected


def test_shares_are_told_of_the_poems_that_can_go_on() -> None:
    config = SamplingConfig(temperature=1.0, ban="b", favour="c=1", top_k=1)
    once = Once()
    ahead = decoder(config, "text", constraints=[once])
    texts = ("", "ca", "\nac")
    hypotheses = [hypothesis(text, states_after([once], VOCABULARY.encode(text))) for text in texts]
    following = ahead.distribution(hypotheses, np.tile(LOGITS, (3, 1)), shares=True)
    favoured = np.exp(LOGITS)
    favoured[C] *= np.e
    favoured /= favoured.sum()
    assert following.rows == [0, 1]  # after all but the banned one nothing is left
    expected = [favoured[[A, C]].sum(), favoured[LINE_END]]
    np.testing.assert_allclose(np.exp(following.log_shares), expected, rtol=1e-5)
    assert ahead.distribution(hypotheses, np.tile(LOGITS, (3, 1))).log_shares is None
