import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.directory import Checkpoint, CheckpointWriter, read_record
from charrnn.checkpoint.record import RunRecord
from charrnn.cli import main
from charrnn.corpus.loading import read_corpus
from charrnn.settings.configuration import CorpusConfig
from tests.decoding.networks import POEM, save_markov_run, save_reciting_run

POEMS = "bad\ncab\n\ndab\n\nbad\ncab\n\nabc\n\ncab\ndab\n\n"


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose text is at hand, one whose text is not, and one that knows a poem by heart."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    Path("poems.txt").write_text(POEMS * 3, encoding="utf-8")
    table = np.random.default_rng(1).normal(0, 1, (8, 8))
    corpus = read_corpus(["poems.txt"], CorpusConfig(layout="blocks")).record()
    for name in ("mine", "piped"):
        record = save_markov_run(Path("checkpoints", name), table, "\n abcd")
        sources = corpus.sources if name == "mine" else ("-",)
        record = dataclasses.replace(record, corpus=dataclasses.replace(corpus, sources=sources))
        CheckpointWriter(Path("checkpoints", name)).write_record(record)
    save_reciting_run(Path("checkpoints", "reciter"))
    return tmp_path


def charrnn(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def record_of(directory: str) -> RunRecord:
    return read_record(Path(directory))


def test_a_network_is_packed_and_what_rounding_costs_is_told() -> None:
    before = charrnn("evaluate", "mine").stdout
    result = charrnn("pack", "mine", "gifts/moons")
    assert (result.exit_code, result.stderr) == (0, "")
    told = re.fullmatch(
        r"Packed in gifts/moons, [\d.]+ kB\.\n"
        r"Its loss is (\d\.\d{4}) nats per character, (\d\.\d{4}) before rounding\.\n",
        result.stdout,
    )
    assert told is not None, result.stdout
    model = Checkpoint.open(Path("gifts/moons")).model
    assert told[1] == f"{model.validation_loss:.4f}"
    assert re.search(r"nats per character +(\d\.\d{4})", before)[1] == told[2]
    assert record_of("gifts/moons").corpus.sources == ()
    card = Path("gifts/moons/README.md").read_text(encoding="utf-8")
    assert card.startswith("# moons\n")
    assert f"{told[2]} nats" in card


def test_a_text_that_is_not_at_hand_is_told_and_the_network_is_packed_all_the_same() -> None:
    result = charrnn("pack", "piped", "gift")
    assert result.exit_code == 0
    assert result.stderr == (
        "The loss after rounding is not measured: the corpus of piped was not read from a file, so it "
        "cannot be read again.\n"
    )
    assert re.fullmatch(r"Packed in gift, [\d.]+ kB\.\n", result.stdout)
    Path("poems.txt").unlink()
    result = charrnn("pack", "mine", "another")
    assert result.exit_code == 0
    assert "the corpus of mine cannot be read again" in result.stderr
    assert Checkpoint.open(Path("another")).model.validation_loss == 0.5


def test_a_packed_network_writes_what_it_wrote_before() -> None:
    assert charrnn("pack", "reciter", "gifts/moons").exit_code == 0
    card = Path("gifts/moons/README.md").read_text(encoding="utf-8")
    assert "## Sample\n\n    black\n    horse\n" in card
    for name in ("reciter", "gifts/moons"):
        assert charrnn("generate", name).stdout == f"{POEM}\n"


def test_a_network_that_has_lost_its_guard_is_packed_and_that_is_told() -> None:
    directory = Path("checkpoints", "mine")
    record = dataclasses.replace(read_record(directory), text_files={"ngrams.filter": None})
    CheckpointWriter(directory).write_record(record)
    result = charrnn("pack", "mine", "gift")
    assert result.exit_code == 0
    assert result.stderr.startswith("mine lacks its ngrams.filter, so nothing keeps it from")
    assert "gift lacks its ngrams.filter" in charrnn("generate", "./gift").stderr


def test_a_bundled_network_can_be_packed_and_keeps_its_files(bundled: Path) -> None:
    save_reciting_run(bundled / "tang")
    assert charrnn("pack", "tang", "gift").exit_code == 0
    assert Checkpoint.open(Path("gift")).record == dataclasses.replace(
        record_of("checkpoints/reciter"), models=record_of("gift").models
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("mine", "poems.txt"), 1, "Error: poems.txt exists already, and nothing is replaced."),
        (("mine", "checkpoints"), 1, "Error: checkpoints exists already"),
        (("mine", "poems.txt/gift"), 1, "Error: poems.txt/gift cannot be written (Not a directory"),
        (("lakes", "gift"), 1, "Error: there is no checkpoint named lakes"),
        (("mine",), 2, "Missing argument 'DIRECTORY'"),
        ((), 2, "Missing argument 'CHECKPOINT'"),
    ],
)
def test_what_cannot_be_packed_is_told(arguments: tuple[str, ...], code: int, told: str) -> None:
    result = charrnn("pack", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr
    assert {path.name for path in Path().iterdir()} == {"checkpoints", "poems.txt"}


def test_a_full_disk_is_told_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("charrnn.checkpoint.export.write_text", fail)
    result = charrnn("pack", "mine", "gifts/moons")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: gifts/moons cannot be written (No space left on device). Choose another one.\n"
    )
    assert not Path("gifts").exists()
