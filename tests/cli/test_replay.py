import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main, networks
from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.errors import DeviceError
from charrnn.generation import replay as writing_again
from charrnn.generation.recipe import TextMark, Tools
from tests.generation.networks import save_markov_run, save_reciting_run

WILD = ("--end-of-poem", "model", "--length", "30")


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three networks of one alphabet that write at random, each in its own way."""
    for seed, name in enumerate(("moons", "rivers", "lakes")):
        table = np.random.default_rng(seed).normal(0, 1, (8, 8))
        table[:, END_OF_POEM] -= 4
        save_markov_run(tmp_path / "runs" / name, table, "\n abcd")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return tmp_path / "runs"


def charrnn(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--count", "3"),
        ("--best-of", "4"),
        ("--best-of", "2", "--count", "2", "--prompt", "ab\n"),
        ("--beam", "3"),
        ("--temperature", "2:0.5", "--no-repeat", "3", "--ban", "d", "--favour", "a=1"),
        ("--unlike", "lakes", "--strength", "0.25"),
    ],
)
def test_a_poem_is_written_again_to_the_letter(options: tuple[str, ...]) -> None:
    network = ("moons", "--seed", "7")
    document = json.loads(charrnn("generate", *network, *WILD, *options, "--json").stdout)
    for poem in document["poems"]:
        again = charrnn("replay", poem["code"])
        assert (again.exit_code, again.stderr) == (0, "")
        assert again.stdout == (poem["prompt"] + poem["text"]).rstrip() + "\n"
    last = json.loads(charrnn("replay", document["poems"][-1]["code"], "--json").stdout)
    (poem,) = last["poems"]
    assert poem["code"] == document["poems"][-1]["code"]
    assert poem["text"] == document["poems"][-1]["text"]
    assert last["model"] == document["model"]
    assert last.get("unlike") == document.get("unlike")


def test_several_networks_write_again_together(runs: Path) -> None:
    blend = ("--blend", "moons=0.7,rivers=0.3", "--unlike", "lakes")
    document = json.loads(charrnn("generate", *blend, *WILD, "--json").stdout)
    (poem,) = document["poems"]
    (runs / "moons").rename(runs / "renamed")
    again = json.loads(charrnn("replay", poem["code"], "--json").stdout)
    assert again["poems"][0]["text"] == poem["text"]
    assert [one["weight"] for one in again["blend"]] == [0.7, 0.3]
    assert again["blend"][0]["checkpoint"] == str(runs / "renamed")
    assert again["unlike"]["strength"] == 0.5


def test_the_code_is_told_after_each_poem_in_one_line() -> None:
    one = charrnn("generate", "moons", *WILD, "--seed", "1", "--prompt", "ab \n", "--print-code")
    assert charrnn("replay", one.stderr.strip()).stdout == one.stdout
    assert len(one.stderr.splitlines()) == 1
    two = charrnn("generate", "moons", *WILD, "--seed", "1", "--count", "2", "--print-code")
    poems = [charrnn("replay", code).stdout for code in two.stderr.splitlines()]
    assert two.stdout == "\n".join(poems)
    (document,) = json.loads(
        charrnn("generate", "moons", *WILD, "--seed", "1", "--prompt", "ab \n", "--json").stdout
    )["poems"]
    assert document["code"] == one.stderr.strip()


def test_a_code_can_come_from_standard_input_and_runs_from_elsewhere(runs: Path) -> None:
    one = charrnn("generate", "moons", *WILD, "--print-code")
    moved = runs.rename(runs.with_name("elsewhere"))
    broken = one.stderr[:30] + "\n" + one.stderr[30:]
    again = charrnn("replay", "-", "--checkpoints", str(moved), stdin=broken)
    assert again.stdout == one.stdout
    alone = charrnn("replay", one.stderr.strip(), "--checkpoints", str(moved / "moons"))
    assert alone.stdout == one.stdout


def test_a_network_that_is_gone_is_told(runs: Path) -> None:
    code = charrnn("generate", "moons", *WILD, "--print-code").stderr.strip()
    (runs / "rivers" / "charrnn.json").write_text("{}", encoding="utf-8")
    save_reciting_run(runs / "moons")
    result = charrnn("replay", code)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: the poem was written by a network that is not in ")
    assert "--checkpoints" in result.stderr


@pytest.mark.parametrize("code", ["", "moon", "AAAA", "A" * 90, "月"])
def test_what_is_no_code_is_told(code: str) -> None:
    result = charrnn("replay", code)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: this is no code of a poem")


def test_a_mistyped_code_is_told() -> None:
    code = charrnn("generate", "moons", *WILD, "--print-code").stderr.strip()
    swapped = code[:20] + code[21] + code[20] + code[22:]
    for wrong in (code[:-1], code.lower(), swapped):
        assert wrong == code or charrnn("replay", wrong).exit_code == 1


def test_a_poem_that_comes_out_otherwise_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = TextMark.of
    with monkeypatch.context() as patch:
        patch.setattr(TextMark, "of", lambda text: mark(text[:-1] + "!"))
        code = charrnn("generate", "moons", *WILD, "--print-code").stderr.strip()
    monkeypatch.setattr(writing_again, "tools", lambda: Tools("9.0", "1.0", "0000"))
    result = charrnn("replay", code)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: the poem comes out otherwise: the two part " in result.stderr
    assert "charrnn 9.0 instead of" in result.stderr


def test_defaults_of_another_day_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = charrnn("generate", "moons", "--seed", "3", "--print-code")
    for module in ("next_symbols", "replay"):
        monkeypatch.setattr(f"charrnn.generation.{module}.LONGEST_POEM", 3)
    assert charrnn("replay", written.stderr.strip()).stdout == written.stdout
    assert len(written.stdout) > 9


def test_a_poem_of_another_device_is_tried_on_the_cpu_and_then_on_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    engine_on = networks.engine_on

    def engine(device: str) -> object:
        opened.append(device)
        return engine_on("cpu")

    monkeypatch.setattr(networks, "engine_on", engine)
    gpu = ("generate", "moons", *WILD, "--print-code", "--device", "gpu:1")
    code = charrnn(*gpu).stderr.strip()
    assert charrnn("replay", code).exit_code == 0
    assert opened == ["gpu:1", "cpu"]
    mark = TextMark.of
    with monkeypatch.context() as patch:
        patch.setattr(TextMark, "of", lambda text: mark(text[:-1] + "!"))
        code = charrnn(*gpu).stderr.strip()
    opened.clear()
    assert charrnn("replay", code).exit_code == 1
    assert opened == ["cpu", "gpu"]

    def no_gpu(device: str) -> object:
        if device == "gpu":
            raise DeviceError("there is no GPU.")
        return engine_on(device)

    monkeypatch.setattr(networks, "engine_on", no_gpu)
    told = charrnn("replay", code).stderr
    assert told.startswith("Error: the poem comes out otherwise: ")
    assert told.endswith(" It was written on a GPU, and there is none here.\n")
