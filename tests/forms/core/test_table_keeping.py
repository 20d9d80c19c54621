import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from charrnn.checkpoint.directory import SOUNDS_FILE, WORDS_FILE, Checkpoint
from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import split_corpus
from charrnn.errors import CheckpointError
from charrnn.forms.chinese.sounds import Reading, open_sounds
from charrnn.forms.core import table_keeping
from charrnn.forms.core.language import table_to_json
from charrnn.forms.core.table_keeping import learned_table_files
from charrnn.forms.english.words import LearnedWords, open_words
from charrnn.settings.configuration import CorpusConfig, Layout
from tests.corpora import corpus_from_text
from tests.fakes import RECORD

LEVEL = "东风中空红"
OBLIQUE = "月发雪别歇去处路"
QUATRAIN = ("仄仄平平仄", "平平仄仄平", "平平平仄仄", "仄仄仄平平")
ENGLISH = [f"poem number {number}\nof the {number}th moon" for number in range(40)]


def chinese(count: int) -> list[str]:
    """Regular quatrains without a sense, all different."""
    draw = random.Random(1)
    return [
        "，".join(
            "".join(draw.choice(LEVEL if mark == "平" else OBLIQUE) for mark in line)
            for line in QUATRAIN
        )
        + "。"
        for _ in range(count)
    ]


def of_run(directory: Path, text: str, layout: Layout) -> tuple[Corpus, Checkpoint]:
    """A text, and the checkpoint of a run that learned it."""
    reading = CorpusConfig(layout=layout, validation_fraction=0.25)
    corpus = corpus_from_text(text, reading, name="moons")
    record = dataclasses.replace(
        RECORD,
        text_files={},
        vocabulary=tuple(sorted({*"\n", *text})),
        corpus=corpus.record(),
        corpus_config=reading,
        training=dataclasses.replace(RECORD.training, window=8),
    )
    return corpus, Checkpoint(directory, record, None)  # type: ignore[arg-type]


def keep(corpus: Corpus, checkpoint: Checkpoint) -> list[str]:
    """Keep the tables of a run; what was told."""
    notes: list[str] = []
    for file in learned_table_files():
        reason = file.keep(checkpoint.directory, corpus, checkpoint.record, notes.append)
        checkpoint.record.text_files[file.name] = reason
    return notes


def words_of(run: Checkpoint) -> dict[str, int] | None:
    table = open_words(run)
    return None if table is None else dict(table.counts)


def files(checkpoint: Checkpoint) -> set[str]:
    if not checkpoint.directory.exists():
        return set()
    return {path.name for path in checkpoint.directory.iterdir()}


def test_regular_poems_teach_sounds_and_no_words(tmp_path: Path) -> None:
    corpus, run = of_run(tmp_path / "tang", "\n".join(chinese(300)), "lines")
    assert keep(corpus, run) == []
    assert files(run) == {SOUNDS_FILE}
    table = open_sounds(run)
    assert table is not None
    sounds = table.sounds()
    assert sounds.name == "learned"
    assert {reading.tone for one in LEVEL for reading in sounds.readings(one)} == {"平"}
    assert sounds.readings("月") == {Reading("仄")}
    assert words_of(run) is None


def test_the_training_part_alone_teaches(tmp_path: Path) -> None:
    corpus, run = of_run(tmp_path / "tang", "\n".join(chinese(300)), "lines")
    keep(corpus, run)
    lesson = open_sounds(run)
    assert lesson is not None
    assert lesson.poems == len(split_corpus(corpus, 0.25, 8).training) < 290


def test_english_text_teaches_words(tmp_path: Path) -> None:
    corpus, run = of_run(tmp_path / "moons", "\n\n".join(ENGLISH), "blocks")
    assert keep(corpus, run) == []
    assert files(run) == {WORDS_FILE}
    learned = len(split_corpus(corpus, 0.25, 8).training)
    assert words_of(run) == dict.fromkeys(("moon", "number", "of", "poem", "the"), learned)
    assert learned < 40
    assert open_sounds(run) is None


