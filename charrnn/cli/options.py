"""Options that commands share. Most are made from the configurations."""

import functools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from charrnn.checkpoint.lookup import CHECKPOINTS_VARIABLE, DEFAULT_CHECKPOINTS, networks_in
from charrnn.errors import ConfigurationError
from charrnn.settings.setting import Configuration, Setting, settings_of

WIDEST_EXAMPLE: Final = 76
"""Widest example that fits in a terminal of 80 columns."""

Command = TypeVar("Command", bound=Callable[..., Any])


class SettingType(click.ParamType[Any]):
    """Parses the value of one setting."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.name = {int: "n", float: "x", str: "text"}[setting.kind]

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Return the notation, the choices, or N, X or TEXT."""
        del param, ctx
        if self.setting.notation is not None:
            return self.setting.notation.pattern
        return "|".join(self.setting.choices) if self.setting.choices else self.name.upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse a value; one that is not allowed is a usage error."""
        if not isinstance(value, str):
            return value
        try:
            return self.setting.parse(value)
        except ConfigurationError as error:
            self.fail(str(error), param, ctx)


def setting_option(
    name: str, setting: Setting, default: Any = None
) -> Callable[[Command], Command]:
    """Add the option of one setting; its help names the default and the limits.

    The option of a truth value has no value but an opposite: --stanzas and --no-stanzas.
    """
    notes = filter(None, (f"default: {setting.spelled(default)}", setting.range()))
    help_text = f"{setting.help}  [{'; '.join(notes)}]"
    if setting.kind is bool:
        both = f"{option_name(name)}/{option_name(f'no_{name}')}"
        return click.option(both, name, default=default, help=help_text)
    choices = setting.choices or ()
    return click.option(
        option_name(name),
        name,
        type=SettingType(setting),
        default=default,
        multiple=setting.repeatable,
        help=help_text,
        shell_complete=lambda _, __, typed: [one for one in choices if one.startswith(typed)],
    )


def config_options(
    configuration: type[Configuration],
    only: Collection[str] | None = None,
    typed: Collection[str] = (),
) -> Callable[[Command], Command]:
    """Add an option for each setting of a configuration, or for `only` some.

    The command receives one validated object: a `SamplingConfig` as `sampling_config`. The settings
    `typed` are arguments of the command.
    """
    settings = {
        name: setting
        for name, setting in settings_of(configuration).items()
        if only is None or name in only
    }
    defaults = configuration()
    keyword = configuration.__name__.removesuffix("Config").lower() + "_config"

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(*arguments: Any, **values: Any) -> Any:
            chosen = {name: _joined(values.pop(name)) for name in (*settings, *typed)}
            try:
                values[keyword] = configuration(**chosen)
            except ConfigurationError as error:
                raise click.UsageError(str(error)) from error
            return command(*arguments, **values)

        decorated: Any = gathered
        for name, setting in reversed(settings.items()):
            decorated = setting_option(name, setting, getattr(defaults, name))(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def given_settings(context: click.Context, configuration: type[Configuration]) -> set[str]:
    """Return the settings that the command line or the environment gives."""
    given = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
    return {
        name for name in settings_of(configuration) if context.get_parameter_source(name) in given
    }


def checkpoint_argument(command: Command) -> Command:
    """Add `[CHECKPOINT]`: the name or path of a run, or None for the newest."""
    return click.argument("checkpoint", required=False, shell_complete=_complete_name)(command)


def named_checkpoint_argument(command: Command) -> Command:
    """Add `CHECKPOINT`, which is required."""
    return click.argument("checkpoint", shell_complete=_complete_name)(command)


def checkpoints_option(command: Command) -> Command:
    """Add `--checkpoints`: the directory of the runs, as a Path."""
    return click.option(
        "--checkpoints",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_CHECKPOINTS,
        envvar=CHECKPOINTS_VARIABLE,
        metavar="DIR",
        help=f"Directory of the trained networks.  [default: {DEFAULT_CHECKPOINTS}]",
    )(command)


def _passed_as(keyword: str, name: str, **attributes: Any) -> Callable[[Command], Command]:
    """Add an option that the command receives under another name.

    Click's parameter keeps the name of the option, so that its environment variable does too.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def renamed(*arguments: Any, **values: Any) -> Any:
            values[keyword] = values.pop(name)
            return command(*arguments, **values)

        return click.option(f"--{name}", **attributes)(renamed)  # type: ignore[return-value]

    return decorate


def flag(name: str, help_text: str) -> Callable[[Command], Command]:
    """Add an option without a value."""
    return click.option(name, is_flag=True, help=help_text)


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
        help="Start from the weights of another network, which also decides the architecture; "
        "scratch starts from none. Characters that both know keep their vectors.  [default: a small "
        "text starts from the bundled network of its language]",
    )(command)


def examples(*pairs: tuple[str, str]) -> str:
    """Return commands and a few words about each, for the `epilog` of a help page."""
    width = max(len(command) for command, _ in pairs) + 2
    if max(width + len(meaning) for _, meaning in pairs) <= WIDEST_EXAMPLE:
        lines = [f"  {command:{width}}{meaning}" for command, meaning in pairs]
    else:
        lines = [f"  {command}\n      {meaning}" for command, meaning in pairs]
    return "\n".join(("\b", "Examples:", *lines))


def option_name(setting: str) -> str:
    """Return the option of a setting: "--top-k"."""
    return f"--{setting.replace('_', '-')}"


def _joined(value: Any) -> Any:
    """Join the values of a repeated option; None for no value."""
    if isinstance(value, tuple):
        return tuple(word for words in value for word in words) or None
    return value


def _complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del param
    root = ctx.params.get("checkpoints") or DEFAULT_CHECKPOINTS
    return [path.name for path in networks_in(root) if path.name.startswith(incomplete)]
