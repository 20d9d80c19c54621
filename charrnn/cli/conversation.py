"""The commands of the REPL: what is typed, and what happens then."""

import difflib
import functools
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from charrnn.checkpoint.atomic_files import write_text
from charrnn.cli.networks import DEAD_END
from charrnn.cli.process import tell
from charrnn.cli.session import (
    SETTINGS,
    FormAuthor,
    Session,
    SessionError,
    SessionSettings,
    suggestions_for,
)
from charrnn.wording import counted, printable

if TYPE_CHECKING:
    from charrnn.cli.writing_defaults import Writing
    from charrnn.decoding.writer import TextGenerator

WIDTH = 78
"""Longest line of the help."""

INTRODUCTION = """\
Type the first words of a poem, and the network continues. Type an empty line,
and it begins by itself. A backslash at the end of a line continues the line.
Ctrl-C stops a poem, Ctrl-D ends the session. A setting is reset by the word
default, as in /length default.
"""

MARKS = {False: "> ", True: ". "}
"""The prompt of a line, and of one that continues the line above."""


class Command(NamedTuple):
    """A command of the REPL: its argument and what it does, for the help; and functions.

    `run` takes the argument as typed. `suggest` returns arguments to complete.
    """

    argument: str
    help: str
    run: Callable[[str], None]
    suggest: Callable[[], list[str]] = list


