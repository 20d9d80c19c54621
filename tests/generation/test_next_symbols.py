import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, SPECIAL, UNKNOWN, Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.generation.constraint import NoRepeat, states_after
from charrnn.generation.draft import Draft
from charrnn.generation.ending import Ending, LineCount
from charrnn.generation.growing_text import GrowingText
from charrnn.generation.next_symbols import NextSymbols
from charrnn.generation.reading import Reading
from charrnn.settings.configuration import SamplingConfig

VOCABULARY = Vocabulary(("\n", "a", "b", "c"))
LOGITS = np.log(np.array([0.1, 0.2, 0.2, 0.25, 0.15, 0.1], np.float32))
PLAIN = SamplingConfig(temperature=1.0)
LINE_END, A, B, C = range(SPECIAL, SPECIAL + 4)


def draft(text: str, kept: tuple[object, ...] = ()) -> Draft:
    written = GrowingText().followed_by(text)
    return Draft(written, Reading(LOGITS[None], ()), 0, LineCount().followed_by(text), kept)


def ways(ahead: NextSymbols, *texts: str, written: int = 0) -> np.ndarray:
    """What may come after some texts, as probabilities `(batch, vocabulary)`."""
    drafts = [draft(text) for text in texts]
    logits = np.tile(LOGITS, (len(texts), 1))
    prospect = ahead.of(drafts, logits, [written] * len(texts))
    assert prospect.rows == list(range(len(texts)))
    shares = np.exp(prospect.logits)
    return shares / shares.sum(axis=1, keepdims=True)


def share_of(*symbols: int) -> np.ndarray:
    """The network's probabilities of some symbols, renormalised."""
    shares = np.zeros(len(LOGITS))
    shares[list(symbols)] = np.exp(LOGITS[list(symbols)])
    return shares / shares.sum()


def test_a_poem_begins_with_something_to_be_seen() -> None:
    found = ways(NextSymbols(PLAIN, VOCABULARY, "blocks"), "a", " \n", "")
    np.testing.assert_allclose(found[0], share_of(END_OF_POEM, LINE_END, A, B, C), rtol=1e-5)
    np.testing.assert_allclose(found[1], share_of(A, B, C), rtol=1e-5)
    np.testing.assert_allclose(found[2], share_of(A, B, C), rtol=1e-5)


def test_a_text_has_no_end_and_nothing_is_unknown() -> None:
    (found,) = ways(NextSymbols(PLAIN, VOCABULARY, "text"), "a")
    np.testing.assert_allclose(found, share_of(LINE_END, A, B, C), rtol=1e-5)
    assert found[UNKNOWN] == 0


def test_what_is_banned_never_comes_and_what_is_favoured_comes_more() -> None:
    config = SamplingConfig(temperature=1.0, ban="b", favour="c=1")
    (found,) = ways(NextSymbols(config, VOCABULARY, "text"), "a")
    assert found[B] == 0
    np.testing.assert_allclose(found[C] / found[A], 0.1 / 0.25 * np.e, rtol=1e-5)


def test_a_ban_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="leaves no character to write"):
        NextSymbols(SamplingConfig(ban="abc"), VOCABULARY, "blocks")


def test_the_last_characters_of_each_row_are_the_recent_ones() -> None:
    config = SamplingConfig(repetition_penalty=2.0, repetition_window=2)
    ahead = NextSymbols(config, VOCABULARY, "text")
    recent = ahead._recent([draft("abc\n"), draft("a"), draft("b€"), draft("\U0001f319z")])
    assert [np.flatnonzero(row).tolist() for row in recent] == [[LINE_END, C], [A], [B], []]


def test_every_row_keeps_to_its_own_constraint_and_what_was_forbidden_there() -> None:
    constraint = NoRepeat(1, VOCABULARY.size)
    ahead = NextSymbols(PLAIN, VOCABULARY, "text", None, [constraint])
    drafts = [draft("x", states_after([constraint], ids)) for ids in ([A], [], [A, B, LINE_END])]
    prospect = ahead.of(drafts, np.tile(LOGITS, (3, 1)), [0] * 3, [{B}, (), ()])
    open_ways = [np.flatnonzero(np.isfinite(row)).tolist() for row in prospect.logits]
    assert open_ways == [[LINE_END, C], [LINE_END, A, B, C], [C]]


