import dataclasses
import itertools
import math

import numpy as np
import pytest

from charrnn.corpus import evaluation_streams as streams
from charrnn.corpus.evaluation_streams import EvaluationStreams
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding import scoring
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.scoring import (
    ANY_UNKNOWN,
    POEM_END,
    Candidate,
    TextLoss,
    TokenScore,
    mean_bits,
    score_continuation,
    score_poems,
    score_text,
    score_tokens,
    split_lines,
    text_loss,
)
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import CorpusError
from tests.decoding.networks import (
    CERTAINTY,
    POEM,
    VOCABULARY,
    architecture,
    keras_network,
    markov,
    markov_weights,
    reciter,
    reciting_weights,
)
from tests.decoding.tables import table_generator


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
def test_a_text_loss_is_the_loss_of_keras_on_the_same_streams(network):
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
    found = text_loss(engine, ids)
    assert found.characters == 500
    assert found.nats_per_character == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("small_streams")
@pytest.mark.parametrize("largest_logits", [1, 12 * 13 * 5])
def test_a_loss_does_not_depend_on_how_much_is_read_at_once(network, monkeypatch, largest_logits):
    ids = np.random.default_rng(4).integers(0, 13, 480).astype(np.uint8)
    whole = text_loss(network[1], ids)
    monkeypatch.setattr(scoring, "LARGEST_LOGITS", largest_logits)
    parts = text_loss(network[1], ids)
    assert parts.characters == whole.characters == 479
    assert parts.nats == pytest.approx(whole.nats, rel=1e-6)


@pytest.mark.usefixtures("small_streams")
def test_every_token_but_the_first_is_scored_and_reported():
    engine = NumpyEngine(*reciting_weights())
    poem = [*VOCABULARY.encode(POEM).tolist(), END_OF_POEM]
    ids = np.array([END_OF_POEM, *poem * 20], np.uint8)
    reports: list[int] = []
    found = text_loss(engine, ids, reports.append)
    # After a break, and after every token of the poem, the network knows what comes.
    expected = math.log1p(12 * math.exp(-CERTAINTY))
    assert found.characters == sum(reports) == 240
    assert found.nats_per_character == pytest.approx(expected, abs=1e-6)


@pytest.mark.usefixtures("small_streams")
def test_some_tokens_are_counted_apart_as_well(network):
    ids = np.random.default_rng(5).integers(0, 13, 480).astype(np.uint8)
    whole = text_loss(network[1], ids)
    assert whole.among is None
    some = np.arange(13) < 4
    parts = [text_loss(network[1], ids, among=among) for among in (some, ~some)]
    assert [part.nats for part in parts] == [whole.nats, whole.nats]
    assert [part.among.characters for part in parts] == [
        int(some[ids[1:]].sum()),
        int((~some)[ids[1:]].sum()),
    ]
    assert sum(part.among.nats for part in parts) == pytest.approx(whole.nats, rel=1e-9)
    everything = text_loss(network[1], ids, among=np.full(13, True))
    assert everything.among == TextLoss(whole.nats, 479)


def test_tokens_that_are_not_in_the_text_have_no_loss():
    engine = NumpyEngine(*reciting_weights())
    never = np.zeros(VOCABULARY.size, bool)
    never[UNKNOWN] = True
    assert text_loss(engine, VOCABULARY.encode(POEM), among=never).among is None


def test_a_loss_in_other_units():
    coin = TextLoss(nats=10 * math.log(2), characters=10)
    assert coin.nats_per_character == pytest.approx(math.log(2))
    assert coin.bits_per_character == pytest.approx(1)
    assert coin.perplexity == pytest.approx(2)
    assert TextLoss(nats=1e4, characters=1).perplexity == math.inf


@pytest.mark.parametrize(("length", "told"), [(0, "0 characters"), (1, "1 character,")])
def test_a_text_without_a_prediction_is_refused(length, told):
    with pytest.raises(CorpusError, match=f"too short to be scored: it has {told}"):
        text_loss(NumpyEngine(*reciting_weights()), np.zeros(length, np.uint8))


SHARES = {"a": 0.5, "b": 0.25, "\n": 0.125}
"""Beside them the poem break has 3/32, and the unknown token 1/32."""


@pytest.fixture
def writer() -> TextGenerator:
    return table_generator(SHARES, ends=3 / 32, unknown=1 / 32)


def test_what_came_is_compared_with_what_was_predicted() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.125, 0.0625, 0.0625]] * 3, np.float32))
    before = logits.copy()
    own, ranks, others, of_others = score_tokens(logits, np.array([0, 2, 4]))
    assert np.exp(own) == pytest.approx([0.5, 0.125, 0.0625])
    assert ranks.tolist() == [1, 3, 4]
    assert others.tolist() == [[1, 2, 3], [0, 1, 3], [0, 1, 2]]
    assert np.exp(of_others[1]) == pytest.approx([0.5, 0.25, 0.0625])
    assert (logits == before).all()


