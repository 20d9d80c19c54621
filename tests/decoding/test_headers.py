import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.checkpoint.record import LabelRecord
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.conditioning import Condition, headers_for
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.ensembles import contrastive_decoding, product_of_experts
from charrnn.decoding.headers import HeadedModel
from charrnn.decoding.sampling import log_softmax
from charrnn.decoding.weights import NetworkWeights
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import architecture

LETTERS = tuple("\nabcdefgh")
LABELS = tuple(
    LabelRecord(field=field, value=value, poems=9)
    for field, value in (
        ("author", "Emily Dickinson"),
        ("author", "Walter de la Mare"),
        ("author", "John Keats"),
        ("author", "John Clare"),
        ("author", "苏轼"),
        ("form", "qijue"),
        ("form", "ode"),
    )
)
WHOLE = Vocabulary(LETTERS, LABELS, titles=True)
END_OF_HEADER, AUTHOR, FORM = WHOLE.end_of_header, WHOLE.first_label, WHOLE.first_label + 5


def engine(vocabulary=WHOLE, seed=0):
    sizes = architecture(vocabulary_size=vocabulary.size, layers=2, units=6, embedding=4)
    random = np.random.default_rng(seed)
    shapes = [(vocabulary.size, 4), (4, 24), (6, 24), (24,), (6, 24), (6, 24), (24,)]
    shapes += [(6, vocabulary.size), (vocabulary.size,)]
    arrays = [random.normal(0, 1, shape).astype(np.float32) for shape in shapes]
    return NumpyEngine(NetworkWeights.from_keras(arrays, sizes), sizes)


def writer(vocabulary=WHOLE, seed=0):
    return TextGenerator(
        HeadedModel(engine(vocabulary, seed), vocabulary),
        Vocabulary(vocabulary.characters),
        "blocks",
    )


def plain_reading(ids, header):
    """Logits after each token, where the network itself reads the header after each end of poem."""
    model, logits = engine(), []
    state = model.initial_state(1)
    for id_ in ids:
        for one in [id_, *(header if id_ == END_OF_POEM else ())]:
            read, state = model.step(np.array([one]), state)
        logits.append(read[0, :END_OF_HEADER])
    return np.array(logits)


tokens = st.lists(st.integers(0, END_OF_HEADER - 1), min_size=1, max_size=12)


@given(tokens, tokens)
def test_the_header_is_read_after_each_end_of_a_poem(one, other):
    header = [AUTHOR + 1, 2, 3, END_OF_HEADER]
    model = HeadedModel(engine(), WHOLE, header[:-1])
    length = max(len(one), len(other))
    ids = np.array([ids + [END_OF_POEM] * (length - len(ids)) for ids in (one, other)])
    expected = np.stack([plain_reading(row, header) for row in ids.tolist()])
    logits, state = model.read(ids, model.initial_state(2))
    np.testing.assert_allclose(logits, expected, rtol=0, atol=2e-5)
    stepped, at = [], model.initial_state(2)
    for column in ids.T:
        step, at = model.step(column, at)
        stepped.append(step)
    np.testing.assert_allclose(np.stack(stepped, 1), expected, rtol=0, atol=2e-5)
    for layer, other_layer in zip(state, at, strict=True):
        np.testing.assert_allclose(layer, other_layer, rtol=0, atol=2e-5)


def test_no_token_of_a_header_is_written():
    generator = writer()
    for seed in range(20):
        poem = generator.write(config=SamplingConfig(temperature=3.0, seed=seed, length=50))
        assert set(poem.text) <= {*LETTERS, "\N{REPLACEMENT CHARACTER}"}


def header_of(**condition):
    ((header, weight),) = headers_for(Condition(**condition), WHOLE)
    assert weight == 1
    return header


def test_labels_come_in_the_order_of_training_and_then_the_title():
    assert header_of() == []
    condition = {"by": "john keats", "label": "form=ode", "title": "Ab\n ba"}
    ids = [AUTHOR + 2, FORM + 1, 1, 3, 1, 3, 2]
    ids[2:] = [WHOLE.id_of(one) for one in "ab ba"]
    assert header_of(**condition) == ids
    assert header_of(label="form=ode,author=John Keats") == [AUTHOR + 2, FORM + 1]


@pytest.mark.parametrize(
    ("by", "place"),
    [("Dickinson", 0), ("emily dickinson", 0), ("De la Mare", 1), ("蘇軾", 4), ("Keats", 2)],
)
def test_an_author_is_found_by_a_part_of_the_name(by, place):
    assert header_of(by=by) == [AUTHOR + place]


