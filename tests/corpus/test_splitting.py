import hashlib
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.splitting import encode_split, split_corpus
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig
from tests.corpora import corpus_from_text


def corpus_of(poems, layout="blocks"):
    return corpus_from_text("\n\n".join(poems), CorpusConfig(layout=layout), "mine")


def texts(corpus, spans):
    return [corpus.text[start:stop] for start, stop in spans.tolist()]


def test_continuous_text_is_divided_as_nanogpt_does():
    corpus = corpus_from_text("ab" * 557_697, CorpusConfig(layout="text"))
    split = split_corpus(corpus, 0.1, 64)
    assert split.training.tolist() == [[0, 1_003_854]]
    assert split.validation.tolist() == [[1_003_854, 1_115_394]]


def test_poems_are_kept_aside_by_their_hash():
    poems = [f"poem number {number}\nof many" for number in range(400)]
    corpus = corpus_of(poems)
    split = split_corpus(corpus, 0.05, 64)
    aside = [poem for poem in poems if int(hashlib.md5(poem.encode()).hexdigest(), 16) % 20 == 0]
    assert 5 < len(aside) < 40
    assert texts(corpus, split.validation) == aside
    assert texts(corpus, split.training) == [poem for poem in poems if poem not in aside]


poem_lists = st.lists(st.text("abc", min_size=1, max_size=6), min_size=2, max_size=30)


@given(poem_lists, st.sampled_from([0.05, 0.1, 0.25, 0.5]), st.integers(1, 8))
def test_every_poem_falls_on_one_side_with_all_its_copies(poems, fraction, window):
    try:
        corpus = corpus_of(poems, "lines")
        split = split_corpus(corpus, fraction, window)
    except CorpusError:
        return
    training, validation = texts(corpus, split.training), texts(corpus, split.validation)
    assert sorted(training + validation) == sorted(poems)
    assert not set(training) & set(validation)
    vocabulary = Vocabulary.of_text(corpus.text)
    for spans in (split.training, split.validation):
        assert len(encode_split(corpus, spans, vocabulary)) >= window + 1


poem_lengths = st.lists(st.integers(66, 4000), min_size=2, max_size=5, unique=True)
fractions = st.sampled_from([0.05, 0.1, 0.25, 0.5])


def poems_of(lengths, seed):
    generator = random.Random(seed)
    return ["".join(generator.choices("abcdefgh", k=length)) for length in lengths]


@given(poem_lengths, st.lists(st.integers(1, 70), max_size=6), fractions, st.integers())
def test_two_poems_that_are_long_enough_can_always_be_divided(lengths, short, fraction, seed):
    poems = poems_of(lengths + short, seed)
    corpus = corpus_of(poems, "lines")
    split = split_corpus(corpus, fraction, 64)
    again = split_corpus(corpus, fraction, 64)
    assert split.validation.tolist() == again.validation.tolist()
    assert sorted(texts(corpus, split.training) + texts(corpus, split.validation)) == sorted(poems)


@given(st.integers(3, 40), fractions, st.integers())
def test_the_shorter_of_two_poems_is_what_is_measured(times, fraction, seed):
    poems = poems_of((100 * times, 80), seed)
    corpus = corpus_of(poems, "lines")
    assert texts(corpus, split_corpus(corpus, fraction, 64).validation) == [poems[1]]


def test_copies_of_a_long_poem_are_learned_together():
    long, short = "ab" * 1000, "cd" * 50
    for number in range(40):
        poems = [f"{number}{long}", f"{number}{short}", f"{number}{long}"]
        corpus = corpus_of(poems, "lines")
        assert texts(corpus, split_corpus(corpus, 0.5, 64).validation) == [poems[1]]


