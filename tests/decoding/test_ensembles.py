import math
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.variants import Substitution
from charrnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.ensembles import (
    Ensemble,
    Member,
    common_layout,
    contrastive_decoding,
    multiply_experts,
    product_of_experts,
    subtract_amateur,
)
from charrnn.decoding.sampling import log_softmax
from charrnn.decoding.weights import NetworkWeights
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import architecture
from tests.decoding.tables import probabilities, table_generator

LETTERS = Vocabulary(tuple("abcdefghijk"))
OTHERS = Vocabulary(tuple("\n cdefgxyzåé"))


def random_generator(seed: int, vocabulary: Vocabulary, layers: int) -> TextGenerator:
    """A small LSTM with random weights."""
    sizes = architecture(vocabulary_size=vocabulary.size, layers=layers, units=6, embedding=4)
    random = np.random.default_rng(seed)
    shapes = [(vocabulary.size, 4)]
    for layer in range(layers):
        shapes += [(6 if layer else 4, 24), (6, 24), (24,)]
    shapes += [(6, vocabulary.size), (vocabulary.size,)]
    arrays = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    weights = NetworkWeights.from_keras(arrays, sizes)
    return TextGenerator(NumpyEngine(weights, sizes), vocabulary, "blocks")


TWO = (random_generator(1, LETTERS, 1), random_generator(2, OTHERS, 2))

ENSEMBLES = {
    "blend": partial(product_of_experts, TWO, [0.7, 0.3]),
    "contrast": partial(contrastive_decoding, *TWO),
    "contrast of a blend": lambda: contrastive_decoding(
        product_of_experts(TWO, [1, 1]), TWO[1], 0.3
    ),
    "blend of a contrast": lambda: product_of_experts([TWO[1], contrastive_decoding(*TWO)], [1, 2]),
}


@pytest.fixture(params=ENSEMBLES)
def writer(request: pytest.FixtureRequest) -> TextGenerator:
    return ENSEMBLES[request.param]()


def test_each_network_reads_its_own_ids_of_the_shared_tokens():
    shared = Vocabulary(("a", "b", "c"))
    left, right = table_generator({"a": 1, "c": 1}), table_generator({"b": 1, "c": 1})
    model = Ensemble([Member.of(left, shared), Member.of(right, shared)], lambda logits: logits[0])
    state = model.initial_state(2)
    _, state = model.step(np.array([2, 3]), state)
    _, state = model.read(np.array([[4, 0], [1, 4]]), state)
    # Break, unknown, a, b, c are 0, 1, 2, -, 3 to the first and 0, 1, -, 2, 3 to the other.
    assert [layer[0].ravel().tolist() for layer in state] == [[230, 113], [130, 213]]


def test_a_network_does_not_know_the_unknown_token():
    member = Member.of(table_generator({"a": 1, "c": 1}), Vocabulary(("a", "b", "c")))
    assert (member.ids != UNKNOWN).tolist() == [True, False, True, False, True]


def test_reading_at_once_is_reading_step_by_step(writer):
    ids = np.random.default_rng(0).integers(writer.vocabulary.size, size=(3, 5))
    state = writer.model.initial_state(3)
    logits, last = writer.model.read(ids, state)
    assert logits.dtype == np.float32
    assert logits.shape == (3, 5, writer.vocabulary.size) == (3, 5, writer.model.vocabulary_size)
    for time, tokens in enumerate(ids.T):
        after, state = writer.model.step(tokens, state)
        assert after.dtype == np.float32
        np.testing.assert_allclose(logits[:, time], after, rtol=1e-4, atol=1e-4)
    for layer, expected in zip(last, state, strict=True):
        for array, other in zip(layer, expected, strict=True):
            np.testing.assert_allclose(array, other, rtol=1e-4, atol=1e-5)


def test_a_state_is_layers_of_arrays_whose_rows_can_be_taken(writer):
    ids = np.array([2, 3, 4])
    logits, state = writer.model.step(ids, writer.model.initial_state(3))
    assert all(array.shape == (3, 6) for layer in state for array in layer)
    taken = tuple(tuple(array[[2, 0]] for array in layer) for layer in state)
    following, _ = writer.model.step(np.array([5, 6]), taken)
    whole, _ = writer.model.step(np.array([6, 5, 5]), state)
    np.testing.assert_allclose(following, whole[[2, 0]], rtol=1e-5, atol=1e-5)
    assert np.isfinite(logits).all()


@given(seed=st.integers(0, 2**32))
def test_what_is_written_is_known_to_those_who_decide(seed):
    settings = SamplingConfig(seed=seed, temperature=3.0, length=12)
    blend = ENSEMBLES["blend"]().write(config=settings)
    assert set(blend.text) <= set(LETTERS.characters) & set(OTHERS.characters)
    assert set(ENSEMBLES["contrast"]().write(config=settings).text) <= set(LETTERS.characters)


