import contextlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import click
import pytest

from charrnn.cli import explanation, scansion
from charrnn.cli.conversation import Conversation, whole_text
from charrnn.cli.session import SessionSettings
from charrnn.cli.writing_defaults import Writing
from charrnn.decoding.scoring import TokenScore
from charrnn.errors import (
    CharrnnError,
    CheckpointError,
    ConfigurationError,
    FormConflictError,
)
from charrnn.forms.core import compile as compiling
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import LARGEST_SEED, SamplingConfig
from charrnn.settings.setting import settings_of
from tests.decoding.networks import reciter
from tests.fakes import ScriptedDraft, ScriptedGenerator

EXAMPLES = {"favour": "a=1", "ban": "ab", "label": "form=ode"}


class FakeForm:
    """A form that a scripted network is bound to; its poems have two lines."""

    def __init__(self, writer: ScriptedGenerator) -> None:
        self.writer = writer
        self.rules = self
        self.substitutions = ()

    def notes(self, prompt: str = "") -> tuple[str, ...]:
        del prompt
        return ()

    def begin(self, prompt: str) -> ScriptedDraft:
        return self.writer.begin(prompt)

    def stream(self, prompt: str, settings: SamplingConfig) -> Iterator[SimpleNamespace]:
        if "^" in prompt:
            raise KeyboardInterrupt
        text = prompt
        for line in ("one", "two"):
            if line in text:
                continue
            text += f"{line}\n"
            last = line == "two"
            draft = ScriptedDraft(text, self.writer, ended=last)
            self.writer.settings.append(settings)
            yield SimpleNamespace(
                text=f"{line}\n", log_probabilities=(-1.0,), hypothesis=draft, last=last
            )
            if not last and "*" in prompt:
                raise KeyboardInterrupt

    def verify(self, poem: str) -> str:
        return f"judged: {poem.splitlines()}"


def _print_explained(prompt: str, scores: Sequence[TokenScore]) -> None:
    click.echo(f"{prompt}|{'|'.join(score.character for score in scores)}", nl=False)


class Desk:
    """A conversation with a scripted network, and all that it showed."""

    def __init__(
        self,
        *continuations: str,
        settings: SamplingConfig | None = None,
        form: FormConfig | None = None,
    ) -> None:
        self.shown = ""
        self.notes: list[str] = []
        self.compiled: list[tuple[FormConfig, str | None]] = []
        self.generator = ScriptedGenerator(*continuations)
        self.other = ScriptedGenerator(*continuations)
        self.conversation = Conversation(
            writer=lambda: self.generator,
            open_writer=self._open,
            names=lambda: ["moons", "rivers"],
            settings=SessionSettings(settings or SamplingConfig(seed=7), form or FormConfig()),
        )
        self.session = self.conversation.session

    def _compile_form(
        self, writer: ScriptedGenerator, form: FormConfig, sampling: SamplingConfig
    ) -> FakeForm:
        if form.acrostic == "x":
            raise FormConflictError("no poem can keep it.")
        self.compiled.append((form, sampling.ban))
        return FakeForm(writer)

    def _open(self, name: str) -> tuple[ScriptedGenerator, Writing]:
        if name != "rivers":
            raise CheckpointError(f"there is no checkpoint named {name}.")
        return self.other, Writing(SamplingConfig(temperature=0.5), FormConfig())

    def type(self, *lines: str) -> str:
        """What is shown after these lines."""
        shown, notes = io.StringIO(), io.StringIO()
        try:
            with (
                contextlib.redirect_stdout(shown),
                contextlib.redirect_stderr(notes),
                patch.object(compiling, "compile_form", self._compile_form),
                patch.object(explanation, "print_explained", _print_explained),
                patch.object(scansion, "print_judgement", click.echo),
            ):
                for line in lines:
                    self.conversation.answer(line)
        finally:
            self.shown = shown.getvalue()
            self.notes += notes.getvalue().splitlines()
        return self.shown

    @property
    def poems(self) -> list[str]:
        return self.session.poems()


def test_the_network_goes_on_with_what_is_typed() -> None:
    desk = Desk(" is bright")
    assert desk.type("The moon") == "The moon is bright\n\n"
    assert desk.poems == ["The moon is bright"]


def test_an_empty_line_lets_the_network_begin() -> None:
    assert Desk("Night\n.").type("") == "Night\n\n"


def test_every_line_that_is_typed_begins_a_poem() -> None:
    desk = Desk(" one", " two")
    desk.type("A", "B")
    assert desk.poems == ["A one", "B two"]


