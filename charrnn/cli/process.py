"""What all commands share: cores, quiet start-up, JSON output, errors and exit codes."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import click

from charrnn.errors import CharrnnError, TrainingInterrupted

INTERRUPTED: Final = 130
"""Exit code of a command that Ctrl-C ended, as in shells."""

READER_GONE: Final = 141
"""Exit code of a command whose reader has closed the pipe, as `head` does; as in shells."""

OUT_OF_MEMORY: Final = {"MemoryError", "ResourceExhaustedError"}
"""Names of the errors of Python and of TensorFlow, which is not imported here."""

THREAD_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""OpenBLAS, which NumPy uses, reads these once, when it is loaded."""


class ErrorsShown(click.Group):
    """A group whose errors end in a sentence and an exit code; `--debug` shows the traceback."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the arguments; `--help` and `--version` print here."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except OSError as error:
            _discard_output()
            if isinstance(error, BrokenPipeError):
                raise click.exceptions.Exit(READER_GONE) from None
            click.echo(failure_sentence(error), err=True)
            raise click.exceptions.Exit(1) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # A full disk must be found here, not at the exit of Python.
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # Click handles them.
        except BrokenPipeError:
            _discard_output()
            ctx.exit(READER_GONE)
        except KeyboardInterrupt:
            click.echo(err=True)  # Ends the line in which the terminal shows ^C.
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if isinstance(error, OSError):
                _discard_output()
            if ctx.params["debug"]:
                raise
            click.echo(failure_sentence(error), err=True)
            ctx.exit(error.exit_code if isinstance(error, CharrnnError) else 1)
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which they were added."""
        del ctx
        return list(self.commands)


def failure_sentence(error: Exception) -> str:
    """The sentence that the user reads about an error."""
    if isinstance(error, TrainingInterrupted):
        return str(error)
    if isinstance(error, CharrnnError):
        return f"Error: {error}"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"Error: {place}{error.strerror or error}."
    if OUT_OF_MEMORY & {kind.__name__ for kind in type(error).__mro__}:
        return "Error: out of memory. Choose smaller --units, --batch-size or --window."
    return (
        f"Error: this is a fault in charrnn ({type(error).__name__}: {error}). "
        "charrnn --debug COMMAND shows where; please report it."
    )


def _discard_output() -> None:
    """Keep Python from failing again, at its exit, on output that cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(document: object) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


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

    They write to the file descriptor, below Python, before any setting of theirs is read.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
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
        except BaseException:
            messages.seek(0)
            os.write(original, messages.read())
            raise
        finally:
            os.dup2(original, descriptor)
            os.close(original)
