"""Networks to test with: one that recites a poem, made by hand, and ones that Keras made."""

import dataclasses
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.checkpoint.network_file import write_network
from charrnn.checkpoint.record import CorpusRecord, ModelRecord, RunRecord
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.weights import NetworkWeights, RecurrentWeights
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import CorpusConfig, Layout, TrainingConfig

POEM = "black\nhorse"
"""A poem of eleven different characters, so that each tells what comes next."""

CERTAINTY = 30.0
"""Logit of the token that comes next; those of all others are 0."""

VOCABULARY = Vocabulary(tuple(sorted(POEM)))


def reciting_weights(layout: Layout = "blocks") -> tuple[NetworkWeights, Architecture]:
    """A network that knows `POEM` by heart, and goes on after a line end with its second line.

    Each unit stands for a token: what is read goes straight to the output.
    """
    size = VOCABULARY.size
    reading_order = [END_OF_POEM, *VOCABULARY.encode(POEM).tolist(), END_OF_POEM]
    if layout == "text":
        reading_order = [*VOCABULARY.encode(POEM).tolist(), VOCABULARY.id_of("b")]
    logits = np.zeros((size, size), np.float32)
    for token, following in itertools.pairwise(reading_order):
        logits[token, following] = CERTAINTY
    one = np.eye(size, dtype=np.float32)
    recurrent = RecurrentWeights(one, np.zeros_like(one), np.zeros(size, np.float32))
    weights = NetworkWeights(one.copy(), (recurrent,), logits, np.zeros(size, np.float32))
    return weights, Architecture(
        cell="simple_rnn",
        vocabulary_size=size,
        embedding=size,
        layers=1,
        units=size,
        dropout=0.0,
        activation="relu",
    )


def reciter(layout: Layout = "blocks") -> TextGenerator:
    """A writer that recites."""
    return TextGenerator(NumpyEngine(*reciting_weights(layout)), VOCABULARY, layout)


def markov(table: np.ndarray, characters: str, layout: Layout = "blocks") -> TextGenerator:
    """A writer whose prediction depends on the last token alone.

    Args:
        table: `(vocabulary, vocabulary)`, the logits after each token.
        characters: The alphabet, in order.
        layout: How poems stood in the text it learned.
    """
    weights, architecture = markov_weights(table)
    return TextGenerator(NumpyEngine(weights, architecture), Vocabulary(tuple(characters)), layout)


def markov_weights(table: np.ndarray) -> tuple[NetworkWeights, Architecture]:
    """A network whose prediction is the row of a table that the last token has."""
    one = np.eye(len(table), dtype=np.float32)
    recurrent = RecurrentWeights(one, np.zeros_like(one), np.zeros(len(table), np.float32))
    weights = NetworkWeights(
        one.copy(), (recurrent,), table.astype(np.float32), np.zeros(len(table), np.float32)
    )
    sizes = dataclasses.replace(
        reciting_weights()[1], vocabulary_size=len(table), embedding=len(table), units=len(table)
    )
    return weights, sizes


def save_reciting_run(
    directory: Path, layout: Layout = "blocks", corpus: CorpusRecord | None = None
) -> RunRecord:
    """Write a checkpoint of the reciting network."""
    return _save_run(directory, reciting_weights(layout), VOCABULARY, layout, corpus)


def save_markov_run(
    directory: Path, table: np.ndarray, characters: str, corpus: CorpusRecord | None = None
) -> RunRecord:
    """Write a checkpoint of a network whose prediction depends on the last token alone."""
    return _save_run(directory, markov_weights(table), Vocabulary(tuple(characters)), corpus=corpus)


def _save_run(
    directory: Path,
    network: tuple[NetworkWeights, Architecture],
    vocabulary: Vocabulary,
    layout: Layout = "blocks",
    corpus: CorpusRecord | None = None,
) -> RunRecord:
    weights, architecture = network
    record = RunRecord(
        created="2026-01-02T03:04:05+00:00",
        versions={},
        architecture=architecture,
        vocabulary=vocabulary.characters,
        corpus=corpus
        or CorpusRecord(
            name="black",
            sources=(),
            layout=layout,
            stanzas=False,
            encoding="utf-8",
            digest="0" * 64,
            characters=11,
            poems=1,
            poems_by_lines=(),
        ),
        corpus_config=CorpusConfig(layout=layout, validation_fraction=0.5),
        training=TrainingConfig(window=4),
        device="the CPU",
        baselines={},
    )
    model = ModelRecord(sha256="", step=1, epoch=1.0, training_loss=0.5, validation_loss=0.5)
    return CheckpointWriter(directory).write_model(
        record, model, lambda path: save_network(path, weights, architecture)
    )


