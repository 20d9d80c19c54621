"""The one place where errors become sentences and exit codes."""

import os
import sys
from typing import Any, Final

import click

from charrnn.errors import CharrnnError, TrainingInterrupted

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""

READER_GONE = 141
"""Exit code of a command whose reader has seen enough, as `head` does; shells have it so."""


OUT_OF_MEMORY: Final = {"MemoryError", "ResourceExhaustedError"}
"""Names of the errors of Python and of TensorFlow, which is not imported to be asked."""


class ErrorsShown(click.Group):
    """A group whose errors end in a sentence and an exit code; `--debug` shows where they rose."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the arguments; here the help and the version are printed, if they can be."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except OSError as error:
            _forget_unwritten_output()
            if isinstance(error, BrokenPipeError):
                raise click.exceptions.Exit(READER_GONE) from None
            click.echo(failure_sentence(error), err=True)
            raise click.exceptions.Exit(1) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # A full disk must be found here, not at the exit of Python.
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # Click knows them.
        except BrokenPipeError:
            _forget_unwritten_output()
            ctx.exit(READER_GONE)
        except KeyboardInterrupt:
            click.echo(err=True)  # The line that the terminal began with ^C.
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if isinstance(error, OSError):
                _forget_unwritten_output()
            if ctx.params["debug"]:
                raise
            click.echo(failure_sentence(error), err=True)
            ctx.exit(error.exit_code if isinstance(error, CharrnnError) else 1)
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of use."""
        del ctx
        return list(self.commands)


def failure_sentence(error: Exception) -> str:
    """What the user is told about an error."""
    if isinstance(error, TrainingInterrupted):
        return str(error)
    if isinstance(error, CharrnnError):
        return f"Error: {error}"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"Error: {place}{error.strerror or error}."
    if OUT_OF_MEMORY & {kind.__name__ for kind in type(error).__mro__}:
        return (
            "Error: it does not fit in memory; take smaller --units, --batch-size or --window "
            "instead."
        )
    return (
        f"Error: charrnn failed by a fault of its own ({type(error).__name__}: {error}). "
        "charrnn --debug COMMAND shows where; please report it."
    )


def _forget_unwritten_output() -> None:
    """Keep Python from failing once more, at its exit, on output that cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