class Conversation:
    """Answers what is typed, on standard output; remarks go to standard error.

    Args:
        writer: Returns the network that writes first; called when it is first needed.
        open_writer: Opens another network by its name; also returns its settings for writing.
        names: Lists the networks, newest first.
        settings: The settings at the start.
    """

    def __init__(
        self,
        *,
        writer: "Callable[[], TextGenerator]",
        open_writer: "Callable[[str], tuple[TextGenerator, Writing]]",
        names: Callable[[], list[str]],
        settings: SessionSettings,
    ) -> None:
        self.session = Session(writer, settings)
        self.over = False
        self._open_writer = open_writer
        self._names = names
        self._commands = self._table()

    def answer(self, text: str) -> None:
        """Run the commands of a text of one or more lines, or write a poem that begins with it.

        After a CharrnnError the session is as before. After a KeyboardInterrupt what is written of
        the poem is kept.
        """
        if not text.startswith("/"):
            self._write(self.session.begin, text)
            return
        for line in text.splitlines():
            self._run(line) if line.startswith("/") else self._write(self.session.begin, line)

    def completions(self, text: str) -> list[str]:
        """Return the words that may complete the last one of `text`."""
        name, space, argument = text.partition(" ")
        if not name.startswith("/"):
            return []
        if not space:
            return [command for command in self._commands if command.startswith(name)]
        command = self._commands.get(name)
        suggestions = command.suggest() if command else []
        return [suggestion for suggestion in suggestions if suggestion.startswith(argument)]

    def _run(self, line: str) -> None:
        name, _, argument = line.strip().partition(" ")
        command = self._commands.get(name)
        if command is None:
            near = difflib.get_close_matches(name, self._commands, n=1, cutoff=0.7)
            hint = f"did you mean {near[0]}?" if near else "/help lists them all."
            raise SessionError(f"there is no command {name}; {hint}")
        if argument and not command.argument:
            raise SessionError(f"{name} takes no argument. Received: {argument.strip()}")
        command.run(argument.strip())

    def _write(self, take_turn: Callable[[str], None], text: str) -> None:
        take_turn(text)
        if self.session.last().end.dead_end:
            tell(DEAD_END)

    def _undo(self, _: str) -> None:
        self.session.undo()
        if poems := self.session.poems():
            click.echo("Dropped. The last poem is now:\n" + poems[-1].rstrip("\n") + "\n")
        else:
            click.echo("Dropped. No poem is left.")

    def _explain(self, _: str) -> None:
        from charrnn.cli.explanation import LEGEND, print_explained
        from charrnn.decoding.scoring import score_continuation

        turn = self.session.last()
        prompt, ended = turn.start.text, turn.end.ended
        written = turn.end.text[len(prompt) :]
        self.session.remark(LEGEND)
        print_explained(prompt, score_continuation(turn.writer, turn.start, written, ended=ended))
        click.echo()

    def _scansion(self, _: str) -> None:
        from charrnn.cli.scansion import print_judgement

        turn = self.session.last()
        author = self.session.author(turn.writer)
        if not isinstance(author, FormAuthor):
            raise SessionError("no form is set; /form NAME sets one.")
        print_judgement(author.form.rules.verify(turn.end.text))
        click.echo()

    def _save(self, name: str) -> None:
        poems = self.session.poems()
        if not name:
            raise SessionError("/save needs a file name, as in: /save poems.txt")
        if not poems:
            raise SessionError("there is no poem to save yet.")
        path = Path(name).expanduser()
        if path.exists():
            raise SessionError(f"{path} exists already; give another name.")
        stripped = [poem.strip("\n") for poem in poems]
        has_stanzas = any("\n\n" in poem for poem in stripped)
        write_text(path, ("\n\n\n" if has_stanzas else "\n\n").join(stripped) + "\n")
        click.echo(f"Saved {counted(len(poems), 'poem')} in {path}.")

    def _change_model(self, name: str) -> None:
        if not name:
            click.echo("\n".join(map(printable, self._names())) or "There is none.")
            return
        writer, own = self._open_writer(name)
        self.session.writer = lambda: writer
        self.session.settings = self.session.settings.of_network(own)
        click.echo(f"From now on {name} writes.")

    def _change_setting(self, name: str, text: str) -> None:
        if text:
            self.session.settings = self.session.settings.changed(name, text)
        click.echo(f"{name}: {self.session.settings.spelled(name)}")

    def _show_settings(self, _: str) -> None:
        click.echo("\n".join(_columns(self.session.settings.shown())))

    def _help(self, _: str) -> None:
        commands = {
            f"{name} {command.argument}".rstrip(): command.help
            for name, command in self._commands.items()
        }
        click.echo(INTRODUCTION + "\n" + "\n".join(_columns(commands)))

    def _quit(self, _: str) -> None:
        self.over = True

    def _table(self) -> dict[str, Command]:
        more = functools.partial(self._write, self.session.resume)
        retry = functools.partial(self._write, lambda _: self.session.retry())
        settings = {
            f"/{name}": Command(
                "[NAME|off]" if name == "form" else f"[{'|'.join(one.choices or ['VALUE'])}]",
                one.help,
                functools.partial(self._change_setting, name),
                functools.partial(suggestions_for, name),
            )
            for name, one in SETTINGS.items()
        }
        return {
            "/more": Command("[TEXT]", "Continue the last poem, with TEXT on a new line.", more),
            "/retry": Command("", "Write the last turn again, with another seed.", retry),
            "/undo": Command("", "Drop the last turn.", self._undo),
            "/explain": Command(
                "", "Show the surprisal of each character of the last turn.", self._explain
            ),
            "/scansion": Command("", "Check the last poem against the form.", self._scansion),
            "/save": Command("FILE", "Save all poems in a new file.", self._save),
            "/model": Command(
                "[NAME]",
                "Change the network, or blend several: moons=0.7,rivers=0.3. Without NAME, list "
                "the networks.",
                self._change_model,
                self._names,
            ),
            **settings,
            "/settings": Command("", "Show all settings.", self._show_settings),
            "/help": Command("", "Show this help.", self._help),
            "/quit": Command("", "End the session.", self._quit),
        }


def whole_text(read: Callable[[bool], str]) -> str:
    """Read a line, and the next one as long as a line ends with a backslash.

    The argument of `read` is whether the line continues another. It raises EOFError at the end.
    """
    text = read(False)
    while text.endswith("\\"):
        text = text[:-1] + "\n"
        try:
            text += read(True)
        except EOFError:
            break
    return text


def _columns(rows: dict[str, str]) -> Iterator[str]:
    """Yield lines of two columns, the right one wrapped."""
    width = max(map(len, rows)) + 2
    for left, right in rows.items():
        first, *others = textwrap.wrap(right, WIDTH - width)
        yield f"{left:{width}}{first}"
        yield from (" " * width + other for other in others)
