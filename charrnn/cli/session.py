"""A REPL session: its settings, its turns, and the author who writes them."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.cli.appearance import Appearance, GradualText
from charrnn.cli.process import tell
from charrnn.cli.writing_defaults import GENERAL_DEFAULTS, Writing, without_own_form
from charrnn.errors import CharrnnError, ConfigurationError, FormConflictError, FormError
from charrnn.forms.core.config import FORM_PARTS, FormConfig
from charrnn.settings.configuration import SamplingConfig, seed_after
from charrnn.settings.setting import AUTO, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from charrnn.decoding.hypothesis import Hypothesis, Step
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.writer import FormWriter


DEFAULT: Final = "default"
"""Typed to reset any setting."""

OFF: Final = "off"
"""Typed instead of a form to have none."""

NOTHING: Final = {AUTO, OFF, "none"}
"""Typed to unset a setting that may be unset."""

_SAMPLING, _FORM = (
    {field.replace("_", "-"): setting for field, setting in settings_of(configuration).items()}
    for configuration in (SamplingConfig, FormConfig)
)

SETTINGS: Final = _SAMPLING | _FORM
"""The settings of a session, by the names that are typed."""


class SessionError(CharrnnError):
    """A command that the session cannot carry out now."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The settings of a session, each named like its option without the leading dashes.

    `own` are those that the network brings along; `default` resets a setting to them.
    """

    sampling: SamplingConfig
    form: FormConfig
    own: Writing = GENERAL_DEFAULTS

    @property
    def form_is_own(self) -> bool:
        """Whether the form is the one that the network writes in by default."""
        return self.form.asked and self.form == self.own.form

    def of_network(self, own: Writing) -> "SessionSettings":
        """Return the settings for another network: what was at its default is so again."""
        sampling = {
            name: getattr(own.sampling, name)
            for name in settings_of(SamplingConfig)
            if getattr(self.sampling, name) == getattr(self.own.sampling, name)
        }
        return SessionSettings(
            dataclasses.replace(self.sampling, **sampling),
            own.form if self.form == self.own.form else self.form,
            own,
        )

    def changed(self, name: str, text: str) -> "SessionSettings":
        """Return the settings with one of them set to a typed value.

        `default` resets any setting; `none`, `off` and `auto` unset one that may be unset.

        A named form replaces the parts of your own form, and the parts replace a named form.
        Without a form, all its settings are reset.

        Raises:
            ConfigurationError: The value is invalid, or contradicts another setting.
            FormError: There is no such form.
        """
        if name == "form":
            return self._with_form(text)
        setting, field = SETTINGS[name], name.replace("-", "_")
        # The words shown for an unset setting can be typed to unset it, too.
        unsets = setting.unset is not None and text in {*NOTHING, setting.unset}
        try:
            if text == DEFAULT:
                value = getattr(self.own.sampling if name in _SAMPLING else self.own.form, field)
            elif unsets and text not in (setting.choices or ()):
                value = None
            else:
                value = setting.parse(text)
        except ConfigurationError as error:
            raise ConfigurationError(f"/{name}: {error}") from error
        change: dict[str, Any] = {field: value}
        if name in _SAMPLING:
            return dataclasses.replace(self, sampling=dataclasses.replace(self.sampling, **change))
        if field in FORM_PARTS and value is not None:
            change["form"] = None
        return dataclasses.replace(self, form=dataclasses.replace(self.form, **change))

    def spelled(self, name: str) -> str:
        """Return the value of a setting in words."""
        configuration = self.sampling if name in _SAMPLING else self.form
        return SETTINGS[name].spelled(getattr(configuration, name.replace("-", "_")))

    def shown(self) -> dict[str, str]:
        """Return all settings in words; without a form, `form` stands for all of its settings."""
        names = SETTINGS if self.form.asked else (*_SAMPLING, "form")
        return {name: self.spelled(name) for name in names}

    def _with_form(self, text: str) -> "SessionSettings":
        if text in {*NOTHING, DEFAULT}:
            form = self.own.form if text == DEFAULT else FormConfig()
            return dataclasses.replace(self, form=form)
        from charrnn.forms.core.known_forms import requested_form

        parts: dict[str, Any] = dict.fromkeys(FORM_PARTS)
        form = dataclasses.replace(self.form, **parts, form=text)
        requested_form(form)  # Refuses a form that does not exist.
        return dataclasses.replace(self, form=form)


def suggestions_for(name: str) -> list[str]:
    """Return values to suggest for a setting."""
    if name == "form":
        from charrnn.forms.core.known_forms import known_forms

        return [OFF, *known_forms()]
    setting = SETTINGS[name]
    return [*(setting.choices or ()), *([] if setting.unset is None else [AUTO])]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a network: the text before and after it, and whether it continues the last poem."""

    writer: "TextGenerator"
    appearance: Appearance
    seed: int
    start: "Hypothesis"
    end: "Hypothesis"
    continues: bool


