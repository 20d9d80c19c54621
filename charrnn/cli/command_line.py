"""The command line that writes a poem again, and the network that it expects."""

import re
import shlex
from collections.abc import Collection, Iterator
from typing import Any, Final

import click

from charrnn.cli.networks import OpenedNetworks
from charrnn.cli.options import option_name
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import AUTO, Configuration, settings_of

SHOWN_DIGITS: Final = 16
"""Digits of a SHA-256 that stand in a command: no two networks share them by chance."""

_DIGEST: Final = re.compile(r"[0-9a-fA-F]{12,64}")


class DigestType(click.ParamType[str]):
    """The first digits of a SHA-256, at least twelve."""

    name = "sha256"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check what was typed."""
        if _DIGEST.fullmatch(value) is None:
            self.fail(
                f"it must be 12 to 64 hexadecimal digits of a SHA-256. Received: {value}.",
                param,
                ctx,
            )
        return str(value).lower()


def command_of(
    networks: OpenedNetworks,
    prompt: str,
    sampling: SamplingConfig,
    form: FormConfig | None = None,
    *,
    given: Collection[str] = (),
    number: int = 1,
    count: int = 1,
) -> str:
    """The command line that writes a poem again, quoted for a shell.

    Args:
        networks: Wrote it.
        prompt: What was typed.
        sampling: How its characters were drawn; the seed is that of the first poem of `count`.
        form: The form that it keeps, everything settled; None where it keeps none.
        given: Settings that are told although they have their default value.
        number: Which of the poems that were written together it was, from 1. They share the
            rounding of sums, so it comes out the same to the letter among the same poems alone.
        count: How many they were.
    """
    words = ["charrnn", "generate", *networks.arguments]
    words += _option("--prompt", prompt) if prompt else ()
    words += _settings(sampling, given)
    words += _settings(form, given) if form is not None else ()
    if count > 1:
        words += ["--count", str(count), "--only", str(number)]
    return shlex.join([*words, "--expect", networks.sha256[:SHOWN_DIGITS]])


def _settings(configuration: Configuration, given: Collection[str]) -> Iterator[str]:
    """The options of all settings that have not their default value, or were given."""
    usual = type(configuration)()
    for name, setting in settings_of(type(configuration)).items():
        value = getattr(configuration, name)
        if value != getattr(usual, name) or name in given:
            yield from _option(option_name(name), AUTO if value is None else setting.spelled(value))


def _option(name: str, value: str) -> tuple[str, ...]:
    """An option with its value, which may begin with a dash."""
    return (f"{name}={value}",) if value.startswith("-") else (name, value)
