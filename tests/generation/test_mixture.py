import re

import numpy as np
import pytest

from charrnn.corpus.variants import Substitution
from charrnn.errors import ConfigurationError
from charrnn.generation.mixture import blended, mix
from tests.generation.tables import probabilities, table_generator


def test_a_mixture_multiplies_powers_of_probabilities():
    given = [
        np.log(np.array([0.5, 0.25, 0.25], np.float32)),
        np.log(np.array([0.25, 0.5, 0.25], np.float32)),
    ]
    before = [array.copy() for array in given]
    everything = np.ones(3, np.bool_)
    # Square roots of 1/8, 1/8, 1/16, so the ratio is sqrt 2, sqrt 2, 1.
    root = 2**0.5
    mixed = mix(given, [0.5, 0.5], everything)
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(np.exp(mixed), np.array([root, root, 1]) / (2 * root + 1), rtol=1e-6)
    np.testing.assert_allclose(np.exp(mix(given, [1, 0], everything)), [0.5, 0.25, 0.25], rtol=1e-6)
    for array, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_a_mixture_gives_nothing_to_what_one_does_not_know_and_the_rest_adds_up_to_one():
    given = [np.log(np.full((2, 4), 0.25, np.float32))] * 2
    mixed = mix(given, [0.5, 0.5], np.array([True, False, True, True]))
    np.testing.assert_allclose(np.exp(mixed), [[1 / 3, 0, 1 / 3, 1 / 3]] * 2, rtol=1e-6)
    assert np.isfinite(mixed).all()


def test_a_blend_of_different_alphabets_writes_what_both_know():
    writer = blended(
        [
            table_generator({"a": 0.4, "b": 0.1, "c": 0.5}),
            table_generator({"a": 1, "b": 4, "d": 5}),
        ],
        [0.5, 0.5],
    )
    # Of the four-fold and the fourth part the roots are alike.
    assert writer.vocabulary.characters == ("a", "b", "c", "d")
    assert probabilities(writer) == pytest.approx({"a": 0.5, "b": 0.5}, rel=1e-5)


def test_a_blend_that_only_reads_rules_out_nothing():
    pair = [
        table_generator({"a": 0.5, "b": 0.25}, unknown=0.25),
        table_generator({"a": 0.25, "c": 0.25}, unknown=0.5),
    ]
    model = blended(pair, [1, 1], reads_only=True).model
    logits, _ = model.step(np.array([0]), model.initial_state(1))
    # What one does not know is as likely to it as an unknown character.
    roots = np.sqrt([0.25 * 0.5, 0.5 * 0.25, 0.25 * 0.5, 0.25 * 0.25])
    found = np.exp(logits[0, 1:])
    np.testing.assert_allclose(found / found.sum(), roots / roots.sum(), rtol=1e-5)


def test_weights_are_shares_of_their_sum():
    pair = [table_generator({"a": 8, "b": 1}), table_generator({"a": 1, "b": 1})]
    # The eighth has the cube root 2.
    for weights in ([1, 2], [0.1, 0.2], [0.8e308, 1.6e308]):
        assert probabilities(blended(pair, weights)) == pytest.approx(
            {"a": 2 / 3, "b": 1 / 3}, rel=1e-5
        )


def test_one_of_weight_zero_has_no_part_in_it():
    first = table_generator({"a": 3, "b": 1}, poems_by_lines=[1])
    other = table_generator({"x": 1}, "text", [0, 1])
    writer = blended([first, other], [0.5, 0])
    assert writer.vocabulary == first.vocabulary
    assert probabilities(writer) == pytest.approx({"a": 0.75, "b": 0.25}, rel=1e-5)
    assert writer.poems_by_lines[1:] == []


def test_poem_breaks_and_unknown_symbols_are_shared():
    pair = [
        table_generator({"a": 0.5}, ends=0.25, unknown=0.25),
        table_generator({"a": 0.5}, ends=0.25, unknown=0.25),
    ]
    # What is unknown is never written, and holds its place among the predictions.
    assert probabilities(blended(pair, [1, 1]), "a") == pytest.approx(
        {"a": 2 / 3, "end": 1 / 3}, rel=1e-5
    )


def test_a_character_that_one_knows_is_read_by_it_and_unknown_to_the_other():
    left, right = table_generator({"a": 1, "c": 1}), table_generator({"b": 1, "c": 1})
    draft = blended([left, right], [1, 1]).begin("ab月")
    # After the poem break each reads a, b, 月 as its own ids.
    assert [layer[0].ravel().tolist() for layer in draft.state] == [[211], [121]]
    assert draft.substitutions == (Substitution("月", None),)


def test_lines_are_counted_as_in_the_corpora_by_their_shares():
    first = table_generator({"a": 1, "\n": 1}, poems_by_lines=[0, 3, 1])
    other = table_generator({"a": 1, "\n": 1}, poems_by_lines=[0, 0, 0, 7])
    unknown = table_generator({"a": 1, "\n": 1})
    assert blended([first, other], [1, 3]).poems_by_lines == [0, 187_500, 62_500, 750_000]
    assert blended([first, unknown], [1, 3]).poems_by_lines == [0, 750_000, 250_000]
    assert blended([unknown, unknown], [1, 3]).poems_by_lines == []


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1], "a blend needs a weight at least 0 for each network. Received: 1 for 2."),
        ([1, -1], "a blend needs a weight at least 0 for each network. Received: 1, -1 for 2."),
        ([1, np.nan], "at least 0 for each network. Received: 1, nan for 2."),
        ([0, 0], "a blend needs a weight above 0."),
        ([1, 1], "these networks have no characters in common to write with."),
    ],
)
def test_a_blend_that_makes_no_sense_is_refused(weights, sentence):
    pair = [table_generator({"a": 1, " ": 1}), table_generator({"月": 1, " ": 1})]
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        blended(pair, weights)
