import itertools

import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.decoding.decoder import (
    LONGEST_HELD,
    MOST_STEPS_BACK,
    BacktrackingSampler,
    Decoder,
)
from charrnn.decoding.hypothesis import Step
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import markov

LETTERS = "abcd"
ALIKE = np.zeros((len(LETTERS) + SPECIAL,) * 2)


class Only:
    """Allows the texts of a list and their beginnings, and nothing else."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def initial_state(self) -> str:
        return ""

    def allowed_tokens(self, state: object) -> np.ndarray:
        assert isinstance(state, str)
        mask = np.zeros(len(LETTERS) + SPECIAL, np.bool_)
        mask[END_OF_POEM] = state in self.texts
        for text in self.texts:
            if text.startswith(state) and text != state:
                mask[LETTERS.index(text[len(state)]) + SPECIAL] = True
        return mask

    def next_state(self, state: object, token: int) -> str:
        assert isinstance(state, str)
        return "" if token == END_OF_POEM else state + LETTERS[token - SPECIAL]


class Trap(Only):
    """Allows every letter, but nothing after more than so many letters of a trap."""

    def __init__(self, trap: str, depth: int, last: int = 10**9) -> None:
        self.trap, self.depth, self.last = trap, depth, last

    def allowed_tokens(self, state: object) -> np.ndarray:
        assert isinstance(state, str)
        place = state.find(self.trap)
        stuck = (place >= 0 and len(state) >= place + self.depth) or len(state) >= self.last
        mask = np.full(len(LETTERS) + SPECIAL, not stuck)
        mask[END_OF_POEM] = False
        return mask


@pytest.fixture
def generator() -> TextGenerator:
    """A network to which all letters are alike, under the constraints of `under`."""
    return markov(ALIKE, LETTERS)


def under(generator: TextGenerator, monkeypatch: pytest.MonkeyPatch, *constraints: object) -> None:
    monkeypatch.setattr(generator, "constraints", lambda _: list(constraints))


@pytest.mark.parametrize("seed", range(8))
def test_a_dead_end_is_left_the_way_it_was_entered(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # Whatever begins with b leads nowhere: nothing may follow three of its letters.
    under(generator, monkeypatch, Trap("b", 3))
    poem = generator.write(config=SamplingConfig(seed=seed, length=60))
    assert (len(poem.text), poem.ended, poem.dead_end) == (60, False, False)
    assert "b" not in poem.text[:-3]
    assert len(poem.log_probabilities) == 60


@pytest.mark.parametrize("seed", range(5))
def test_a_text_that_only_one_way_leads_to_is_found(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    class Last(Only):
        def allowed_tokens(self, state: object) -> np.ndarray:
            assert isinstance(state, str)
            mask = np.full(len(LETTERS) + SPECIAL, len(state) < 4)
            mask[END_OF_POEM] = state == "dcba"
            return mask

    under(generator, monkeypatch, Last())
    poem = generator.write(config=SamplingConfig(seed=seed))
    assert (poem.text, poem.ended, poem.dead_end) == ("dcba", True, False)


def test_a_poem_that_nothing_can_follow_is_stranded_where_it_stands(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    under(generator, monkeypatch, Only())
    poem = generator.write("ab", SamplingConfig(seed=1))
    assert (poem.text, poem.log_probabilities, poem.ended, poem.dead_end) == ("", (), False, True)
    steps = list(generator.stream(generator.begin("ab"), SamplingConfig(seed=1)))
    assert [(step.character, step.hypothesis.dead_end) for step in steps] == [("", True)]
    assert steps[-1].hypothesis.text == "ab"


def test_ways_that_are_all_blocked_far_ahead_are_not_tried_for_ever(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    under(generator, monkeypatch, Trap("none", 0, last=LONGEST_HELD - 2))
    tried = 0
    random = np.random.default_rng(2)

    class Counting:
        def random(self) -> float:
            nonlocal tried
            tried += 1
            return float(random.random())

    steps = list(generator.stream(generator.begin(), SamplingConfig(), Counting()))
    assert steps[-1].hypothesis.dead_end
    assert len(steps) - 1 == LONGEST_HELD - 2
    assert tried <= MOST_STEPS_BACK + LONGEST_HELD


def test_no_final_step_is_taken_back(
    generator: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everything is blocked at the letter beyond what is held back, whatever was chosen before.
    under(generator, monkeypatch, Trap("none", 0, last=LONGEST_HELD + 5))
    handed = ""
    for step in generator.stream(generator.begin(), SamplingConfig(seed=4)):
        handed += step.character
        assert step.hypothesis.text == handed
    assert step.hypothesis.dead_end
    assert len(handed) == LONGEST_HELD + 5


@pytest.mark.parametrize("constrained", [True, False])
def test_characters_are_held_back_only_under_a_constraint(
    monkeypatch: pytest.MonkeyPatch, constrained: bool
) -> None:
    generator = markov(ALIKE, LETTERS, "text")
    if constrained:
        under(generator, monkeypatch, Trap("none", 0))
    tables = []
    step = generator.model.step

    def counting(*arguments: object) -> object:
        tables.append(arguments)
        return step(*arguments)

    monkeypatch.setattr(generator.model, "step", counting)
    steps = generator.stream(generator.begin("a"), SamplingConfig(seed=1, length=50))
    ahead = []
    for number, _ in enumerate(itertools.islice(steps, 10), 1):
        ahead.append(len(tables) - number)
    assert ahead == [LONGEST_HELD if constrained else 0] * 10


def test_a_sampler_gives_back_what_it_suppressed_deeper_down() -> None:
    generator = markov(ALIKE, LETTERS)
    start = generator.begin("a")
    sampler = BacktrackingSampler(start, np.random.default_rng(1), 10)
    one = start.followed_by("b", start.decoder_state, 0, ())
    two = one.followed_by("c", one.decoder_state, 0, ())
    sampler.add(3, Step("b", -1.0, one), is_final=False)
    sampler.add(4, Step("c", -1.0, two), is_final=False)
    sampler.step_back()
    there = sampler.hypothesis
    assert (there.text, there.suppressed, there.generated) == ("ab", {4}, 1)
    sampler.step_back()
    there = sampler.hypothesis
    assert (there.text, there.suppressed, there.generated) == ("a", {3}, 0)
    sampler.add(4, Step("c", -1.0, two), is_final=False)
    assert sampler.hypothesis.suppressed == frozenset()
    sampler.step_back()
    assert sampler.hypothesis.suppressed == {3, 4}
    sampler.step_back()
    assert sampler.over
    assert sampler.hypothesis.dead_end
    assert [(token, step.character) for token, step in sampler.take_final()] == [
        (3, "b"),
        (4, "c"),
        (None, ""),
    ]


class AfterB(Trap):
    """Restricts nothing but what follows a b: there it allows nothing at all."""

    def __init__(self) -> None:
        super().__init__("none", 0)

    def allowed_tokens(self, state: object) -> np.ndarray | None:
        assert isinstance(state, str)
        return np.zeros(len(LETTERS) + SPECIAL, np.bool_) if state.endswith("b") else None


@pytest.mark.parametrize("seed", range(4))
def test_only_steps_that_a_constraint_may_take_back_are_held(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    generator = markov(ALIKE, LETTERS, "text")
    under(generator, monkeypatch, AfterB())
    config = SamplingConfig(seed=seed, length=40)
    text = generator.write("a", config).text
    assert "b" not in text[:-1]
    assert len(text) == 40
    drawn = []
    decoder_steps = Decoder.steps

    def counting(*arguments: object) -> object:
        steps = decoder_steps(*arguments)  # type: ignore[arg-type]
        drawn.extend(step.character for step in steps)
        return steps

    monkeypatch.setattr(Decoder, "steps", counting)
    shown = ""
    for step in generator.stream(generator.begin("a"), config):
        shown += step.character
        assert shown == "".join(drawn).replace("b", "") or len(shown) == 40
    assert shown == text


def test_a_poem_stays_whole_when_it_takes_back_what_was_longer_before() -> None:
    generator = markov(ALIKE, LETTERS)
    start = generator.begin("a")
    sampler = BacktrackingSampler(start, np.random.default_rng(1), 10)
    one = start.followed_by("b", start.decoder_state, 0, ())
    two = one.followed_by("c", one.decoder_state, 0, ())
    sampler.add(3, Step("b", -1.0, one), is_final=False)
    sampler.add(4, Step("c", -1.0, two), is_final=False)
    sampler.step_back()
    sampler.step_back()
    other = start.followed_by("d", start.decoder_state, 0, ())
    sampler.add(5, Step("d", -1.0, other), is_final=True)
    sampler.step_back()
    assert sampler.over
    assert sampler.hypothesis.text == "ad"
    assert [step.character for _, step in sampler.take_final()] == ["d", ""]
