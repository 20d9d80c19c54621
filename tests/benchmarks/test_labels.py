"""The measures of labels and titles, on a network that knows nothing."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import labels
from charrnn.checkpoint.record import LabelRecord
from charrnn.decoding.conditioning import Condition
from charrnn.decoding.scoring import score_poems
from charrnn.decoding.writer import TextGenerator
from tests.fakes import RECORD
from tests.training.runs import save_random_run

POEMS = [
    {"author": author, "title": title, "text": text}
    for author, title, text in (
        ("Ann", "a b", "abba\nbab"),
        ("Bob", "b", "a"),
        ("Ann", "", "bb ba"),
        ("Cid", "c", "cab\n\nabc"),
    )
]


@pytest.fixture
def writer(tmp_path: Path) -> TextGenerator:
    known = tuple(LabelRecord(field="author", value=name, poems=2) for name in ("Ann", "Bob"))
    corpus = dataclasses.replace(RECORD.corpus, labels=known, titles=3)
    save_random_run(tmp_path / "voices", "\n abc", corpus=corpus)
    return TextGenerator.open(tmp_path / "voices")


def test_poems_of_different_lengths_are_read_as_each_alone(
    writer: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "STEPS", 3)
    texts = [poem["text"] for poem in POEMS]
    for condition in (Condition(), Condition(by="Ann", title="ab")):
        under = writer.under(condition)
        alone = [
            -sum(score.log_probability for score in scores) for scores in score_poems(under, texts)
        ]
        np.testing.assert_allclose(labels.poem_nats(under, texts), alone, rtol=1e-4)


def test_all_questions_are_answered(writer: TextGenerator, tmp_path: Path) -> None:
    assert writer.has_headers
    (tmp_path / "poems.json").write_text(json.dumps(POEMS), "utf-8")
    arguments = ["voices", str(tmp_path / "poems.json"), "--checkpoints", str(tmp_path)]
    output = tmp_path / "build" / "labels.json"
    result = CliRunner().invoke(
        labels.main, [*arguments, "--json", str(output)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    found = json.loads(output.read_text("utf-8"))
    assert list(found["losses"]) == [
        *("nothing", "author", "title", "another title", "all labels and the title"),
    ]
    assert (found["attribution"]["authors"], found["attribution"]["poems"]) == (2, 3)
    assert all(row["low"] <= row["mean"] <= row["high"] for row in found["losses"].values())
