import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.variants import Substitution
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding import writer as writer_module
from charrnn.decoding.batch import with_seed
from charrnn.decoding.endings import MARGIN
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.hypothesis import LONGEST_END
from charrnn.decoding.prompts import normalised
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import CheckpointError
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, SamplingConfig
from tests.decoding.networks import (
    CERTAINTY,
    POEM,
    VOCABULARY,
    random_network,
    reciter,
    reciting_weights,
    save_reciting_run,
)

GREEDY = SamplingConfig(temperature=0)
WILD = SamplingConfig(temperature=1e6, seed=1)
SURE = float(-np.log(1 + (VOCABULARY.size - 1) * np.exp(-CERTAINTY)))


def test_a_poem_is_written_to_its_end():
    poem = reciter().write(config=GREEDY)
    assert (poem.prompt, poem.text, poem.ended) == ("", POEM, True)
    assert poem.log_probabilities == pytest.approx([SURE] * len(POEM), abs=1e-6)
    assert str(poem) == POEM


def test_a_poem_goes_on_from_a_prompt_and_stops_at_its_length():
    poem = reciter().write("bla", SamplingConfig(temperature=0, length=4))
    assert (poem.prompt, poem.text, poem.ended) == ("bla", "ck\nh", False)
    assert str(poem) == "black\nh"


def test_the_end_of_a_poem_is_a_step_without_a_character():
    generator = reciter()
    steps = list(generator.stream(generator.begin("black\nhor"), GREEDY))
    assert [(step.character, step.hypothesis.text, step.hypothesis.ended) for step in steps] == [
        ("s", "black\nhors", False),
        ("e", "black\nhorse", False),
        ("", "black\nhorse", True),
    ]
    assert list(generator.stream(steps[-1].hypothesis, GREEDY)) == []


def test_a_poem_that_has_ended_goes_on_after_more_words():
    generator = reciter()
    *_, last = generator.stream(generator.begin(), GREEDY)
    again = generator.extend(last.hypothesis, "\nhor")
    assert not again.ended
    assert [step.character for step in generator.stream(again, GREEDY)] == ["s", "e", ""]
    assert again.text == "black\nhorse\nhor"


def test_going_back_is_to_keep_an_old_draft():
    generator = reciter()
    steps = list(generator.stream(generator.begin(), GREEDY))
    for position in (0, 3, 7):
        again = generator.stream(steps[position].hypothesis, GREEDY)
        assert "".join(step.character for step in again) == POEM[position + 1 :]


def test_a_blank_line_in_a_prompt_begins_another_poem():
    poem = reciter().write("black\n\n", GREEDY)
    assert poem.text == POEM


@pytest.mark.parametrize("layout", ["blocks", "lines", "text"])
def test_the_unknown_token_is_never_written_however_likely(layout):
    weights, sizes = reciting_weights()
    weights.logits_bias[:] = 0
    weights.logits_bias[UNKNOWN] = 2 * CERTAINTY
    generator = TextGenerator(NumpyEngine(weights, sizes), VOCABULARY, layout)
    poem = generator.write(config=SamplingConfig(temperature=0, length=12))
    # A poem of a line has no line end inside.
    assert poem.text.startswith({"blocks": POEM, "lines": "black", "text": "horse"}[layout])
    assert poem.log_probabilities[0] == pytest.approx(-CERTAINTY, abs=1e-4)


@pytest.mark.parametrize("layout", ["blocks", "lines", "text"])
def test_a_poem_does_not_begin_with_white_space_nor_end_before_it_began(layout):
    generator = reciter(layout)
    for seed in range(40):
        poem = generator.write(config=dataclasses.replace(WILD, seed=seed, length=30))
        assert poem.text[0] != "\n"
        assert poem.ended == (len(poem.text) < 30)
        assert layout != "text" or len(poem.text) == 30


def test_continuous_text_stops_after_its_length_where_a_line_ends():
    poem = reciter("text").write("b", GREEDY)
    assert LENGTH_OF_TEXT + MARGIN <= len(poem.text) < LENGTH_OF_TEXT + MARGIN + len(POEM)
    assert (poem.text[-1], poem.ended) == ("\n", False)
    asked = dataclasses.replace(GREEDY, length=LENGTH_OF_TEXT)
    assert len(reciter("text").write("b", asked).text) == LENGTH_OF_TEXT


def test_a_poem_that_never_ends_is_stopped():
    weights, sizes = reciting_weights()
    weights.logits_kernel[:, END_OF_POEM] = -CERTAINTY
    generator = TextGenerator(NumpyEngine(weights, sizes), VOCABULARY, "blocks")
    poem = generator.write("b", SamplingConfig(temperature=0.1, seed=3))
    assert LONGEST_POEM - MARGIN <= len(poem.text) <= LONGEST_POEM
    assert not poem.ended


