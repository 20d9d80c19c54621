"""A poem shown while it is written."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from charrnn.cli.failures import INTERRUPTED
from charrnn.cli.networks import DEAD_END

if TYPE_CHECKING:
    from collections.abc import Iterable

    from charrnn.decoding.hypothesis import Hypothesis
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.smc_decoder import WrittenLine
    from charrnn.forms.core.writer import FormWriter
    from charrnn.settings.configuration import SamplingConfig


def print_characters(
    writer: "TextGenerator", start: "Hypothesis", settings: "SamplingConfig"
) -> "Hypothesis":
    """Show a poem character by character.

    Args:
        writer: Writes it.
        start: How it begins.
        settings: How characters are drawn.

    Returns:
        The poem.
    """
    draft = start
    with _Page() as page:
        page.add(start.text)
        for step in writer.stream(start, settings):
            draft = step.hypothesis
            page.add(step.character)
    if draft.dead_end:
        click.echo(DEAD_END, err=True)
    return draft


def print_lines(poet: "FormWriter", prompt: str, settings: "SamplingConfig") -> str:
    """Show a poem in a form line by line, each when nothing can change it any more.

    Into a pipe it goes when it is whole: what reads there should get no part of a poem.

    Args:
        poet: Writes it.
        prompt: How it begins.
        settings: How characters are drawn.

    Returns:
        What was written after the prompt.
    """
    lines: Iterable[WrittenLine] = poet.stream(prompt, settings)
    written = ""
    with _Page() as page:
        for line in lines if sys.stdout.isatty() else list(lines):
            written += line.text
            page.add(line.hypothesis.text[page.length :])
        if not written:
            page.add(prompt)
    return written


class _Page:
    """Text on standard output; white space waits for what follows, so that none ends a poem.

    However the poem ends, its last line does; Ctrl-C ends the command.

    Attributes:
        length: Characters it was given.
    """

    def __init__(self) -> None:
        self.length = 0
        self._waiting = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.length or not isinstance(error, Exception):
            click.echo()
        if isinstance(error, KeyboardInterrupt):
            raise click.exceptions.Exit(INTERRUPTED) from None

    def add(self, text: str) -> None:
        """Show more text."""
        self.length += len(text)
        self._waiting += text
        shown = self._waiting.rstrip()
        if shown:
            click.echo(shown, nl=False)
            self._waiting = self._waiting[len(shown) :]
