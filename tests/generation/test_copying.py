"""The guard and the measurement against a search of the text itself."""

import random
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.passages import PassageIndex, normalised
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.errors import CheckpointError, ConfigurationError, CorpusError
from charrnn.generation.copying import (
    LIMIT_OF_LETTERS,
    LIMIT_OF_WORDS,
    CopyGuard,
    copy_guards,
    measure,
    open_passages,
    sensible_limit,
)
from tests.fakes import RECORD, write_run

LETTERS = Vocabulary(("\n", " ", "a", "b", "c"))

corpora = st.lists(st.text(alphabet="ab \n", min_size=1, max_size=30), min_size=1, max_size=5)
indexable = corpora.filter(lambda poems: any(map(str.strip, poems)))


def longest_copied(poems: list[str], text: str) -> int:
    """By brute force: the longest run of a text that stands in one of some poems."""
    searched = [normalised(poem) for poem in poems]
    text = normalised(text)
    return max(
        (
            stop - start
            for start in range(len(text))
            for stop in range(start + 1, len(text) + 1)
            if any(text[start:stop] in poem for poem in searched)
        ),
        default=0,
    )


@given(indexable, st.integers(1, 6), st.text(alphabet="ab \n", max_size=9), st.randoms())
@example(["ab ab\nab"], 2, "ab", random.Random(0))
def test_no_text_written_through_the_guard_copies_a_longer_run(
    poems: list[str], longest: int, prompt: str, generator: random.Random
) -> None:
    guard = CopyGuard(PassageIndex.build(poems), LETTERS, longest)
    text, state = "", guard.initial_state()
    prompt = prompt.strip()
    for character in prompt:
        state = guard.next_state(state, LETTERS.id_of(character))
        text += character
    for _ in range(40):
        mask = guard.allowed_tokens(state)
        free = [one for one in "ab \n" if mask is None or mask[LETTERS.id_of(one)]]
        if not free:
            break
        # What the poems go on with is tried first, so that the guard has work to do.
        free.sort(
            key=lambda one: (-longest_copied(poems, text[-longest:] + one), generator.random())
        )
        text += free[0]
        state = guard.next_state(state, LETTERS.id_of(free[0]))
    copied = longest_copied(poems, text)
    assert copied <= max(longest, longest_copied(poems, prompt))


@given(indexable, st.integers(1, 5), st.text(alphabet="abc \n", max_size=30))
def test_only_characters_that_would_make_a_run_too_long_are_forbidden(
    poems: list[str], longest: int, text: str
) -> None:
    guard = CopyGuard(PassageIndex.build(poems), LETTERS, longest)
    searched = [normalised(poem) for poem in poems]
    text = text.lstrip()
    state = guard.initial_state()
    for character in text:
        state = guard.next_state(state, LETTERS.id_of(character))
    spaced = " ".join(text.split()) + " " * (text[-1:].isspace())
    mask = guard.allowed_tokens(state)
    for character in LETTERS.characters:
        adds_nothing = character.isspace() and spaced.endswith(" ")
        run = (spaced + (" " if character.isspace() else character))[-longest - 1 :]
        copies = len(run) > longest and any(run in poem for poem in searched)
        allowed = mask is None or bool(mask[LETTERS.id_of(character)])
        assert allowed == (adds_nothing or not copies)


def test_the_poem_break_is_never_forbidden_and_begins_anew() -> None:
    guard = CopyGuard(PassageIndex.build(["abc"]), LETTERS, 2)
    state = guard.initial_state()
    for character in "ab":
        state = guard.next_state(state, LETTERS.id_of(character))
    mask = guard.allowed_tokens(state)
    assert mask is not None
    assert mask.tolist() == [True, True, True, True, True, True, False]
    assert guard.next_state(state, END_OF_POEM) == guard.next_state(state, UNKNOWN) == guard.initial_state()


def test_states_are_values_that_can_be_kept_and_gone_back_to() -> None:
    guard = CopyGuard(PassageIndex.build(["abab"]), LETTERS, 3)
    first = guard.next_state(guard.initial_state(), LETTERS.id_of("a"))
    later = guard.next_state(first, LETTERS.id_of("b"))
    assert first == guard.next_state(guard.initial_state(), LETTERS.id_of("a"))
    assert len({first, later, guard.initial_state()}) == 3


def test_characters_that_the_network_does_not_write_need_not_be_forbidden() -> None:
    index = PassageIndex.build(["a月", "ab"])
    guard = CopyGuard(index, LETTERS, 1)
    mask = guard.allowed_tokens(guard.next_state(guard.initial_state(), LETTERS.id_of("a")))
    assert mask is not None
    assert [LETTERS.characters[id_ - 2] for id_ in range(2, 7) if not mask[id_]] == ["b"]


# Which limit


LETTERED = ["the moon is a boat on the quiet lake"]
WORDED = ["".join(chr(0x4E00 + number) for number in range(200))]


def test_the_limit_follows_what_a_character_tells() -> None:
    assert sensible_limit(PassageIndex.build(LETTERED)) == LIMIT_OF_LETTERS == 25
    assert sensible_limit(PassageIndex.build(WORDED)) == LIMIT_OF_WORDS == 7