def test_the_texts_of_those_who_write_are_not_to_be_copied():
    one, other = (table_generator({"a": 1}, ngram_filters=(name,)) for name in ("first", "other"))
    assert product_of_experts([one, other], [1, 1]).ngram_filters == ("first", "other")
    assert product_of_experts([one, other], [0, 1]).ngram_filters == ("other",)
    assert contrastive_decoding(one, other).ngram_filters == ("first",)


def test_the_same_seed_writes_the_same(writer):
    settings = SamplingConfig(seed=3, length=30)
    assert writer.write("cd", settings) == writer.write("cd", settings)


def test_networks_of_different_layouts_do_not_write_together():
    poems, text = table_generator({"a": 1}), table_generator({"a": 1}, "text")
    assert common_layout([text, text]) == "text"
    for together in (
        lambda: product_of_experts([poems, text], [1, 1]),
        lambda: contrastive_decoding(poems, text),
    ):
        with pytest.raises(ConfigurationError) as refusal:
            together()
        assert str(refusal.value) == (
            "networks that write together must have learned texts of one layout. "
            "Received: blocks and text."
        )


def test_a_product_of_experts_multiplies_powers_of_probabilities():
    given = [
        np.log(np.array([0.5, 0.25, 0.25], np.float32)),
        np.log(np.array([0.25, 0.5, 0.25], np.float32)),
    ]
    before = [array.copy() for array in given]
    everything = np.ones(3, np.bool_)
    # Square roots of 1/8, 1/8, 1/16, so the ratio is sqrt 2, sqrt 2, 1.
    root = 2**0.5
    mixed = multiply_experts(given, [0.5, 0.5], everything)
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(np.exp(mixed), np.array([root, root, 1]) / (2 * root + 1), rtol=1e-6)
    np.testing.assert_allclose(
        np.exp(multiply_experts(given, [1, 0], everything)), [0.5, 0.25, 0.25], rtol=1e-6
    )
    for array, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_a_product_of_experts_gives_nothing_to_what_one_does_not_know_and_the_rest_adds_up_to_one():
    given = [np.log(np.full((2, 4), 0.25, np.float32))] * 2
    mixed = multiply_experts(given, [0.5, 0.5], np.array([True, False, True, True]))
    np.testing.assert_allclose(np.exp(mixed), [[1 / 3, 0, 1 / 3, 1 / 3]] * 2, rtol=1e-6)
    assert np.isfinite(mixed).all()


def test_a_blend_of_different_alphabets_writes_what_both_know():
    writer = product_of_experts(
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
    model = product_of_experts(pair, [1, 1], reads_only=True).model
    logits, _ = model.step(np.array([0]), model.initial_state(1))
    # What one does not know is as likely to it as an unknown character.
    roots = np.sqrt([0.25 * 0.5, 0.5 * 0.25, 0.25 * 0.5, 0.25 * 0.25])
    found = np.exp(logits[0, 1:])
    np.testing.assert_allclose(found / found.sum(), roots / roots.sum(), rtol=1e-5)


def test_weights_are_shares_of_their_sum():
    pair = [table_generator({"a": 8, "b": 1}), table_generator({"a": 1, "b": 1})]
    # The eighth has the cube root 2.
    for weights in ([1, 2], [0.1, 0.2], [0.8e308, 1.6e308]):
        assert probabilities(product_of_experts(pair, weights)) == pytest.approx(
            {"a": 2 / 3, "b": 1 / 3}, rel=1e-5
        )


def test_one_of_weight_zero_has_no_part_in_it():
    first = table_generator({"a": 3, "b": 1}, poems_by_lines=[1])
    other = table_generator({"x": 1}, "text", [0, 1])
    writer = product_of_experts([first, other], [0.5, 0])
    assert writer.vocabulary == first.vocabulary
    assert probabilities(writer) == pytest.approx({"a": 0.75, "b": 0.25}, rel=1e-5)
    assert writer.poems_by_lines[1:] == []


def test_poem_breaks_and_unknown_tokens_are_shared():
    pair = [
        table_generator({"a": 0.5}, ends=0.25, unknown=0.25),
        table_generator({"a": 0.5}, ends=0.25, unknown=0.25),
    ]
    # What is unknown is never written, and holds its place among the predictions.
    assert probabilities(product_of_experts(pair, [1, 1]), "a") == pytest.approx(
        {"a": 2 / 3, "end": 1 / 3}, rel=1e-5
    )


def test_a_character_that_one_knows_is_read_by_it_and_unknown_to_the_other():
    left, right = table_generator({"a": 1, "c": 1}), table_generator({"b": 1, "c": 1})
    draft = product_of_experts([left, right], [1, 1]).begin("ab月")
    # After the poem break each reads a, b, 月 as its own ids.
    assert [layer[0].ravel().tolist() for layer in draft.decoder_state.state] == [[211], [121]]
    assert draft.substitutions == (Substitution("月", None),)


def test_lines_are_counted_as_in_the_corpora_by_their_shares():
    first = table_generator({"a": 1, "\n": 1}, poems_by_lines=[0, 3, 1])
    other = table_generator({"a": 1, "\n": 1}, poems_by_lines=[0, 0, 0, 7])
    unknown = table_generator({"a": 1, "\n": 1})
    assert product_of_experts([first, other], [1, 3]).poems_by_lines == [
        0,
        187_500,
        62_500,
        750_000,
    ]
    assert product_of_experts([first, unknown], [1, 3]).poems_by_lines == [0, 750_000, 250_000]
    assert product_of_experts([unknown, unknown], [1, 3]).poems_by_lines == []


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
        product_of_experts(pair, weights)


ALL = np.ones(4, np.bool_)


def logs(*values: float) -> np.ndarray:
    return np.log(np.array(values, np.float32))


def test_a_contrast_divides_by_a_power_of_what_the_other_one_says():
    given = [logs(0.4, 0.4, 0.1, 0.1), logs(0.64, 0.16, 0.16, 0.04)]
    before = [array.copy() for array in given]
    # 0.4 / 0.8, 0.4 / 0.4, 0.1 / 0.4, 0.1 / 0.2: in quarters 2, 4, 1, 2.
    shares = np.exp(log_softmax(subtract_amateur(given, 0.5, ALL, 0.0)))
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, np.array([2, 4, 1, 2]) / 9, rtol=1e-5)
    for array, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_a_contrast_of_strength_zero_leaves_the_plausible_as_they_are():
    shares = np.exp(
        log_softmax(subtract_amateur([logs(0.5, 0.25, 0.24, 0.01), logs(1, 1, 1, 1)], 0, ALL, 0))
    )
    np.testing.assert_allclose(shares, np.array([50, 25, 24, 0]) / 99, rtol=1e-5)


