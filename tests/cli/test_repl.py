from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from charrnn.cli import main, repl
from charrnn.cli.networks import Networks
from charrnn.cli.session import SessionSettings
from charrnn.cli.terminal import WordCompleter
from charrnn.errors import CheckpointError
from charrnn.forms.chinese import language as chinese_language
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import reciter
from tests.fakes import ScriptedGenerator, write_run
from tests.forms.core.runs import save_verse_runs


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("rivers", "moons"):
        write_run(tmp_path / name)
    return tmp_path


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedGenerator]:
    """Let a scripted network write in the place of every trained one."""

    def write(*continuations: str) -> ScriptedGenerator:
        generator = ScriptedGenerator(*continuations)
        monkeypatch.setattr(repl, "_open", lambda _: generator)
        return generator

    return write


def _converse(runs: Path, lines: bytes | str, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["repl", "moons", "--checkpoints", str(runs), *arguments], input=lines
    )


def test_a_script_of_lines_becomes_a_transcript(
    runs: Path,
    script: Callable[..., ScriptedGenerator],
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(runs)
    script(" is bright\n.", "A cat", " sat\n.", "\nby the 月.", "\nin the hall", "!", "never")
    result = CliRunner().invoke(
        main,
        ["repl", "moons", "--checkpoints", ".", "--seed", "7"],
        input=(
            "The moon\n\n/more\n/temperature 0.5\n/length 12\nOne — two\\\nthree\n/retry\n"
            "/save poems.txt\n/save poems.txt\n/more words\n/temprature 1\n/top-p 0\n/model\n"
            "/model rivers\n/undo\n/settings\n/help\n/quit\nnot read\n"
        ),
    )
    assert result.exit_code == 0
    golden("repl.txt", result.output)
    golden("repl_poems.txt", Path("poems.txt").read_text(encoding="utf-8"))


def test_poems_go_to_stdout_and_remarks_to_stderr(
    runs: Path, script: Callable[..., ScriptedGenerator]
) -> None:
    script(" night")
    result = _converse(runs, "A — B\n/nothing\n")
    assert result.stdout == "> A — B\nA — B night\n\n> /nothing\n"
    assert result.stderr == (
        "— is not in this model's alphabet; read as -.\n"
        "Error: there is no command /nothing; /help lists them all.\n"
    )


def test_the_end_of_the_lines_ends_the_session(
    runs: Path, script: Callable[..., ScriptedGenerator]
) -> None:
    script()
    result = _converse(runs, "")
    assert (result.exit_code, result.output) == (0, "")


def test_the_last_line_needs_no_end(runs: Path, script: Callable[..., ScriptedGenerator]) -> None:
    script(" is")
    assert _converse(runs, "The moon").stdout == "> The moon\nThe moon is\n\n"


def test_bytes_that_are_no_text_are_read_as_unknown(
    runs: Path, script: Callable[..., ScriptedGenerator]
) -> None:
    script("!")
    result = _converse(runs, b"\xff\xfe\n")
    assert result.exit_code == 0
    assert result.stdout.startswith("> \ufffd\ufffd\n")


def test_options_set_how_the_session_begins(
    runs: Path, script: Callable[..., ScriptedGenerator]
) -> None:
    generator = script("x")
    _converse(runs, "A\n", "--temperature", "0.25", "--seed", "1")
    assert generator.settings == [SamplingConfig(temperature=0.25, seed=1)]


def test_control_c_ends_a_script_and_keeps_what_was_shown(
    runs: Path, script: Callable[..., ScriptedGenerator]
) -> None:
    script(" is br*ight")
    result = _converse(runs, "The moon\nnever read\n")
    assert result.exit_code == 130
    assert result.stdout == "> The moon\nThe moon is br\n\n"


def test_a_turn_is_explained(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repl, "_open", lambda _: reciter())
    result = _converse(runs, "bl\n/explain\n/length 1\nbl\n/explain\n")
    shown = result.stdout.partition("> /explain\n")[2].partition("> /length")[0].splitlines()
    assert shown[:3] == ["  0.00  black↵", "  bits    0000", "    or    ∎∎∎∎"]
    assert shown[5:7] == ["  0.00  horse∎", "  bits  000000"]
    assert result.stderr.startswith("Beneath each character: its surprisal in bits")


def test_several_networks_write_together_and_take_turns(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Networks] = []

    def open_any(networks: Networks) -> ScriptedGenerator:
        opened.append(networks)
        return ScriptedGenerator(" one")

    monkeypatch.setattr(repl, "_open", open_any)
    result = CliRunner().invoke(
        main,
        ["repl", "--checkpoints", str(runs), "--blend", "moons=2,rivers=1", "--unlike", "rivers"],
        input="A\n/model rivers=1,moons=3\nB\n/model rivers\n/model rivers=x\n/best-of 4\n/beam 2\n",
    )
    assert result.exit_code == 0
    assert [networks.name for networks in opened] == [
        "moons and rivers, unlike rivers",
        "rivers and moons",
        "rivers",
    ]
    assert "From now on rivers=1,moons=3 writes." in result.stdout
    told = result.stderr.splitlines()
    assert told[0].startswith("Error: a blend is names of checkpoints with weights")
    assert told[1].startswith("Error: beam search does not sample.")
    assert len(told) == 2


def test_a_network_that_is_not_there_is_told_at_once(runs: Path) -> None:
    result = CliRunner().invoke(main, ["repl", "lakes", "--checkpoints", str(runs)])
    assert result.exit_code == 1
    assert "Error: there is no checkpoint named lakes" in result.stderr


def test_a_damaged_network_is_told_before_the_first_line(runs: Path) -> None:
    result = _converse(runs, "The moon\n")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")


# At a terminal


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


def _at_terminal(runs: Path) -> None:
    settings = SessionSettings(SamplingConfig(seed=7), FormConfig())
    repl._converse(Networks(((runs / "moons", 1.0),)), runs, settings)


def test_lines_are_typed_edited_and_answered(
    runs: Path,
    script: Callable[..., ScriptedGenerator],
    keyboard: PipeInput,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script(" is bright")
    keyboard.send_text("The mooo\x7fn\r/quit\r")
    _at_terminal(runs)
    shown = capsys.readouterr()
    assert shown.out == "The moon is bright\n\n"
    assert shown.err == "moons writes with you. /help for help; Ctrl-D to end.\n"


@pytest.mark.parametrize(
    ("text", "completed"),
    [("/te", "/temperature"), ("/model mo", "/model moons"), ("/seed au", "/seed auto")],
)
def test_the_word_before_the_cursor_is_completed(text: str, completed: str) -> None:
    words = {"/te": ["/temperature"], "/model mo": ["moons"], "/seed au": ["auto"]}
    completer = WordCompleter(words.__getitem__)
    (found,) = completer.get_completions(Document(text), CompleteEvent())
    assert text[: len(text) + found.start_position] + found.text == completed


def test_control_c_clears_the_line_and_stops_a_poem_and_control_d_ends(
    runs: Path,
    script: Callable[..., ScriptedGenerator],
    keyboard: PipeInput,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script(" is br*ight", "ight")
    keyboard.send_text("nonsense\x03The moon\r/more\r\x04")
    _at_terminal(runs)
    assert capsys.readouterr().out == "The moon is br\n\night\n\n"


def test_a_network_that_cannot_be_opened_is_told_and_another_one_can_write(
    runs: Path,
    keyboard: PipeInput,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_rivers_only(networks: Networks) -> ScriptedGenerator:
        if networks.name != "rivers":
            raise CheckpointError(f"{networks.name} is damaged.")
        return ScriptedGenerator(" runs")

    monkeypatch.setattr(repl, "_open", open_rivers_only)
    keyboard.send_text("The moon\r/model rivers\rThe river\r/quit\r")
    _at_terminal(runs)
    shown = capsys.readouterr()
    assert "Error: moons is damaged.\n" in shown.err
    assert shown.out == "From now on rivers writes.\nThe river runs\n\n"


def test_lines_are_remembered_for_the_next_session(
    runs: Path,
    script: Callable[..., ScriptedGenerator],
    keyboard: PipeInput,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script(" one", " two")
    keyboard.send_text("The moon\r/quit\r")
    _at_terminal(runs)
    keyboard.send_text("\x1b[A\x1b[A\r/quit\r")
    _at_terminal(runs)
    assert capsys.readouterr().out == "The moon one\n\nThe moon two\n\n"


def test_a_history_that_cannot_be_written_is_done_without(
    runs: Path,
    script: Callable[..., ScriptedGenerator],
    keyboard: PipeInput,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (runs / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(runs / "file"))
    script(" is")
    keyboard.send_text("The moon\r/quit\r")
    _at_terminal(runs)
    assert capsys.readouterr().out == "The moon is\n\n"


def test_a_form_that_is_not_there_is_told_at_once(runs: Path) -> None:
    result = _converse(runs, "", "--form", "qijeu")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Did you mean qijue?" in result.stderr


def test_a_session_in_a_form_becomes_a_transcript(
    tmp_path: Path, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_verse_runs(tmp_path)
    monkeypatch.chdir(tmp_path)
    # What books would help depends on whether the extra is installed.
    monkeypatch.setattr(chinese_language, "BOOKS", ())
    lines = (
        "/acrostic 看雨\n/form toys.toml\n/form toy.toml\n/rhymes sounds.txt\n\n云\n/scansion\n"
        "/acrostic 云云\n\n/acrostic 看雨\n/must 水\n\n/retry\n/more\n/beam 2\n\n/beam auto\n"
        "月月\n/undo\n/settings\n/lines 2\n/characters 3\n/rhyme AA\n\n/form off\n/must 水\n"
    )
    result = CliRunner().invoke(
        main,
        ["repl", "yun", "--checkpoints", ".", "--temperature", "0", "--seed", "7"],
        input=lines,
    )
    assert result.exit_code == 0
    golden("repl_form.txt", result.output)
