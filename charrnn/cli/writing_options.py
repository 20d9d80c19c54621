"""The options of everything that writes: how characters are drawn, and the form that is kept."""

import dataclasses
import functools
from typing import Any, Final, TypeVar, cast

import click

from charrnn.cli.options import SettingType, config_options
from charrnn.config import Lines, SamplingConfig
from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FormConfig
from charrnn.setting import settings_of

Command = TypeVar("Command", bound=Any)

LINES: Final = "lines"
"""The one option of both configurations: how poems end, or how many lines a form has."""


LINES_HELP: Final = (
    f"{settings_of(SamplingConfig)[LINES].help.removesuffix('.')}, or N of a form of your own."
)


class LinesType(SettingType):
    """`corpus`, `any` or a number."""

    def __init__(self) -> None:
        super().__init__(settings_of(SamplingConfig)[LINES])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """The words, and the letter for a number."""
        return f"{super().get_metavar(param, ctx)}|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a word or a number."""
        try:
            return read_lines(value) if isinstance(value, str) else value
        except ConfigurationError as error:
            self.fail(str(error), param, ctx)


def read_lines(text: str) -> Lines | int:
    """What was typed for the number of lines: one of the words, or a number.

    Raises:
        ConfigurationError: It is neither.
    """
    words, number = settings_of(SamplingConfig)[LINES], settings_of(FormConfig)[LINES]
    if words.allows(text):
        return cast("Lines", text)
    try:
        value: int = number.parse(text)
    except ConfigurationError:
        raise ConfigurationError(
            f"it must be {words.allowed()}, or {number.allowed()}. Received: {text}."
        ) from None
    return value


def writing_options(command: Command) -> Command:
    """Add the options of both; the command receives `sampling_config` and `form_config`."""
    default = SamplingConfig().lines

    @functools.wraps(command)
    def settled(
        *arguments: Any,
        sampling_config: SamplingConfig,
        form_config: FormConfig,
        lines: Lines | int,
        **values: Any,
    ) -> Any:
        try:
            if isinstance(lines, int):
                form_config = dataclasses.replace(form_config, lines=lines)
            else:
                sampling_config = dataclasses.replace(sampling_config, lines=lines)
        except ConfigurationError as error:
            raise click.UsageError(str(error)) from error
        return command(
            *arguments, sampling_config=sampling_config, form_config=form_config, **values
        )

    decorated: Any = config_options(FormConfig, _all_but_lines(FormConfig))(settled)
    decorated = click.option(
        f"--{LINES}",
        type=LinesType(),
        default=default,
        help=f"{LINES_HELP}  [default: {default}]",
    )(decorated)
    return config_options(SamplingConfig, _all_but_lines(SamplingConfig))(decorated)  # type: ignore[no-any-return]


def _all_but_lines(configuration: type[FormConfig] | type[SamplingConfig]) -> set[str]:
    return settings_of(configuration).keys() - {LINES}
