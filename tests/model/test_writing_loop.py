"""The compiled loop writes what the network in NumPy writes, from the same seeds."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.generation import compiled
from charrnn.generation.batch import Sheet
from charrnn.generation.engine import Engine, NumpyEngine
from charrnn.generation.filters import log_softmax
from charrnn.generation.pen import Pen
from charrnn.generation.writer import TextGenerator
from charrnn.model.step_model import TensorFlowEngine
from charrnn.model.writing_loop import STRETCH, WritingLoop
from charrnn.settings.configuration import Layout, SamplingConfig
from tests.corpora import filter_of
from tests.generation.networks import random_network
from tests.generation.test_sampling import chi_square

LETTERS = "\n abcdefghi"


def writer(
    engine: Engine,
    layout: Layout = "blocks",
    poems_by_lines: tuple[int, ...] = (1, 2, 1),
    learned: tuple[str, ...] = (),
    **changes: float,
) -> TextGenerator:
    """Writes with an LSTM of random weights, some of whose arrays are multiplied by a number."""
    weights, sizes = random_network()
    arrays = {name: getattr(weights, name) * np.float32(by) for name, by in changes.items()}
    return TextGenerator(
        engine(dataclasses.replace(weights, **arrays), sizes),
        Vocabulary(tuple(LETTERS)),
        layout,
        poems_by_lines=poems_by_lines,
        poem_length=20,
        open_ngram_filters=lambda: [filter_of(learned)] if learned else [],
    )


@pytest.fixture(autouse=True)
def looping(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few the poems are."""
    monkeypatch.setattr(compiled, "FEWEST_STEPS", 0)


def seeds(count: int, **settings: Any) -> list[SamplingConfig]:
    return [SamplingConfig(seed=seed, **settings) for seed in range(count)]


def assert_alike(
    looping: TextGenerator, stepping: TextGenerator, asked: list[SamplingConfig], prompt: str
) -> None:
    expected = list(stepping.write_many(prompt, asked))
    found = list(looping.write_many(prompt, asked))
    assert len({poem.text for poem in expected}) > 1
    for one, other in zip(found, expected, strict=True):
        assert (one.text, one.ended, one.stranded) == (other.text, other.ended, other.stranded)
        assert one.settings == other.settings
        np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, atol=1e-4)


@pytest.mark.parametrize("prompt", ["\n", "xab\nc"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"length": 3 * STRETCH + 5, "end_of_poem": "model"},
        {"temperature": "1.5:0.2"},
        {"temperature": "1.5:0.0", "end_of_poem": "model", "length": STRETCH},
        {"repetition_penalty": 2.0, "repetition_window": 3},
        {"favour": "a=2", "ban": "b", "top_p": 0.9, "top_k": 7},
        {"min_p": 0.05, "typical_p": 0.9, "repetition_penalty": 1.3},
    ],
    ids=" ".join,
)
def test_the_same_seeds_give_the_same_poems(
    settings: dict[str, Any], prompt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_none(_: Pen, sheets: Iterator[Sheet]) -> Iterator[Sheet]:
        assert not list(sheets), "the loop was to write them"
        return iter(())

    monkeypatch.setattr(compiled, "write_together", write_none)
    assert_alike(writer(TensorFlowEngine), writer(NumpyEngine), seeds(12, **settings), prompt)


def test_a_continuous_text_never_ends_by_itself() -> None:
    arguments: tuple[Any, ...] = ("text", ())
    looping, stepping = writer(TensorFlowEngine, *arguments), writer(NumpyEngine, *arguments)
    asked = seeds(4, length=70, temperature=2.0)
    assert_alike(looping, stepping, asked, "")
    assert {len(poem.text) for poem in looping.write_many("", asked)} == {70}


def test_poems_that_are_done_make_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_IN_LOOP", 3)
    batches = []
    advance = WritingLoop.advance

    def counting(self: WritingLoop, fresh: np.ndarray, *rest: np.ndarray) -> Any:
        batches.append(len(fresh))
        return advance(self, fresh, *rest)

    monkeypatch.setattr(WritingLoop, "advance", counting)
    assert_alike(writer(TensorFlowEngine), writer(NumpyEngine), seeds(25), "ab")
    assert set(batches) == {3}


def test_the_best_of_several_drafts_is_the_same() -> None:
    assert_alike(writer(TensorFlowEngine), writer(NumpyEngine), seeds(4, best_of=3), "")
    config = SamplingConfig(best_of=5, seed=3)
    texts = set()
    for generator in (writer(TensorFlowEngine), writer(NumpyEngine)):
        steps = generator.stream(generator.begin("ab"), config, np.random.default_rng(8))
        texts.add("".join(step.character for step in steps))
    assert len(texts) == 1


def test_what_would_copy_is_written_again_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    free = list(writer(NumpyEngine).write_many("ab", seeds(40, max_copy=0)))
    learned = tuple(poem.text for poem in free[::4])
    asked = seeds(40, max_copy=3)
    again: list[int] = []
    monkeypatch.setattr(
        compiled._Row,
        "blank_sheet",
        lambda row, original=compiled._Row.blank_sheet: (
            again.append(row.sheet.number) or original(row)
        ),
    )
    looping = writer(TensorFlowEngine, learned=learned)
    assert_alike(looping, writer(NumpyEngine, learned=learned), asked, "ab")
    assert 10 <= len(again) < 40
    kept = [poem.text for poem in looping.write_many("ab", asked)]
    # A poem with no run as long as the limit is no other for being watched.
    assert all(kept[seed] == free[seed].text for seed in set(range(40)) - set(again))


def test_draws_of_the_loop_follow_the_distribution() -> None:
    generator = writer(TensorFlowEngine)
    first = generator.begin("a").logits.astype(np.float64)
    chances = np.exp(log_softmax(first))
    chances[1] = 0  # What is unknown is never written.
    chances /= chances.sum()
    asked = seeds(3_000, length=1, temperature=1.0, end_of_poem="model")
    poems = generator.write_many("a", asked)
    drawn = [generator.vocabulary.id_of(poem.text) if poem.text else 0 for poem in poems]
    # 0.1 % of fair draws exceed it at eleven degrees of freedom.
    assert chi_square(np.array(drawn), chances) < 31.26


def test_a_prediction_that_is_no_number_is_refused_as_by_the_step_model() -> None:
    broken = writer(TensorFlowEngine, poems_by_lines=(), logits_bias=np.inf)
    with pytest.raises(ValueError, match="nothing can be drawn"):
        list(broken.write_many("", seeds(2)))


def test_few_poems_are_written_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(WritingLoop, "__init__", None)
    assert len(list(writer(TensorFlowEngine).write_many("", seeds(3)))) == 3


def test_poems_without_repeated_runs_are_written_step_by_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(WritingLoop, "__init__", None)
    assert_alike(writer(TensorFlowEngine), writer(NumpyEngine), seeds(5, no_repeat=2), "")
