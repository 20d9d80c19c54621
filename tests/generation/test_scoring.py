import math

import numpy as np
import pytest

from charrnn.corpus import streams
from charrnn.corpus.streams import EvaluationStreams
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN
from charrnn.errors import CorpusError
from charrnn.generation import scoring
from charrnn.generation.engine import NumpyEngine
from charrnn.generation.scoring import Score, score
from tests.generation.networks import (
    CERTAINTY,
    POEM,
    VOCABULARY,
    architecture,
    keras_network,
    reciting_weights,
)


@pytest.fixture
def small_streams(monkeypatch):
    """Several short streams even of a short text."""
    monkeypatch.setattr(streams, "SHORTEST_EVALUATION_STREAM", 40)
    monkeypatch.setattr(streams, "EVALUATION_WARM_UP", 9)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A Keras network, and the same as an engine."""
    sizes = architecture()
    model = keras_network(sizes)
    path = tmp_path_factory.mktemp("scoring") / "model.keras"
    model.save(path)
    return model, NumpyEngine.open(path, sizes)


@pytest.mark.usefixtures("small_streams")
def test_a_score_is_the_loss_of_keras_on_the_same_streams(network):
    model, engine = network
    ids = np.random.default_rng(3).integers(0, 13, 501).astype(np.uint8)
    streams = EvaluationStreams(ids)
    assert streams.streams == 12
    laid_out = streams.window(0, streams.length)
    logits = np.asarray(model(laid_out.inputs.astype(np.int32)), np.float64)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    of_targets = np.take_along_axis(
        log_probabilities, laid_out.targets[..., None].astype(int), axis=-1
    )[..., 0]
    expected = -of_targets[laid_out.counted].mean()
    found = score(engine, ids)
    assert found.characters == 500
    assert found.nats_per_character == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("small_streams")
@pytest.mark.parametrize("largest_logits", [1, 12 * 13 * 5])
def test_a_score_does_not_depend_on_how_much_is_read_at_once(network, monkeypatch, largest_logits):
    ids = np.random.default_rng(4).integers(0, 13, 480).astype(np.uint8)
    whole = score(network[1], ids)
    monkeypatch.setattr(scoring, "LARGEST_LOGITS", largest_logits)
    parts = score(network[1], ids)
    assert parts.characters == whole.characters == 479
    assert parts.nats == pytest.approx(whole.nats, rel=1e-6)


@pytest.mark.usefixtures("small_streams")
def test_every_symbol_but_the_first_is_scored_and_reported():
    engine = NumpyEngine(*reciting_weights())
    poem = [*VOCABULARY.encode(POEM).tolist(), END_OF_POEM]
    ids = np.array([END_OF_POEM, *poem * 20], np.uint8)
    reports: list[int] = []
    found = score(engine, ids, reports.append)
    # After a break, and after every symbol of the poem, the network knows what comes.
    expected = math.log1p(12 * math.exp(-CERTAINTY))
    assert found.characters == sum(reports) == 240
    assert found.nats_per_character == pytest.approx(expected, abs=1e-6)


@pytest.mark.usefixtures("small_streams")
def test_some_symbols_are_counted_apart_as_well(network):
    ids = np.random.default_rng(5).integers(0, 13, 480).astype(np.uint8)
    whole = score(network[1], ids)
    assert whole.among is None
    some = np.arange(13) < 4
    parts = [score(network[1], ids, among=among) for among in (some, ~some)]
    assert [part.nats for part in parts] == [whole.nats, whole.nats]
    assert [part.among.characters for part in parts] == [
        int(some[ids[1:]].sum()),
        int((~some)[ids[1:]].sum()),
    ]
    assert sum(part.among.nats for part in parts) == pytest.approx(whole.nats, rel=1e-9)
    everything = score(network[1], ids, among=np.full(13, True))
    assert everything.among == Score(whole.nats, 479)


def test_symbols_that_do_not_stand_in_the_text_have_no_score():
    engine = NumpyEngine(*reciting_weights())
    never = np.zeros(VOCABULARY.size, bool)
    never[UNKNOWN] = True
    assert score(engine, VOCABULARY.encode(POEM), among=never).among is None


def test_a_score_in_other_units():
    coin = Score(nats=10 * math.log(2), characters=10)
    assert coin.nats_per_character == pytest.approx(math.log(2))
    assert coin.bits_per_character == pytest.approx(1)
    assert coin.perplexity == pytest.approx(2)
    assert Score(nats=1e4, characters=1).perplexity == math.inf


@pytest.mark.parametrize(("length", "told"), [(0, "0 characters"), (1, "1 character,")])
def test_a_text_without_a_prediction_is_refused(length, told):
    with pytest.raises(CorpusError, match=f"too short to be scored: it has {told}"):
        score(NumpyEngine(*reciting_weights()), np.zeros(length, np.uint8))
