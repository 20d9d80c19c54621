from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import SamplingConfig
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.generation.contrast import unlike
from charrnn.generation.engine import NumpyEngine
from charrnn.generation.joint import JointModel, Reader, common_layout
from charrnn.generation.mixture import blended
from charrnn.generation.weights import NetworkWeights
from charrnn.generation.writer import TextGenerator
from tests.generation.networks import architecture
from tests.generation.tables import table_generator

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

JOINT = {
    "blend": partial(blended, TWO, [0.7, 0.3]),
    "contrast": partial(unlike, *TWO),
    "contrast of a blend": lambda: unlike(blended(TWO, [1, 1]), TWO[1], 0.3),
    "blend of a contrast": lambda: blended([TWO[1], unlike(*TWO)], [1, 2]),
}


@pytest.fixture(params=JOINT)
def writer(request: pytest.FixtureRequest) -> TextGenerator:
    return JOINT[request.param]()


def test_each_network_reads_its_own_ids_of_the_joint_symbols():
    joint = Vocabulary(("a", "b", "c"))
    left, right = table_generator({"a": 1, "c": 1}), table_generator({"b": 1, "c": 1})
    model = JointModel([Reader.of(left, joint), Reader.of(right, joint)], lambda logits: logits[0])
    state = model.initial_state(2)
    _, state = model.step(np.array([2, 3]), state)
    _, state = model.read(np.array([[4, 0], [1, 4]]), state)
    # Break, unknown, a, b, c are 0, 1, 2, -, 3 to the first and 0, 1, -, 2, 3 to the other.
    assert [layer[0].ravel().tolist() for layer in state] == [[230, 113], [130, 213]]


def test_a_network_does_not_know_the_unknown_symbol():
    reader = Reader.of(table_generator({"a": 1, "c": 1}), Vocabulary(("a", "b", "c")))
    assert reader.known.tolist() == [True, False, True, False, True]


def test_reading_at_once_is_reading_step_by_step(writer):
    ids = np.random.default_rng(0).integers(writer.vocabulary.size, size=(3, 5))
    state = writer.model.initial_state(3)
    logits, last = writer.model.read(ids, state)
    assert logits.dtype == np.float32
    assert logits.shape == (3, 5, writer.vocabulary.size) == (3, 5, writer.model.vocabulary_size)
    for time, symbols in enumerate(ids.T):
        after, state = writer.model.step(symbols, state)
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
    blend = JOINT["blend"]().write(config=settings)
    assert set(blend.text) <= set(LETTERS.characters) & set(OTHERS.characters)
    assert set(JOINT["contrast"]().write(config=settings).text) <= set(LETTERS.characters)


def test_the_texts_of_those_who_write_are_not_to_be_copied():
    one, other = (table_generator({"a": 1}, ngram_filters=(name,)) for name in ("first", "other"))
    assert blended([one, other], [1, 1]).ngram_filters == ("first", "other")
    assert blended([one, other], [0, 1]).ngram_filters == ("other",)
    assert unlike(one, other).ngram_filters == ("first",)


def test_the_same_seed_writes_the_same(writer):
    settings = SamplingConfig(seed=3, length=30)
    assert writer.write("cd", settings) == writer.write("cd", settings)


def test_networks_of_different_layouts_do_not_write_together():
    poems, text = table_generator({"a": 1}), table_generator({"a": 1}, "text")
    assert common_layout([text, text]) == "text"
    for together in (lambda: blended([poems, text], [1, 1]), lambda: unlike(poems, text)):
        with pytest.raises(ConfigurationError) as refusal:
            together()
        assert str(refusal.value) == (
            "networks that write together must have learned texts of one layout. "
            "Received: blocks and text."
        )
