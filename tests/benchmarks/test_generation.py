"""What the benchmark of writing counts and tabulates, and that all contestants compute the same."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from benchmarks.generation import charrnn_writer, rounds, tables
from benchmarks.generation.contestants import (
    CHARRNN,
    CONTESTANTS,
    MEMORY,
    PYTORCH,
    RIVALS,
    WINDOW,
    Contestant,
)
from benchmarks.generation.networks import NETWORKS, Network, network_named, text_of
from benchmarks.generation.rounds import ContestantEndedError, Measured, Start
from benchmarks.generation.tables import Result
from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.corpus.encoding import Normaliser
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.engine import NumpyEngine
from tests.decoding.networks import keras_network, read_weights, save_reciting_run
from tests.fakes import ARCHITECTURE, MODEL, RECORD, write_run

TINY = Network("tiny", 2, 5, 6, 3, {1: 100})


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _result() -> Result:
    starts = [Start(0.3, 50.0), Start(0.1, 52.0), Start(0.2, 51.0)]
    return Result(
        network_named("2x512"),
        [
            Measured(CHARRNN, starts, {1: [2_900.0, 100.0, 3_000.0], 64: [20_000.0] * 3}),
            Measured("`tf.function`", starts[:1], {1: [1_000.0] * 3, 64: [10_000.0] * 3}),
            Measured(PYTORCH, starts[:1], {1: [1_450.0] * 3}),
            Measured(MEMORY, [], {1: [5_800.0] * 3}),
        ],
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A small LSTM with random weights."""
    network = keras_network(ARCHITECTURE)
    CheckpointWriter(tmp_path / "tiny").write_model(RECORD, MODEL, network.save)
    return tmp_path / "tiny"


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_weights_read_are_those_that_cannot_be_looked_up(network: Network) -> None:
    sizes = dataclasses.replace(
        ARCHITECTURE,
        vocabulary_size=network.vocabulary_size,
        embedding=network.embedding,
        layers=network.layers,
        units=network.units,
    )
    gates = 4 * network.units
    looked_up = network.embedding * (network.vocabulary_size + gates)
    biases = network.layers * gates + network.vocabulary_size
    assert network.weights == sizes.parameters - looked_up - biases
    assert network.bytes_read == 4 * network.weights


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_a_text_has_as_many_characters_as_the_network_has_tokens(network: Network) -> None:
    text = "".join(Normaliser().normalise([text_of(network)]))
    assert Vocabulary.of_text(text).size == network.vocabulary_size


def test_rates_are_medians_beside_what_is_wanted_and_the_best_of_the_others() -> None:
    header, _, one, many = tables.rates([_result()]).splitlines()
    assert _cells(header)[2:4] == ["charrnn", "wanted"]
    assert _cells(one) == [
        "LSTM 2 x 512, 65 tokens",
        "1",
        "2,900, short",
        "3,000",
        "-",
        "1,000",
        "-",
        "1,450",
        "-",
        "2.0",
    ]
    assert _cells(many)[1:4] == ["64", "20,000, short", "27,300"]
    assert _cells(many)[-2:] == ["-", "2.0"]


def test_starts_are_medians_and_the_memory_does_not_start() -> None:
    header, _, row = tables.starts([_result()]).splitlines()
    assert MEMORY not in header
    assert _cells(row)[1:] == ["0.20 s, 51 MB", "-", "0.30 s, 50 MB", "-", "0.30 s, 50 MB", "-"]


def test_the_share_of_what_memory_allows_is_that_of_one_poem() -> None:
    _, _, row = tables.memory([_result()]).splitlines()
    size = 4 * (3 * 4 * 512**2 + 512 * 65) / 1e6
    gigabytes = f"{5_800 * size / 1000:.0f}"
    assert _cells(row)[1:] == [
        f"{size:.1f}",
        gigabytes,
        "5,800",
        "50%",
        "-",
        "17%",
        "-",
        "25%",
        "-",
    ]


