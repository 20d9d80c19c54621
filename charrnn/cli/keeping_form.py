"""Writing with a network turn by turn, in a form of verse."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from charrnn.cli.page import Author, FreeAuthor, PageError, Turn
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig

if TYPE_CHECKING:
    from charrnn.decoding.hypothesis import Hypothesis, Step
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.writer import FormWriter

Compile = Callable[["TextGenerator", FormConfig, SamplingConfig], "FormWriter"]


class FormAuthor:
    """A network that keeps a form, and writes line by line.

    Args:
        writer: The network.
        form: The form, compiled for it.
    """

    def __init__(self, writer: "TextGenerator", form: "FormWriter") -> None:
        self.writer = writer
        self.form = form

    def begin(self, prompt: str) -> "Hypothesis":
        """Begin a poem."""
        return self.form.begin(prompt)

    def begin_again(self, turn: Turn) -> "Hypothesis":
        """Begin a turn as before."""
        return self.begin(turn.start.text)

    def go_on(self, turn: Turn, text: str) -> "Hypothesis":
        """Go on with a poem that was stopped."""
        if turn.end.ended:
            raise PageError("the poem is whole in its form; /retry writes it otherwise.")
        return self.begin(turn.end.text + text)

    def stream(self, start: "Hypothesis", settings: SamplingConfig) -> "Iterator[Step]":
        """Write, a line with each step; what cannot be written is refused at once."""
        steps = self._steps(start, settings)
        first = next(steps, None)
        return steps if first is None else itertools.chain([first], steps)

    def _steps(self, start: "Hypothesis", settings: SamplingConfig) -> "Iterator[Step]":
        from charrnn.decoding.hypothesis import Step

        for line in self.form.stream(start.text, settings):
            draft = dataclasses.replace(line.hypothesis, ended=line.last)
            yield Step(line.text, sum(line.log_probabilities), draft)


class Authors:
    """Gives the author for the settings of a session; a form is compiled when something has changed.

    Args:
        compile_form: Compiles a form for a network; see `charrnn.forms.core.compile.compile_form`.
    """

    def __init__(self, compile_form: Compile) -> None:
        self._compile_form = compile_form
        self._made_of: tuple[object, ...] = ()
        self._author: FormAuthor | None = None

    def author(
        self, writer: "TextGenerator", config: FormConfig, sampling: SamplingConfig
    ) -> Author:
        """Who writes.

        Raises:
            CharrnnError: The form cannot be kept.
        """
        if not config.asked:
            return FreeAuthor(writer)
        made_of = (writer, config, sampling.ban)
        if self._author is None or made_of != self._made_of:
            self._author = FormAuthor(writer, self._compile_form(writer, config, sampling))
            self._made_of = made_of
        return self._author
