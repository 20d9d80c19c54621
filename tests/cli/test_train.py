import dataclasses
import errno
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.directory import STATE_FILE, Checkpoint
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE, OriginRecord
from charrnn.cli import main
from tests.training.runs import save_random_run

VERSE = """The moon has lent the lake its light,
The lake has lent the moon its face;
And all the long and windless night
They keep each other in their place.

A crow came down to try the snow
And left a line of little stars;
He did not tell me, and I know
No more of it than of the cars.

"""
SMALL = ["--units", "8", "--embedding", "4", "--window", "16", "--batch-size", "4"]


@pytest.fixture
def poems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "poems.txt"
    path.write_text(
        "".join(VERSE.replace("moon", f"moon {number}") for number in range(12)), encoding="utf-8"
    )
    return path


def charrnn(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=text)


def test_a_file_is_learned_and_kept_under_its_name(poems: Path) -> None:
    result = charrnn("train", str(poems), *SMALL, "--steps", "12", "--evaluate-every", "6")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "step 6/12" in result.stderr
    assert "--resume --name poems" in result.stderr  # It has learned too little.
    assert Checkpoint.open(Path("checkpoints/poems")).record.corpus.layout == "blocks"


def follow(stderr: str, command: list[str]) -> Result:
    """Do what the last line of a message advises about a run that this command began."""
    advised = re.search(r"charrnn (train --resume --name \S+)", stderr)
    if advised is not None:
        return charrnn(*shlex.split(advised[1]))
    assert "the command that began it" in stderr
    return charrnn(*command, *(["--overwrite"] if "add --overwrite" in stderr else []))


@pytest.mark.parametrize(
    ("file", "before", "kept"),
    [
        (RECORD_FILE, 0, "Nothing of it is saved"),
        (MODEL_FILE, 0, "All is saved up to step 4."),
        (STATE_FILE, 0, "Nothing of it is saved"),
        (RECORD_FILE, 3, "All is saved up to step 4."),
        (STATE_FILE, 1, "All is saved up to step 4."),
    ],
)
def test_what_a_full_disk_says_can_be_done_and_ends_well(
    poems: Path, monkeypatch: pytest.MonkeyPatch, file: str, before: int, kept: str
) -> None:
    replace, written = Path.replace, [0]

    def full(path: Path, target: Path) -> Path:
        written[0] += target.name == file
        if target.name == file and written[0] > before:
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(path, target)

    command = ["train", str(poems), *SMALL, "--steps", "8", "--evaluate-every", "4"]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        failed = charrnn(*command)
    assert failed.exit_code == 1
    assert re.search(r"poems/\S+ cannot be written: No space left on device\.", failed.stderr)
    assert kept in failed.stderr
    if not Path("checkpoints").exists():
        return
    shutil.copytree("checkpoints", "as it was")
    for asked in (None, ["generate", "poems"], ["train", "--resume", "--name", "poems"]):
        result = charrnn(*asked) if asked else failed
        if result.exit_code:
            followed = follow(result.stderr, command)
            assert followed.exit_code == 0, followed.stderr
            assert "Finished: 8 steps" in followed.stderr
        shutil.rmtree("checkpoints")
        shutil.copytree("as it was", "checkpoints")


def test_json_is_one_document_on_standard_output(poems: Path) -> None:
    result = charrnn("train", str(poems), *SMALL, "--steps", "4", "--json")
    outcome = json.loads(result.stdout)
    assert outcome["directory"] == "checkpoints/poems"
    assert (outcome["ending"], outcome["steps"]) == ("finished", 4)


def test_an_lstm_with_peepholes_is_learned_and_used_like_any_other(poems: Path) -> None:
    arguments = ["--cell", "peephole_lstm", "--layers", "2", "--steps", "4"]
    result = charrnn("train", str(poems), *SMALL, *arguments, "--evaluate-every", "2")
    assert result.exit_code == 0, result.output
    assert "PeepholeLSTM, 2 layers of 8 units" in result.stderr
    resumed = charrnn("train", "--resume", "--steps", "6", "--json")
    outcome = json.loads(resumed.stdout)
    assert outcome["steps"] == 6
    written = charrnn("generate", "poems", "--seed", "1", "--length", "40")
    assert written.exit_code == 0, written.output
    assert written.stdout.strip()
    measured = charrnn("evaluate", "poems", "--json")
    assert json.loads(measured.stdout)["nats_per_character"] == pytest.approx(
        outcome["validation_loss"], abs=1e-4
    )
    told = charrnn("info", "poems")
    assert "PeepholeLSTM, 2 x 8" in told.stdout
    assert "3 x 8 peepholes" in told.stdout


