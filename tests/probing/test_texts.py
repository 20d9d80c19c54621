from pathlib import Path

import pytest

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.decoding.writer import TextGenerator
from charrnn.probing.texts import as_tokens, own_texts
from tests.decoding.networks import POEM, save_reciting_run


@pytest.fixture
def writer(tmp_path: Path) -> TextGenerator:
    save_reciting_run(tmp_path / "reciter")
    return TextGenerator.open(tmp_path / "reciter")


def test_a_network_writes_until_there_is_enough(writer: TextGenerator) -> None:
    texts = own_texts(writer, 3 * len(POEM), seed=0)
    assert sum(map(len, texts)) >= 3 * len(POEM)
    assert sum(map(len, texts[:-1])) < 3 * len(POEM)
    assert own_texts(writer, 3 * len(POEM), seed=0) == texts


def test_poems_stand_between_their_ends(writer: TextGenerator) -> None:
    ids = as_tokens(writer, ["black", "horse"]).tolist()
    assert ids[0] == ids[6] == ids[-1] == END_OF_POEM
    assert writer.vocabulary.decode(ids[1:6]) == "black"
    assert writer.vocabulary.decode(ids[7:-1]) == "horse"
