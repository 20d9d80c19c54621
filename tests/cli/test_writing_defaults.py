"""The settings that a network brings along for writing."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import charrnn as package
from charrnn.checkpoint.directory import Checkpoint, read_record
from charrnn.cli import main
from charrnn.cli.writing_defaults import check_writing, settled_writing
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import save_reciting_run

OWN = {"temperature": "0.5", "min-p": "0.1", "form": "qijue"}


def test_the_command_line_comes_first_then_the_network_then_the_general_defaults() -> None:
    given = SamplingConfig(min_p=0.2, top_k=9)
    writing = settled_writing(OWN, given, FormConfig(), {"min_p", "top_k"})
    assert writing.sampling == SamplingConfig(temperature=0.5, min_p=0.2, top_k=9)
    assert (writing.form, writing.by_default) == (FormConfig(form="qijue"), True)
    again = settled_writing(OWN, SamplingConfig(), FormConfig(), {"temperature"})
    assert again.sampling == SamplingConfig(min_p=0.1)


@pytest.mark.parametrize(
    ("form", "given"),
    [
        (FormConfig(form="wujue"), {"form"}),
        (FormConfig(), {"form"}),
        (FormConfig(characters="5", lines=2), {"characters", "lines"}),
        (FormConfig(), {"length"}),
        (FormConfig(), {"beam"}),
    ],
)
def test_the_form_of_the_network_steps_aside(form: FormConfig, given: set[str]) -> None:
    writing = settled_writing(OWN, SamplingConfig(), form, given)
    assert (writing.form, writing.by_default) == (form, False)


@pytest.mark.parametrize(
    ("writing", "told"),
    [
        (
            {"temperatur": "1"},
            "a network brings no setting temperatur along. Settings: temperature",
        ),
        ({"lexicon": "/etc/passwd"}, "brings no setting lexicon along"),
        ({"temperature": "hot"}, "temperature: it must be a number at least 0"),
        ({"form": "haikai"}, "form must be one that charrnn forms lists. Received: haikai"),
        ({"form": "/tmp/form.toml"}, "form must be one"),
        ({"best-of": "4", "temperature": "0"}, "best-of compares different drafts"),
    ],
)
def test_what_a_network_cannot_bring_along_is_refused(writing: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        check_writing(writing)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network that recites, and one of Tang poems that writes qijue."""
    root = tmp_path / "runs"
    save_reciting_run(root / "moons")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(root))
    monkeypatch.chdir(tmp_path)
    return root


def charrnn(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=text)


@pytest.mark.usefixtures("runs")
def test_pack_gives_a_network_its_settings() -> None:
    options = ("--writing", "temperature=0.3", "--writing", "top-k = 2")
    assert charrnn("pack", "moons", "gifts/moons", *options).exit_code == 0
    packed = Checkpoint.open(Path("gifts/moons"))
    assert packed.record.writing == {"temperature": "0.3", "top-k": "2"}
    assert (
        "| writes with | `--temperature 0.3 --top-k 2` |"
        in Path("gifts/moons/README.md").read_text()
    )
    assert "Writes with" in charrnn("info", "gifts/moons").stdout
    document = json.loads(charrnn("generate", "gifts/moons", "--seed", "1", "--json").stdout)
    settings = document["poems"][0]["settings"]
    assert (settings["temperature"], settings["top_k"]) == (0.3, 2)
    assert TextGenerator.open(packed).sampling == SamplingConfig(temperature=0.3, top_k=2)
    kept = charrnn("pack", "gifts/moons", "gifts/again")
    assert kept.exit_code == 0
    assert read_record(Path("gifts/again")).writing == packed.record.writing
    for wrong in ("temperature", "form=haikai", "form=qijue"):
        refused = charrnn("pack", "moons", "gifts/other", "--writing", wrong)
        assert refused.exit_code == 2
    assert "七绝 (7-character quatrain) is a form of Chinese verse" in refused.stderr
    assert not Path("gifts/other").exists()


def test_settings_of_a_checkpoint_that_are_not_valid_are_one_sentence(runs: Path) -> None:
    path = runs / "moons" / "charrnn.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"writing": {"temperature": "hot"}}), encoding="utf-8")
    with pytest.raises(CheckpointError, match="its settings for writing are not valid"):
        TextGenerator.open(runs / "moons")
    result = charrnn("generate", "moons")
    assert result.exit_code == 1
    assert "moons cannot be used: its settings for writing are not valid" in result.stderr


@pytest.fixture
def shi(runs: Path) -> str:
    """The bundled network of Chinese poems, which writes qijue by default."""
    shutil.copytree(Path(package.__file__).parent / "bundled" / "shi", runs / "shi")
    path = runs / "shi" / "charrnn.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"writing": OWN}, ensure_ascii=False), encoding="utf-8")
    return str(runs / "shi")


def test_a_network_writes_in_its_own_form(shi: str) -> None:
    result = charrnn("generate", shi, "--seed", "3", "--print-command")
    assert charrnn("verify", "qijue", "-", text=result.stdout).exit_code == 0
    command = result.stderr.splitlines()[-1]
    assert "--temperature 0.5 --min-p 0.1 --seed 3 --form qijue" in command
    assert charrnn(*shlex.split(command)[1:]).stdout == result.stdout


def test_its_form_steps_aside_for_a_prompt_that_cannot_begin_it(shi: str) -> None:
    result = charrnn("generate", shi, "--seed", "3", "--prompt", "春，")
    assert result.stdout.startswith("春，")
    assert "Not in the form qijue, which this network writes by default: " in result.stderr
    assert result.exit_code == 0
    free = charrnn("generate", shi, "--seed", "3", "--form", "off", "--print-command")
    assert "Not in the form" not in free.stderr
    command = free.stderr.splitlines()[-1]
    assert command.endswith(" --form off")
    assert charrnn(*shlex.split(command)[1:]).stdout == free.stdout
    asked = charrnn("generate", shi, "--form", "qijue", "--prompt", "春，")
    assert asked.exit_code == 3


def test_a_conversation_begins_with_the_settings_of_the_network(shi: str) -> None:
    script = "/temperature\n/form\n/temperature 1\n/temperature default\n/form off\n/form default\n"
    shown = charrnn("repl", shi, text=script + "春，\n/model moons\n/temperature\n/form\n")
    answers = [line for line in shown.stdout.splitlines() if ": " in line]
    expected = ["temperature: 0.5", "form: qijue", "temperature: 1.0", "temperature: 0.5"]
    assert answers[:6] == [*expected, "form: off", "form: qijue"]
    assert answers[-2:] == ["temperature: 0.8", "form: off"]
    assert "Not in the form qijue" in shown.stderr
