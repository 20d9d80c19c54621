import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.passages import PassageIndex
from charrnn.forms.core.measures import copied, count_grams, distinct, self_bleu, tokens_of


def test_a_chinese_poem_is_its_characters() -> None:
    assert tokens_of("床前，明月\n光。x", "chinese") == list("床前明月光")


def test_an_english_poem_is_its_words_in_small_letters() -> None:
    text = "The moon’s light;\nO'er well-worn ways, 'tis"
    assert tokens_of(text, "english") == [
        *("the", "moon’s", "light", "o'er", "well", "worn", "ways", "tis")
    ]


@pytest.mark.parametrize(
    ("n", "most", "share"),
    [
        (1, None, 3 / 7),
        (2, None, 3 / 5),
        (2, 3, 2 / 3),
        (3, None, 3 / 3),
        (1, 4, 2 / 4),
        (5, None, None),
    ],
)
def test_the_share_of_different_n_grams(n: int, most: int | None, share: float | None) -> None:
    poems = ["abab", "bac"]
    assert distinct(poems, n, most) == share
    grams = sum(max(0, len(poem) - n + 1) for poem in poems)
    assert count_grams(poems, n) == grams


def test_there_is_nothing_to_share_without_poems() -> None:
    assert distinct([], 1) is None
    assert distinct([""], 1) is None
    assert self_bleu([]) is None
    assert self_bleu(["abcd"]) is None


def test_poems_that_are_alike_have_a_self_bleu_of_one() -> None:
    assert self_bleu(["abcdef"] * 3) == pytest.approx(1)


def test_the_self_bleu_of_two_poems_is_that_of_one_against_the_other() -> None:
    # "abab" against "abc": 1-grams a, b, each once of twice, so 2 of 4; 2-grams ab once of 3.
    first = math.sqrt((2 / 4) * (1 / 3))
    # "abc" against "abab": 1-grams a and b, 2 of 3; 2-grams ab, 1 of 2; shorter by one.
    second = math.sqrt((2 / 3) * (1 / 2)) * math.exp(1 - 4 / 3)
    assert self_bleu(["abab", "abc"], 2) == pytest.approx((first + second) / 2)


def test_an_n_gram_counts_as_often_as_in_the_one_poem_that_has_it_most() -> None:
    # Of four a's, three stand in one of the others, and two in another one.
    scores = [(3 / 4), 3 / 3, 2 / 2 * math.exp(1 - 3 / 2)]
    assert self_bleu(["aaaa", "aaa", "aa"], 1) == pytest.approx(sum(scores) / 3)


def test_no_match_counts_as_a_tenth_of_one() -> None:
    assert self_bleu(["ab", "cd"], 2) == pytest.approx(math.sqrt((0.1 / 2) * (0.1 / 1)))


def test_a_poem_without_tokens_is_like_no_other() -> None:
    assert self_bleu(["", "abcd"], 1) == pytest.approx((0 + 0.1 / 4) / 2)


def plain_bleu(poem: str, others: list[str], n: int) -> float:
    """BLEU as it is written down."""
    if not poem:
        return 0.0
    log = 0.0
    for length in range(1, n + 1):
        grams = [poem[start : start + length] for start in range(len(poem) - length + 1)]
        matched = sum(
            min(
                grams.count(gram),
                max(
                    sum(other[start : start + length] == gram for start in range(len(other)))
                    for other in others
                ),
            )
            for gram in set(grams)
        )
        log += math.log((matched or 0.1) / max(1, len(grams))) / n
    nearest = min((len(other) for other in others), key=lambda size: (abs(size - len(poem)), size))
    return math.exp(log) * (1 if len(poem) >= nearest else math.exp(1 - nearest / len(poem)))


@given(st.lists(st.text("abc", max_size=8), min_size=2, max_size=6), st.integers(1, 4))
def test_self_bleu_is_the_mean_of_bleu(poems: list[str], n: int) -> None:
    scores = [
        plain_bleu(poem, poems[:number] + poems[number + 1 :], n)
        for number, poem in enumerate(poems)
    ]
    assert self_bleu(poems, n) == pytest.approx(sum(scores) / len(scores))


def test_what_was_copied_of_a_chinese_poem() -> None:
    index = PassageIndex.build(["床前明月光，疑是地上霜。"], corpus="x")
    # Runs of four: 床前明月 前明月光 | 疑是天上 是天上霜.
    assert copied(index, "床前明月光，疑是天上霜。", "chinese") == (2, 4, 8)
    assert copied(index, "天上", "chinese") == (0, 0, 1)


def test_what_was_copied_of_an_english_poem() -> None:
    index = PassageIndex.build(["the moon is a boat\non the quiet lake"], corpus="x")
    # "boat on the quiet" stands there across a line end, "moon is the boat" does not.
    assert copied(index, "boat\non the quiet", "english") == (1, 1, 17)
    assert copied(index, "The moon is a boat, on the quiet lake", "english")[:2] == (2, 6)


def test_nothing_is_copied_where_there_is_nothing() -> None:
    index = PassageIndex.build(["moon"], corpus="x")
    assert copied(index, "", "english") == (0, 0, 0)
