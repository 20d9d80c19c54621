import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.errors import FormConflictError
from charrnn.forms.core.opening import given_tokens, states_after_prompt
from tests.forms.core.toys import END, ListedPoems

VOCABULARY = Vocabulary(tuple("\nabcdefg"))


def states(text: str, *lists: list[str], count: int = 4, seed: int = 0):
    automaton = ListedPoems(VOCABULARY, *lists)
    tokens = [automaton.id_of(one) if one != "?" else UNKNOWN for one in text]
    return states_after_prompt(automaton, VOCABULARY, tokens, np.random.default_rng(seed), count)


def refusal(text: str, *lists: list[str]) -> str:
    with pytest.raises(FormConflictError) as caught:
        states(text, *lists)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_drafts_begin_after_what_was_typed() -> None:
    assert states("", ["ab\n"]) == [("", 0)] * 4
    assert states("ab", ["ab\n"]) == [("ab", 0)] * 4
    assert states("ab\n", ["ab\n"]) == [("ab\n", 0)] * 4


def test_required_words_stand_where_the_prompt_leaves_them_room() -> None:
    lists = (["ab\n"], ["ac\n"], ["cb\n"])
    found = states("a", *lists, count=40)
    assert {number for _, number in found} == {0, 1}
    assert states("ac", *lists, count=5) == [("ac", 1)] * 5


def test_a_rare_place_is_found_too() -> None:
    lists = [["b\n"]] * 300 + [["a\n"]]
    assert states("a", *lists) == [("a", 300)] * 4


def test_where_a_prompt_leaves_the_form_it_is_told() -> None:
    assert refusal("abd", ["abc\n"]) == (
        "the prompt does not keep the form at its character 3: d cannot stand there, only c."
    )
    assert refusal("b\n", ["bc\n", "bd\n"]) == (
        "the prompt does not keep the form at its character 2: a line end cannot stand there, only "
        "c or d."
    )
    assert refusal("a?", ["ab" + END, "a" + END]) == (
        "the prompt does not keep the form at its character 2: an unknown character cannot stand "
        "there, only the end of the poem or b."
    )
    assert refusal("b", [f"{one}\n" for one in "acdefg"]) == (
        "the prompt does not keep the form at its character 1: b cannot stand there."
    )
    assert refusal("a\na", ["a\n"]) == (
        "the prompt does not keep the form at its character 3: the poem has ended before it."
    )


def test_the_place_that_goes_furthest_is_told_of() -> None:
    assert "character 3: " in refusal("abd", ["c\n"], ["abc\n"], ["ac\n"])


def test_a_form_that_no_poem_keeps_is_told() -> None:
    assert refusal("", []) == "no poem keeps the form and all requirements. Require less."
    assert END_OF_POEM == 0


def test_what_the_form_leaves_no_choice_of_is_given_up_to_the_end_of_the_line() -> None:
    def given(*lists: list[str], text: str = "") -> str:
        automaton = ListedPoems(VOCABULARY, *lists)
        found = [(text, number) for number in range(len(lists))]
        tokens, after = given_tokens(automaton, found)
        written = "".join(END if one == END_OF_POEM else VOCABULARY.decode([one]) for one in tokens)
        assert after == [(text + written, number) for number in range(len(lists))]
        return written

    assert given(["ab\n", "ac\n"]) == "a"
    assert given(["ab\n", "cb\n"]) == ""
    assert given(["ab\ncd\n"]) == "ab\n"
    assert given(["ab\ncd" + END], text="ab\n") == "cd" + END
    assert given(["abc\n"], ["abd\n"]) == "ab"
    assert given(["abc\n", "b\n"], ["abd\n"]) == ""
    assert given(["ab\n"], text="ab\n") == ""
