import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main, poem_display
from charrnn.errors import FormGivenUpError
from charrnn.forms.core.writer import FormWriter
from charrnn.forms.english import lexicon
from tests.forms.core.runs import save_verse_runs

CHINESE = ("yun", "--form", "toy.toml", "--rhymes", "sounds.txt")
ENGLISH = ("moons", "--syllables", "4,3,4,3", "--rhyme", "ABCB", "--lexicon", "lexicon.txt")


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two networks that write verse at random, and how its characters and words sound."""
    save_verse_runs(tmp_path)
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def charrnn(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def generate(*arguments: str) -> Result:
    return charrnn("generate", *arguments)


def verified(poem: str, *options: str, form: str = "toy.toml") -> bool:
    return charrnn("verify", form, "-", *options, stdin=poem).exit_code == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_poem_in_a_form_passes_the_verifier(seed: int) -> None:
    result = generate(*CHINESE, "--seed", str(seed))
    assert (result.exit_code, result.stderr) == (0, "")
    assert verified(result.stdout, "--rhymes", "sounds.txt")


def test_demands_are_kept() -> None:
    result = generate(*CHINESE, "--acrostic", "看雨", "--must", "水", "--rhyme-with", "江水天")
    assert result.exit_code == 0, result.stderr
    first, second = result.stdout.replace("\n", "").rstrip("。").replace("。", "，").split("，")
    assert (first[0], second[0]) == ("看", "雨")
    assert "水" in first + second
    assert second[-1] in "天年边前"
    result = generate(*CHINESE, "--first-line", "云江月", "--prompt", "云")
    assert result.stdout.startswith("云江月")


def test_an_english_form_of_ones_own() -> None:
    result = generate(*ENGLISH, "--acrostic", "wags", "--must", "silver moon", "--seed", "1")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.lower().splitlines()
    assert [line[0] for line in lines] == ["w", "a", "g", "s"]
    assert {"silver", "moon"} <= set(re.findall("[a-z]+", result.stdout.lower()))


def test_a_poem_is_the_same_streamed_in_json_and_among_others() -> None:
    alone = generate(*CHINESE, "--seed", "4")
    two = generate(*CHINESE, "--seed", "3", "--count", "2")
    assert two.stdout.rstrip("\n").split("\n\n")[1].split() == alone.stdout.split()
    document = json.loads(generate(*CHINESE, "--seed", "4", "--json").stdout)
    assert document["poems"][0]["text"].strip() == alone.stdout.strip()


def test_json_holds_the_form_and_what_the_verifier_says() -> None:
    document = json.loads(generate(*CHINESE, "--seed", "2", "--acrostic", "云", "--json").stdout)
    (poem,) = document["poems"]
    assert poem["form"]["form"] == "toy.toml"
    assert poem["form"]["acrostic"] == "云"
    assert (poem["form"]["rhymes"], poem["form"]["particles"]) == ("sounds.txt", 32)
    assert (poem["judgement"]["passes"], poem["judgement"]["faults"]) == (True, [])
    assert poem["judgement"]["variant"] in {"only", "both"}
    assert [len(line["marks"]) for line in poem["judgement"]["lines"]] == [3, 3]
    assert len(poem["log_probabilities"]) == len(poem["text"])
    assert (poem["ended"], poem["dead_end"]) == (True, False)


def test_the_scansion_is_shown_on_standard_error(golden: Callable[[str, str], None]) -> None:
    result = generate(*CHINESE, "--temperature", "0", "--show-scansion")
    golden("generate_form.txt", result.stdout)
    golden("generate_form_scansion.txt", result.stderr)


def test_what_was_expected_and_how_it_is_judged_can_be_told_of_a_form_too() -> None:
    result = generate(*CHINESE, "--explain", "--show-scores", "--best-of", "3", "--seed", "1")
    assert result.exit_code == 0
    assert "bits" in result.stdout
    assert "its 2 other drafts" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        (*CHINESE, "--seed", "7"),
        (*CHINESE, "--seed", "7", "--count", "2", "--acrostic", "看雨", "--must", "水"),
        (*CHINESE, "--seed", "7", "--best-of", "2", "--choose", "best", "--particles", "4"),
        (*CHINESE, "--prompt", "云", "--temperature", "2:0.5", "--readings", "strict"),
        (*ENGLISH, "--rhymes", "slant", "--words", "any", "--seed", "1"),
        (*ENGLISH, "--first-line", "want the moon, rain"),
    ],
)
def test_a_poem_in_a_form_is_written_again_to_the_letter(options: tuple[str, ...]) -> None:
    result = generate(*options, "--json")
    assert result.exit_code == 0, result.stderr
    for poem in json.loads(result.stdout)["poems"]:
        again = charrnn(*shlex.split(poem["command"])[1:])
        assert (again.exit_code, again.stderr) == (0, "")
        assert again.stdout == (poem["prompt"] + poem["text"]).rstrip() + "\n"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--acrostic", "云"), 2, "acrostic goes with a form of verse"),
        (("--particles", "4", "--choose", "best"), 2, "particles and choose go with a form"),
        (("--lines", "4"), 2, "such as characters 7."),
        (("--lines", "0"), 2, "it must be a whole number at least 1."),
        (("--lines", "many", *CHINESE[1:]), 2, "Received: many."),
        (("--lines", "2", *CHINESE[1:]), 2, "the form toy.toml has its own lines."),
        (("--form", "qijeu"), 1, "Did you mean qijue?"),
        (("--form", "sonnet"), 2, "this network knows no Latin letters"),
        (("--form", "qijue", "--rhymes", "learned"), 1, "this network has no learned sounds"),
        ((*CHINESE[1:], "--beam", "2"), 2, "Leave out beam"),
        ((*CHINESE[1:], "--length", "9"), 2, "Leave out length."),
        ((*CHINESE[1:], "--acrostic-at", "end"), 2, "acrostic-at goes with an acrostic"),
        ((*CHINESE[1:], "--acrostic", "云雨月"), 2, "acrostic"),
        ((*CHINESE[1:], "--lexicon", "lexicon.txt"), 2, "lexicon is for English verse"),
        ((*CHINESE[1:], "--acrostic", "云云"), 3, "What would work: "),
        ((*CHINESE[1:], "--prompt", "月月"), 3, "the prompt does not keep the form at its"),
        (("--show-scansion",), 2, "--show-scansion needs a form"),
    ],
)
def test_what_cannot_be_written_is_told(arguments: tuple[str, ...], code: int, told: str) -> None:
    result = generate("yun", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def _giving_up_after(poems: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write_many = FormWriter.write_many

    def giving_up(self: FormWriter, *arguments: Any) -> Any:
        for number, poem in enumerate(write_many(self, *arguments)):
            if number == poems:
                raise FormGivenUpError("the poem was given up after line 1.")
            yield poem

    monkeypatch.setattr(FormWriter, "write_many", giving_up)


def test_poems_that_are_done_are_printed_before_one_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    three = generate(*CHINESE, "--seed", "1", "--count", "3").stdout
    _giving_up_after(2, monkeypatch)
    result = generate(*CHINESE, "--seed", "1", "--count", "3")
    assert result.exit_code == 4
    assert result.stdout
    assert three.startswith(result.stdout)
    assert result.stderr.startswith("Error: the poem was given up after line 1.")
    result = generate(*CHINESE, "--seed", "1", "--count", "3", "--json")
    assert (result.exit_code, len(json.loads(result.stdout)["poems"])) == (4, 2)


def test_a_poem_that_is_given_up_at_once_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _giving_up_after(0, monkeypatch)
    result = generate(*CHINESE, "--json")
    assert (result.exit_code, result.stdout) == (4, "")


def test_a_line_end_that_is_banned_is_a_conflict() -> None:
    result = generate(*ENGLISH, "--ban", "\n")
    assert result.exit_code == 3
    assert "ban" in result.stderr


def test_no_character_twice_leaves_the_marks_alone() -> None:
    for seed in range(5):
        result = generate(
            *CHINESE, "--no-repeat-ngram-size", "1", "--ban", "\n", "--seed", f"{seed}"
        )
        poem = result.stdout.strip()
        assert (result.exit_code, result.stderr) == (0, "")
        assert len(poem) == 8
        assert len(set(poem) - set("，。")) == 6


@pytest.mark.parametrize(
    ("arguments", "conflict"),
    [
        ((*CHINESE, "--must", "云云", "--no-repeat-ngram-size", "1"), "must 云云 and no-repeat"),
        ((*CHINESE, "--must", "云雨云雨", "--no-repeat-ngram-size", "2"), "云雨"),
        ((*CHINESE, "--acrostic", "看看", "--no-repeat-ngram-size", "1"), "acrostic 看看"),
        ((*ENGLISH, "--no-repeat-ngram-size", "1"), "more letters than the alphabet has"),
        ((*ENGLISH, "--must", "moon", "--no-repeat-ngram-size", "1"), "no-repeat-ngram-size 1"),
        (
            (
                "yun",
                "--characters",
                "20,20",
                "--rhymes",
                "sounds.txt",
                "--no-repeat-ngram-size",
                "1",
            ),
            "more letters than",
        ),
    ],
)
def test_what_no_poem_can_keep_is_refused_before_writing(
    arguments: tuple[str, ...], conflict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FormWriter, "stream", None)
    result = generate(*arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert conflict in " ".join(result.stderr.split())
    assert "What would work: " in result.stderr


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let poems be shown while they are written."""
    screen = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(poem_display, "sys", screen)