def save_network(path: Path, weights: NetworkWeights, sizes: Architecture) -> None:
    """Write a network whose output has weights of its own."""
    recurrent = [array for layer in weights.recurrent for array in arrays_of(layer)]
    last = (weights.logits_kernel, weights.logits_bias)
    write_network(path, sizes, [weights.embedding, *recurrent, *last])


def changed(path: Path, place: Path, change: Callable[[h5py.File, dict[str, Any]], None]) -> Path:
    """A copy of a saved network, its arrays and its description changed."""
    with zipfile.ZipFile(path) as source:
        description = json.loads(source.read("config.json"))
        content = io.BytesIO(source.read("model.weights.h5"))
    with h5py.File(content, "a") as file:
        change(file, description)
    with zipfile.ZipFile(place, "w") as target:
        target.writestr("config.json", json.dumps(description))
        target.writestr("model.weights.h5", content.getvalue())
    return place


def arrays_of(weights: RecurrentWeights) -> list[np.ndarray]:
    """The arrays that a layer has, in Keras's order."""
    arrays = (getattr(weights, field.name) for field in dataclasses.fields(weights))
    return [array for array in arrays if array is not None]


def keras_network(architecture: Architecture, seed: int = 0) -> Any:
    """A Keras network with random weights, none of them zero."""
    import keras

    from charrnn.model.recurrent import PeepholeLSTM

    kinds = {
        "lstm": keras.layers.LSTM,
        "gru": keras.layers.GRU,
        "simple_rnn": keras.layers.SimpleRNN,
        "peephole_lstm": PeepholeLSTM,
    }
    own = {"activation": architecture.activation} if architecture.cell == "simple_rnn" else {}
    is_tied = architecture.output == "tied"
    ids = keras.Input((None,), dtype="int32", name="ids")
    embedding = (keras.layers.ReversibleEmbedding if is_tied else keras.layers.Embedding)(
        architecture.vocabulary_size, architecture.embedding, name="embedding"
    )
    hidden = embedding(ids)
    for number in range(1, architecture.layers + 1):
        hidden = kinds[architecture.cell](
            architecture.units,
            return_sequences=True,
            return_state=True,
            name=f"recurrent_{number}",
            **own,
        )(hidden)[0]
        hidden = keras.layers.Dropout(
            architecture.dropout, noise_shape=(None, 1, None), name=f"dropout_{number}"
        )(hidden)
    if is_tied:
        last = keras.layers.Dense(architecture.embedding, name="projection")(hidden)
        model = keras.Model(ids, embedding(last, reverse=True))
    else:
        model = keras.Model(
            ids, keras.layers.Dense(architecture.vocabulary_size, name="logits")(hidden)
        )
    generator = np.random.default_rng(seed)
    model.set_weights(
        [
            generator.normal(
                0, 0.8 / np.sqrt(weight.shape[0] if len(weight.shape) > 1 else 1), weight.shape
            )
            for weight in model.weights
        ]
    )
    return model


def architecture(**sizes: Any) -> Architecture:
    """A small LSTM, with some sizes changed."""
    small: dict[str, Any] = {
        "cell": "lstm",
        "vocabulary_size": 13,
        "embedding": 5,
        "layers": 2,
        "units": 12,
        "dropout": 0.25,
        "activation": "tanh",
    }
    return Architecture(**small | sizes)


def random_network() -> tuple[NetworkWeights, Architecture]:
    """Weights of an LSTM that Keras has nothing to do with, and its sizes."""
    sizes = architecture(layers=1)
    generator = np.random.default_rng(5)

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(0, 0.5, shape).astype(np.float32)

    gates = 4 * sizes.units
    recurrent = RecurrentWeights(normal(5, gates), normal(sizes.units, gates), normal(gates))
    return NetworkWeights(normal(13, 5), (recurrent,), normal(sizes.units, 13), normal(13)), sizes


def read_weights(path: Path, architecture: Architecture) -> NetworkWeights:
    """The arrays of a saved network, all at once."""
    with NetworkWeights.open(path, architecture) as stored:
        return dataclasses.replace(stored, recurrent=tuple(stored.recurrent))
