import itertools

import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN
from charrnn.decoding.beam import search
from charrnn.decoding.sampling import log_softmax
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.architecture import SPECIAL
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import markov

LETTERS = "abc"
SIZE = len(LETTERS) + SPECIAL


@pytest.fixture(params=range(6))
def table(request: pytest.FixtureRequest) -> np.ndarray:
    """Random logits after each token."""
    return np.random.default_rng(request.param).normal(0, 1.5, (SIZE, SIZE))


def all_texts(length: int) -> list[tuple[int, ...]]:
    """Every text of letters that ends before a length, and every one of that length."""
    letters = range(SPECIAL, SIZE)
    ending = [
        (*text, END_OF_POEM)
        for count in range(1, length)
        for text in itertools.product(letters, repeat=count)
    ]
    return ending + list(itertools.product(letters, repeat=length))


def mean_of(
    table: np.ndarray, text: tuple[int, ...], temperature: float, barred: set[int] = frozenset()
) -> float:
    """The mean log-probability of a text, worked out token by token; a poem begins after END_OF_POEM."""
    total = 0.0
    for place, (before, token) in enumerate(itertools.pairwise((END_OF_POEM, *text))):
        logits = table[before].astype(np.float32).astype(np.float64)
        never = {UNKNOWN, *barred} | ({END_OF_POEM} if place == 0 else set())
        logits[list(never)] = -np.inf
        total += float(log_softmax(logits / temperature)[token])
    return total / len(text)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_beam_as_wide_as_the_tree_finds_the_likeliest_text(
    table: np.ndarray, temperature: float
) -> None:
    length = 4
    generator = markov(table, LETTERS)
    config = SamplingConfig(beam=64, length=length, temperature=temperature)
    widest = search(*generator._prepared(generator.begin(), config), 3 * SIZE**length)
    best = max(all_texts(length), key=lambda text: mean_of(table, text, temperature))
    assert widest.tokens == best
    assert widest.mean == pytest.approx(mean_of(table, best, temperature), abs=1e-5)


@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_a_narrow_beam_keeps_the_likeliest_beginnings(table: np.ndarray, width: int) -> None:
    length = 5
    generator = markov(table, LETTERS)
    found = search(
        *generator._prepared(generator.begin(), SamplingConfig(length=length, temperature=1.0)),
        width,
    )
    assert found.tokens == by_hand(table, width, length)


def test_a_poem_that_has_ended_leaves_room_for_one_less() -> None:
    # Had "c" not taken a place of the two, "caabb", which is likelier for each token, were found.
    table = np.random.default_rng(13).normal(0, 1.5, (SIZE, SIZE))
    table[:, END_OF_POEM] += 1
    config = SamplingConfig(length=5, temperature=1.0)
    generator = markov(table, LETTERS)
    narrow, wide = (
        search(*generator._prepared(generator.begin(), config), width) for width in (2, 10_000)
    )
    assert narrow.tokens == by_hand(table, 2, 5) == (4, END_OF_POEM)
    assert wide.mean > narrow.mean


def by_hand(table: np.ndarray, width: int, length: int) -> tuple[int, ...]:
    """The same search on texts alone, every one of them judged from its beginning."""
    followed: list[tuple[int, ...]] = [()]
    complete: list[tuple[int, ...]] = []

    def total(text: tuple[int, ...]) -> float:
        return mean_of(table, text, 1.0) * len(text)

    for _ in range(length):
        grown = [
            (*text, token)
            for text in followed
            for token in (END_OF_POEM, *range(SPECIAL, SIZE))
            if text or token != END_OF_POEM
        ]
        kept = sorted(grown, key=total, reverse=True)[: width - len(complete)]
        complete += [text for text in kept if text[-1] == END_OF_POEM]
        followed = [text for text in kept if text[-1] != END_OF_POEM]
    return max(complete + followed, key=lambda text: mean_of(table, text, 1.0))