def test_poems_are_guarded_unless_they_are_not_to_be() -> None:
    index = PassageIndex.build(["abab"])
    (guard,) = copy_guards([index], LETTERS, "blocks", 1)
    assert guard.allowed_tokens(guard.next_state(guard.initial_state(), LETTERS.id_of("a"))) is not None
    assert len(copy_guards([index, index], LETTERS, "lines", None)) == 2
    assert copy_guards([index], LETTERS, "blocks", 0) == []
    assert copy_guards([index], LETTERS, "text", None) == []
    assert len(copy_guards([index], LETTERS, "text", 5)) == 1
    assert copy_guards([], LETTERS, "blocks", None) == []


def test_a_limit_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="max-copy 9 needs the index of the text learned"):
        copy_guards([], LETTERS, "blocks", 9)
    with pytest.raises(ConfigurationError, match=r"255 at most.*Received: 256"):
        copy_guards([PassageIndex.build(["ab"])], LETTERS, "blocks", 256)


# The index of a checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    write_run(tmp_path)
    return Checkpoint.open(tmp_path)


def test_the_index_of_a_checkpoint_is_that_of_its_text(checkpoint: Checkpoint) -> None:
    assert open_passages(checkpoint) is None
    PassageIndex.build(["ab"], corpus=RECORD.corpus.digest).write(checkpoint.passages_path)
    opened = open_passages(checkpoint)
    assert opened is not None
    assert opened.where("b") == [(1, 1)]


def test_an_index_that_cannot_be_used_is_told_with_what_to_do(checkpoint: Checkpoint) -> None:
    PassageIndex.build(["ab"], corpus="another").write(checkpoint.passages_path)
    with pytest.raises(
        CheckpointError, match=r"is not that of the text which was learned\. Remove it and make"
    ):
        open_passages(checkpoint)
    checkpoint.passages_path.write_bytes(b"moon")
    with pytest.raises(
        CheckpointError, match=r"it is no index of passages\. Remove it and make it"
    ):
        open_passages(checkpoint)
    checkpoint.passages_path.unlink()
    checkpoint.passages_path.mkdir()
    with pytest.raises(CheckpointError, match="write without it"):
        open_passages(checkpoint)


# Measuring


def test_a_text_is_measured_by_hand() -> None:
    index = PassageIndex.build(["the moon rose", "a boat"])
    found = measure(index, ["the\nmoon set", " ", "a boar", "x"], most_runs=3)
    assert found.characters == 12 + 6 + 1
    assert found.longest == (9, 5, 0)
    # Of "the moon set" its first 9 characters stand there and "se"; of "a boar" its first 5.
    assert found.shares[2] == (8 + 1 + 4) / (11 + 5)
    assert found.shares[8] == 2 / 5
    assert [(run.text, run.poem, run.occurrences) for run in found.runs] == [
        ("the moon ", 1, ((1, 0),)),
        ("a boa", 3, ((2, 0),)),
        ("se", 1, ((1, 11),)),
    ]
    assert [found.longest_in(share) for share in (0.1, 0.5, 0.7, 1)] == [0, 5, 9, 9]
    assert [found.share_over(limit) for limit in (0, 4, 5, 9)] == [2 / 3, 2 / 3, 1 / 3, 0]


def test_a_continuous_text_is_measured_in_stretches_and_its_runs_whole() -> None:
    index = PassageIndex.build(["the moon rose"])
    found = measure(index, ["the moon rose"], stretch=4, most_runs=1)
    assert found.longest == (4, 4, 4, 1)
    assert [run.text for run in found.runs] == ["the moon rose"]


def test_a_text_with_no_runs_of_a_length_has_no_share() -> None:
    found = measure(PassageIndex.build(["abc"]), ["ab"])
    assert found.shares == {2: 1.0} | dict.fromkeys(range(3, 9))


def test_a_run_longer_than_the_index_tells_apart_is_measured_whole() -> None:
    generator = random.Random(0)
    poem = "".join(generator.choice("abc") for _ in range(1_000))
    index = PassageIndex.build([poem[:700], poem[100:]])
    found = measure(index, [poem], most_runs=1)
    assert found.longest == (900,)
    assert found.runs[0].occurrences == ((2, 0),)


@given(indexable, corpora, st.integers(1, 4))
def test_the_longest_runs_are_those_of_a_search(
    poems: list[str], measured: list[str], most: int
) -> None:
    if not any(map(str.strip, measured)):
        with pytest.raises(CorpusError, match="no poem to be measured"):
            measure(PassageIndex.build(poems), measured)
        return
    found = measure(PassageIndex.build(poems), measured, most_runs=most)
    expected = [longest_copied(poems, poem) for poem in measured if poem.strip()]
    assert list(found.longest) == expected
    lengths = [len(run.text) for run in found.runs]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) <= most
    assert max(lengths, default=0) == max(expected)
    for run in found.runs:
        assert run.text in normalised(measured[run.poem - 1])
        assert all(run.text in normalised(poems[place.poem - 1]) for place in run.occurrences)