def test_rows_that_nothing_may_follow_are_left_out() -> None:
    constraint = NoRepeat(1, VOCABULARY.size)
    ahead = NextSymbols(PLAIN, VOCABULARY, "text", None, [constraint])
    (stuck,) = (states_after([constraint], [LINE_END, A, B, C]),)
    drafts = [draft("x", stuck), draft("x", states_after([constraint], [A])), draft("x", stuck)]
    prospect = ahead.of(drafts, np.tile(LOGITS, (3, 1)), [0] * 3)
    assert prospect.rows == [1]
    assert prospect.logits.shape == (1, VOCABULARY.size)
    assert ahead.of(drafts[:1], LOGITS[None], [0]).rows == []


def test_a_row_is_stranded_too_where_the_count_of_lines_forbids_what_is_left() -> None:
    constraint = NoRepeat(1, VOCABULARY.size)
    ahead = NextSymbols(PLAIN, VOCABULARY, "blocks", Ending((0, 3), LINE_END), [constraint])
    stuck = draft("abc", states_after([constraint], [A, B, C, LINE_END]))
    free = draft("ab", states_after([constraint], [A, B, LINE_END]))
    assert ahead.of([stuck, free], np.tile(LOGITS, (2, 1)), [0, 0]).rows == [1]


def test_a_schedule_goes_by_characters_where_a_length_is_given() -> None:
    config = SamplingConfig(temperature="1.0:0.5", length=11)
    ahead = NextSymbols(config, VOCABULARY, "blocks", Ending((0, 0, 0, 1), LINE_END))
    for written, temperature in ((0, 1.0), (5, 0.75), (10, 0.5)):
        (found,) = ways(ahead, "a", written=written)
        np.testing.assert_allclose(found[A] / found[B], (0.25 / 0.15) ** (1 / temperature), 1e-4)


def test_a_schedule_goes_by_lines_where_poems_have_lines() -> None:
    config = SamplingConfig(temperature="1.0:0.5")
    ahead = NextSymbols(config, VOCABULARY, "blocks", Ending((0, 0, 1), LINE_END))
    found = ways(ahead, "", "a", "a\nb", "a\nb\nc", "a\nb\nc\na", written=999)
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
    ending = Ending((3,), LINE_END)
    ahead = NextSymbols(config, VOCABULARY, "lines", ending, poem_length=poem_length)
    (found,) = ways(ahead, "a", written=last)
    np.testing.assert_allclose(found[A] / found[B], (0.25 / 0.15) ** 2, 1e-4)
    (found,) = ways(ahead, "a", written=last // 2)
    assert found[A] / found[B] < (0.25 / 0.15) ** 1.6


def test_lines_are_counted_only_where_that_is_asked() -> None:
    ending = Ending((1,), LINE_END)
    config = SamplingConfig(temperature=1.0, end_of_poem="model")
    (plain,) = ways(NextSymbols(config, VOCABULARY, "blocks", ending), "a")
    (counted,) = ways(NextSymbols(PLAIN, VOCABULARY, "blocks", ending), "a")
    assert plain[LINE_END] > 0
    assert counted[LINE_END] == 0


@pytest.mark.parametrize(
    ("layout", "length", "expected"),
    [("text", None, 500), ("blocks", None, 2_000), ("lines", 7, 7), ("text", 7, 7)],
)
def test_a_poem_is_stopped_at_its_length(layout: str, length: int | None, expected: int) -> None:
    config = SamplingConfig(length=length)
    assert NextSymbols(config, VOCABULARY, layout).length == expected


def test_shares_are_told_of_the_poems_that_can_go_on() -> None:
    config = SamplingConfig(temperature=1.0, ban="b", favour="c=1", top_k=1)
    once = NoRepeat(1, VOCABULARY.size)
    ahead = NextSymbols(config, VOCABULARY, "text", None, [once])
    texts = ("", "ca", "\nac")
    drafts = [draft(text, states_after([once], VOCABULARY.encode(text))) for text in texts]
    prospect = ahead.of(drafts, np.tile(LOGITS, (3, 1)), [0, 2, 3], shares=True)
    favoured = np.exp(LOGITS)
    favoured[C] *= np.e
    favoured /= favoured.sum()
    assert prospect.rows == [0, 1]  # after all but the banned one nothing is left
    expected = [favoured[[A, C]].sum(), favoured[LINE_END]]
    np.testing.assert_allclose(np.exp(prospect.log_shares), expected, rtol=1e-5)
    assert ahead.of(drafts, np.tile(LOGITS, (3, 1)), [0, 2, 3]).log_shares is None