class FreeAuthor:
    """A network that writes without a form, character by character."""

    def __init__(self, writer: "TextGenerator") -> None:
        self.writer = writer

    def begin(self, prompt: str) -> "Hypothesis":
        """Read the prompt of a new poem."""
        return self.writer.begin(prompt)

    def read(self, turn: Turn, hypothesis: "Hypothesis") -> "Hypothesis":
        """Return the start or end of a turn, read by this network.

        A decoder state belongs to the network that made it.
        """
        return hypothesis if turn.writer is self.writer else self.writer.begin(hypothesis.text)

    def resume(self, turn: Turn, text: str) -> "Hypothesis":
        """Return the end of a turn, with `text` on a new line; raises SessionError."""
        if turn.end.ended and not text:
            raise SessionError("the poem is finished; /more TEXT adds a line and continues it.")
        start = self.read(turn, turn.end)
        if not text:
            return start
        line_end = "\n" if start.text and not start.text.endswith("\n") else ""
        return self.writer.extend(start, line_end + text)

    def stream(self, start: "Hypothesis", sampling: SamplingConfig) -> "Iterator[Step]":
        """Write, one character per step."""
        return self.writer.stream(start, sampling)


class FormAuthor(FreeAuthor):
    """A network that writes in a form, line by line."""

    def __init__(self, writer: "TextGenerator", form: "FormWriter") -> None:
        super().__init__(writer)
        self.form = form

    def begin(self, prompt: str) -> "Hypothesis":
        """Read the prompt of a new poem; raises FormConflictError."""
        return self.form.begin(prompt)

    def resume(self, turn: Turn, text: str) -> "Hypothesis":
        """Return the end of an unfinished turn, followed by `text`; raises SessionError."""
        if turn.end.ended:
            raise SessionError("the poem is complete in its form; /retry writes another.")
        return self.begin(turn.end.text + text)

    def stream(self, start: "Hypothesis", sampling: SamplingConfig) -> "Iterator[Step]":
        """Write, one line per step."""
        from charrnn.decoding.hypothesis import Step

        for line in self.form.stream(start.text, sampling):
            hypothesis = dataclasses.replace(line.hypothesis, ended=line.last)
            yield Step(line.text, sum(line.log_probabilities), hypothesis)


