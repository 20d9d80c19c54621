"""The index against a search of the text itself."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.corpus import passage_building
from charrnn.corpus.passage_building import NO_SYMBOL
from charrnn.corpus.passages import PassageIndex, Run, normalised
from charrnn.errors import CorpusError

POEMS = ("The moon  rose.\nThe moon set.", " \n ", "A moon!")

letters = st.text(alphabet="ab \n", max_size=30)
corpora = st.lists(letters, min_size=1, max_size=6).filter(lambda poems: any(map(str.strip, poems)))
questions = st.lists(st.sampled_from(["a", "b", "ab", "aba", " ", "x"]), max_size=30).map("".join)


def longest_ending(poems: list[str], text: str, end: int) -> int:
    """By brute force: characters before a place that stand together in one of the poems."""
    length = 0
    while length < end and any(text[end - length - 1 : end] in poem for poem in poems):
        length += 1
    return length


def places_of(poems: list[str], run: str) -> list[tuple[int, int]]:
    return [
        (number, offset)
        for number, poem in enumerate(poems, 1)
        for offset in range(len(poem))
        if poem.startswith(run, offset)
    ]


@given(corpora, questions, st.sampled_from([1, 2, 3, 5, 255]))
@example(["aaaaaaaaaaaaaaaaaaaa", "aaab"], "aaaaaaaaaaaaaaaabaaaaaaa", 3)
@example(["abab", "ba ba"], "ab\n ba ba  ab", 2)
def test_every_run_is_found_and_no_other(poems: list[str], question: str, longest: int) -> None:
    index = PassageIndex.build(poems, longest_run=longest)
    searched, text = [normalised(poem) for poem in poems], normalised(question)
    for end, passage in enumerate(index.passages_at_ends(text), 1):
        assert passage.length == longest_ending(searched, text, end)
        if passage.length:
            run = text[end - passage.length : end]
            assert index.occurrences(passage) == places_of(searched, run)
            assert index.where(run) == places_of(searched, run)
    assert index.where(f"{text}x") == []


@given(corpora, questions, st.integers(1, 6))
def test_a_run_that_may_not_be_long_is_the_end_of_the_long_one(
    poems: list[str], question: str, most: int
) -> None:
    index = PassageIndex.build(poems)
    text = normalised(question)
    run = index.empty
    for character, whole in zip(text, index.runs_at_ends(text), strict=True):
        run = index.after(run, index.symbol_of(character), most)
        assert run == index.shortened(whole, most)
        assert run.length == min(whole.length, most)


@given(corpora, questions)
def test_what_may_follow_a_run_is_what_does_somewhere(poems: list[str], question: str) -> None:
    index = PassageIndex.build(poems)
    searched, text = [normalised(poem) for poem in poems], normalised(question)
    for end, run in enumerate(index.runs_at_ends(text), 1):
        known = text[end - run.length : end]
        expected = [
            index.symbol_of(character)
            for character in index.alphabet
            if any(known + character in poem for poem in searched)
        ]
        assert index.followers(run).tolist() == expected


def test_white_space_of_any_kind_is_one_space_and_poems_do_not_touch() -> None:
    index = PassageIndex.build(POEMS)
    assert index.alphabet == " !.ATehmnorst"
    assert index.where("rose. The") == [(1, 9)]
    assert index.where("set.A") == []
    assert index.where("moon") == [(1, 4), (1, 19), (3, 2)]
    run = index.after(index.after(index.empty, index.symbol_of("e")), index.symbol_of("\t"))
    assert run == index.after(run, index.symbol_of(" ")) == index.after(run, index.symbol_of("\n"))


def test_a_character_that_the_text_has_not_ends_every_run() -> None:
    index = PassageIndex.build(POEMS)
    assert index.symbol_of("月") == NO_SYMBOL
    assert [run.length for run in index.runs_at_ends("mo月on")] == [1, 2, 0, 1, 2]


def test_a_text_without_white_space_knows_none() -> None:
    index = PassageIndex.build(["春江", "花月夜"])
    assert [run.length for run in index.runs_at_ends("江 花月")] == [1, 0, 1, 2]


def test_poems_are_called_by_the_numbers_given() -> None:
    index = PassageIndex.build(["ab", " ", "b"], numbers=[3, 5, 70_000])
    assert index.where("b") == [(3, 1), (70_000, 0)]


def test_runs_are_values() -> None:
    index = PassageIndex.build(POEMS)
    first, second = (list(index.runs_at_ends("The moon")) for _ in range(2))
    assert first == second
    assert isinstance(hash(first[-1]), int)
    assert isinstance(first[-1], Run)


@pytest.mark.parametrize("width", [300, 70_000])
def test_long_texts_and_large_alphabets_are_indexed_alike(width: int) -> None:
    generator = random.Random(0)
    poems = ["".join(chr(0x4E00 + generator.randrange(300)) for _ in range(width))]
    index = PassageIndex.build(poems)
    for start in range(0, width - 9, width // 50):
        assert (1, start) in index.where(poems[0][start : start + 9])
        assert index.where(poems[0][start : start + 9] + "a") == []


def test_a_wide_range_is_narrowed_and_widened() -> None:
    """Runs that stand at thousands of places, and lose their beginning."""
    poem = "ab" * 3_000 + "c" + "b" * 3_000
    index = PassageIndex.build([poem])
    text = "abc" + "b" * 40 + "ab" * 40 + "cab"
    lengths = [passage.length for passage in index.passages_at_ends(text)]
    assert lengths == [longest_ending([poem], text, end) for end in range(1, len(text) + 1)]


def test_the_entropy_is_that_of_the_characters() -> None:
    assert PassageIndex.build(["abab", "ab"]).entropy() == 1.0
    assert PassageIndex.build(["abcd"]).entropy() == 2.0


def test_a_text_too_long_or_empty_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="no text to index"):
        PassageIndex.build(["", " \n"])
    monkeypatch.setattr(passage_building, "LONGEST_INDEXED", 5)
    assert PassageIndex.build(["abc", "de"]).where("e")
    with pytest.raises(CorpusError, match="it has 6 characters, and 5 are indexed at most"):
        PassageIndex.build(["abc", "def"])
