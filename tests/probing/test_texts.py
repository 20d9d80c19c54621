import dataclasses
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import LabelRecord
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.writer import TextGenerator
from charrnn.probing.texts import as_tokens, own_texts
from tests.decoding.networks import POEM, save_reciting_run


@pytest.fixture
def reciter(tmp_path: Path) -> Checkpoint:
    save_reciting_run(tmp_path / "reciter")
    return Checkpoint.open(tmp_path / "reciter")


def test_a_network_writes_until_there_is_enough(reciter: Checkpoint) -> None:
    writer = TextGenerator.open(reciter)
    texts = own_texts(writer, 3 * len(POEM), seed=0)
    assert sum(map(len, texts)) >= 3 * len(POEM)
    assert sum(map(len, texts[:-1])) < 3 * len(POEM)
    assert own_texts(writer, 3 * len(POEM), seed=0) == texts


def test_poems_stand_between_their_ends(reciter: Checkpoint) -> None:
    ids = as_tokens(reciter.record, ["black", "horse"]).tolist()
    assert ids[0] == ids[6] == ids[-1] == END_OF_POEM
    vocabulary = Vocabulary(reciter.record.vocabulary)
    assert vocabulary.decode(ids[1:6]) == "black"
    assert vocabulary.decode(ids[7:-1]) == "horse"


def test_the_end_of_a_header_stands_before_a_poem_where_labels_were_learned(
    reciter: Checkpoint,
) -> None:
    label = LabelRecord(field="author", value="Blake", poems=9)
    corpus = dataclasses.replace(reciter.record.corpus, labels=(label,))
    ids = as_tokens(dataclasses.replace(reciter.record, corpus=corpus), ["black"]).tolist()
    header = Vocabulary.of_record(reciter.record.vocabulary, corpus).end_of_header
    assert ids[:2] == [END_OF_POEM, header]
    assert ids.count(header) == 1