def test_of_a_continuous_text_the_beginning_teaches(tmp_path: Path) -> None:
    corpus, run = of_run(tmp_path / "moons", "moon\n" * 30 + "star\n" * 10, "text")
    keep(corpus, run)
    assert words_of(run) == {"moon": 30}


def test_no_more_is_read_than_is_worth_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_keeping, "LONGEST_READ", 27)
    corpus, run = of_run(tmp_path / "text", "one moon\ntwo moons\n" * 9, "text")
    keep(corpus, run)
    assert words_of(run) == {"moon": 2, "moons": 1, "one": 2, "two": 1}
    corpus, run = of_run(tmp_path / "poems", "\n\n".join(ENGLISH), "blocks")
    keep(corpus, run)
    assert words_of(run) == {"moon": 1, "number": 1, "of": 1, "poem": 1, "the": 1}


@pytest.mark.parametrize(
    "text", ["\n".join(chinese(50)), "明月几时有，把酒问青天。\n" * 50, "нет слов\n" * 50]
)
def test_what_teaches_nothing_leaves_nothing_and_is_no_fault(tmp_path: Path, text: str) -> None:
    corpus, run = of_run(tmp_path / "tang", text, "text")
    assert keep(corpus, run) == []
    assert files(run) == set()
    assert open_sounds(run) is None
    assert words_of(run) is None


def test_what_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, run = of_run(tmp_path / "moons", "\n\n".join(ENGLISH), "blocks")
    keep(corpus, run)
    monkeypatch.setattr(table_keeping, "split_corpus", pytest.fail)
    assert keep(corpus, run) == []


UNUSABLE = (
    b"",
    b"\xff\xfe",
    b"[]",
    table_to_json(LearnedWords({"sun": 1}, corpus="another")).encode(),
)


@pytest.mark.parametrize("content", UNUSABLE)
def test_what_is_of_no_use_is_made_anew(tmp_path: Path, content: bytes) -> None:
    corpus, run = of_run(tmp_path / "moons", "\n\n".join(ENGLISH), "blocks")
    run.directory.mkdir()
    (run.directory / WORDS_FILE).write_bytes(content)
    assert keep(corpus, run) == []
    assert "moon" in (words_of(run) or ())


@pytest.mark.parametrize("content", UNUSABLE)
def test_what_is_of_no_use_is_told_where_it_is_asked_for(tmp_path: Path, content: bytes) -> None:
    _, run = of_run(tmp_path / "moons", "\n\n".join(ENGLISH), "blocks")
    run.directory.mkdir()
    (run.directory / WORDS_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"the learned table cannot be used: .*words\.json"):
        words_of(run)
    with pytest.raises(CheckpointError, match=r"Make it again: charrnn forms sounds .*moons$"):
        words_of(run)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), "it was interrupted."),
        (MemoryError(), "it does not fit in memory."),
        (OSError(28, "No space left on device"), "No space left on device."),
    ],
)
@pytest.mark.parametrize("place", ["_learned_texts", "write_text"])
def test_what_fails_is_told_and_leaves_everything_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    reason: str,
    place: str,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    corpus, run = of_run(tmp_path / "moons", "\n\n".join(ENGLISH), "blocks")
    run.directory.mkdir()
    (run.directory / WORDS_FILE).write_bytes(b"old")
    monkeypatch.setattr(table_keeping, place, fail)
    (note,) = keep(corpus, run)
    assert note == (
        f"The words of the text, for English verse, are left out: {reason} --resume makes it later."
    )
    assert (run.directory / WORDS_FILE).read_bytes() == b"old"
    assert files(run) == {WORDS_FILE}


def test_a_corpus_that_cannot_be_divided_is_told(tmp_path: Path) -> None:
    corpus, run = of_run(tmp_path / "moons", "moons", "text")
    (note,) = keep(corpus, run)
    assert "are left out: moons is too short" in note
    assert files(run) == set()