def test_where_few_tokens_are_few_others_are_told() -> None:
    _, ranks, others, _ = score_tokens(np.zeros((1, 3), np.float32), np.array([1]))
    assert others.tolist() == [[0, 2]]
    assert ranks.tolist() == [1]


def test_each_character_has_its_probability_rank_and_runners_up(writer: TextGenerator) -> None:
    (poem,) = score_poems(writer, ["b€"])
    assert [one.character for one in poem] == ["b", "€", POEM_END]
    assert [one.bits for one in poem] == pytest.approx([2, 5, math.log2(32 / 3)], abs=1e-6)
    assert [one.rank for one in poem] == [2, 5, 4]
    assert [[other.character for other in one.runners_up] for one in poem] == [
        ["a", "\n", POEM_END],
        ["a", "b", "\n"],
        ["a", "b", "\n"],
    ]
    likeliest = poem[0].runners_up[0]
    assert likeliest == Candidate("a", pytest.approx(math.log(0.5), abs=1e-6))
    four_likelier = table_generator({"a": 0.1, "b": 0.2}, ends=0.3, unknown=0.4)
    (turn,) = score_continuation(four_likelier, four_likelier.begin(), "a", ended=False)
    assert [other.character for other in turn.runners_up] == [ANY_UNKNOWN, POEM_END, "b"]


def test_what_a_network_wrote_is_scored_by_the_probabilities_it_was_written_with() -> None:
    generator = np.random.default_rng(5)
    writer = markov(generator.normal(0, 2, (6, 6)), "\nabc")
    poem = writer.write("ab\n")
    found = score_continuation(writer, writer.begin("ab\n"), poem.text, ended=poem.ended)
    told = found[:-1] if poem.ended else found
    assert "".join(one.character for one in told) == poem.text
    assert [one.log_probability for one in told] == pytest.approx(
        list(poem.log_probabilities), abs=1e-5
    )
    assert not poem.ended or found[-1].character == POEM_END
    assert score_continuation(writer, writer.begin(), "", ended=False) == []


def test_every_poem_is_read_from_a_fresh_start(monkeypatch: pytest.MonkeyPatch) -> None:
    # Poems of all lengths side by side, in windows of two characters.
    monkeypatch.setattr(scoring, "MOST_POEMS", 2)
    monkeypatch.setattr(scoring, "MOST_STEPS", 2)
    weights, architecture = markov_weights(np.random.default_rng(1).normal(0, 2, (6, 6)))
    (layer,) = weights.recurrent
    memory = np.random.default_rng(2).normal(0, 0.5, (6, 6)).astype(np.float32)
    remembering = dataclasses.replace(layer, recurrent_kernel=memory)
    model = NumpyEngine(dataclasses.replace(weights, recurrent=(remembering,)), architecture)
    writer = TextGenerator(model, Vocabulary(tuple("\nabc")), "blocks")
    poems = ["abc", "c", "", "ba\nca", "abc"]
    reported: list[int] = []
    for poem, found in zip(poems, score_poems(writer, poems, reported.append), strict=True):
        path = [END_OF_POEM, *writer.vocabulary.encode(poem).tolist(), END_OF_POEM]
        state, expected = model.initial_state(1), []
        for token, following in itertools.pairwise(path):
            logits, state = model.step(np.array([token]), state)
            shares = np.exp(logits[0].astype(np.float64))
            expected.append(math.log(shares[following] / shares.sum()))
        assert [one.log_probability for one in found] == pytest.approx(expected, abs=1e-5)
        assert "".join(one.character for one in found) == poem
    assert reported == [4, 5, 3]


def test_a_continuous_text_is_read_on_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = reciter("text")
    whole = [one for some in score_text(writer, [POEM + POEM]) for one in some]
    monkeypatch.setattr(scoring, "LONGEST_PIECE", 3)
    pieces = list(score_text(writer, [POEM[:4], POEM[4:] + POEM]))
    assert [len(some) for some in pieces] == [3, 1, 3, 3, 3, 3, 3, 3]
    assert [one for some in pieces for one in some] == whole
    # The network begins as after a line end, and goes on with the poem's second line.
    assert whole[0].rank > 1
    assert [one.rank for one in whole[1:]] == [1] * (2 * len(POEM) - 1)


def test_lines_end_with_their_line_end_and_the_last_with_the_poem() -> None:
    def told(text: str) -> list[TokenScore]:
        return [TokenScore(one, -math.log(2), 1, ()) for one in text] + [TokenScore("", 0.0, 1, ())]

    lines = list(split_lines(told("ab\n\nc")))
    assert ["".join(one.character for one in line) for line in lines] == ["ab\n", "\n", "c"]
    assert [mean_bits(line) for line in lines] == pytest.approx([1, 1, 0.5])
    assert list(split_lines([])) == []
