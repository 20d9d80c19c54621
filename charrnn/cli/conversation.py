"""Writing with a network turn by turn: what is typed, what becomes of it; nothing is drawn here."""

import difflib
import functools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from charrnn.checkpoint.atomic_files import write_text
from charrnn.cli.keeping_form import Authors, Compile, FormAuthor
from charrnn.cli.networks import DEAD_END
from charrnn.cli.page import Author, Page, PageError
from charrnn.cli.session_settings import SessionSettings, helps, suggestions_for
from charrnn.wording import counted

if TYPE_CHECKING:
    from charrnn.corpus.variants import Substitution
    from charrnn.decoding.scoring import TokenScore
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.form import Judgement

WIDTH = 78
"""Longest line of a reply."""

INTRODUCTION = """\
Type the beginning of a poem, and the network goes on. An empty line lets it
begin by itself. A line that ends in a backslash goes on in the next one.
Ctrl-C stops a poem, Ctrl-D ends the session.
"""

MARKS = {False: "> ", True: ". "}
"""What stands before a line, and before one that goes on with the line above."""


class Command(NamedTuple):
    """One command of the conversation.

    Attributes:
        argument: What follows its name, for the help.
        help: What it does.
        run: Does it; takes what follows the name.
        suggest: What may follow the name, for completion.
    """

    argument: str
    help: str
    run: Callable[[str], None]
    suggest: Callable[[], list[str]] = list


