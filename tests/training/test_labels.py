"""Runs on poems with labels and titles."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.headers import HeadedPoems, is_text
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.splitting import split_corpus
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.headers import HeadedModel
from charrnn.decoding.scoring import text_loss
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError, TrainingInterrupted
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training import run
from charrnn.training.data import TrainingText
from tests.training.test_run import Diary

MODEL = ModelConfig(layers=1, units=8, embedding=4, dropout=0.2)
READING = CorpusConfig(labels="author", title_field="title", min_poems=2, validation_fraction=0.3)
TRAINING = TrainingConfig(steps=40, batch_size=4, window=8, learning_rate=0.01, evaluate_every=10)


@pytest.fixture
def poems(tmp_path: Path) -> str:
    path = tmp_path / "poems.jsonl"
    rows = [
        {"author": "Ann" if number % 3 else "Bob", "title": f"Tide {number}", "text": text}
        for number, text in enumerate(f"the moon is {one} and far away" for one in range(60))
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def test_the_loss_is_that_of_the_text_alone(poems: str, tmp_path: Path) -> None:
    diary = Diary()
    result = run.train(
        poems,
        model=MODEL,
        training=TRAINING,
        corpus_config=READING,
        checkpoints=tmp_path,
        observer=diary,
    )
    checkpoint = Checkpoint.open(result.directory)
    corpus = read_corpus([poems], READING)
    vocabulary = Vocabulary.of_record(checkpoint.record.vocabulary, corpus)
    validation = split_corpus(corpus, 0.3, 8).validation
    ids = HeadedPoems.of(corpus, validation, vocabulary).whole()
    counts = is_text(ids, vocabulary)
    model = keras.saving.load_model(checkpoint.model_path)
    logits = tf.function(model)(ids[None, :-1].astype(np.int32), training=False)[0]
    losses = keras.losses.sparse_categorical_crossentropy(
        ids[1:].astype(np.int32), logits, from_logits=True
    )
    expected = float(np.mean(np.array(losses)[counts[1:]]))
    assert checkpoint.model.validation_loss == pytest.approx(expected, abs=1e-4)
    writer = TextGenerator.open(checkpoint)
    assert isinstance(writer.model, HeadedModel)
    measured = text_loss(writer.model.model, ids, counts=counts).nats_per_character
    assert measured == pytest.approx(expected, abs=1e-4)
    assert diary.plans[0].validation_characters == counts.sum()
    # By frequency of the characters of text, not of those of headers.
    assert checkpoint.record.baselines["unigram"] < np.log(len(checkpoint.record.vocabulary))


def test_a_run_that_was_stopped_ends_in_the_same_weights(poems: str, tmp_path: Path) -> None:
    def train(name: str, observer: Diary | None = None) -> None:
        run.train(
            poems,
            name=name,
            model=MODEL,
            training=TRAINING,
            corpus_config=READING,
            checkpoints=tmp_path,
            observer=observer,
        )

    def stop(step: int) -> None:
        if step == 27:
            raise KeyboardInterrupt

    train("whole")
    with pytest.raises((KeyboardInterrupt, TrainingInterrupted)):
        train("stopped", Diary(stop))
    run.resume(tmp_path / "stopped")
    models = [(tmp_path / name / "model.keras").read_bytes() for name in ("whole", "stopped")]
    assert models[0] == models[1]


def test_epochs_read_the_poems_in_other_orders(poems: str) -> None:
    text = TrainingText(read_corpus([poems], READING), READING, TRAINING)
    streams = text.streams(TRAINING)
    first, second = (
        np.concatenate(
            [streams.batch(epoch * streams.steps_per_epoch + one).inputs for one in range(3)], 1
        )
        for epoch in (0, 1)
    )
    assert not np.array_equal(first, second)
    assert (first == END_OF_POEM).any()
    again = text.streams(TRAINING)
    np.testing.assert_array_equal(again.batch(1).inputs, streams.batch(1).inputs)


def test_name_augmentation_is_refused(poems: str, tmp_path: Path) -> None:
    training = TrainingConfig(steps=1, name_augmentation=0.5)
    with pytest.raises(ConfigurationError, match="name-augmentation is for texts without labels"):
        run.train(poems, training=training, corpus_config=READING, checkpoints=tmp_path)