def test_the_same_seed_writes_the_same_poem():
    generator = reciter()
    first = generator.write("b", WILD)
    assert generator.write("b", WILD) == first
    assert generator.write("b", dataclasses.replace(WILD, seed=2)).text != first.text


def test_a_long_text_is_not_copied_at_each_character():
    generator = reciter("text")
    drafts = [generator.begin("b" * 5_000)]
    steps = generator.stream(drafts[0], SamplingConfig(temperature=0, length=2_000))
    drafts.extend(step.hypothesis for step in steps)
    pieces = {}
    for draft in drafts:
        piece = draft.written
        while piece is not None and id(piece) not in pieces:
            pieces[id(piece)] = len(piece.end)
            piece = piece.before
    assert sum(pieces.values()) < 5_001 + 2_000 * LONGEST_END
    assert len(drafts[-1].text) == 7_000


def test_a_seed_that_was_not_given_is_drawn_and_reported():
    generator = reciter()
    first = generator.write("b", dataclasses.replace(WILD, seed=None))
    assert first.seed == first.settings.seed
    assert generator.write("b", first.settings) == first
    assert with_seed(SamplingConfig()).seed != with_seed(SamplingConfig()).seed
    assert with_seed(SamplingConfig(seed=0)).seed == 0


def test_a_generator_of_random_numbers_can_be_handed_in():
    generator = reciter()
    start = generator.begin("b")
    given = generator.stream(start, SamplingConfig(temperature=1e6), np.random.default_rng(1))
    assert [step.character for step in given] == [
        step.character for step in generator.stream(start, WILD)
    ]


def test_a_log_probability_is_the_network_s_own_whatever_the_settings():
    generator = reciter()
    for step in generator.stream(generator.begin("b"), WILD):
        expected = SURE if step.log_probability > -1 else SURE - CERTAINTY
        assert step.log_probability == pytest.approx(expected, abs=1e-5)
        break


def test_a_penalty_falls_on_the_characters_of_its_window():
    weights, sizes = reciting_weights()
    weights.logits_kernel[:] = 0
    weights.logits_bias[:] = -1.0
    weights.logits_bias[[VOCABULARY.id_of("a"), VOCABULARY.id_of("b")]] = (2.0, 1.5)
    generator = TextGenerator(NumpyEngine(weights, sizes), VOCABULARY, "blocks")

    def written(**penalty):
        config = SamplingConfig(temperature=0, length=6, **penalty)
        return generator.write("k", config).text

    assert written() == "aaaaaa"
    assert written(repetition_penalty=2.0, repetition_window=1) == "ababab"
    assert written(repetition_penalty=1.2, repetition_window=1) == "aaaaaa"
    assert written(repetition_penalty=2.0, repetition_window=9) == "abaaaa"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.text(max_size=10), st.sampled_from(["blocks", "lines", "text"]))
def test_any_prompt_can_be_gone_on_from(prompt, more, layout):
    generator = reciter(layout)
    draft = generator.extend(generator.begin(prompt), more)
    assert draft.text == normalised(prompt) + normalised(more)
    for step in generator.stream(draft, SamplingConfig(length=3, seed=0)):
        assert step.character in {"", *VOCABULARY.characters}
    assert UNKNOWN not in VOCABULARY.encode(POEM)


def test_poems_have_as_many_lines_as_those_that_were_learned():
    weights, sizes = reciting_weights("blocks")
    config = SamplingConfig(temperature=5.0, length=5000)
    counts = {}
    for end in ("corpus", "model"):
        writer = TextGenerator(
            NumpyEngine(weights, sizes), VOCABULARY, "blocks", poems_by_lines=(0, 0, 3)
        )
        written = [
            writer.write("a", dataclasses.replace(config, seed=seed, end_of_poem=end))
            for seed in range(30)
        ]
        ended = [str(poem) for poem in written if poem.ended]
        counts[end] = {sum(bool(line.strip()) for line in poem.split("\n")) for poem in ended}
    assert counts["corpus"] == {3}
    assert len(counts["model"]) > 1


# Opening a network, and reading a prompt


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
    monkeypatch.setattr(writer_module, "LONGEST_PREFILL", 7)
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
    with pytest.raises(CheckpointError, match="only white space"):
        TextGenerator(NumpyEngine(*reciting_weights()), Vocabulary(("\n", " ")), "text")


def test_the_lines_of_a_prompt_count():
    weights, sizes = reciting_weights("blocks")
    writer = TextGenerator(
        NumpyEngine(weights, sizes), VOCABULARY, "blocks", poems_by_lines=(0, 0, 3)
    )
    assert writer.begin("a\nb\n").lines.begun == 2
    assert writer.begin("a\nb\n\nb").lines.begun == 1
    assert writer.extend(writer.begin("a"), "\nb").lines.begun == 2