def test_standard_input_is_learned(poems: Path) -> None:
    text = poems.read_text(encoding="utf-8")
    result = charrnn("train", "-", "--name", "piped", *SMALL, "--steps", "2", text=text)
    assert result.exit_code == 0, result.output
    assert Checkpoint.open(Path("checkpoints/piped"))
    resumed = charrnn("train", "--resume", "--name", "piped", "--steps", "4")
    assert resumed.exit_code == 1
    assert "was not read from a file; give it again" in resumed.stderr
    resumed = charrnn("train", "-", "--resume", "--name", "piped", "--steps", "4", text=text)
    assert resumed.exit_code == 0, resumed.output


def test_a_run_is_lengthened_from_where_it_ended(poems: Path) -> None:
    charrnn("train", str(poems), *SMALL, "--steps", "4")
    again = charrnn("train", str(poems), *SMALL, "--steps", "8")
    assert again.exit_code == 1
    assert "already holds a run" in again.stderr
    resumed = charrnn("train", "--resume", "--steps", "8")
    assert resumed.exit_code == 0, resumed.output
    assert "resumed at step 4 of 8 steps" in resumed.stderr


def test_a_resumed_run_keeps_its_settings(poems: Path) -> None:
    charrnn("train", str(poems), *SMALL, "--steps", "4")
    result = charrnn("train", "--resume", "--cell", "gru", "--steps", "8")
    assert result.exit_code == 1
    assert "was begun with cell lstm, not gru" in result.stderr
    result = charrnn("train", "--resume", "--stanzas", "--steps", "8")
    assert "was begun with stanzas no, not yes" in result.stderr


def test_a_text_that_has_moved_is_named_anew_and_read_as_before(poems: Path) -> None:
    text = poems.read_text(encoding="utf-8").replace("cars.\n", "cars.\n\n\n")
    poems.write_text(text + "One poem\n\nmore.\n", encoding="utf-8")
    begun = charrnn("train", str(poems), *SMALL, "--steps", "2", "--stanzas", "--name", "tides")
    assert begun.exit_code == 0, begun.output
    assert Checkpoint.open(Path("checkpoints/tides")).record.corpus.poems == 13
    moved = poems.rename(poems.with_name("tides.txt"))
    result = charrnn("train", "--resume", "--steps", "4", "--name", "tides")
    assert result.exit_code == 1
    assert f"cannot be read again: there is no file, directory or corpus named {poems}." in (
        result.stderr
    )
    assert "its new place: charrnn train PLACE --resume --name tides\n" in result.stderr
    result = charrnn("train", str(moved), "--resume", "--steps", "4", "--name", "tides")
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("poems")
def test_a_text_of_one_character_is_refused_for_training_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("aaa\naaa\n", encoding="utf-8")
    result = charrnn("train", "a.txt")
    assert result.stderr.endswith(
        "Error: a has only one distinct character (a): there is nothing to learn.\n"
    )
    assert charrnn("corpus", "check", "a.txt").exit_code == 0
    assert charrnn("verify", "couplet", "a.txt").exit_code == 4


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--epochs", "1", "--steps", "2"], 2, "a run has one budget: give epochs or steps"),
        (["--dropout", "1"], 2, "must be a number at least 0 and below 1. Received: 1"),
        (["--activation", "relu"], 2, "activation relu needs cell simple_rnn"),
        (["--device", "toaster"], 2, "it must be auto, cpu, gpu or gpu:N"),
        (["--batch-size", "9999"], 2, "batch-size 9999"),
        (["--window", "4000"], 1, "characters"),
        (["--resume"], 1, "there is no checkpoint"),
        (["--resume", "--overwrite"], 2, "give one"),
        (["--resume", "--from", "tang"], 2, "--from starts another one: give one"),
        (["--from", "tang"], 1, "there is no checkpoint named tang"),
        (["--layout", "lines", "--stanzas"], 2, "--stanzas needs that layout"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    poems: Path, arguments: list[str], code: int, sentence: str
) -> None:
    result = charrnn("train", str(poems), *arguments)
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert not Path("checkpoints").exists()
    assert result.exit_code == code


QUICK = ["--window", "16", "--batch-size", "4", "--steps", "2"]


@pytest.mark.parametrize("sizes", [{"cell": "gru"}, {"cell": "simple_rnn", "activation": "relu"}])
def test_a_run_that_begins_with_another_network_is_of_its_kind(
    poems: Path, bundled: Path, sizes: dict[str, str]
) -> None:
    origin = save_random_run(bundled / "tang", "abcdefgh月", **sizes)
    result = charrnn("train", str(poems), *QUICK, "--from", "tang", "--dropout", "0.5")
    assert result.exit_code == 0, result.output
    record = Checkpoint.open(Path("checkpoints/poems")).record
    known = len({*"abcdefgh月"} & {*record.vocabulary})
    told = f"tang has learned, which knows {known} of the {len(record.vocabulary)} characters."
    assert told in result.stderr
    assert record.origin == OriginRecord(name="tang", sha256=origin.model.sha256)
    expected = dataclasses.replace(
        origin.record.architecture, vocabulary_size=len(record.vocabulary) + 2, dropout=0.5
    )
    assert record.architecture == expected


