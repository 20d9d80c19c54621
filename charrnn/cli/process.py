"""What all commands share: cores, quiet start-up, JSON output, errors and exit codes."""

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn import signals
from charrnn.cli.streams import encodable, guarded_streams, unguarded
from charrnn.errors import CharrnnError, TrainingInterrupted
from charrnn.wording import UNPRINTABLE, wrapped

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

INTERRUPTED: Final = 130
"""Exit code of a command that Ctrl-C ended, as in shells."""

READER_GONE: Final = 141
"""Exit code of a command whose reader has closed the pipe, as `head` does; as in shells."""

NO_MEMORY: Final = re.compile(
    "cannot allocate memory|failed to map segment|cannot map", re.IGNORECASE
)
"""What the loader of shared libraries says without memory."""

OUT_OF_MEMORY: Final = {"MemoryError", "ResourceExhaustedError"}
"""Names of the errors of Python and of TensorFlow, which is not imported here."""

THREAD_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""OpenBLAS, which NumPy uses, reads these once, when it is loaded."""


class ErrorsShown(click.Group):
    """A group whose errors end in a sentence and an exit code; `--debug` shows the traceback."""

    def main(self, *arguments: Any, **extra: Any) -> Any:
        """Run a command line, with guarded standard streams."""
        with guarded_streams():
            return super().main(*arguments, **extra)

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Read the arguments; `--help` and `--version` print here."""
        with _failures_told():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _failures_told(debug=ctx.params["debug"]):
            result = super().invoke(ctx)
            sys.stdout.flush()  # A full disk must be found here, not at the exit of Python.
            return result

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which they were added."""
        del ctx
        return list(self.commands)


@contextlib.contextmanager
def _failures_told(*, debug: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into a sentence and an exit code."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise  # Click handles them.
    except BrokenPipeError:
        raise click.exceptions.Exit(READER_GONE) from None
    except KeyboardInterrupt:
        click.echo(err=True)  # Ends the line in which the terminal shows ^C.
        raise click.exceptions.Exit(INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 (every error becomes a sentence)
        if debug:
            import traceback

            click.echo(traceback.format_exc(), err=True, nl=False)
        else:
            tell(failure_sentence(error))
        code = error.exit_code if isinstance(error, CharrnnError) else 1
        raise click.exceptions.Exit(code) from None


def failure_sentence(error: Exception) -> str:
    """The sentence that the user reads about an error."""
    if isinstance(error, TrainingInterrupted):
        return str(error)
    if isinstance(error, CharrnnError):
        return f"Error: {error}"
    if _not_loaded_for_memory(error):
        return (
            "Error: there is too little memory to load what charrnn needs (NumPy; TensorFlow to train)."
            " Close other programs, or raise the limit, if there is one (ulimit -v)."
        )
    if OUT_OF_MEMORY & {kind.__name__ for kind in type(error).__mro__}:
        return "Error: out of memory. Choose smaller --units, --batch-size or --window."
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"Error: {place}{error.strerror or error}."
    return (
        f"Error: this is a fault in charrnn ({type(error).__name__}: {error}). "
        "charrnn --debug COMMAND shows where; please report it."
    )


def _not_loaded_for_memory(error: BaseException | None) -> bool:
    """Whether the loader of shared libraries got no memory; NumPy wraps what it says."""
    while error is not None:
        if isinstance(error, ImportError) and NO_MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def tell(sentence: str) -> None:
    """Print a sentence on standard error; on a terminal its lines end between words."""
    if sys.stderr.isatty():
        sentence = wrapped(sentence, shutil.get_terminal_size().columns)
    click.echo(sentence, err=True)


def print_json(document: object, indent: int | None = 1) -> None:
    """Print one JSON document on standard output."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    if not encodable(text):
        text = json.dumps(document, indent=indent)
    click.echo(UNPRINTABLE.sub(_escaped, text))


def _escaped(found: re.Match[str]) -> str:
    """The escape of a character in a string of JSON; line ends only stand between strings."""
    return "\n" if found[0] == "\n" else json.dumps(found[0])[1:-1]


def print_notes(notes: Iterable[str]) -> None:
    """Print notes on standard error, one per line."""
    for note in notes:
        tell(note)


def reading_bar(length: int) -> "contextlib.AbstractContextManager[ProgressBar[int]]":
    """Show a progress bar if standard error is a terminal."""
    hidden = not sys.stderr.isatty()
    file = unguarded(stderr=True)
    return click.progressbar(length=length, label="Reading", file=file, hidden=hidden)


def use_idle_cores() -> None:
    """Limit NumPy's matrix products to the idle cores, unless the user has set a number.

    OpenBLAS gives each core a part of every product and waits for all of them. A part on a busy
    core comes milliseconds late: beside a training run on two cores, two threads wrote 60
    characters per second and one thread 1,800.
    """
    if not hasattr(os, "getloadavg") or any(name in os.environ for name in THREAD_VARIABLES):
        return
    idle = (os.cpu_count() or 1) - os.getloadavg()[0]
    os.environ[THREAD_VARIABLES[0]] = str(max(1, round(idle)))


@contextlib.contextmanager
def quiet_startup() -> Iterator[None]:
    """Hold back what C++ libraries write to standard error; show it only if loading fails.

    They write to the file descriptor, below Python, before any setting of theirs is read. A signal
    that came meanwhile is heeded at the end, because loading may have swallowed it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    signals.forget()
    try:
        with _messages_held():
            yield
    except MemoryError as error:
        raise ImportError("cannot allocate memory") from error
    finally:
        signals.heed()


@contextlib.contextmanager
def _messages_held() -> Iterator[None]:
    try:
        descriptor = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        yield  # Standard error is not a file here, as in a test or a notebook.
        return
    sys.stderr.flush()
    original = os.dup(descriptor)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), descriptor)
        try:
            yield
        except Exception as error:
            if not (
                signals.came() or isinstance(error, MemoryError) or _not_loaded_for_memory(error)
            ):
                messages.seek(0)
                os.write(original, messages.read())
            raise
        finally:
            os.dup2(original, descriptor)
            os.close(original)
