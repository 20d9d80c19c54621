import dataclasses
from pathlib import Path
from typing import Any

import pytest

from charrnn.checkpoint.directory import PASSAGES_FILE, CheckpointWriter
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus import indexing, passage_building
from charrnn.corpus.indexing import index_learned_part, keep_passages, poems_at
from charrnn.corpus.loading import Corpus
from charrnn.corpus.passages import PassageIndex
from charrnn.corpus.splitting import split_corpus
from charrnn.settings.configuration import CorpusConfig, Layout
from tests.corpora import corpus_from_text
from tests.fakes import RECORD

POEMS = [f"poem number {number}\nof the {number}th moon" for number in range(40)]
NOTE = "The index of the text, which --max-copy and charrnn novelty need, is left out: "


def learned(text: str, layout: Layout = "blocks") -> tuple[Corpus, RunRecord]:
    """A corpus, and the record of a run that learned it."""
    reading = CorpusConfig(layout=layout, validation_fraction=0.25)
    corpus = corpus_from_text(text, reading, name="moons")
    training = dataclasses.replace(RECORD.training, window=8)
    record = dataclasses.replace(RECORD, corpus=corpus.record(), reading=reading, training=training)
    return corpus, record


def test_the_training_part_is_indexed_by_the_numbers_of_its_poems() -> None:
    corpus, record = learned("\n\n".join(POEMS))
    index = index_learned_part(corpus, record)
    split = split_corpus(corpus, 0.25, 8)
    assert index.corpus == corpus.digest
    training, validation = (
        list(poems_at(corpus, part)) for part in (split.training, split.validation)
    )
    assert sorted(training + validation) == sorted(POEMS)
    assert len(validation) > 5
    for poem in training:
        assert index.where(poem.replace("\n", " ")) == [(POEMS.index(poem) + 1, 0)]
    for poem in validation:
        assert index.where(poem.replace("\n", " ")) == []


def test_of_a_continuous_text_the_beginning_is_indexed() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(100))
    corpus, record = learned(text, "text")
    index = index_learned_part(corpus, record)
    assert index.where(text[70:75]) == [(1, 70)]
    assert index.where(text[74:76]) == []


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Any]:
    """What `keep_passages` needs; `notes` is what it told."""
    corpus, record = learned("\n\n".join(POEMS))
    notes: list[str] = []
    return {
        "writer": CheckpointWriter(tmp_path / "moons"),
        "corpus": corpus,
        "record": record,
        "noted": notes.append,
        "notes": notes,
    }


def keep(told: dict[str, Any], **changes: Any) -> list[str]:
    arguments = {name: value for name, value in told.items() if name != "notes"}
    keep_passages(**arguments | changes)
    return told["notes"]


def test_the_index_is_kept_in_the_checkpoint_and_made_once(
    told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keep(told) == []
    path = tmp_path / "moons" / PASSAGES_FILE
    assert PassageIndex.open(path).corpus == told["corpus"].digest
    monkeypatch.setattr(indexing, "index_learned_part", pytest.fail)
    assert keep(told) == []


@pytest.mark.parametrize("content", [b"", b"charrnn-passages", b"moon" * 30])
def test_an_index_that_cannot_be_used_is_made_anew(
    told: dict[str, Any], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "moons" / PASSAGES_FILE
    path.parent.mkdir()
    path.write_bytes(content)
    assert keep(told) == []
    assert PassageIndex.open(path).corpus == told["corpus"].digest


def test_the_index_of_another_text_is_replaced(told: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "moons" / PASSAGES_FILE
    PassageIndex.build(["moon"], corpus="another").write(path)
    assert keep(told) == []
    assert PassageIndex.open(path).corpus == told["corpus"].digest


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), "it was interrupted."),
        (MemoryError(), "it does not fit in memory."),
        (OSError(28, "No space left on device"), "No space left on device."),
    ],
)
def test_what_fails_is_told_and_leaves_everything_as_it_was(
    told: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    reason: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = tmp_path / "moons" / PASSAGES_FILE
    PassageIndex.build(["moon"], corpus="another").write(path)
    before = path.read_bytes()
    for module, name in ((indexing, "index_learned_part"), (PassageIndex, "write")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            assert keep(told)[-1] == f"{NOTE}{reason} The network is saved."
        assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_text_that_is_too_long_is_told(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passage_building, "LONGEST_INDEXED", 100)
    (note,) = keep(told)
    assert note.startswith(f"{NOTE}it has ")
    assert note.endswith("characters, and 100 are indexed at most. The network is saved.")
