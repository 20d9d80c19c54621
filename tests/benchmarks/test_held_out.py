"""Held-out poems, read by stock Keras."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import held_out
from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import LabelRecord
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.sampling import log_softmax
from charrnn.probing.trace import ReferenceNetwork
from tests.fakes import RECORD
from tests.training.runs import save_random_run

POEMS = [
    {"author": "Ann", "title": "a b", "text": "abba\nbab"},
    {"author": "Zoe", "title": "", "text": "山山"},
]
NAMES = ("Ann", "other")


@pytest.mark.parametrize("headed", [False, True])
def test_the_loss_is_that_of_each_poem_alone(tmp_path: Path, *, headed: bool) -> None:
    known = tuple(LabelRecord(field="author", value=name, poems=2) for name in NAMES)
    corpus = dataclasses.replace(RECORD.corpus, labels=known, titles=3)
    save_random_run(tmp_path / "voices", "\n ab山", corpus=corpus)
    (tmp_path / "poems.json").write_text(json.dumps(POEMS), "utf-8")
    options = ["--labels", "author", "--title-field", "title"] if headed else []
    arguments = ["voices", str(tmp_path / "poems.json"), "--checkpoints", str(tmp_path), *options]
    result = CliRunner().invoke(held_out.main, arguments, catch_exceptions=False)
    opened = Checkpoint.open(tmp_path / "voices")
    vocabulary = Vocabulary.of_record(opened.record.vocabulary, corpus)
    ann, other, end_of_header = (vocabulary.end_of_header + number for number in (1, 2, 0))
    headers = [[ann, *vocabulary.encode("a b")], [other]] if headed else [[], []]
    nats = 0.0
    for header, poem in zip(headers, POEMS, strict=True):
        before = [END_OF_POEM, *header, end_of_header]
        ids = np.array([*before, *vocabulary.encode(poem["text"]), END_OF_POEM], np.int64)
        predicted = log_softmax(ReferenceNetwork.open(opened).read(ids).logits)
        scored = np.arange(len(before), len(ids))
        nats -= predicted[scored - 1, ids[scored]].sum()
    assert f"2 poems, 12 tokens: {nats / 12:.4f} nats\n" in result.output
    assert "perplexity of a Chinese character" in result.output
