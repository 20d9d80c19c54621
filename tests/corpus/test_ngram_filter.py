"""The filter against a search of the text itself."""

import dataclasses
import random
import struct
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus import ngram_filter, store, text_files
from charrnn.corpus.loading import Corpus
from charrnn.corpus.ngram_filter import (
    N_OF_LETTERS,
    N_OF_WORDS,
    NgramFilter,
    filter_of_training_split,
    folded,
)
from charrnn.corpus.splitting import poems_at, split_corpus
from charrnn.corpus.text_files import ngram_filter_file
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.configuration import CorpusConfig, Layout
from tests.corpora import corpus_from_text, filter_of
from tests.fakes import RECORD

POEMS = [f"poem number {number}\nof the {number}th moon" for number in range(40)]
NOTE = "The n-gram filter of the text, which --max-copy and charrnn novelty need, is left out: "


def learned(text: str, layout: Layout = "blocks") -> tuple[Corpus, RunRecord]:
    """A corpus, and the record of a run that learned it."""
    reading = CorpusConfig(layout=layout, validation_fraction=0.25)
    corpus = corpus_from_text(text, reading, name="moons")
    training = dataclasses.replace(RECORD.training, window=8)
    record = dataclasses.replace(
        RECORD,
        text_files={},
        corpus=corpus.record(),
        corpus_config=reading,
        training=training,
        vocabulary=tuple(sorted(set(text))),
    )
    return corpus, record


def training_part(corpus: Corpus) -> list[str]:
    return [folded(poem) for poem in poems_at(corpus, split_corpus(corpus, 0.25, 8).training)]


@given(
    st.lists(st.text("abcde月 \n", min_size=9, max_size=60), min_size=12, max_size=30),
    st.sampled_from(("blocks", "text")),
    st.integers(2, 9),
    st.integers(10, 50),
)
def test_every_ngram_of_the_training_part_is_found_however_the_text_is_cut(
    poems: list[str], layout: Layout, n: int, chunk: int
) -> None:
    text = "ab 月 moon rises\n\n\n" + "\n\n\n".join(poems) + "\n\n\ndeadbeef falls"
    corpus, record = learned(text, layout)
    with (
        mock.patch.object(store, "CHUNK", chunk),
        mock.patch.object(ngram_filter, "_n_of", return_value=n),
    ):
        known = filter_of_training_split(corpus, record)
        for poem in training_part(corpus):
            assert known.hits(poem).all()


def test_few_others_are_found() -> None:
    generator = random.Random(0)
    text = "".join(generator.choice("abcdefghij") for _ in range(200_000))
    known = NgramFilter.build([text[:100_000]], 12, most=100_000, corpus="00")
    assert known.hits(text[:100_000]).all()
    assert known.hits(text[100_000:]).mean() < 0.01
    # Nor where only the last character differs, as the copy guard asks it.
    last = np.array([known.hits(text[:11] + chr(0x4E00 + one))[0] for one in range(8_000)])
    assert last.mean() < 0.01


@given(st.text(max_size=30), st.integers(2, 5))
def test_one_ngram_is_looked_up_as_many_are(text: str, n: int) -> None:
    known = filter_of([text[:20]], n)
    text = folded(text)
    hashes = ngram_filter._ngrams(text, n)[0]
    assert len(hashes) == max(0, len(text) - n + 1)
    assert [known.holds(one) for one in hashes.tolist()] == known.hits(text).tolist()


def test_no_ngram_reaches_from_one_poem_into_another() -> None:
    known = filter_of(["abcd", "efgh"], 3)
    assert known.hits("abcdefgh").tolist() == [True, True, False, False, True, True]


def test_the_validation_part_is_not_in_it() -> None:
    corpus, record = learned("\n\n".join(POEMS))
    known = filter_of_training_split(corpus, record)
    assert known.corpus == corpus.digest
    aside = [folded(poem) for poem in set(POEMS) - {*training_part(corpus)}]
    assert any(not known.hits(poem).all() for poem in aside)
    text = "".join(chr(0x4E00 + number) for number in range(100))
    known = filter_of_training_split(*learned(text, "text"))
    assert known.hits(text[:75]).all()
    assert not known.hits(text[70:]).any()


def test_n_follows_what_a_character_tells() -> None:
    assert filter_of_training_split(*learned("\n\n".join(POEMS))).n == N_OF_LETTERS == 12
    words = "".join(chr(0x4E00 + number) for number in range(100)) + "abcdef"
    assert filter_of_training_split(*learned(words, "text")).n == N_OF_WORDS == 6