class Session:
    """The turns so far, printed while they are written.

    `writer` opens the network when it is first needed. It and the settings may be replaced.
    """

    def __init__(self, writer: "Callable[[], TextGenerator]", settings: SessionSettings) -> None:
        self.writer = writer
        self.settings = settings
        self.turns: tuple[Turn, ...] = ()
        self._seeds = (settings.sampling.seed, settings.sampling.seed)
        self._remarks: set[str] = set()
        self._compiled_for: tuple[object, ...] = ()
        self._form_author: FormAuthor | None = None

    def begin(self, prompt: str) -> None:
        """Write a new poem that begins with a prompt."""
        author = self.author()
        if isinstance(author, FormAuthor) and self.settings.form_is_own and prompt:
            try:
                author.form.check_prompt(prompt)
            except FormConflictError as error:
                self.remark(without_own_form(self.settings.form, error))
                author = FreeAuthor(author.writer)
        self._take_turn(author, author.begin(prompt), seed=self._next_seed())

    def resume(self, text: str) -> None:
        """Continue the last poem, after a text that is added to it."""
        author = self.author()
        start = author.resume(self.last(), text)
        self._take_turn(author, start, continues=True, shown=len(start.text) - len(text))

    def retry(self) -> None:
        """Write the last turn again with another seed."""
        author, last = self.author(), self.last()
        asked = self.settings.sampling.seed
        seed = None if asked is None else seed_after(last.seed)
        if seed is not None:
            self._seeds = asked, seed_after(seed)
        start = author.read(last, last.start)
        self._take_turn(author, start, continues=last.continues, replaced=1, seed=seed)

    def _next_seed(self) -> int | None:
        """The seed of a new poem: that of the settings, and one more for each poem after it."""
        asked, (of_settings, following) = self.settings.sampling.seed, self._seeds
        seed = following if asked == of_settings else asked
        self._seeds = (asked, None if seed is None else seed_after(seed))
        return seed

    def undo(self) -> None:
        """Drop the last turn; raises SessionError when there is none."""
        self.last()
        self.turns = self.turns[:-1]

    def last(self) -> Turn:
        """Return the last turn; raises SessionError when there is none."""
        if not self.turns:
            raise SessionError("there is no poem yet; type a first line, or an empty one.")
        return self.turns[-1]

    def poems(self) -> list[str]:
        """Return the poems as they are shown, oldest first."""
        poems: list[str] = []
        for turn in self.turns:
            if turn.continues:
                poems.pop()
            text = turn.end.text
            poems.append(turn.appearance.shown(text))
        return poems

    def remark(self, note: str) -> None:
        """Print a remark to standard error, once per session."""
        if note not in self._remarks:
            self._remarks.add(note)
            tell(note)

    def author(self, writer: "TextGenerator | None" = None) -> FreeAuthor:
        """Return who writes with the present settings; compiles a form that has changed.

        Raises CharrnnError if the network cannot be opened or the form cannot be kept.
        """
        form, sampling = self.settings.form, self.settings.sampling
        writer = (writer or self.writer()).conditioned(sampling)
        for note in writer.notes(sampling):
            self.remark(note)
        if not form.asked:
            return FreeAuthor(writer)
        compiled_for = (writer, form, sampling.ban)
        if self._form_author is None or compiled_for != self._compiled_for:
            from charrnn.decoding.prompts import describe_substitution
            from charrnn.forms.core.compile import compile_form

            try:
                self._form_author = FormAuthor(writer, compile_form(writer, form, sampling))
            except (FormConflictError, FormError, ConfigurationError) as error:
                if not self.settings.form_is_own:
                    raise
                self.remark(without_own_form(form, error))
                return FreeAuthor(writer)
            for note in self._form_author.form.notes():
                self.remark(note)
            self._compiled_for = compiled_for
            for substitution in self._form_author.form.substitutions:
                self.remark(describe_substitution(substitution))
        return self._form_author

    def _take_turn(
        self,
        author: FreeAuthor,
        start: "Hypothesis",
        *,
        continues: bool = False,
        replaced: int = 0,
        shown: int = 0,
        seed: int | None = None,
    ) -> None:
        """Write a turn from `start`; when it is stopped, what is written of it is kept.

        It takes the place of the last `replaced` turns. The first `shown` characters of `start` are
        on the screen already. `seed` overrides the seed of the settings.
        """
        from charrnn.decoding.batch import with_seed
        from charrnn.decoding.prompts import describe_substitution

        for substitution in start.substitutions:
            self.remark(describe_substitution(substitution))
        sampling = with_seed(self.settings.sampling)
        sampling = sampling if seed is None else dataclasses.replace(sampling, seed=seed)
        before = self.turns[: len(self.turns) - replaced]
        appearance = Appearance.of(author.writer, sampling)
        gradual = GradualText(appearance, start.text[:shown])
        end, unseen = start, start.text[shown:]
        stopped = False
        try:
            for step in author.stream(start, sampling):
                click.echo(gradual.add(unseen + step.character), nl=False)
                end, unseen = step.hypothesis, ""
        except KeyboardInterrupt:
            stopped = True
        except Exception:
            if end is not start:
                click.echo("\n")
            raise
        rest = gradual.add(unseen) + gradual.rest()
        click.echo(rest if end.text.endswith("\n") else f"{rest}\n")
        turn = Turn(author.writer, appearance, sampling.seed or 0, start, end, continues)
        self.turns = (*before, turn)
        if stopped:
            raise KeyboardInterrupt
