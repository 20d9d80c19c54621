import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.hypothesis import LONGEST_END
from charrnn.decoding.writer import TextGenerator, with_seed
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, SamplingConfig
from tests.decoding.networks import (
    CERTAINTY,
    POEM,
    VOCABULARY,
    reciter,
    reciting_weights,
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
    assert poem.text.startswith(POEM if layout != "text" else "horse")
    assert poem.log_probabilities[0] == pytest.approx(-CERTAINTY, abs=1e-4)


@pytest.mark.parametrize("layout", ["blocks", "lines", "text"])
def test_a_poem_does_not_begin_with_white_space_nor_end_before_it_began(layout):
    generator = reciter(layout)
    for seed in range(40):
        poem = generator.write(config=dataclasses.replace(WILD, seed=seed, length=30))
        assert poem.text[0] != "\n"
        assert poem.ended == (len(poem.text) < 30)
        assert layout != "text" or len(poem.text) == 30


def test_continuous_text_has_no_end_but_its_length():
    poem = reciter("text").write("b", GREEDY)
    assert (len(poem.text), poem.ended) == (LENGTH_OF_TEXT, False)


def test_a_poem_that_never_ends_is_stopped():
    weights, sizes = reciting_weights()
    weights.logits_kernel[:, END_OF_POEM] = -CERTAINTY
    generator = TextGenerator(NumpyEngine(weights, sizes), VOCABULARY, "blocks")
    poem = generator.write("b", SamplingConfig(temperature=0.1, seed=3))
    assert (len(poem.text), poem.ended) == (LONGEST_POEM, False)


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
    assert draft.text == prompt + more
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