# The file


def test_a_filter_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ngrams.filter"
    known = filter_of(["the moon"], 4, corpus="ab" * 32)
    known.write(path)
    opened = NgramFilter.open(path)
    assert (opened.n, opened.corpus) == (4, "ab" * 32)
    assert opened.hits("the moon").all()
    assert not opened.hits("the lake")[2:].any()


WORDS = bytes(16)


def header(**changes: Any) -> bytes:
    values = {"magic": b"CHRNGRAM", "version": 2, "n": 12, "words": 2, "corpus": bytes(32)}
    content = struct.pack("<8sIIQ32s", *(values | changes).values())
    return content + struct.pack("<Q", zlib.crc32(WORDS, zlib.crc32(content)))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not an n-gram filter."),
        (header()[:55], "is not an n-gram filter."),
        (header()[:60], "was changed or cut short."),
        (header(magic=b"CHRNGRAN") + WORDS, "is not an n-gram filter."),
        (header(version=1) + WORDS, "has version 1, and this charrnn reads version 2."),
        (header() + WORDS[:-1], "was changed or cut short."),
        (header() + WORDS + b"\0", "was changed or cut short."),
        (header(n=1) + WORDS, "was changed or cut short."),
        (header(n=256) + WORDS, "was changed or cut short."),
        (header(words=0), "was changed or cut short."),
        (header(words=1 << 63) + WORDS, "was changed or cut short."),
    ],
)
def test_a_file_that_is_no_filter_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "ngrams.filter"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as refused:
        NgramFilter.open(path)
    assert str(refused.value) == f"{path} {complaint}"


@pytest.mark.parametrize("place", range(8, 64 + 16))
def test_a_changed_bit_anywhere_is_refused(tmp_path: Path, place: int) -> None:
    path = tmp_path / "ngrams.filter"
    content = bytearray(header() + WORDS)
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"was changed or cut short|has version"):
        NgramFilter.open(path)


def test_the_header_above_is_right(tmp_path: Path) -> None:
    (tmp_path / "ngrams.filter").write_bytes(header() + WORDS)
    assert not NgramFilter.open(tmp_path / "ngrams.filter").hits("a text of letters").any()


# Beside a network


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Any]:
    """What `TextFile.keep` needs; `notes` is what it told."""
    corpus, record = learned("\n\n".join(POEMS))
    notes: list[str] = []
    return {
        "directory": tmp_path / "moons",
        "corpus": corpus,
        "record": record,
        "noted": notes.append,
        "notes": notes,
    }


def keep(told: dict[str, Any]) -> list[str]:
    arguments = {name: value for name, value in told.items() if name != "notes"}
    reason = ngram_filter_file().keep(**arguments)
    told["record"].text_files[NGRAM_FILTER_FILE] = reason
    return told["notes"]


def test_the_filter_is_kept_in_the_checkpoint_and_made_once(
    told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keep(told) == []
    path = tmp_path / "moons" / NGRAM_FILTER_FILE
    assert NgramFilter.open(path).corpus == told["corpus"].digest
    monkeypatch.setattr(text_files, "filter_of_training_split", pytest.fail)
    assert keep(told) == []


@pytest.mark.parametrize("content", [b"", header(corpus=b"\1" * 32) + WORDS])
def test_a_filter_of_another_text_or_of_no_use_is_made_anew(
    told: dict[str, Any], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "moons" / NGRAM_FILTER_FILE
    path.parent.mkdir()
    path.write_bytes(content)
    assert keep(told) == []
    assert NgramFilter.open(path).corpus == told["corpus"].digest


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

    path = tmp_path / "moons" / NGRAM_FILTER_FILE
    filter_of(["moon"], corpus="ab" * 32).write(path)
    before = path.read_bytes()
    for module, name in ((text_files, "filter_of_training_split"), (NgramFilter, "write")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            assert keep(told)[-1] == f"{NOTE}{reason} --resume makes it later."
        assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_text_that_is_too_long_is_told(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ngram_filter, "MOST_NGRAMS", 100)
    (note,) = keep(told)
    assert note.startswith(f"{NOTE}moons has ")
    assert note.endswith(" n-grams, and a filter has at most 100.")
    with pytest.raises(CorpusError):
        filter_of_training_split(told["corpus"], told["record"])
    assert keep(told) == [note]  # It is not tried again.
