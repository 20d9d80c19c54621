import pytest

from charrnn.forms.core.learning import (
    FARTHEST,
    common_schemes,
    compared_lines,
    scheme_of,
    shares_of,
)


def letters(text: str) -> tuple[str, ...]:
    return tuple(letter.strip("-") for letter in text)


def rhyming(text: str) -> frozenset[tuple[int, int]]:
    """The pairs of lines that rhyme in a poem of a scheme."""
    return frozenset(
        (earlier, later)
        for earlier, later in compared_lines(len(text))
        if text[earlier] == text[later] != "-"
    )


@pytest.mark.parametrize("text", ["ABAB", "-A-A", "ABBAABBACDECDE", "----", "AABBA", "AA-AA"])
def test_a_scheme_is_found_again(text: str) -> None:
    shares = shares_of([rhyming(text)], len(text))
    assert scheme_of(shares, len(text)) == letters(text)


def test_lines_rhyme_that_do_in_seven_of_ten_poems() -> None:
    assert scheme_of({(0, 1): 0.7, (1, 2): 0.69}, 3) == ("A", "A", "")


def test_lines_far_apart_rhyme_by_those_in_between() -> None:
    assert max(later - earlier for earlier, later in compared_lines(30)) == FARTHEST
    assert scheme_of({(0, 9): 1.0, (9, 18): 1.0}, 19) == ("A", *[""] * 8, "A", *[""] * 8, "A")


def test_there_are_letters_for_more_rhymes_than_the_alphabet_has() -> None:
    scheme = scheme_of({(line, line + 1): 1.0 for line in range(0, 60, 2)}, 60)
    assert len(set(scheme)) == 30
    assert scheme[:4] == ("A", "A", "B", "B")
    assert all(len(letter) == 1 and letter.isalpha() for letter in scheme)


def test_one_scheme_is_common_where_rhymes_are_clear() -> None:
    # Here and there a rhyme is missing, or one is there by chance.
    poems = [rhyming("ABAB")] * 16 + [rhyming("-A-A")] * 3 + [rhyming("AAAA")]
    assert common_schemes(poems, 4) == {letters("ABAB"): 20}


def test_two_schemes_stand_side_by_side() -> None:
    poems = [rhyming("ABAB")] * 12 + [rhyming("AABB")] * 7 + [rhyming("----")]
    assert common_schemes(poems, 4) == {letters("ABAB"): 12, letters("AABB"): 7}


def test_what_all_poems_share_is_in_each_of_the_schemes() -> None:
    # The octave is clear, and a rhyme of it that one poem misses counts all the same.
    poems = [rhyming("ABBACDCD")] * 6 + [rhyming("ABBACCDD")] * 5 + [rhyming("A--ACDCD")]
    assert common_schemes(poems, 8) == {letters("ABBACDCD"): 7, letters("ABBACCDD"): 5}


def test_poems_without_anything_in_common_have_what_is_clear() -> None:
    pairs = [frozenset({(earlier, later)}) for earlier, later in compared_lines(6)]
    assert common_schemes(pairs, 6) == {("",) * 6: 15}
