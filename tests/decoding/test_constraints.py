"""Constraints against a search by brute force."""

import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE, Checkpoint
from charrnn.corpus.ngram_filter import folded
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.constraints import (
    LIMIT_OF_LETTERS,
    LIMIT_OF_WORDS,
    CopyGuard,
    CopyState,
    NoRepeat,
    copy_guards,
    open_ngram_filter,
    states_after,
    usual_limit,
)
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.configuration import Layout, SamplingConfig
from tests.corpora import filter_of
from tests.decoding.tables import table_generator
from tests.fakes import RECORD, write_run

VOCABULARY = Vocabulary((" ", ",", "a", "b", "c"))

TOKENS = VOCABULARY.size

MARKS = {VOCABULARY.id_of(" "), VOCABULARY.id_of(",")}


def would_repeat(text: list[int], run: int) -> list[int]:
    """Tokens that would make a run stand twice, by looking at all runs of the poem."""
    broken = [place for place, token in enumerate(text) if token == END_OF_POEM]
    poem = text[broken[-1] + 1 if broken else 0 :]
    letters = [token for token in poem if token not in MARKS]
    repeating = []
    for token in sorted({*range(1, TOKENS)} - MARKS):
        longer = [*letters, token]
        runs = [tuple(longer[start : start + run]) for start in range(len(longer) - run + 1)]
        if runs and runs[-1] in runs[:-1]:
            repeating.append(token)
    if len(repeating) == TOKENS - 1 - len(MARKS) and poem[-1] in MARKS:
        return list(range(1, TOKENS))
    return repeating


def suppressed(constraint: NoRepeat, state: object) -> list[int]:
    allowed = constraint.allowed_tokens(state)
    return [] if allowed is None else np.flatnonzero(~allowed).tolist()


@given(st.lists(st.integers(0, TOKENS - 1), max_size=25), st.integers(1, 5))
def test_what_would_repeat_a_run_is_forbidden_and_nothing_else(text: list[int], run: int) -> None:
    constraint = NoRepeat(run, VOCABULARY)
    state = constraint.initial_state()
    for place, token in enumerate(text):
        assert suppressed(constraint, state) == would_repeat(text[:place], run)
        state = constraint.next_state(state, token)
    assert suppressed(constraint, state) == would_repeat(text, run)


@given(
    st.lists(st.integers(1, TOKENS - 1), max_size=10),
    st.lists(st.lists(st.integers(1, TOKENS - 1), max_size=6), max_size=4),
)
def test_texts_that_branch_off_know_nothing_of_one_another(
    trunk: list[int], branches: list[list[int]]
) -> None:
    constraint = NoRepeat(2, VOCABULARY)
    (fork,) = states_after([constraint], trunk)
    states = [fork] * len(branches)
    for place in range(6):
        for number, branch in enumerate(branches):
            if place < len(branch):
                states[number] = constraint.next_state(states[number], branch[place])
    for branch, state in zip(branches, states, strict=True):
        assert suppressed(constraint, state) == would_repeat([*trunk, *branch], 2)
    assert suppressed(constraint, fork) == would_repeat(trunk, 2)


def test_marks_and_white_space_do_not_count() -> None:
    constraint = NoRepeat(2, VOCABULARY)
    a, b, comma, space = map(VOCABULARY.id_of, "ab, ")
    (state,) = states_after([constraint], [a, comma, space, comma, b, space, comma, a])
    assert suppressed(constraint, state) == [b]


def test_where_no_letter_is_left_one_mark_may_follow() -> None:
    constraint = NoRepeat(1, Vocabulary((",", "a")))
    state = states_after([constraint], [UNKNOWN, 3])[0]
    assert suppressed(constraint, state) == [UNKNOWN, 3]
    assert suppressed(constraint, constraint.next_state(state, 2)) == [UNKNOWN, 2, 3]