def test_a_run_may_begin_with_a_run_of_ones_own_named_in_the_environment(
    poems: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_random_run(Path("checkpoints/mine"), "abc")
    monkeypatch.setenv("CHARRNN_TRAIN_FROM", "mine")
    assert charrnn("train", str(poems), *QUICK).exit_code == 0
    origin = Checkpoint.open(Path("checkpoints/poems")).record.origin
    assert origin is not None
    assert origin.name == "mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--units", "8"], "units 5, and a network that begins with it has the same. Received: "),
        (["--layers", "2"], "layers 1, "),
        (["--cell", "lstm"], "cell simple_rnn, "),
        (["--cell", "gru"], "cell simple_rnn, "),
        (["--activation", "tanh"], "activation relu, "),
        (["--output", "tied"], "output own, "),
    ],
)
def test_another_architecture_than_that_of_the_network_it_begins_with_is_refused(
    poems: Path, bundled: Path, arguments: list[str], told: str
) -> None:
    save_random_run(bundled / "tang", "abc", cell="simple_rnn", activation="relu")
    result = charrnn("train", str(poems), *QUICK, "--from", "tang", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    received = arguments[0].lstrip("-")
    assert f"Error: tang has {told}" in result.stderr
    own = told.split()[1].rstrip(",")
    assert f"Received: {received} {arguments[1]}. Give {own}, or train without --from." in (
        result.stderr
    )
    assert not Path("checkpoints").exists()


@pytest.mark.usefixtures("poems")
@pytest.mark.parametrize("name", [["--name", "shakespeare"], []])
def test_a_bundled_network_is_not_gone_on_with(bundled: Path, name: list[str]) -> None:
    save_random_run(bundled / "shakespeare", "abc")
    before = {path.name: path.read_bytes() for path in (bundled / "shakespeare").iterdir()}
    result = charrnn("train", "--resume", *name, "--steps", "4")
    assert result.exit_code == 1
    assert "Error: there is no checkpoint " in result.stderr
    assert {path.name: path.read_bytes() for path in (bundled / "shakespeare").iterdir()} == before


def test_a_gpu_that_is_not_there_is_an_error(poems: Path) -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has a GPU")
    result = charrnn("train", str(poems), *SMALL, "--device", "gpu")
    assert result.exit_code == 1
    assert "TensorFlow finds no GPU here" in result.stderr


def test_a_signal_saves_and_says_how_to_go_on(poems: Path) -> None:
    arguments = ["--steps", "1000000", "--evaluate-every", "50"]
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", str(poems), *SMALL, *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("step"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "Go on with: charrnn train --resume --name poems" in errors
    assert Checkpoint.open(Path("checkpoints/poems"))
    resumed = charrnn("train", "--resume", "--name", "poems", "--steps", "1")
    assert "has done" in resumed.stderr


def test_tensorboard_logs_are_written(poems: Path) -> None:
    result = charrnn("train", str(poems), *SMALL, "--steps", "2", "--tensorboard", "logs")
    assert result.exit_code == 0, result.output
    assert list(Path("logs").rglob("events*"))


def test_tensorboard_that_is_not_installed_is_named(
    poems: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charrnn.cli.train.find_spec", lambda _: None)
    result = charrnn("train", str(poems), *SMALL, "--steps", "2", "--tensorboard", "logs")
    assert result.exit_code == 2
    assert "pip install 'charrnn[tensorboard]'" in result.stderr


def test_a_cluster_of_one_trains_as_without(poems: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = {"cluster": {"worker": ["localhost:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))
    result = charrnn("train", str(poems), *SMALL, "--steps", "4")
    assert result.exit_code == 0, result.output
    assert "workers" not in result.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--workers a:1,b:2", "--workers and --worker-index go together"),
        ("--worker-index 1", "--workers and --worker-index go together"),
        ("--workers a:1,b --worker-index 0", "of the form HOST:PORT"),
        ("--workers a:1,b:2 --worker-index 2", "none has the number 2"),
    ],
)
def test_what_is_no_cluster_is_a_wrong_use(poems: Path, options: str, sentence: str) -> None:
    result = charrnn("train", str(poems), *options.split())
    assert result.exit_code == 2
    assert sentence in result.stderr