def test_a_form_that_is_a_label_is_read():
    assert header_of(form="qijue") == [FORM]
    assert header_of(form="sonnet") == []
    assert header_of(form="qijue", label="form=ode") == [FORM + 1]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"by": "John"}, r"several authors are called John: John Keats and John Clare\. Name one"),
        (
            {"by": "Dickenson"},
            r"does not know the author Dickenson\. The nearest are Emily Dickinson",
        ),
        ({"by": "Li Bai"}, r"does not know the author Li Bai\."),
        ({"label": "form=haiku"}, "does not know the form haiku"),
        ({"label": "metre=x"}, "knows no label metre: its labels are author and form"),
        ({"by": "Keats", "label": "author=Keats"}, "--by and --label author are the same"),
        ({"title": "a" * 101}, "a title has at most 100 characters. Received: 101"),
    ],
)
def test_what_the_network_has_not_learned_is_refused(condition, told):
    with pytest.raises(ConfigurationError, match=told):
        headers_for(Condition(**condition), WHOLE)


def test_networks_without_labels_or_titles_say_so():
    plain = Vocabulary(LETTERS)
    titled = Vocabulary(LETTERS, titles=True)
    tagged = Vocabulary(LETTERS, (LABELS[5], LabelRecord(field="mood", value="sad", poems=1)))
    for vocabulary, condition, told in (
        (plain, {"by": "Keats"}, "has learned no labels, so --by has no meaning"),
        (plain, {"label": "form=ode"}, "knows no label form: it has learned no labels"),
        (plain, {"title": "a"}, "has learned no titles"),
        (titled, {"by": "Keats"}, "has learned no labels"),
        (tagged, {"by": "Keats"}, "knows no authors; its labels are form and mood"),
        (tagged, {"title": "a"}, "has learned no titles"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            headers_for(Condition(**condition), vocabulary)


def first_prediction(generator):
    return log_softmax(generator.begin().decoder_state.logits)[0]


def test_a_condition_changes_what_is_written_and_can_be_taken_back():
    generator = writer()
    keats = generator.conditioned(SamplingConfig(by="Keats"))
    assert keats.condition == Condition(by="Keats")
    assert keats.conditioned(SamplingConfig(by="Keats", seed=3)) is keats
    assert keats.conditioned(SamplingConfig()) is generator
    assert not np.allclose(first_prediction(keats), first_prediction(generator))
    config = SamplingConfig(by="Keats", seed=1, length=30)
    assert generator.write(config=config).text == keats.write(config=config).text
    assert (
        pickle.loads(pickle.dumps(keats)).write(config=config).text
        == keats.write(config=config).text
    )


def test_a_poem_that_has_begun_otherwise_is_not_continued():
    generator = writer()
    start = generator.begin("ab")
    with pytest.raises(ConfigurationError, match="has begun with another author"):
        generator.stream(start, SamplingConfig(by="Keats"))
    keats = generator.conditioned(SamplingConfig(by="Keats"))
    with pytest.raises(ConfigurationError, match="has begun with another author"):
        next(keats.write_many("", [SamplingConfig(by="Clare")]))
    assert list(keats.stream(keats.begin("ab"), SamplingConfig(by="Keats", length=2)))


def test_authors_are_mixed_as_a_product_of_experts():
    generator = writer()
    mixed = generator.conditioned(SamplingConfig(by="Keats=3,Clare=1"))
    one, other = (
        first_prediction(generator.conditioned(SamplingConfig(by=name)))
        for name in ("Keats", "Clare")
    )
    known = np.arange(END_OF_HEADER) != UNKNOWN
    expected = log_softmax((0.75 * one + 0.25 * other)[None, known])[0]
    np.testing.assert_allclose(first_prediction(mixed)[known], expected, atol=1e-5)


def test_a_blend_is_conditioned_where_its_networks_have_labels():
    headed = writer()
    plain = TextGenerator(engine(Vocabulary(LETTERS), 1), Vocabulary(LETTERS), "blocks")
    blend = product_of_experts([headed, plain], [1.0, 3.0])
    config = SamplingConfig(by="Keats")
    conditioned = blend.conditioned(config)
    again = product_of_experts([headed.conditioned(config), plain], [1.0, 3.0])
    np.testing.assert_array_equal(first_prediction(conditioned), first_prediction(again))
    assert conditioned.conditioned(SamplingConfig()) is blend
    with pytest.raises(ConfigurationError, match="has learned no labels"):
        product_of_experts([plain, plain], [1, 1]).conditioned(config)
    contrast = contrastive_decoding(headed, plain).conditioned(config)
    expected = contrastive_decoding(headed.conditioned(config), plain)
    np.testing.assert_array_equal(first_prediction(contrast), first_prediction(expected))
