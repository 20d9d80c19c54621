"""Runs that begin with what another network has learned."""

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import LabelRecord, OriginRecord
from charrnn.corpus.loading import Corpus
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.errors import CheckpointError, TrainingInterrupted
from charrnn.model.network import build_network
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training import run
from charrnn.training.observer import TrainingObserver
from charrnn.training.step import TrainingStep
from charrnn.training.warm_start import WarmStart
from tests import hostile
from tests.corpora import corpus_from_text
from tests.decoding.networks import save_reciting_run
from tests.fakes import write_run
from tests.training.runs import save_random_run, small

KNOWN = Vocabulary(tuple("abcdef"))
NEW = Vocabulary(tuple(" abfgz"))
"""Of its characters a, b and f are known."""

EMBEDDING, KERNEL, BIAS = 0, -2, -1
TRAINING = TrainingConfig(steps=4, batch_size=4, window=8, learning_rate=0.01, evaluate_every=2)


def origin_of(vocabulary: Vocabulary = KNOWN, **sizes: Any) -> WarmStart:
    """A network with weights that are all different."""
    architecture = small(vocabulary, **sizes)
    shapes = [array.shape for array in build_network(architecture).get_weights()]
    generator = np.random.default_rng(1)
    arrays = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    return WarmStart(OriginRecord(name="tang", sha256="0" * 64), architecture, vocabulary, arrays)


def fresh(vocabulary: Vocabulary, **sizes: Any) -> list[np.ndarray]:
    return list(build_network(small(vocabulary, **sizes), seed=5).get_weights())