def test_a_beam_of_one_takes_the_likeliest_each_time(table: np.ndarray) -> None:
    generator = markov(table, LETTERS)
    greedy = generator.write("a", SamplingConfig(temperature=0, length=9))
    searched = generator.write("a", SamplingConfig(beam=1, length=9))
    assert (searched.text, searched.ended) == (greedy.text, greedy.ended)
    np.testing.assert_allclose(searched.log_probabilities, greedy.log_probabilities, atol=1e-5)


def test_a_search_leaves_nothing_to_chance(table: np.ndarray) -> None:
    generator = markov(table, LETTERS)
    first, second = (
        generator.write("", SamplingConfig(beam=3, length=12, seed=seed)) for seed in (1, 2)
    )
    assert first.text == second.text


def test_of_equals_the_first_is_kept() -> None:
    generator = markov(np.zeros((SIZE, SIZE)), LETTERS)
    assert generator.write("", SamplingConfig(beam=5, length=1)).text == "a"


def test_what_is_banned_or_would_repeat_is_not_found(table: np.ndarray) -> None:
    generator = markov(table, LETTERS)
    length = 4
    config = SamplingConfig(length=length, temperature=1.0, ban="b", no_repeat_ngram_size=2)
    found = search(*generator._prepared(generator.begin(), config), 10_000)
    ways = {
        text: mean_of_keeping(table, text)
        for text in all_texts(length)
        if LETTERS.index("b") + SPECIAL not in text and not repeats(text)
    }
    assert found.tokens == max(ways, key=ways.__getitem__)
    assert found.mean == pytest.approx(max(ways.values()), abs=1e-5)


def repeats(text: tuple[int, ...]) -> bool:
    pairs = list(itertools.pairwise(text))
    return len(set(pairs)) < len(pairs)


def mean_of_keeping(table: np.ndarray, text: tuple[int, ...]) -> float:
    """The mean where b is banned and no pair may stand twice."""
    total = 0.0
    for place in range(len(text)):
        before = text[place - 1] if place else END_OF_POEM
        logits = table[before].astype(np.float32).astype(np.float64)
        for token in range(SIZE):
            barred = token in {UNKNOWN, LETTERS.index("b") + SPECIAL} or (
                token == END_OF_POEM and place == 0
            )
            if barred or (token != END_OF_POEM and repeats((*text[:place], token))):
                logits[token] = -np.inf
        total += float(log_softmax(logits)[text[place]])
    return total / len(text)


def test_a_search_whose_every_way_is_blocked_is_a_dead_end() -> None:
    table = np.zeros((SIZE, SIZE))
    generator = markov(table, LETTERS, "text")
    config = SamplingConfig(beam=4, no_repeat_ngram_size=1, ban="c", length=3)
    poem = generator.write("", config)
    assert (sorted(poem.text), poem.ended, poem.dead_end) == (["a", "b"], False, True)
    *_, last = generator.stream(generator.begin(), config)
    assert (last.character, last.hypothesis.dead_end) == ("", True)


def test_a_search_is_streamed_and_can_be_gone_on_from(table: np.ndarray) -> None:
    generator = markov(table, LETTERS)
    steps = list(generator.stream(generator.begin("a"), SamplingConfig(beam=3, length=6)))
    poem = generator.write("a", SamplingConfig(beam=3, length=6))
    assert "".join(step.character for step in steps) == poem.text
    assert steps[-1].hypothesis.ended == poem.ended
    np.testing.assert_allclose(
        steps[len(poem.text) - 1].hypothesis.logits,
        generator.begin("a" + poem.text).logits,
        atol=1e-5,
    )


def test_poems_with_counted_lines_end_in_their_last_line() -> None:
    table = np.zeros((5, 5))
    table[:, 2] = (1.0, 1.0, -30.0, 1.0, 1.0)
    generator = markov(table, "\nab")
    lined = TextGenerator(generator.model, generator.vocabulary, "blocks", poems_by_lines=(0, 0, 7))
    poem = lined.write("", SamplingConfig(beam=4, length=200))
    assert poem.ended
    assert len([line for line in poem.text.split("\n") if line.strip()]) == 3
