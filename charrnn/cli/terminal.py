"""The prompt of the REPL at a terminal: editing, history, completion."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import create_output

from charrnn.cli.conversation import MARKS
from charrnn.cli.streams import unguarded


def at_terminal() -> AbstractContextManager[object]:
    """Let what the prompt draws reach the terminal; all else on standard output is guarded."""
    return create_app_session(output=create_output(unguarded()))


class Prompt:
    """Reads lines at a terminal; calls `when_shown` when the prompt is on the screen.

    `completions` returns the words that may complete the last one of a text.
    """

    def __init__(
        self, completions: Callable[[str], list[str]], when_shown: Callable[[], object]
    ) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=WordCompleter(completions),
            complete_while_typing=True,
            reserve_space_for_menu=6,
        )

        def shown(_: Any) -> None:
            when_shown()

        self._session.app.after_render += shown

    def read(self, continues: bool) -> str:
        """Read a line, or several that are pasted together, with the mark of a line that continues.

        Ctrl-D raises EOFError, Ctrl-C KeyboardInterrupt.
        """
        return self._session.prompt(MARKS[continues])


class WordCompleter(Completer):
    """Completes the word before the cursor; `completions` is that of `Prompt`."""

    def __init__(self, completions: Callable[[str], list[str]]) -> None:
        self._completions = completions

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Return the completions at the cursor."""
        del complete_event
        text = document.text_before_cursor
        word = text.rpartition(" ")[2]
        return [Completion(found, -len(word)) for found in self._completions(text)]


def _history() -> History:
    """Return the lines of earlier sessions; kept in memory only where no file can be written."""
    path = Path(platformdirs.user_state_path("charrnn")) / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)