def test_half_of_many_poems_are_kept_aside_by_their_hash_alone():
    poems = [f"poem number {number}\nof many" for number in range(100)]
    for first in range(0, 100, 10):
        some = poems[first:] + poems[:first] * 2
        corpus = corpus_of(some)
        aside = [poem for poem in some if int(hashlib.md5(poem.encode()).hexdigest(), 16) % 2 == 0]
        assert texts(corpus, split_corpus(corpus, 0.5, 64).validation) == aside


def test_validation_gets_the_poems_of_lowest_hash_until_it_is_long_enough():
    poems = [f"{number:09}" for number in range(40)]
    corpus = corpus_of(poems)
    aside = texts(corpus, split_corpus(corpus, 1 / 1000, 24).validation)
    lowest = sorted(poems, key=lambda poem: hashlib.md5(poem.encode()).hexdigest())
    assert sorted(aside) == sorted(lowest[:3])


def test_poems_stand_between_breaks():
    corpus = corpus_of(["ab", "c", "abx"])
    vocabulary = Vocabulary(("a", "b", "c"))
    ids = encode_split(corpus, corpus.spans, vocabulary)
    assert ids.dtype == np.uint8
    assert ids.tolist() == [
        END_OF_POEM,
        2,
        3,
        END_OF_POEM,
        4,
        END_OF_POEM,
        2,
        3,
        UNKNOWN,
        END_OF_POEM,
    ]


def test_many_poems_are_encoded_as_one_by_one():
    poems = [f"poem {number}\n诗" for number in range(1000)]
    corpus = corpus_of(poems)
    vocabulary = Vocabulary.of_text(corpus.text)
    ids = encode_split(corpus, corpus.spans, vocabulary)
    assert vocabulary.decode(ids) == "\n\n" + "\n\n".join(poems) + "\n\n"


def test_continuous_text_is_encoded_as_it_stands():
    corpus = corpus_of(["ab", "ba"], "text")
    vocabulary = Vocabulary.of_text(corpus.text)
    assert vocabulary.decode(encode_split(corpus, np.array([[1, 5]]), vocabulary)) == "b\n\nb"


def test_a_text_one_character_too_short_says_how_many_are_needed():
    config = CorpusConfig(layout="text")
    split_corpus(corpus_from_text("ab" * 325, config), 0.1, 64)
    with pytest.raises(CorpusError, match=r"fraction of 0\.1, which has 64 characters: 65 are"):
        split_corpus(corpus_from_text("ab" * 320, config), 0.1, 64)
    with pytest.raises(CorpusError, match="it has 128 characters, and at least 130 are needed"):
        split_corpus(corpus_from_text("ab" * 64, config), 0.0001, 64)


def test_a_fraction_too_small_for_a_long_text_is_named_with_one_that_is_enough():
    corpus = corpus_from_text("ab" * 5000, CorpusConfig(layout="text"))
    sentence = (
        r"fraction of 0\.0001, which has 1 character: .*--validation-fraction at least 0\.007"
    )
    with pytest.raises(CorpusError, match=sentence):
        split_corpus(corpus, 0.0001, 64)
    split_corpus(corpus, 0.007, 64)


@given(st.integers(130, 20_000), st.floats(1e-9, 0.5), st.integers(1, 64))
def test_the_fraction_that_is_advised_is_enough(length, fraction, window):
    corpus = corpus_from_text("ab" * (length // 2), CorpusConfig(layout="text"))
    try:
        split_corpus(corpus, fraction, window)
    except CorpusError as error:
        advised = re.search(r"at least (0\.\d+)", str(error))
        split_corpus(corpus, float(advised[1]), window)


def test_a_single_poem_cannot_be_divided():
    with pytest.raises(CorpusError, match=r"it has 1 poem with .* at least two different poems"):
        split_corpus(corpus_of(["a b c d e " * 50]), 0.1, 64)


def test_copies_of_one_poem_cannot_be_divided():
    with pytest.raises(CorpusError, match="two different poems"):
        split_corpus(corpus_of(["a b c d e " * 50] * 5), 0.1, 64)
