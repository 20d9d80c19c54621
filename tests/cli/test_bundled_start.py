"""Small texts begin with a bundled network."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.directory import Checkpoint
from charrnn.cli import bundled_start, main
from charrnn.cli.bundled_start import bundled_start as start_of
from charrnn.settings.configuration import CorpusConfig, ModelConfig
from tests.corpora import corpus_from_text
from tests.training.runs import save_random_run

ENGLISH = "The moon has lent the lake its light,\nAnd all is well.\n\n"
CHINESE = "床前明月光，疑是地上霜。举头望明月，低头思故乡。\n"


@pytest.fixture
def networks(bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Two bundled networks, each of a few units."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bundled_start, "NETWORKS", {"english": "odes", "chinese": "shi"})
    save_random_run(bundled / "odes", "\n .,abcdefghijklmnoTA", units=6, embedding=4)
    save_random_run(bundled / "shi", "，。床前明月光", units=6, embedding=4)
    return {name: bundled / name for name in ("odes", "shi")}


def begins(text: str, **model: object) -> tuple[str | None, str]:
    corpus = corpus_from_text(text, CorpusConfig(layout="blocks"))
    start = start_of(corpus, ModelConfig(**model), set(model))
    return start.directory and start.directory.name, start.told


@pytest.mark.usefixtures("networks")
def test_a_small_text_begins_with_the_network_of_its_script() -> None:
    assert begins(ENGLISH) == (
        "odes",
        (
            "This text is small, so it begins with odes, which has read 12,345 characters; --from scratch "
            "begins with nothing."
        ),
    )
    assert begins(CHINESE)[0] == "shi"
    assert begins("Луна светит.\n\nИ снег.\n") == (None, "")
    assert begins("1 2 3\n\n4 5\n") == (None, "")


@pytest.mark.usefixtures("networks")
def test_a_long_text_begins_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_start, "SMALL_TEXT", len(CHINESE.encode()) - 1)
    assert begins(CHINESE) == (None, "")
    assert begins("The moon.\n\nThe sea.\n")[0] == "odes"


@pytest.mark.usefixtures("networks")
def test_another_architecture_begins_with_nothing_and_says_so() -> None:
    assert begins(ENGLISH, units=6, dropout=0.5)[0] == "odes"
    assert begins(ENGLISH, cell="gru", units=7) == (
        None,
        "It begins with nothing: odes, which comes with charrnn, differs in cell and units.",
    )


def test_without_a_bundled_network_there_is_nothing_to_tell() -> None:
    assert begins(ENGLISH) == (None, "")


def train(*arguments: str) -> Result:
    poems = Path("poems.txt")
    poems.write_text("".join(ENGLISH.replace("moon", f"moon {one}") for one in range(12)))
    short = ("--steps", "2", "--window", "8", "--batch-size", "2", "--overwrite")
    return CliRunner().invoke(main, ["train", str(poems), *short, *arguments])


@pytest.mark.parametrize(
    ("arguments", "origin"),
    [((), "odes"), (("--from", "scratch"), None), (("--from", "shi"), "shi")],
)
def test_a_run_tells_what_it_begins_with(
    networks: dict[str, Path], arguments: tuple[str, ...], origin: str | None
) -> None:
    result = train(*arguments, *(("--units", "6", "--embedding", "4") if origin is None else ()))
    assert result.exit_code == 0, result.output
    record = Checkpoint.open(Path("checkpoints/poems")).record
    assert (record.origin and record.origin.name) == origin
    assert ("This text is small" in result.stderr) == (arguments == ())
    assert set(networks) == {"odes", "shi"}