def test_more_goes_on_where_the_text_ended() -> None:
    desk = Desk(" is", " bright", "er")
    desk.type("The moon")
    assert desk.type("/more") == " bright\n\n"
    assert desk.type("/more") == "er\n\n"
    assert desk.poems == ["The moon is brighter"]


def test_more_with_words_begins_a_new_line() -> None:
    desk = Desk(" is\n", " bright", "er")
    desk.type("The moon")
    assert desk.type("/more  and so") == "and so bright\n\n"
    assert desk.type("/more today") == "todayer\n\n"
    assert desk.poems == ["The moon is\nand so bright\ntodayer"]


def test_the_last_turn_is_explained() -> None:
    desk = Desk()
    desk.generator = reciter()  # type: ignore[assignment]
    with pytest.raises(CharrnnError, match="there is no poem yet"):
        desk.type("/explain")
    desk.type("Bl", "/length 2", "black\n")
    assert desk.type("/explain") == "black\n|h|o\n"
    desk.type("/length auto", "/more r")
    assert desk.type("/explain") == "black\nho\nr|s|e|\n"
    desk.type("/undo")
    assert desk.type("/explain") == "black\n|h|o\n"


def test_a_finished_poem_goes_on_with_new_words_only() -> None:
    desk = Desk(".", "light")
    desk.type("Night")
    with pytest.raises(
        CharrnnError, match=r"^the poem is finished; /more TEXT adds a line and continues"
    ):
        desk.type("/more")
    desk.type("/more Dawn")
    assert desk.poems == ["Night\nDawnlight"]


def test_a_poem_that_nothing_can_follow_is_told_of_and_kept() -> None:
    desk = Desk(" is|", " bright")
    desk.type("The moon")
    assert desk.notes == [
        "The poem stops here: no-repeat-ngram-size or max-copy allows no next character."
    ]
    assert desk.poems == ["The moon is"]
    desk.type("/more")
    assert desk.poems == ["The moon is bright"]


def test_what_a_network_cannot_favour_is_told_once() -> None:
    desk = Desk("1", "2", "3", settings=SamplingConfig(seed=7, favour="—=1"))
    desk.type("A", "B", "/retry")
    assert desk.notes == ["— cannot be favoured."]


def test_retry_writes_the_last_turn_anew_with_the_next_seed() -> None:
    desk = Desk(" one", " two", " three")
    desk.type("A")
    assert desk.type("/retry") == "A two\n\n"
    desk.type("/retry")
    assert desk.poems == ["A three"]
    assert [settings.seed for settings in desk.generator.settings] == [7, 8, 9]


def test_each_new_poem_of_a_conversation_takes_the_next_seed() -> None:
    desk = Desk(*"123456")
    desk.type("", "", "/retry", "moon", "/seed 30", "", "")
    assert [settings.seed for settings in desk.generator.settings] == [7, 8, 9, 10, 30, 31]


def test_retry_after_the_largest_seed_begins_at_zero() -> None:
    desk = Desk("1", "2", settings=SamplingConfig(seed=LARGEST_SEED))
    desk.type("A", "/retry")
    assert desk.generator.settings[1].seed == 0


def test_retry_of_more_keeps_what_was_before() -> None:
    desk = Desk(" is", " bright", " dark")
    desk.type("The moon", "/more")
    assert desk.type("/retry") == "The moon is dark\n\n"
    assert desk.poems == ["The moon is dark"]


def test_without_a_seed_every_turn_draws_another_one() -> None:
    desk = Desk("1", "2", "3", settings=SamplingConfig())
    desk.type("A", "B", "/retry")
    assert len({settings.seed for settings in desk.generator.settings}) == 3
    assert None not in {settings.seed for settings in desk.generator.settings}


def test_undo_drops_one_turn_after_the_other() -> None:
    desk = Desk(" is", " bright", " two")
    desk.type("The moon", "/more", "B")
    assert desk.type("/undo") == "Dropped. The last poem is now:\nThe moon is bright\n\n"
    assert desk.type("/undo") == "Dropped. The last poem is now:\nThe moon is\n\n"
    assert desk.type("/undo") == "Dropped. No poem is left.\n"
    with pytest.raises(CharrnnError, match="there is no poem yet"):
        desk.type("/undo")


@pytest.mark.parametrize("command", ["/more", "/more words", "/retry", "/undo"])
def test_commands_that_need_a_poem_say_so(command: str) -> None:
    with pytest.raises(CharrnnError, match="there is no poem yet; type a first line"):
        Desk().type(command)


