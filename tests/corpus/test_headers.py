import itertools
import json

import numpy as np
import pytest

from charrnn.corpus.headers import HeadedPoems, ShuffledPoems, is_text
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.settings.configuration import CorpusConfig

POEMS = [
    {"author": "Ann", "form": "ode", "title": "B", "text": "aa"},
    {"author": "Bob", "title": "A", "text": "bb"},
    {"form": "ode", "text": "ab"},
]
END, EOH = "/", ":"
CONFIG = CorpusConfig(labels="author,form", title_field="title", min_poems=1)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "poems.json"
    path.write_text(json.dumps(POEMS), encoding="utf-8")
    return read_corpus([str(path)], CONFIG)


@pytest.fixture
def vocabulary(corpus):
    return Vocabulary.of_record(("A", "B", "a", "b"), corpus)


@pytest.fixture
def poems(corpus, vocabulary):
    return HeadedPoems.of(corpus, corpus.spans, vocabulary)


def spelled(ids, vocabulary):
    labels = {"Ann": "1", "Bob": "2", "ode": "o"}
    names = [END, "?", *vocabulary.characters, EOH]
    names += [labels[label.value] for label in vocabulary.labels]
    return "".join(names[id_] for id_ in ids)


def test_a_poem_is_its_labels_its_title_its_text_and_its_end(poems, vocabulary):
    assert spelled(poems.whole(), vocabulary) == "/1oB:aa/2A:bb/o:ab/"
    assert spelled(poems.text_alone(), vocabulary) == "/:aa/:bb/:ab/"
    assert vocabulary.size == 2 + 4 + 1 + 3


def test_only_text_and_ends_of_poems_are_measured(poems, vocabulary):
    ids = poems.whole()
    measured = spelled(ids[is_text(ids, vocabulary)], vocabulary)
    assert measured == "/aa/bb/ab/"


def test_parts_are_left_out_as_a_whole_and_poems_are_reordered(poems, vocabulary):
    left_out = np.array([[True, False, False], [False, False, True], [False, True, False]])
    ids = poems.read(left_out, np.array([2, 0, 1]))
    assert spelled(ids, vocabulary) == "/:ab/oB:aa/2:bb/"


def test_each_epoch_has_its_own_order_and_the_same_one_each_time(poems, vocabulary):
    read = [
        [spelled(ShuffledPoems(poems, 0.5, seed=3).epoch(one), vocabulary) for one in range(40)]
        for _ in range(2)
    ]
    assert read[0] == read[1]
    assert len(set(read[0])) > 20
    orders = {"".join(one for one in text if one in "ab") for text in read[0]}
    assert orders == {"".join(order) for order in itertools.permutations(["aa", "bb", "ab"])}


def test_a_share_of_the_headers_is_left_out(poems, vocabulary):
    shuffled = ShuffledPoems(poems, 0.2, seed=0)
    texts = [spelled(shuffled.epoch(number), vocabulary) for number in range(1000)]
    for part in ("1", "o", "A"):
        share = sum(text.count(part) for text in texts) / (2000 if part == "o" else 1000)
        assert share == pytest.approx(0.8, abs=0.05)
    assert shuffled.length == round(np.mean([len(text) for text in texts]))
    assert spelled(ShuffledPoems(poems, 0, 0).epoch(1), vocabulary).count("o") == 2
    assert "o" not in spelled(ShuffledPoems(poems, 1, 0).epoch(1), vocabulary)


def test_labels_of_another_corpus_are_those_of_the_same_name(tmp_path, vocabulary):
    path = tmp_path / "others.json"
    others = [{"author": "Bob", "text": "a"}, {"author": "Cid", "form": "ode", "text": "b"}]
    path.write_text(json.dumps(others), encoding="utf-8")
    corpus = read_corpus([str(path)], CONFIG, alike=True)
    ids = HeadedPoems.of(corpus, corpus.spans, vocabulary).whole()
    assert spelled(ids, vocabulary) == "/2:a/o:b/"
    assert ids[0] == END_OF_POEM