@pytest.mark.parametrize("strength", [0.5, 1.0, 10.0])
def test_the_implausible_stay_below_whatever_the_other_one_says(strength):
    rows = [logs(0.8, 0.11, 0.079, 1e-20), logs(0.98, 0.01, 1e-30, 1e-30)]
    rows = [np.stack([row, row[::-1]]) for row in rows]
    scores = subtract_amateur(rows, strength, ALL, 0.0)
    assert scores[0].argsort().tolist() == [3, 2, 0, 1]
    assert scores[1].argsort().tolist() == [0, 1, 3, 2]
    assert np.isfinite(scores).all()
    assert np.exp(log_softmax(scores))[0, 2:].tolist() == [0, 0]


def test_what_the_other_one_does_not_know_counts_as_guessed():
    foreseen = np.array([True, True, False, True])
    scores = subtract_amateur(
        [logs(0.25, 0.25, 0.25, 0.25), logs(0.5, 0.25, 1e-9, 0.25)], 1.0, foreseen, math.log(0.125)
    )
    np.testing.assert_allclose(np.exp(log_softmax(scores)), np.array([2, 4, 8, 4]) / 18, rtol=1e-5)


def test_a_writer_unlike_another_one_has_the_alphabet_of_the_first():
    expert = table_generator({"a": 0.5, "b": 0.3, "é": 0.2}, poems_by_lines=[2])
    amateur = table_generator({"a": 8, "b": 1, "x": 1})
    writer = contrastive_decoding(expert, amateur, 1.0)
    # The other one has five tokens: é counts a fifth. 5/8, 3/1, 2 / 2.
    assert probabilities(writer, "aéb") == pytest.approx(
        {"a": 5 / 37, "b": 24 / 37, "é": 8 / 37}, rel=1e-5
    )
    assert writer.vocabulary == expert.vocabulary
    assert writer.poems_by_lines == expert.poems_by_lines
    assert writer.checkpoints == expert.checkpoints


def test_a_network_unlike_itself_takes_the_plausible_as_equals():
    one = table_generator({"a": 0.6, "b": 0.38, "c": 0.02})
    assert probabilities(contrastive_decoding(one, one, 1.0)) == pytest.approx(
        {"a": 0.5, "b": 0.5}, rel=1e-5
    )


@pytest.mark.parametrize("strength", [-0.1, 11, math.nan, True])
def test_a_strength_out_of_range_is_refused(strength):
    one = table_generator({"a": 1})
    with pytest.raises(ConfigurationError) as refusal:
        contrastive_decoding(one, one, strength)
    assert str(refusal.value) == (
        f"the strength must be a number from 0 to 10. Received: {strength}."
    )