def test_every_contestant_writes_once_in_a_round_and_one_that_dies_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order: list[str] = []

    def add(measured: Measured, contestant: Contestant, *_: object) -> None:
        order.append(contestant.name)
        if contestant.name == PYTORCH and order.count(PYTORCH) == 2:
            raise ContestantEndedError("PyTorch ended with exit code -9")
        measured.rates.setdefault(1, []).append(len(order))

    monkeypatch.setattr(rounds, "add_round", add)
    told: list[str] = []
    measured = rounds.measure(TINY, CONTESTANTS, tmp_path, repeats=3, seconds=1.0, tell=told.append)
    assert {entry.name for entry in measured} == {CHARRNN, MEMORY, *RIVALS} - {PYTORCH}
    assert all(len(entry.rates[1]) == 3 for entry in measured)
    assert order[: len(CONTESTANTS)] != order[len(CONTESTANTS) : 2 * len(CONTESTANTS)]
    assert any(line.startswith("PyTorch ended with exit code -9, and is left out") for line in told)


def test_charrnn_writes_in_a_process_and_is_started_as_a_command(tmp_path: Path) -> None:
    save_reciting_run(tmp_path / "black", layout="text")
    measured = Measured(CHARRNN)
    contestant = Contestant(CHARRNN, "charrnn_writer", characters=3)
    rounds.add_round(measured, contestant, tmp_path / "black", seconds=0.01)
    assert measured.rates.keys() == {1, 64}
    assert all(rate > 0 for (rate,) in measured.rates.values())
    start = measured.start()
    assert start is not None
    assert 0 < start.seconds < 60
    assert 10 < start.megabytes < 1000


def test_a_contestant_that_cannot_write_is_told_apart(tmp_path: Path) -> None:
    write_run(tmp_path / "moons")
    contestant = Contestant(CHARRNN, "charrnn_writer")
    with pytest.raises(ContestantEndedError, match="charrnn ended with exit code 1"):
        rounds.add_round(Measured(CHARRNN), contestant, tmp_path / "moons", seconds=0.01)


def test_charrnn_writes_as_many_poems_as_it_is_asked_for(tmp_path: Path) -> None:
    save_reciting_run(tmp_path / "black", layout="text")
    write = charrnn_writer.open_writer(tmp_path / "black")
    for poems in (1, 3):
        written = write(poems, 7)
        assert isinstance(written, list)
        assert [len(text) for text in written] == [7] * poems


def test_keras_and_tensorflow_compute_the_network_of_the_checkpoint(checkpoint: Path) -> None:
    from benchmarks.generation import keras_predict, tensorflow_step

    ids = np.random.default_rng(0).integers(0, RECORD.architecture.vocabulary_size, (3, WINDOW))
    expected = _logits(checkpoint, ids)
    network = tensorflow_step.StepNetwork(checkpoint)
    state = network.initial_state(len(ids))
    for position in range(WINDOW):
        logits, state = network(ids[:, position], state)
        np.testing.assert_allclose(logits, expected[:, position], atol=1e-5)
    odds = np.exp(expected[:, -1])
    probabilities = keras_predict.predicting_model(checkpoint).predict(ids, verbose=0)
    np.testing.assert_allclose(probabilities, odds / odds.sum(axis=1, keepdims=True), atol=1e-5)


def test_pytorch_computes_the_network_of_the_checkpoint(checkpoint: Path) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks.generation import pytorch_step

    ids = np.random.default_rng(0).integers(0, RECORD.architecture.vocabulary_size, (3, 20))
    network = pytorch_step.StepNetwork(
        read_weights(checkpoint / "model.keras", RECORD.architecture)
    )
    with torch.inference_mode():
        logits, _ = network(torch.from_numpy(ids), None)
    np.testing.assert_allclose(logits.numpy(), _logits(checkpoint, ids), atol=1e-5)


def test_draws_of_the_window_follow_the_probabilities_at_the_temperature() -> None:
    from benchmarks.generation.keras_predict import TEMPERATURE, sample

    probabilities = np.array([0.5, 0.0, 0.3, 0.2], np.float32)
    drawn = sample(np.tile(probabilities, (20_000, 1)), np.random.default_rng(0))
    expected = probabilities ** (1 / TEMPERATURE)
    found = np.bincount(drawn, minlength=4) / len(drawn)
    np.testing.assert_allclose(found, expected / expected.sum(), atol=0.02)


def _logits(checkpoint: Path, ids: np.ndarray) -> np.ndarray:
    engine = NumpyEngine.open(checkpoint / "model.keras", RECORD.architecture)
    logits, _ = engine.read(ids, engine.initial_state(len(ids)))
    return logits
