"""The guard against a search of the text itself."""

import random
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.ngram_filter import folded
from charrnn.corpus.vocabulary import END_OF_POEM, SPECIAL, UNKNOWN, Vocabulary
from charrnn.decoding.copying import (
    LIMIT_OF_LETTERS,
    LIMIT_OF_WORDS,
    CopyGuard,
    CopyState,
    copy_guards,
    open_ngram_filter,
    sensible_limit,
)
from charrnn.errors import CheckpointError, ConfigurationError
from tests.corpora import filter_of
from tests.fakes import RECORD, write_run

LETTERS = Vocabulary(("\n", " ", "a", "b", "c"))

corpora = st.lists(st.text(alphabet="ab \n", min_size=1, max_size=30), min_size=1, max_size=5)


def longest_copied(poems: list[str], text: str) -> int:
    """By brute force: the longest run of a text that stands in one of some poems."""
    searched = [folded(poem) for poem in poems]
    text = folded(text)
    return max(
        (
            stop - start
            for start in range(len(text))
            for stop in range(start + 1, len(text) + 1)
            if any(text[start:stop] in poem for poem in searched)
        ),
        default=0,
    )


def after(guard: CopyGuard, text: str) -> CopyState:
    """The state after a text."""
    state = guard.initial_state()
    for character in text:
        state = guard.next_state(state, LETTERS.id_of(character))
    return state


def free(guard: CopyGuard, state: CopyState) -> str:
    """The characters that may come next."""
    mask = guard.allowed_tokens(state)
    return "".join(one for one in LETTERS.characters if mask is None or mask[LETTERS.id_of(one)])


@given(
    corpora,
    st.integers(2, 4),
    st.integers(0, 4),
    st.text(alphabet="ab \n", max_size=9),
    st.randoms(),
)
@example(["ab ab\nab"], 2, 0, "ab", random.Random(0))
def test_no_text_written_through_the_guard_copies_a_longer_run(
    poems: list[str], n: int, more: int, prompt: str, generator: random.Random
) -> None:
    longest = n + more
    guard = CopyGuard(filter_of(poems, n), LETTERS, longest)
    text = prompt = prompt.strip()
    state = after(guard, prompt)
    for _ in range(40):
        left = sorted(free(guard, state).replace("c", ""), key=lambda _: generator.random())
        if not left:
            break
        # What the poems go on with is tried first, so that the guard has work to do.
        chosen = max(left, key=lambda one: longest_copied(poems, text[-longest:] + one))
        text += chosen
        state = guard.next_state(state, LETTERS.id_of(chosen))
    assert longest_copied(poems, text) <= max(longest, longest_copied(poems, prompt))


@given(corpora, st.integers(2, 3), st.integers(0, 3), st.text(alphabet="abc \n", max_size=30))
def test_only_characters_that_make_too_many_ngrams_in_a_row_are_forbidden(
    poems: list[str], n: int, more: int, text: str
) -> None:
    known = filter_of(poems, n)
    guard = CopyGuard(known, LETTERS, n + more)
    text = text.lstrip()
    spaced = folded(text) + " " * (text[-1:].isspace())
    left = free(guard, after(guard, text))
    for character in LETTERS.characters:
        adds_nothing = character.isspace() and spaced.endswith(" ")
        run = (spaced + (" " if character.isspace() else character))[-(n + more) - 1 :]
        too_long = len(run) > n + more and bool(known.hits(run).all())
        assert (character in left) == (adds_nothing or not too_long)


def test_the_end_of_a_poem_is_never_forbidden_and_begins_anew() -> None:
    guard = CopyGuard(filter_of(["abc"], 2), LETTERS, 2)
    state = after(guard, "ab")
    mask = guard.allowed_tokens(state)
    assert mask is not None
    assert mask.tolist() == [True, True, True, True, True, True, False]
    assert (
        guard.next_state(state, END_OF_POEM)
        == guard.next_state(state, UNKNOWN)
        == guard.initial_state()
    )


