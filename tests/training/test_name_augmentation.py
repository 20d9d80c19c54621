import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.training.data import TrainingStreams
from charrnn.training.name_augmentation import KINDS, NameAugmentation, names_in

TEXT = (
    "ROMEO:\nThe moon, said Romeo.\n\nJULIET:\nO Romeo, the MOON! said Juliet.\n\n"
    "The end. JULIET sleeps; Tom dies."
)
VOCABULARY = Vocabulary.of_text(TEXT)
IDS = VOCABULARY.encode(TEXT)


def text_of(streams: TrainingStreams, epoch: int, row: int) -> str:
    rows = streams._rows(epoch, 0, augments=True)
    return VOCABULARY.decode(rows[row])


def test_names_are_what_never_stands_without_a_capital() -> None:
    assert names_in(TEXT) == {"romeo", "juliet"}


def test_words_that_are_rare_or_short_are_no_names() -> None:
    assert names_in("Once Once. Xy Xy Xy. Thrice Thrice Thrice.") == {"thrice"}


@pytest.mark.parametrize("seed", range(5))
def test_a_name_is_spelled_alike_wherever_it_stands(seed: int) -> None:
    renaming = NameAugmentation(IDS, VOCABULARY, 1.0, seed)
    spelling = renaming.spelling(epoch=3, stream=1)
    assert spelling is not None
    ids = np.where(renaming.places, spelling[IDS], IDS)
    renamed = VOCABULARY.decode(ids)
    name = renamed.partition(":")[0]
    assert len(name) == 5
    assert name.isupper()
    assert renamed.count(name.title()) == 2
    assert renamed.replace(name.title(), "Romeo").startswith(name + ":\nThe moon, said Romeo.\n\n")
    assert "MOON! said" in renamed
    assert renamed.endswith("sleeps; Tom dies.")


def test_vowels_become_vowels_and_consonants_consonants() -> None:
    renaming = NameAugmentation(IDS, VOCABULARY, 1.0, 0)
    spelling = renaming.spelling(0, 0)
    assert spelling is not None
    for kind in KINDS:
        known = [letter for letter in kind if letter in VOCABULARY]
        both = {c for c in known if c.upper() in VOCABULARY}
        renamed = {VOCABULARY.decode([spelling[VOCABULARY.id_of(c)]]) for c in both}
        assert renamed == both


def test_what_is_no_letter_of_both_cases_stays() -> None:
    spelling = NameAugmentation(IDS, VOCABULARY, 1.0, 0).spelling(0, 0)
    assert spelling is not None
    assert spelling[[END_OF_POEM, UNKNOWN]].tolist() == [END_OF_POEM, UNKNOWN]
    for character in " \n.:!;,O":
        assert VOCABULARY.decode([spelling[VOCABULARY.id_of(character)]]) in {character, "O", "E"}


def test_the_share_of_streams_is_that_asked_for() -> None:
    renaming = NameAugmentation(IDS, VOCABULARY, 0.3, 0)
    spelled = [renaming.spelling(epoch, stream) for epoch in range(40) for stream in range(25)]
    share = sum(one is not None for one in spelled) / len(spelled)
    assert share == pytest.approx(0.3, abs=0.04)
    assert NameAugmentation(IDS, VOCABULARY, 0.0, 0).spelling(0, 0) is None


def test_streams_of_an_epoch_differ_and_what_they_read_depends_on_seed_and_epoch_alone() -> None:
    ids = np.tile(IDS, 4)
    first, second = (
        TrainingStreams(ids, 4, 16, 5, NameAugmentation(ids, VOCABULARY, 1.0, 5)) for _ in range(2)
    )
    plain = TrainingStreams(ids, 4, 16, 5)
    second.batch(3)
    for step in (0, 1, 7, 2):
        np.testing.assert_array_equal(first.batch(step).inputs, second.batch(step).inputs)
        np.testing.assert_array_equal(
            first.batch(step).inputs[:, 1:], first.batch(step).targets[:, :-1]
        )
    assert text_of(first, 0, 0) != text_of(plain, 0, 0)
    assert {text_of(first, epoch, 0)[:4] for epoch in range(3)} != {text_of(plain, 0, 0)[:4]}


def test_at_the_end_of_a_run_names_are_those_of_the_text() -> None:
    ids = np.tile(IDS, 4)
    renamed = TrainingStreams(ids, 4, 16, 5, NameAugmentation(ids, VOCABULARY, 1.0, 5))
    plain = TrainingStreams(ids, 4, 16, 5)
    for step in (0, 1, 7):
        assert (renamed.batch(step).inputs != plain.batch(step).inputs).any()
        np.testing.assert_array_equal(
            renamed.batch(step, augments=False).inputs, plain.batch(step).inputs
        )
