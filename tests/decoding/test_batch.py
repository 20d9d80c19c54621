import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding import batch
from charrnn.decoding.decoder import BacktrackingSampler, Decoder
from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import POEM, markov, random_network, reciter

LETTERS = "\nabcdefghij"


def seeds(count: int, **settings: object) -> list[SamplingConfig]:
    return [SamplingConfig(seed=seed, **settings) for seed in range(count)]


@pytest.fixture
def generator() -> TextGenerator:
    """An LSTM of random weights, whose poems end after a couple of characters."""
    return TextGenerator(
        NumpyEngine(*random_network()), Vocabulary(tuple(LETTERS)), "blocks", poems_by_lines=(1, 2)
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"length": 7},
        {"temperature": "1.5:0.2", "end_of_poem": "model", "length": 30},
        {"repetition_penalty": 2.0, "repetition_window": 3},
        {"no_repeat_ngram_size": 2},
        {"no_repeat_ngram_size": 1, "end_of_poem": "model"},
        {"favour": "a=2", "ban": "b", "top_p": 0.9},
    ],
)
def test_a_poem_is_the_same_alone_and_among_others(
    generator: TextGenerator, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = seeds(25, **settings)
    together = list(generator.write_many("ab", asked))
    assert [poem.seed for poem in together] == list(range(25))
    assert len({poem.text for poem in together}) > 5
    for poem, config in zip(together, asked, strict=True):
        alone = generator.write("ab", config)
        assert (poem.text, poem.ended, poem.dead_end) == (alone.text, alone.ended, alone.dead_end)
        assert poem.settings == config
        np.testing.assert_allclose(poem.log_probabilities, alone.log_probabilities, atol=1e-4)
        streamed = generator.stream(generator.begin("ab"), config)
        assert "".join(step.character for step in streamed) == alone.text
    monkeypatch.setattr(batch, "MOST_TOGETHER", 3)
    few = list(generator.write_many("ab", asked))
    assert [poem.text for poem in few] == [poem.text for poem in together]


def test_poems_that_have_ended_leave_the_batch_and_others_come_in(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_TOGETHER", 4)
    rows = []
    step = generator.model.step

    def counting(ids: np.ndarray, state: object) -> object:
        rows.append(len(ids))
        return step(ids, state)

    monkeypatch.setattr(generator.model, "step", counting)
    poems = list(generator.write_many("", seeds(30)))
    assert sum(rows) == sum(len(poem.text) for poem in poems)
    assert max(rows) == 4
    assert rows[-1] == 1


def test_settings_are_taken_as_there_is_room(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_TOGETHER", 4)
    taken = 0

    def endless() -> Iterator[SamplingConfig]:
        nonlocal taken
        while True:
            yield SamplingConfig(seed=taken)
            taken += 1

    poems = generator.write_many("", endless())
    assert next(poems).seed == 0
    assert taken < 40


def test_no_settings_write_no_poem(generator: TextGenerator) -> None:
    assert list(generator.write_many("", [])) == []


def test_a_seed_that_was_not_given_is_drawn_for_each_poem(generator: TextGenerator) -> None:
    poems = list(generator.write_many("", [SamplingConfig()] * 3))
    assert len({poem.seed for poem in poems}) == 3
    assert generator.write("", poems[1].settings).text == poems[1].text


def test_settings_that_differ_in_more_than_the_seed_are_refused(generator: TextGenerator) -> None:
    with pytest.raises(ConfigurationError, match="the same settings but for the seed"):
        list(generator.write_many("", [SamplingConfig(), SamplingConfig(top_k=2)]))


def test_after_an_interruption_the_poems_that_are_done_still_come(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(generator.write_many("", seeds(6)))
    longest = max(range(6), key=lambda number: len(whole[number].text))
    assert longest < 5, "some poem must wait for a longer one before it"
    advance = Decoder.advance

    def interrupted(self: Decoder, samplers: Sequence[BacktrackingSampler]) -> None:
        if len(samplers) == 1:
            raise KeyboardInterrupt
        advance(self, samplers)

    monkeypatch.setattr(Decoder, "advance", interrupted)
    poems = []
    with pytest.raises(KeyboardInterrupt):
        poems.extend(generator.write_many("", seeds(6)))
    assert [poem.seed for poem in poems] == [seed for seed in range(6) if seed != longest]
    assert [poem.text for poem in poems] == [whole[poem.seed or 0].text for poem in poems]


def test_a_network_that_knows_its_poem_writes_it_in_every_row() -> None:
    poems = list(reciter().write_many("bla", seeds(70, temperature=0)))
    assert {str(poem) for poem in poems} == {POEM}
    assert all(poem.ended for poem in poems)


# Best of several


def test_the_first_draft_is_the_poem_of_the_seed_and_the_others_are_not() -> None:
    config = SamplingConfig(seed=5, best_of=8)
    first, *others = batch.generators_for(config)
    assert first.random() == np.random.default_rng(5).random()
    drawn = {one.random() for one in others}
    assert len(drawn) == 7
    assert drawn.isdisjoint(
        one.random() for one in batch.generators_for(dataclasses.replace(config, seed=6))
    )


def test_the_best_draft_is_shown(generator: TextGenerator) -> None:
    config = SamplingConfig(seed=5, best_of=8, end_of_poem="model")
    poem = generator.write("ab", config)
    assert len(poem.scores) == 8
    totals = [score.total for score in poem.scores]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > totals[-1]
    own = generator.score("ab", poem.text, poem.log_probabilities)
    assert own == poem.scores[0]
    plain = generator.write("ab", SamplingConfig(seed=5, end_of_poem="model"))
    first = generator.score("ab", plain.text, plain.log_probabilities).total
    assert first == pytest.approx(min(totals, key=lambda total: abs(total - first)), abs=1e-4)
    assert poem.settings == config
    assert generator.write("ab", config) == poem


def test_the_best_draft_is_streamed_and_can_be_gone_on_from(generator: TextGenerator) -> None:
    config = SamplingConfig(seed=5, best_of=4, end_of_poem="model", length=12)
    steps = list(generator.stream(generator.begin("ab"), config))
    poem = generator.write("ab", config)
    assert "".join(step.character for step in steps) == poem.text
    assert steps[-1].hypothesis.text == "ab" + poem.text
    assert steps[-1].hypothesis.ended == poem.ended
    written = [step.log_probability for step in steps if step.character]
    np.testing.assert_allclose(written, poem.log_probabilities, atol=1e-4)
    whole = generator.begin("ab" + poem.text)
    np.testing.assert_allclose(steps[len(poem.text) - 1].hypothesis.logits, whole.logits, atol=1e-4)


def test_best_of_is_the_same_for_each_of_several_poems(generator: TextGenerator) -> None:
    asked = seeds(10, best_of=3)
    together = list(generator.write_many("", asked))
    assert [poem.text for poem in together] == [generator.write("", one).text for one in asked]


def test_a_generator_that_is_handed_in_has_children_for_the_other_drafts() -> None:
    table = np.zeros((6, 6))
    table[:, END_OF_POEM] = -30
    generator = markov(table, "abcd")
    config = SamplingConfig(best_of=3, length=20)
    texts = [
        "".join(
            step.character
            for step in generator.stream(generator.begin(), config, np.random.default_rng(1))
        )
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
