"""Options that commands share, made from the configurations."""

import functools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from charrnn.checkpoint.directory import networks_in
from charrnn.checkpoint.lookup import CHECKPOINTS_VARIABLE, DEFAULT_CHECKPOINTS
from charrnn.errors import ConfigurationError
from charrnn.settings.setting import Configuration, Setting, settings_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

WIDEST_EXAMPLE: Final = 76
"""Characters of an example with its meaning beside it, for a terminal of 80."""

Command = TypeVar("Command", bound=Callable[..., Any])


class SettingType(click.ParamType[Any]):
    """The values of one setting, as they are typed on a command line.

    Args:
        setting: The description of the setting.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.name = {int: "n", float: "x", str: "text"}[setting.kind]

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """The choices, how it is written, or a letter that tells whole numbers from others."""
        del param, ctx
        if self.setting.notation is not None:
            return self.setting.notation.pattern
        return "|".join(self.setting.choices) if self.setting.choices else self.name.upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the words of the user; a value that is not allowed is a usage error."""
        if not isinstance(value, str):
            return value
        try:
            return self.setting.parse(value)
        except ConfigurationError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        """Offer the choices."""
        from click.shell_completion import CompletionItem

        del ctx, param
        choices = self.setting.choices or ()
        return [CompletionItem(choice) for choice in choices if choice.startswith(incomplete)]


def config_options(
    configuration: type[Configuration],
    only: Collection[str] | None = None,
    typed: Collection[str] = (),
) -> Callable[[Command], Command]:
    """Decorate a command with one option for each setting of a configuration.

    The command receives one validated object, as a keyword named after the class:
    `SamplingConfig` arrives as `sampling_config`.

    Args:
        configuration: The class that holds the settings.
        only: Names of the settings to offer; all of them when None.
        typed: Names of settings that are arguments of the command.
    """
    settings = {
        name: setting
        for name, setting in settings_of(configuration).items()
        if only is None or name in only
    }
    defaults = configuration()

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(*arguments: Any, **values: Any) -> Any:
            chosen = {name: _joined(values.pop(name)) for name in (*settings, *typed)}
            try:
                values[_keyword(configuration)] = configuration(**chosen)
            except ConfigurationError as error:
                raise click.UsageError(str(error)) from error
            return command(*arguments, **values)

        decorated: Any = gathered
        for name, setting in reversed(settings.items()):
            default = getattr(defaults, name)
            decorated = click.option(
                option_name(name),
                name,
                type=SettingType(setting),
                default=default,
                multiple=setting.repeatable,
                help=f"{setting.help}  [{_notes(setting, default)}]",
            )(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def given_settings(context: click.Context, configuration: type[Configuration]) -> set[str]:
    """Names of the settings that the user gave, on the command line or in the environment."""
    given = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
    return {
        name for name in settings_of(configuration) if context.get_parameter_source(name) in given
    }


def checkpoint_argument(command: Command) -> Command:
    """Add `[CHECKPOINT]`: the name or path of a run, None for the newest; shells complete names."""
    return click.argument("checkpoint", required=False, shell_complete=_complete_name)(command)


def named_checkpoint_argument(command: Command) -> Command:
    """Add `CHECKPOINT`, where one has to be named."""
    return click.argument("checkpoint", shell_complete=_complete_name)(command)


def checkpoints_option(command: Command) -> Command:
    """Add `--checkpoints`: the directory that runs are kept in, as a Path."""
    return click.option(
        "--checkpoints",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_CHECKPOINTS,
        envvar=CHECKPOINTS_VARIABLE,
        metavar="DIR",
        help=f"Directory that runs are kept in.  [default: {DEFAULT_CHECKPOINTS}]",
    )(command)


def _passed_as(keyword: str, name: str, **attributes: Any) -> Callable[[Command], Command]:
    """Decorate a command with an option that it receives under another name.

    The parameter keeps the name of the option, and so does its environment variable.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def renamed(*arguments: Any, **values: Any) -> Any:
            values[keyword] = values.pop(name)
            return command(*arguments, **values)

        return click.option(f"--{name}", **attributes)(renamed)  # type: ignore[return-value]

    return decorate


def json_option(command: Command) -> Command:
    """Add `--json`, which the command receives as `as_json`."""
    add = _passed_as("as_json", "json", is_flag=True, help="Print one JSON document, not text.")
    return add(command)


def origin_option(command: Command) -> Command:
    """Add `--from`, which the command receives as `origin`."""
    return _passed_as(
        "origin",
        "from",
        metavar="CHECKPOINT",
        shell_complete=_complete_name,
        help="Start from the weights of another network, which also decides the architecture. "
        "Characters that both know keep their vectors.",
    )(command)


def examples(*pairs: tuple[str, str]) -> str:
    """The end of a help page: commands that can be pasted, each with what it does.

    Args:
        pairs: A command and a few words about it.
    """
    width = max(len(command) for command, _ in pairs) + 2
    if max(width + len(meaning) for _, meaning in pairs) <= WIDEST_EXAMPLE:
        lines = [f"  {command:{width}}{meaning}" for command, meaning in pairs]
    else:
        lines = [f"  {command}\n      {meaning}" for command, meaning in pairs]
    return "\n".join(("\b", "Examples:", *lines))


def option_name(setting: str) -> str:
    """How a setting is spelled on the command line."""
    return f"--{setting.replace('_', '-')}"


def _joined(value: Any) -> Any:
    """The value of an option; what was given at several places, together, and None for nothing."""
    if isinstance(value, tuple):
        return tuple(word for words in value for word in words) or None
    return value


def _complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del param
    root = ctx.params.get("checkpoints") or DEFAULT_CHECKPOINTS
    return [path.name for path in networks_in(root) if path.name.startswith(incomplete)]


def _keyword(configuration: type[Configuration]) -> str:
    return configuration.__name__.removesuffix("Config").lower() + "_config"


def _notes(setting: Setting, default: Any) -> str:
    return "; ".join(
        part for part in (f"default: {setting.spelled(default)}", setting.range()) if part
    )