def assert_rows(
    found: np.ndarray, theirs: np.ndarray, new: np.ndarray, known: Vocabulary, own: Vocabulary
) -> None:
    """The rows of shared tokens are theirs, and all others those of a new network."""
    for token, character in enumerate(("break", "unknown", *own.characters)):
        if token in {END_OF_POEM, UNKNOWN}:
            expected = theirs[token]
        elif character in known:
            expected = theirs[known.id_of(character)]
        else:
            expected = new[token]
        np.testing.assert_array_equal(found[token], expected, err_msg=character)


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn", "peephole_lstm"])
def test_shared_characters_keep_their_rows_and_new_ones_are_those_of_a_new_network(
    cell: str,
) -> None:
    origin, new = origin_of(cell=cell), fresh(NEW, cell=cell)
    found = origin.transferred(new, NEW)
    assert [array.shape for array in found] == [array.shape for array in new]
    for place in (EMBEDDING, KERNEL, BIAS):
        # Tokens are the first axis of an embedding, and the last one of an output.
        turned = [
            arrays[place] if place == EMBEDDING else arrays[place].T
            for arrays in (found, origin.arrays, new)
        ]
        assert_rows(*turned, KNOWN, NEW)
    for one, other in zip(found[1:-2], origin.arrays[1:-2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_tied_output_has_no_rows_but_those_of_the_embedding() -> None:
    origin, new = origin_of(output="tied"), fresh(NEW, output="tied")
    found = origin.transferred(new, NEW)
    assert_rows(found[EMBEDDING], origin.arrays[EMBEDDING], new[EMBEDDING], KNOWN, NEW)
    for one, other in zip(found[1:], origin.arrays[1:], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("output", ["own", "tied"])
def test_a_network_of_the_same_alphabet_is_taken_over_whole(output: str) -> None:
    origin = origin_of(output=output)
    for one, other in zip(
        origin.transferred(fresh(KNOWN, output=output), KNOWN), origin.arrays, strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_what_is_transferred_is_a_copy() -> None:
    origin, new = origin_of(), fresh(NEW)
    kept = [array.copy() for array in (*origin.arrays, *new)]
    for array in origin.transferred(new, NEW):
        array.fill(7)
    for one, other in zip(kept, (*origin.arrays, *new), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_open_is_as_the_origin_has_it_and_dropout_is_asked_for() -> None:
    origin = origin_of(cell="gru", layers=2, dropout=0.25)
    sizes = {"layers": 2, "units": 5, "embedding": 3, "output": "own"}
    assert origin.settled(ModelConfig(cell="gru", dropout=0.5)) == ModelConfig(
        cell="gru", dropout=0.5, **sizes
    )
    assert origin.settled(ModelConfig(cell="gru", units=5, layers=2)).units == 5
    assert origin.settled(None) == ModelConfig(cell="gru", **sizes)
    rectified = origin_of(cell="simple_rnn", activation="relu")
    assert rectified.settled(None).activation == "relu"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"cell": "gru"}, "cell lstm, .* Received: cell gru"),
        ({"layers": 2}, "layers 1, .* Received: layers 2"),
        ({"units": 6}, "units 5, .* Received: units 6"),
        ({"embedding": 4}, "embedding 3, .* Received: embedding 4"),
        ({"output": "tied"}, "output own, .* Received: output tied"),
        ({"cell": "simple_rnn", "activation": "relu"}, "cell lstm, .* Received: cell simple_rnn"),
    ],
)
def test_another_architecture_is_refused(asked: dict[str, Any], told: str) -> None:
    own = told.split()[1].rstrip(",")
    with pytest.raises(CheckpointError, match=rf"^tang has {told}\. Give {own}, or train with"):
        origin_of().settled(ModelConfig(**asked))


def test_it_is_told_how_much_of_the_alphabet_is_known() -> None:
    assert origin_of().told(NEW) == (
        "it begins with what tang has learned, which knows 3 of the 6 characters."
    )


@pytest.mark.parametrize("sizes", [{}, {"cell": "peephole_lstm", "output": "tied"}])
def test_a_checkpoint_is_opened_as_it_was_saved(tmp_path: Path, sizes: dict[str, Any]) -> None:
    checkpoint = save_random_run(tmp_path / "tang", "abcdef", seed=3, **sizes)
    origin = WarmStart.open(tmp_path / "tang")
    assert origin.record == OriginRecord(name="tang", sha256=checkpoint.model.sha256)
    assert (origin.architecture, origin.vocabulary) == (checkpoint.record.architecture, KNOWN)
    saved = build_network(small(KNOWN, **sizes), seed=3).get_weights()
    for one, other in zip(origin.arrays, saved, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    write_run(tmp_path / "tang", b"no network")
    with pytest.raises(CheckpointError, match=r"tang/model\.keras is damaged, .* Copy the"):
        WarmStart.open(tmp_path / "tang")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        WarmStart.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name", ["eight million tokens", "a Lambda", "softmax", "numbers in a pipe", "deflated weights"]
)
def test_the_network_of_a_stranger_is_checked_and_never_opened_by_keras(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_reciting_run(tmp_path / "black")
    monkeypatch.setattr("keras.saving.load_model", pytest.fail)
    assert len(WarmStart.open(tmp_path / "black").arrays) == 6
    hostile.MODELS[name](tmp_path / "black")
    with pytest.raises(CheckpointError, match=r"black/model\.keras is "):
        WarmStart.open(tmp_path / "black")


# Whole runs


class Diary(TrainingObserver):
    """Keeps what it is told; `at_step` is called after each step."""

    def __init__(self, at_step: Any = None) -> None:
        self.notes: list[str] = []
        self.at_step = at_step

    def noted(self, sentence: str) -> None:
        self.notes.append(sentence)

    def stepped(self, progress: Any) -> None:
        if self.at_step is not None:
            self.at_step(progress.step)


@pytest.fixture
def corpus() -> Corpus:
    # c stands in it once, and z twice; neither d nor e does.
    text = "ab fag ba gaf " * 20 + "c zz"
    return corpus_from_text(text, CorpusConfig(layout="text"), name="moon")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return save_random_run(tmp_path / "tang", "abcdef", seed=3, cell="gru").directory


def train(corpus: Corpus, place: Path, **changes: Any) -> Path:
    arguments: dict[str, Any] = {"training": TRAINING, "checkpoints": place}
    return run.train(corpus, **arguments | changes).directory


def weights(directory: Path) -> list[np.ndarray]:
    return list(keras.saving.load_model(directory / "model.keras", compile=False).get_weights())


def test_a_run_begins_with_the_weights_of_its_origin(
    corpus: Corpus, origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[list[np.ndarray]] = []
    adopt = TrainingStep.adopt

    def adopted(step: TrainingStep, arrays: list[np.ndarray]) -> None:
        begun.append(step.network.model.get_weights())
        adopt(step, arrays)
        begun.extend(each.model.get_weights() for each in (step.network, step.ema))

    monkeypatch.setattr(TrainingStep, "adopt", adopted)
    diary = Diary()
    reading = CorpusConfig(layout="text", min_count=2)
    directory = train(corpus, tmp_path, warm_start=origin, observer=diary, corpus_config=reading)
    checkpoint = Checkpoint.open(directory)
    # Once is often enough for what is known.
    vocabulary = Vocabulary(checkpoint.record.vocabulary)
    assert vocabulary.characters == tuple(" abcfgz")
    assert checkpoint.record.origin == WarmStart.open(origin).record
    assert checkpoint.record.architecture.cell == "gru"
    assert "it begins with what tang has learned, which knows 4 of the 7 characters." in diary.notes
    new, network, averaged = begun
    expected = WarmStart.open(origin).transferred(new, vocabulary)
    for one, other, wanted in zip(network, averaged, expected, strict=True):
        np.testing.assert_array_equal(one, wanted)
        np.testing.assert_array_equal(other, wanted)


def test_a_run_with_an_origin_knows_more_from_the_beginning(tmp_path: Path) -> None:
    text = "ab ba abba " * 60
    corpus = corpus_from_text(text, CorpusConfig(layout="text"), name="moon")
    longer = dataclasses.replace(TRAINING, steps=150, evaluate_every=150)
    model = ModelConfig(units=8, embedding=4, dropout=0.0)
    taught = train(corpus, tmp_path / "taught", model=model, training=longer)
    short = dataclasses.replace(TRAINING, steps=1, evaluate_every=1)

    def loss(place: str, **changes: Any) -> float:
        directory = train(corpus, tmp_path / place, model=model, training=short, **changes)
        return Checkpoint.open(directory).model.validation_loss

    known = Checkpoint.open(taught).model.validation_loss
    assert loss("told", warm_start=taught) < known + 0.1 < loss("untold") - 0.5


def test_a_run_with_an_origin_resumes_to_the_same_weights(
    corpus: Corpus, origin: Path, tmp_path: Path
) -> None:
    def interrupt(step: int) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    straight = train(corpus, tmp_path / "straight", warm_start=origin)
    with pytest.raises(TrainingInterrupted):
        train(corpus, tmp_path / "stopped", warm_start=origin, observer=Diary(interrupt))
    stopped = tmp_path / "stopped" / "moon"
    # It needs its origin no more.
    origin.rename(tmp_path / "elsewhere")
    run.resume(stopped, corpus=corpus)
    for one, other in zip(weights(straight), weights(stopped), strict=True):
        np.testing.assert_array_equal(one, other)
    assert Checkpoint.open(stopped).record.origin == Checkpoint.open(straight).record.origin


def test_another_architecture_leaves_no_directory_behind(
    corpus: Corpus, origin: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="tang has units 5"):
        train(corpus, tmp_path / "runs", warm_start=origin, model=ModelConfig(cell="gru", units=9))
    assert not (tmp_path / "runs").exists()


def test_a_run_may_replace_the_one_it_begins_with(corpus: Corpus, tmp_path: Path) -> None:
    save_random_run(tmp_path / "moon", "abc", cell="gru")
    before = Checkpoint.open(tmp_path / "moon").model.sha256
    train(corpus, tmp_path, warm_start=tmp_path / "moon", overwrite=True)
    after = Checkpoint.open(tmp_path / "moon")
    assert after.record.origin == OriginRecord(name="moon", sha256=before)
    assert after.model.sha256 != before


def test_labels_of_the_same_name_keep_their_rows() -> None:
    def label(field: str, value: str) -> LabelRecord:
        return LabelRecord(field=field, value=value, poems=1)

    known = Vocabulary(tuple("ab"), (label("author", "Ann"), label("author", "Bob")))
    new = Vocabulary(tuple("bc"), (label("by", "Ann"), label("author", "Bob")), titles=True)
    origin, begun = origin_of(known), fresh(new)
    rows = origin.transferred(begun, new)[EMBEDDING]
    theirs = origin.arrays[EMBEDDING]
    expected = [
        *theirs[:2],  # end of poem, unknown
        theirs[known.id_of("b")],
        begun[EMBEDDING][new.id_of("c")],
        theirs[known.end_of_header],
        begun[EMBEDDING][new.first_label],
        theirs[known.first_label + 1],
    ]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(
        origin.transferred(fresh(NEW), NEW)[EMBEDDING][NEW.id_of("a")], theirs[known.id_of("a")]
    )
