import json

import numpy as np
import pytest

from charrnn.checkpoint.record import LabelRecord
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.poem_fields import MOST_LABELS, labelled
from charrnn.errors import ConfigurationError, CorpusError
from charrnn.settings.configuration import CorpusConfig

POEMS = [
    {"author": "Ann", "form": "song", "title": "Tide", "text": "the tide\nthe sea"},
    {"author": "Ann", "title": "Moon", "text": "the moon\nthe night"},
    {"author": "Bob", "form": "song", "title": "A title longer than the poem", "text": "the sun"},
    {"form": "ode", "text": "the rain\n\nthe snow"},
]


def label(field, value, poems):
    return LabelRecord(field=field, value=value, poems=poems)


@pytest.fixture
def poems(tmp_path):
    path = tmp_path / "poems.jsonl"
    path.write_text("\n".join(map(json.dumps, POEMS)), encoding="utf-8")
    return str(path)


def test_labels_are_numbered_by_field_and_rare_ones_are_other():
    labels, of_poems = labelled(POEMS, ["author", "form"], 2)
    assert labels == (
        label("author", "Ann", 2),
        label("author", "other", 1),
        label("form", "song", 2),
        label("form", "other", 1),
    )
    assert of_poems.tolist() == [[0, 2], [0, -1], [1, 2], [-1, 3]]


def test_other_is_one_label_where_poems_have_it_themselves():
    poems = [{"by": "other"}, {"by": "other"}, {"by": "Ann"}]
    labels, of_poems = labelled(poems, ["by"], 2)
    assert labels == (label("by", "other", 3),)
    assert of_poems.tolist() == [[0], [0], [0]]


def test_a_corpus_has_the_labels_and_titles_that_are_asked_for(poems):
    corpus = read_corpus(
        [poems], CorpusConfig(labels="author, form", title_field="title", min_poems=1)
    )
    assert corpus.fields.titles == ("Tide", "Moon", "", "")
    assert (corpus.titles, len(corpus.labels), corpus.header_tokens) == (2, 4, 5)
    assert corpus.labels[0] == label("author", "Ann", 2)
    assert corpus.poem(3) == "the rain\n\nthe snow"
    assert "1 title longer than the poem, or than 100 characters, was left out." in corpus.notes
    plain = read_corpus([poems])
    assert plain.fields is None
    assert (plain.text, plain.header_tokens) == (corpus.text, 0)
    assert plain.digest != corpus.digest
    assert any("author (2 values), form (2 values), title (3 values)" in one for one in plain.notes)


def test_the_first_lines_of_plain_poems_may_be_their_titles(tmp_path):
    path = tmp_path / "poems.txt"
    path.write_text("Tide\nthe tide\nthe sea\n\nMoon\n the moon\n\nalone\n", encoding="utf-8")
    corpus = read_corpus([str(path)], CorpusConfig(layout="blocks", titles="first-line"))
    assert corpus.fields.titles == ("Tide", "Moon", "")
    assert [corpus.poem(one) for one in range(3)] == ["the tide\nthe sea", "the moon", "alone"]
    assert corpus.poems_by_lines == (2, 1)


def test_directories_and_files_of_plain_poems_may_be_labels(tmp_path):
    for name, text in {
        "ann/1.txt": "a b\n\nc d\n",
        "ann/2.txt": "e f\n",
        "bob.txt": "g h\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    config = CorpusConfig(layout="blocks", stanzas=False, labels="poet", min_poems=1)
    corpus = read_corpus([str(tmp_path)], config)
    assert corpus.labels == (label("poet", "ann", 3), label("poet", "bob", 1))
    assert corpus.fields.of_poems.tolist() == [[0], [0], [0], [1]]
    with pytest.raises(ConfigurationError, match="plain texts have one label"):
        read_corpus([str(tmp_path / "bob.txt")], config)


def test_a_field_that_no_poem_has_is_refused(poems):
    with pytest.raises(CorpusError, match=r"no poem has a field autor\. Did you mean author\?"):
        read_corpus([poems], CorpusConfig(labels="autor"))
    with pytest.raises(
        CorpusError, match=r"no poem has a field name\. Fields: author, form and title"
    ):
        read_corpus([poems], CorpusConfig(title_field="name"))


def test_too_many_labels_are_refused():
    many = [{"by": f"poet {number}"} for number in range(MOST_LABELS + 1)]
    with pytest.raises(CorpusError, match="4,001 labels by, and a network learns at most 4,000"):
        labelled(many, ["by"], 1)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (CorpusConfig(titles="first-line"), "first-line is for plain text"),
        (CorpusConfig(layout="lines"), "has poems of several lines; omit --layout lines"),
        (CorpusConfig(layout="blocks", stanzas=False), "have stanzas; omit --no-stanzas"),
    ],
)
def test_settings_that_do_not_fit_data_are_refused(poems, config, told):
    with pytest.raises(ConfigurationError, match=told):
        read_corpus([poems], config)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (CorpusConfig(title_field="title"), "give --titles first-line"),
        (CorpusConfig(layout="text", titles="first-line"), "labels and titles belong to poems"),
    ],
)
def test_settings_that_do_not_fit_plain_text_are_refused(config, told):
    with pytest.raises(ConfigurationError, match=told):
        read_corpus(["quatrains"], config)


def test_fields_that_another_text_lacks_are_left_out_on_request(poems):
    config = CorpusConfig(labels="author,year", title_field="name")
    corpus = read_corpus([poems], config, alike=True)
    assert {one.field for one in corpus.labels} == {"author"}
    assert read_corpus(["quatrains"], config, alike=True).fields is None


def test_a_digest_tells_labels_and_titles_apart(poems):
    configs = [
        CorpusConfig(labels="author", min_poems=1),
        CorpusConfig(labels="author", min_poems=2),
        CorpusConfig(labels="form", min_poems=1),
        CorpusConfig(title_field="title"),
    ]
    digests = {read_corpus([poems], config).digest for config in configs}
    assert len(digests) == len(configs)
    assert np.all([len(digest) == 64 for digest in digests])
