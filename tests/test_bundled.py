"""The networks that come along, as they are shipped."""

import json
from pathlib import Path

import pytest

import charrnn
from charrnn.checkpoint.directory import NGRAM_FILTER_FILE, Checkpoint
from charrnn.checkpoint.export import CARD_FILE
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.lookup import FIRST_NETWORK
from charrnn.decoding.constraints import open_ngram_filter
from charrnn.decoding.writer import TextGenerator
from charrnn.forms.core.language import all_languages, open_table
from charrnn.settings.configuration import SamplingConfig

SHIPPED = Path(charrnn.__file__).parent / "bundled"
NAMES = ("shakespeare", "shi", "verse")
WITHOUT_FILTER = dict.fromkeys(
    ("shi", "verse"), "a filter of so much text would be larger than the network."
)
MOST_BYTES = 12_000_000
MOST_BYTES_OF_FILTER = 2_000_000

pytestmark = pytest.mark.parametrize("name", NAMES)


def test_it_is_small(name: str) -> None:
    assert sum(path.stat().st_size for path in (SHIPPED / name).rglob("*")) <= MOST_BYTES


def test_its_weights_are_half_as_long_as_usual(name: str) -> None:
    checkpoint = Checkpoint.open(SHIPPED / name)
    size = checkpoint.model_path.stat().st_size
    assert size < 2.1 * checkpoint.record.architecture.parameters


def test_it_holds_nothing_of_its_text_or_of_the_machine_it_learned_on(name: str) -> None:
    files = {path.name for path in (SHIPPED / name).iterdir()}
    assert not files & {HISTORY_FILE, "resume"}
    record = Checkpoint.open(SHIPPED / name).record
    assert all(source.startswith("catalogue:") for source in record.corpus.sources)
    assert record.corpus.sources


def test_what_it_learned_can_be_told_from_what_it_did_not(name: str) -> None:
    opened = Checkpoint.open(SHIPPED / name)
    known = open_ngram_filter(opened)
    if name in WITHOUT_FILTER:
        assert known is None
        assert opened.record.text_files[NGRAM_FILTER_FILE] == WITHOUT_FILTER[name]
        return
    assert known is not None
    assert (opened.directory / NGRAM_FILTER_FILE).stat().st_size <= MOST_BYTES_OF_FILTER
    learned = "before we proceed any further, hear me speak"
    assert known.hits(learned).mean() > 0.9
    assert known.hits(learned[::-1]).mean() < 0.1


def test_what_its_poems_taught_is_read(name: str) -> None:
    opened = Checkpoint.open(SHIPPED / name)
    tables = {
        key: open_table(opened, one.table_file, one.table_kind)
        for key, one in all_languages().items()
    }
    own = {"shakespeare": "english", "shi": "chinese", "verse": "english"}[name]
    assert [key for key, table in tables.items() if table is not None] == [own]


def test_it_writes_and_its_card_tells_what_it_is(name: str) -> None:
    writer = TextGenerator.open(SHIPPED / name)
    poem = writer.write(config=SamplingConfig(seed=1, length=60)).text
    assert len(poem.strip()) > 20
    card = (SHIPPED / name / CARD_FILE).read_text(encoding="utf-8")
    for told in ("| licence of the text |", "| settings |", "before its weights were rounded"):
        assert told in card
    loss = Checkpoint.open(SHIPPED / name).model.validation_loss
    assert f"{loss:.4f} nats" in card


def test_the_record_is_of_this_format(name: str) -> None:
    record = json.loads((SHIPPED / name / "charrnn.json").read_text(encoding="utf-8"))
    assert record["format"] == 2
    assert FIRST_NETWORK in NAMES