def test_the_poem_break_is_never_forbidden_and_begins_another_poem() -> None:
    constraint = NoRepeat(1, Vocabulary(("a",)))
    (state,) = states_after([constraint], [1, 2])
    assert suppressed(constraint, state) == [1, 2]
    assert constraint.allowed_tokens(constraint.next_state(state, END_OF_POEM)) is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_each_constraint_reads_the_text(count: int) -> None:
    constraints = [NoRepeat(run, VOCABULARY) for run in range(1, count + 1)]
    states = states_after(constraints, itertools.chain([4], [5, 4]))
    assert [suppressed(one, state) for one, state in zip(constraints, states, strict=True)] == [
        [4, 5],
        [5],
    ][:count]


# Copying

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
    assert usual_limit(12) == LIMIT_OF_LETTERS == 25
    assert usual_limit(6) == LIMIT_OF_WORDS == 7
    assert usual_limit(30) == 30


def test_a_guard_for_each_filter_unless_copying_is_allowed() -> None:
    known = filter_of(["abab"], 2)
    (guard,) = copy_guards([known], LETTERS, 2)
    assert free(guard, after(guard, "ab")) == "\n bc"
    assert len(copy_guards([known, known], LETTERS, None)) == 2
    assert copy_guards([known], LETTERS, 0) == []
    assert copy_guards([], LETTERS, None) == []


@pytest.mark.parametrize("layout", ["blocks", "lines", "text"])
def test_a_text_of_any_layout_is_guarded_by_default(layout: Layout) -> None:
    known = filter_of(["abcabcabcabcabc"], 6)
    writer = table_generator({"a": 0.3, "b": 0.3, "c": 0.4}, layout, ngram_filters=[known])
    (guard,) = writer.constraints(SamplingConfig())
    assert isinstance(guard, CopyGuard)
    assert writer.constraints(SamplingConfig(max_copy=0)) == []
    start = writer.begin("abcabca")  # as long as may be copied
    (after,) = {step.character for step in writer.stream(start, SamplingConfig(seed=1, length=1))}
    assert after != "b"


def test_a_limit_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="max-copy 9 needs the n-gram filter of the training"
    ):
        copy_guards([], LETTERS, 9)
    filters = [filter_of([], 6), filter_of([], 12)]
    with pytest.raises(ConfigurationError) as refused:
        copy_guards(filters, LETTERS, 11)
    assert str(refused.value) == (
        "max-copy must be at least 12 here, because the filter holds runs of 12 characters, or 0 to "
        "allow any copy. Received: 11."
    )
    assert len(copy_guards(filters, LETTERS, 12)) == 2


# The filter of a checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    write_run(tmp_path)
    return Checkpoint.open(tmp_path)


def test_the_filter_of_a_checkpoint_is_that_of_its_text(checkpoint: Checkpoint) -> None:
    assert open_ngram_filter(checkpoint) is None
    filter_of(["abc"], corpus=RECORD.corpus.digest).write(checkpoint.directory / NGRAM_FILTER_FILE)
    opened = open_ngram_filter(checkpoint)
    assert opened is not None
    assert opened.hits("abc").all()


def test_a_filter_that_cannot_be_used_is_told_with_what_to_do(checkpoint: Checkpoint) -> None:
    path = checkpoint.directory / NGRAM_FILTER_FILE
    filter_of(["abc"], corpus="ab" * 32).write(path)
    with pytest.raises(CheckpointError, match=r"belongs to another corpus\. Remove"):
        open_ngram_filter(checkpoint)
    path.write_bytes(b"moon")
    with pytest.raises(CheckpointError) as refused:
        open_ngram_filter(checkpoint)
    assert str(refused.value) == (
        f"the n-gram filter of the training text cannot be used: {path} is not an n-gram filter. Remove "
        "it and make it again (charrnn novelty does), or write without it (--max-copy 0)."
    )
    path.unlink()
    path.mkdir()
    with pytest.raises(CheckpointError, match="write without it"):
        open_ngram_filter(checkpoint)


def test_special_tokens_come_first() -> None:
    assert {END_OF_POEM, UNKNOWN} == set(range(SPECIAL))