def test_a_poem_that_is_stopped_is_kept_as_far_as_it_came() -> None:
    desk = Desk(" is br*ight", "ight")
    with pytest.raises(KeyboardInterrupt):
        desk.type("The moon")
    assert desk.shown == "The moon is br\n\n"
    desk.type("/more")
    assert desk.poems == ["The moon is bright"]


def test_a_fault_while_writing_changes_nothing() -> None:
    desk = Desk(" one", " tw!o")
    desk.type("A")
    before = desk.session.turns
    with pytest.raises(CharrnnError, match="tired"):
        desk.type("/retry")
    assert desk.session.turns == before


def test_settings_are_changed_and_shown() -> None:
    desk = Desk("a long poem", "another")
    assert desk.type("/temperature 0.5") == "temperature: 0.5\n"
    assert desk.type("/length 3") == "length: 3\n"
    desk.type("A")
    assert desk.poems == ["Aa l"]
    assert desk.generator.settings == [SamplingConfig(temperature=0.5, length=3, seed=7)]
    assert desk.type("/length auto") == "length: until the poem ends\n"
    assert desk.type("/length") == "length: until the poem ends\n"


def test_every_setting_of_sampling_is_a_command() -> None:
    for name, description in settings_of(SamplingConfig).items():
        value = description.choices[-1] if description.choices else EXAMPLES.get(name, "1")
        reply = Desk().type(f"/{name.replace('_', '-')} {value}")
        assert re.fullmatch(rf"[a-z-]+: {value}(\.0)?\n", reply)


def test_all_settings_are_shown_in_columns() -> None:
    assert Desk().type("/settings").splitlines()[:2] == [
        "temperature           0.8",
        "top-k                 all",
    ]


def test_a_value_out_of_range_is_refused_and_the_old_one_stays() -> None:
    desk = Desk()
    before = desk.session.settings
    with pytest.raises(ConfigurationError) as refusal:
        desk.type("/top-p 2")
    assert str(refusal.value) == ("/top-p: it must be a number above 0 and at most 1. Received: 2.")
    assert desk.session.settings == before


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/temprature 0.9", "there is no command /temprature; did you mean /temperature?"),
        ("/xyzzy", "there is no command /xyzzy; /help lists them all."),
        ("/", "there is no command /; /help lists them all."),
        ("/undo all", "/undo takes no argument. Received: all"),
        ("/save", "/save needs a file name, as in: /save poems.txt"),
        ("/save poems.txt", "there is no poem to save yet."),
        ("/model lakes", "there is no checkpoint named lakes."),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(CharrnnError) as refusal:
        Desk().type(line)
    assert str(refusal.value) == sentence


def test_poems_are_saved_apart_by_blank_lines(tmp_path: Path) -> None:
    desk = Desk(" one\n.", " two", " too", " 三")
    desk.type("A", "B", "/more", "月")
    path = tmp_path / "my poems.txt"
    assert desk.type(f"/save {path}") == f"Saved 3 poems in {path}.\n"
    assert path.read_text(encoding="utf-8") == "A one\n\nB two too\n\n月 三\n"


def test_saving_never_replaces_a_file(tmp_path: Path) -> None:
    path = tmp_path / "poems.txt"
    path.write_text("mine")
    desk = Desk(" one")
    desk.type("A")
    with pytest.raises(CharrnnError, match="exists already; give another name"):
        desk.type(f"/save {path}")
    assert path.read_text() == "mine"


def test_another_network_goes_on_with_the_text_of_the_first() -> None:
    desk = Desk(" one", " two", " three")
    desk.type("A")
    assert desk.type("/model rivers") == "From now on rivers writes.\n"
    desk.type("/more")
    assert desk.poems == ["A one one"]
    assert desk.other.settings
    desk.type("/retry")
    assert desk.poems == ["A one two"]


def test_networks_are_listed() -> None:
    assert Desk().type("/model") == "moons\nrivers\n"


def test_characters_that_the_network_does_not_know_are_told_once() -> None:
    desk = Desk("1", "2")
    desk.type("A—B", "C—D")
    assert desk.notes == ["— is not in this model's alphabet; read as -."]
    assert desk.poems == ["A—B1", "C—D2"]


def test_quit_ends_the_conversation() -> None:
    desk = Desk()
    assert not desk.conversation.over
    desk.type("/quit")
    assert desk.conversation.over


def test_help_tells_every_command() -> None:
    reply = Desk().type("/help")
    for command in ("/more [TEXT]", "/retry", "/undo", "/save FILE", "/top-p [VALUE]", "/quit"):
        assert f"\n{command} " in reply
    assert max(map(len, reply.splitlines())) <= 78


def test_pasted_lines_are_one_prompt() -> None:
    desk = Desk(" three")
    desk.type("one\ntwo\n")
    assert desk.poems == ["one\ntwo\n three"]


