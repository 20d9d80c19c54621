import dataclasses

import numpy as np
import pytest

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.variants import Substitution
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding import reader
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import CheckpointError
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import (
    POEM,
    VOCABULARY,
    random_network,
    reciter,
    reciting_weights,
    save_reciting_run,
)

GREEDY = SamplingConfig(temperature=0)


def test_a_prompt_in_parts_is_read_like_a_whole_one():
    generator = TextGenerator(
        NumpyEngine(*random_network()), Vocabulary(tuple("abcdefghijk")), "text"
    )
    whole = generator.begin("abcdefg")
    parts = generator.extend(generator.extend(generator.begin("ab"), ""), "cdefg")
    np.testing.assert_allclose(parts.logits, whole.logits, atol=1e-6)
    assert parts.text == whole.text


def test_a_long_prompt_is_read_a_part_at_a_time(monkeypatch):
    generator = TextGenerator(
        NumpyEngine(*random_network()), Vocabulary(tuple("abcdefghijk")), "text"
    )
    prompt = "abcdefghijk" * 5
    whole = generator.begin(prompt)
    monkeypatch.setattr(reader, "LONGEST_READING", 7)
    np.testing.assert_allclose(generator.begin(prompt).logits, whole.logits, atol=1e-6)


@pytest.mark.parametrize(
    ("layout", "characters", "expected"),
    [
        ("blocks", "\nab", END_OF_POEM),
        ("lines", "ab", END_OF_POEM),
        ("text", "\nab", 2),
        ("text", "ab", END_OF_POEM),
    ],
)
def test_a_poem_begins_after_a_break_and_a_text_after_a_line_end(layout, characters, expected):
    read = []

    class Listener:
        vocabulary_size = len(characters) + 2

        def initial_state(self, batch):
            return (batch,)

        def read(self, ids, state):
            read.append(ids.tolist())
            return np.zeros((*ids.shape, self.vocabulary_size), np.float32), state

    TextGenerator(Listener(), Vocabulary(tuple(characters)), layout).begin()
    assert read == [[[expected]]]


def test_white_space_before_a_prompt_is_shown_but_not_read():
    generator = reciter()
    draft = generator.begin("\n\n  bla")
    assert draft.text == "\n\n  bla"
    assert draft.substitutions == ()
    np.testing.assert_array_equal(draft.logits, generator.begin("bla").logits)


def test_substitutions_are_gathered_once_each():
    generator = reciter()
    draft = generator.extend(generator.begin("Bl€"), "A€B")
    assert draft.text == "Bl€A€B"
    assert draft.substitutions == (
        Substitution("B", "b"),
        Substitution("€", None),
        Substitution("A", "a"),
    )
    assert generator.write("Blac", GREEDY).text == "k\nhorse"


def test_a_checkpoint_is_opened_by_its_directory_or_as_it_is(tmp_path):
    save_reciting_run(tmp_path)
    by_directory = TextGenerator.open(tmp_path)
    checkpoint = Checkpoint.open(tmp_path)
    assert TextGenerator.open(checkpoint).write(config=GREEDY).text == POEM
    assert by_directory.write(config=GREEDY).text == POEM
    assert by_directory.checkpoints == (checkpoint,)
    assert by_directory.layout == "blocks"


def test_the_weights_of_a_run_write_before_they_are_saved(tmp_path):
    record = save_reciting_run(tmp_path)
    weights, _ = reciting_weights()
    writer = TextGenerator.of_weights(weights, record)
    assert writer.write(config=GREEDY).text == POEM
    assert (writer.checkpoints, writer.layout, writer.stanzas) == ((), "blocks", False)
    stanzas = dataclasses.replace(record, corpus=dataclasses.replace(record.corpus, stanzas=True))
    assert TextGenerator.of_weights(weights, stanzas).stanzas
    with pytest.raises(CheckpointError, match=r"^its network has 13 tokens and its vocabulary 12"):
        TextGenerator.of_weights(
            weights, dataclasses.replace(record, vocabulary=VOCABULARY.characters[1:])
        )


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        (VOCABULARY.characters[1:], "its network has 13 tokens and its vocabulary 12"),
        (VOCABULARY.characters[::-1], "must be distinct and sorted"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(tmp_path, vocabulary, message):
    save_reciting_run(tmp_path)
    checkpoint = Checkpoint.open(tmp_path)
    record = dataclasses.replace(checkpoint.record, vocabulary=vocabulary)
    with pytest.raises(CheckpointError, match=f"{tmp_path.name} cannot be used: .*{message}"):
        TextGenerator.open(dataclasses.replace(checkpoint, record=record))


def test_a_vocabulary_of_white_space_alone_is_refused():
    with pytest.raises(CheckpointError, match="nothing but white space"):
        TextGenerator(NumpyEngine(*reciting_weights()), Vocabulary(("\n", " ")), "text")


def test_the_lines_of_a_prompt_count():
    weights, sizes = reciting_weights("blocks")
    writer = TextGenerator(
        NumpyEngine(weights, sizes), VOCABULARY, "blocks", poems_by_lines=(0, 0, 3)
    )
    assert writer.begin("a\nb\n").lines.begun == 2
    assert writer.begin("a\nb\n\nb").lines.begun == 1
    assert writer.extend(writer.begin("a"), "\nb").lines.begun == 2
