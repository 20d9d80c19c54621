import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.logits_processors import token_wishes
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig

VOCABULARY = Vocabulary(("\n", " ", "é", "愁", "月", "花"))


def test_favours_become_a_bias_and_a_ban_suppressed_ids():
    made = token_wishes(SamplingConfig(favour="月=2,花=-1.5", ban="愁\n"), VOCABULARY)
    assert made.bias.tolist() == [0, 0, 0, 0, 0, 0, 2, -1.5]
    assert made.suppressed == {2, 5}
    assert made.notes == ()


def test_nothing_asked_is_no_array_to_compute_with():
    made = token_wishes(SamplingConfig(), VOCABULARY)
    assert (made.bias, made.suppressed, made.notes) == (None, frozenset(), ())


def test_a_character_typed_in_two_parts_is_the_composed_one():
    made = token_wishes(SamplingConfig(ban="e\N{COMBINING ACUTE ACCENT}"), VOCABULARY)
    assert made.suppressed == {VOCABULARY.id_of("é")}


def test_characters_the_vocabulary_does_not_hold_are_told_of():
    made = token_wishes(SamplingConfig(favour="酒=1,月=2,\t=1", ban="愁hi"), VOCABULARY)
    assert made.notes == (
        "酒 is not in this model's alphabet, so it cannot be favoured.",
        "a tab is not in this model's alphabet, so it cannot be favoured.",
        "h is not in this model's alphabet, so it is never written, banned or not.",
        "i is not in this model's alphabet, so it is never written, banned or not.",
    )
    assert made.bias.tolist() == [0, 0, 0, 0, 0, 0, 2, 0]
    assert made.suppressed == {5}


@pytest.mark.parametrize("ban", ["é愁月花", " \né愁月花", "花é愁月x"])
def test_a_ban_that_leaves_white_space_alone_is_refused(ban):
    with pytest.raises(ConfigurationError) as refusal:
        token_wishes(SamplingConfig(ban=ban), VOCABULARY)
    assert str(refusal.value) == (
        "the ban leaves no character to write. Ban fewer of this model's alphabet."
    )


@given(st.text(alphabet="\n é愁月花xyz"))
def test_a_ban_bars_its_characters_and_never_a_special_token(ban):
    try:
        banned = token_wishes(SamplingConfig(ban=ban), VOCABULARY).suppressed
    except ConfigurationError:
        assert set(ban) >= set("é愁月花")
    else:
        assert {VOCABULARY.characters[token - 2] for token in banned} == (
            set(ban) & set(VOCABULARY.characters)
        )