def test_states_are_values_that_can_be_kept_and_gone_back_to() -> None:
    guard = CopyGuard(filter_of(["abab"], 2), LETTERS, 3)
    first = guard.next_state(guard.initial_state(), LETTERS.id_of("a"))
    later = guard.next_state(first, LETTERS.id_of("b"))
    assert first == after(guard, "a")
    assert len({first, later, guard.initial_state()}) == 3
    # What was written longer ago is forgotten.
    assert after(guard, "ccccab") == after(guard, "cab")


def test_a_prompt_beyond_the_limit_is_not_gone_on_with() -> None:
    guard = CopyGuard(filter_of(["abcabcabc"], 2), LETTERS, 3)
    assert free(guard, after(guard, "abcabc")) == "\n bc"
    assert free(guard, after(guard, "abcabcb")) == "\n abc"


def test_characters_that_only_one_of_text_and_network_knows_do_no_harm() -> None:
    guard = CopyGuard(filter_of(["a月月", "abb"], 2), LETTERS, 2)
    assert free(guard, after(guard, "ab")) == "\n ac"


# Which limit


def test_the_limit_follows_what_a_character_tells() -> None:
    assert sensible_limit(12) == LIMIT_OF_LETTERS == 25
    assert sensible_limit(6) == LIMIT_OF_WORDS == 7
    assert sensible_limit(30) == 30


def test_poems_are_guarded_unless_they_are_not_to_be() -> None:
    known = filter_of(["abab"], 2)
    (guard,) = copy_guards([known], LETTERS, "blocks", 2)
    assert free(guard, after(guard, "ab")) == "\n bc"
    assert len(copy_guards([known, known], LETTERS, "lines", None)) == 2
    assert copy_guards([known], LETTERS, "blocks", 0) == []
    assert copy_guards([known], LETTERS, "text", None) == []
    assert len(copy_guards([known], LETTERS, "text", 5)) == 1
    assert copy_guards([], LETTERS, "blocks", None) == []


def test_a_limit_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="max-copy 9 needs the n-gram filter of the text"):
        copy_guards([], LETTERS, "blocks", 9)
    filters = [filter_of([], 6), filter_of([], 12)]
    with pytest.raises(ConfigurationError) as refused:
        copy_guards(filters, LETTERS, "blocks", 11)
    assert str(refused.value) == (
        "max-copy is at least 12 here, as the text learned is known by its runs of 12 characters, "
        "or 0 to let any be copied. Received: 11."
    )
    assert len(copy_guards(filters, LETTERS, "blocks", 12)) == 2


# The filter of a checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    write_run(tmp_path)
    return Checkpoint.open(tmp_path)


def test_the_filter_of_a_checkpoint_is_that_of_its_text(checkpoint: Checkpoint) -> None:
    assert open_ngram_filter(checkpoint) is None
    filter_of(["abc"], corpus=RECORD.corpus.digest).write(checkpoint.ngram_filter_path)
    opened = open_ngram_filter(checkpoint)
    assert opened is not None
    assert opened.hits("abc").all()


def test_a_filter_that_cannot_be_used_is_told_with_what_to_do(checkpoint: Checkpoint) -> None:
    path = checkpoint.ngram_filter_path
    filter_of(["abc"], corpus="ab" * 32).write(path)
    with pytest.raises(
        CheckpointError, match=r"is not that of the text which was learned\. Remove"
    ):
        open_ngram_filter(checkpoint)
    path.write_bytes(b"moon")
    with pytest.raises(CheckpointError) as refused:
        open_ngram_filter(checkpoint)
    assert str(refused.value) == (
        f"the n-gram filter of the text learned cannot be used: {path} is no n-gram filter. Remove "
        "it and make it anew (charrnn novelty does), or write without it (--max-copy 0)."
    )
    path.unlink()
    path.mkdir()
    with pytest.raises(CheckpointError, match="write without it"):
        open_ngram_filter(checkpoint)


def test_special_tokens_come_first() -> None:
    assert {END_OF_POEM, UNKNOWN} == set(range(SPECIAL))