STUCK = (*CHINESE, "--first-line", "云天月", "--rhyme-with", "天", "--ban", "年边前", "--seed", "1")
"""With no character twice, the second line has no rhyme left; the form alone allows another 天."""


def test_a_pipe_gets_no_part_of_a_poem() -> None:
    result = generate(*STUCK, "--no-repeat-ngram-size", "1")
    assert (result.exit_code, result.stdout) == (4, "")


@pytest.mark.usefixtures("terminal")
def test_a_stream_that_is_given_up_ends_its_line() -> None:
    result = generate(*STUCK, "--no-repeat-ngram-size", "1")
    assert result.exit_code == 4
    assert re.fullmatch("云天月[，。]\n", result.stdout)
    assert result.stderr.startswith("Error: the poem was given up after line 1: ")
    assert "no-repeat-ngram-size" in result.stderr


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_keeps_the_lines_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = FormWriter.stream

    def interrupted(self: FormWriter, *arguments: Any) -> Any:
        yield next(iter(stream(self, *arguments)))
        raise KeyboardInterrupt

    monkeypatch.setattr(FormWriter, "stream", interrupted)
    result = generate(*CHINESE, "--seed", "1")
    assert result.exit_code == 130
    assert len(result.stdout.strip().rstrip("，。")) == 3
    assert result.stdout.endswith("\n")