class Conversation:
    """Answers one line after the other.

    Args:
        writer: Gives the network to begin with; called when it is first needed.
        open_writer: Opens another network by its name.
        names: Lists the networks there are, the newest first.
        settings: The settings to begin with.
        compile_form: Compiles a form for a network; see `charrnn.forms.core.compile.compile_form`.
        write: Shows text of a poem.
        tell: Shows the reply to a command.
        note: Shows a remark that is not part of the transcript.
        explain: Shows a poem with what the network predicted: its beginning, and the scores of
            what it wrote.
        show_scansion: Shows how a poem keeps its form.
    """

    def __init__(
        self,
        *,
        writer: "Callable[[], TextGenerator]",
        open_writer: "Callable[[str], TextGenerator]",
        names: Callable[[], list[str]],
        settings: SessionSettings,
        compile_form: Compile,
        write: Callable[[str], None],
        tell: Callable[[str], None],
        note: Callable[[str], None],
        explain: "Callable[[str, Sequence[TokenScore]], None]",
        show_scansion: "Callable[[Judgement], None]",
    ) -> None:
        self.settings = settings
        self.page = Page(write, self._tell_of_substitution)
        self.over = False
        self._writer = writer
        self._open_writer = open_writer
        self._names = names
        self._write = write
        self._tell = tell
        self._note = note
        self._show_explained = explain
        self._show_scansion = show_scansion
        self._authors = Authors(compile_form)
        self._told: set[str] = set()
        self._commands = self._table()

    def answer(self, text: str) -> None:
        """Do what was typed: a command, or text to go on with.

        Args:
            text: A line, or several that were typed or pasted together.

        Raises:
            CharrnnError: It cannot be done; the conversation stands as before.
            OSError: A file cannot be written.
            KeyboardInterrupt: The user stopped the poem; what is written of it is kept.
        """
        if not text.startswith("/"):
            self._begin(text)
            return
        for line in text.splitlines():
            self._obey(line) if line.startswith("/") else self._begin(line)

    def completions(self, text: str) -> list[str]:
        """The words that can stand where `text` ends, given what stands before."""
        name, space, argument = text.partition(" ")
        if not name.startswith("/"):
            return []
        if not space:
            return [command for command in self._commands if command.startswith(name)]
        command = self._commands.get(name)
        suggestions = command.suggest() if command else []
        return [suggestion for suggestion in suggestions if suggestion.startswith(argument)]

    def _obey(self, line: str) -> None:
        name, _, argument = line.strip().partition(" ")
        command = self._commands.get(name)
        if command is None:
            near = difflib.get_close_matches(name, self._commands, n=1, cutoff=0.7)
            hint = f"did you mean {near[0]}?" if near else "/help lists them all."
            raise PageError(f"there is no command {name}; {hint}")
        if argument and not command.argument:
            raise PageError(f"{name} takes nothing after it. Received: {argument.strip()}")
        command.run(argument.strip())

    def _begin(self, prompt: str) -> None:
        self._compose(lambda author: self.page.begin(author, self.settings.sampling, prompt))

    def _more(self, text: str) -> None:
        self._compose(lambda author: self.page.go_on(author, self.settings.sampling, text))

    def _retry(self, _: str) -> None:
        self._compose(lambda author: self.page.retry(author, self.settings.sampling))

    def _compose(self, turn: Callable[[Author], None]) -> None:
        """Let the network take a turn; what the settings come to is told before and after it."""
        writer = self._writer()
        for note in writer.notes(self.settings.sampling):
            self._remark(note)
        turn(self._author(writer))
        if self.page.turns[-1].end.dead_end:
            self._note(DEAD_END)

    def _author(self, writer: "TextGenerator") -> Author:
        return self._authors.author(writer, self.settings.form, self.settings.sampling)

    def _undo(self, _: str) -> None:
        self.page.undo()
        poems = self.page.poems()
        if poems:
            self._tell("Dropped. The page ends with:")
            self._write(poems[-1].rstrip("\n") + "\n\n")
        else:
            self._tell("Dropped. The page is empty.")

    def _explain(self, _: str) -> None:
        from charrnn.cli.explanation import LEGEND
        from charrnn.decoding.scoring import score_continuation

        turn = self.page.last()
        self._remark(LEGEND)
        begun = turn.start.text
        written = turn.end.text[len(begun) :]
        self._show_explained(
            begun, score_continuation(turn.writer, turn.start, written, ended=turn.end.ended)
        )

    def _scansion(self, _: str) -> None:
        turn = self.page.last()
        author = self._author(turn.writer)
        if not isinstance(author, FormAuthor):
            raise PageError("there is no form to hold the poem to; /form NAME gives one.")
        self._show_scansion(author.form.rules.verify(turn.end.text))

    def _save(self, name: str) -> None:
        poems = self.page.poems()
        if not name:
            raise PageError("/save needs the name of a file, such as: /save poems.txt")
        if not poems:
            raise PageError("there is no poem to save yet.")
        path = Path(name).expanduser()
        if path.exists():
            raise PageError(f"{path} is there already; give another name.")
        write_text(path, "\n\n".join(poem.strip("\n") for poem in poems) + "\n")
        self._tell(f"Saved {counted(len(poems), 'poem')} in {path}.")

    def _change_model(self, name: str) -> None:
        if not name:
            self._tell("\n".join(self._names()) or "There is none.")
            return
        writer = self._open_writer(name)
        self._writer = lambda: writer
        self._tell(f"{name} writes from here on.")

    def _change_setting(self, name: str, text: str) -> None:
        if text:
            self.settings = self.settings.changed(name, text)
        self._tell(f"{name}: {self.settings.spelled(name)}")

    def _show_settings(self, _: str) -> None:
        self._tell("\n".join(_columns(self.settings.shown())))

    def _help(self, _: str) -> None:
        commands = {
            f"{name} {command.argument}".rstrip(): command.help
            for name, command in self._commands.items()
        }
        self._tell(INTRODUCTION + "\n" + "\n".join(_columns(commands)))

    def _quit(self, _: str) -> None:
        self.over = True

    def _tell_of_substitution(self, substitution: "Substitution") -> None:
        from charrnn.decoding.prompts import describe_substitution

        self._remark(describe_substitution(substitution))

    def _remark(self, note: str) -> None:
        """Tell something once in a session."""
        if note not in self._told:
            self._told.add(note)
            self._note(note)

    def _table(self) -> dict[str, Command]:
        settings = {
            f"/{name}": Command(
                "[NAME|off]" if name == "form" else "[VALUE]",
                help_text,
                functools.partial(self._change_setting, name),
                functools.partial(suggestions_for, name),
            )
            for name, help_text in helps().items()
        }
        return {
            "/more": Command(
                "[TEXT]", "Go on with the last poem; TEXT begins a new line of it.", self._more
            ),
            "/retry": Command("", "Write the last turn again, otherwise.", self._retry),
            "/undo": Command("", "Drop the last turn.", self._undo),
            "/explain": Command(
                "", "Show how surprising each character of the last turn was.", self._explain
            ),
            "/scansion": Command("", "Show how the last poem keeps its form.", self._scansion),
            "/save": Command("FILE", "Save the poems in a new file.", self._save),
            "/model": Command(
                "[NAME]",
                "Let another network write, or several: moons=0.7,rivers=0.3; list them.",
                self._change_model,
                self._names,
            ),
            **settings,
            "/settings": Command("", "Show all of these settings.", self._show_settings),
            "/help": Command("", "Show this.", self._help),
            "/quit": Command("", "Leave.", self._quit),
        }


def whole_text(read: Callable[[bool], str]) -> str:
    """Read what belongs together: a line, and the next one while it ends in a backslash.

    Args:
        read: Reads a line without its end; its argument tells that the line goes on with another.

    Raises:
        EOFError: There is no line left.
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
    """Lines of two columns, the right one wrapped."""
    width = max(map(len, rows)) + 2
    for left, right in rows.items():
        first, *others = textwrap.wrap(right, WIDTH - width)
        yield f"{left:{width}}{first}"
        yield from (" " * width + other for other in others)