def test_pasted_commands_are_obeyed_one_by_one() -> None:
    desk = Desk(" is", " bright")
    desk.type("/temperature 0.5\nThe moon\n/more")
    assert desk.poems == ["The moon is bright"]
    assert desk.session.settings.sampling.temperature == 0.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/re", ["/retry", "/repetition-penalty", "/repetition-window", "/readings", "/repeats"]),
        ("/model ", ["moons", "rivers"]),
        ("/model r", ["rivers"]),
        ("/top-k a", ["auto"]),
        ("/temperature ", []),
        ("/undo ", []),
        ("/nothing ", []),
        ("The moon", []),
        ("", []),
    ],
)
def test_words_are_completed(text: str, words: list[str]) -> None:
    assert Desk().conversation.completions(text) == words


def _reading(*lines: str) -> tuple[Callable[[bool], str], list[bool]]:
    waiting, asked = list(lines), []

    def read(going_on: bool) -> str:
        asked.append(going_on)
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    return read, asked


def test_a_line_that_ends_in_a_backslash_goes_on() -> None:
    read, asked = _reading("one\\", "two\\", "three", "four")
    assert whole_text(read) == "one\ntwo\nthree"
    assert asked == [False, True, True]
    assert whole_text(read) == "four"


def test_the_end_of_input_ends_a_line_that_would_go_on() -> None:
    read, _ = _reading("one\\")
    assert whole_text(read) == "one\n"
    with pytest.raises(EOFError):
        whole_text(read)


def test_with_a_form_lines_are_written_that_keep_it() -> None:
    desk = Desk()
    assert desk.type("/form couplet") == "form: couplet\n"
    assert desk.type("") == "one\ntwo\n\n"
    assert desk.poems == ["one\ntwo\n"]
    assert desk.type("/scansion") == "judged: ['one', 'two']\n\n"
    assert desk.generator.settings[0].seed == 7
    desk.type("/retry")
    assert desk.generator.settings[-1].seed == 8
    assert len(desk.poems) == 1


def test_a_form_is_bound_again_only_when_something_has_changed() -> None:
    desk = Desk(form=FormConfig(form="couplet"))
    desk.type("", "", "/temperature 0.5", "")
    assert desk.compiled == [(FormConfig(form="couplet"), None)]
    desk.type("/ban k", "", "/must moon silver", "")
    assert desk.compiled[1:] == [
        (FormConfig(form="couplet"), "k"),
        (FormConfig(form="couplet", must=("moon", "silver")), "k"),
    ]
    desk.type("/model rivers", "")
    assert len(desk.compiled) == 4


def test_a_poem_in_a_form_that_was_stopped_goes_on_and_a_whole_one_does_not() -> None:
    desk = Desk(form=FormConfig(form="couplet"))
    with pytest.raises(KeyboardInterrupt):
        desk.type("*")
    assert desk.poems == ["*one\n"]
    assert desk.type("/more") == "two\n\n"
    assert desk.poems == ["*one\ntwo\n"]
    for line in ("/more", "/more and so"):
        with pytest.raises(CharrnnError, match="the poem is complete in its form"):
            desk.type(line)
    desk.type("/undo")
    assert desk.poems == ["*one\n"]


def test_a_poem_in_a_form_that_is_stopped_in_its_first_line_keeps_what_was_typed() -> None:
    desk = Desk(form=FormConfig(form="couplet"))
    with pytest.raises(KeyboardInterrupt):
        desk.type("^")
    assert desk.poems == ["^"]
    assert desk.shown == "^\n\n"


def test_demands_that_cannot_be_kept_leave_the_page_as_it_was() -> None:
    desk = Desk(form=FormConfig(form="couplet"))
    desk.type("", "/acrostic x")
    with pytest.raises(FormConflictError, match="no poem can keep it"):
        desk.type("")
    with pytest.raises(FormConflictError):
        desk.type("/retry")
    desk.type("/acrostic auto")
    assert desk.poems == ["one\ntwo\n"]


def test_without_a_form_there_is_no_scansion() -> None:
    desk = Desk(" is")
    with pytest.raises(CharrnnError, match="there is no poem yet"):
        desk.type("/scansion")
    desk.type("The moon")
    with pytest.raises(CharrnnError, match="no form is set; /form NAME"):
        desk.type("/scansion")


def test_form_off_lets_the_network_write_freely() -> None:
    desk = Desk("free", form=FormConfig(form="couplet", acrostic="ab"))
    assert desk.type("/form off") == "form: off\n"
    desk.type("")
    assert desk.poems == ["free"]
