"""Checks the types of what the public functions are given."""

import functools
import inspect
import reprlib
from collections.abc import Callable
from types import UnionType
from typing import Any, ParamSpec, TypeVar

from charrnn.errors import ConfigurationError

P = ParamSpec("P")
R = TypeVar("R")

Kind = type | UnionType


def takes(**wanted: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check arguments of a function by name: of another type, they raise a ConfigurationError."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*arguments: P.args, **keywords: P.kwargs) -> R:
            given = signature.bind(*arguments, **keywords).arguments
            for name in wanted.keys() & given.keys():
                check_type(name, given[name], wanted[name])
            return function(*arguments, **keywords)

        return checked

    return decorate


def check_type(name: str, value: Any, wanted: Kind) -> None:
    """Refuse a value that is not of a type; raises ConfigurationError."""
    if not isinstance(value, wanted):
        kind = type(value).__name__
        received = kind if value is None else f"{reprlib.repr(value)}, of type {kind}"
        raise ConfigurationError(f"{name} must be {_spelled(wanted)}. Received: {received}.")


def _spelled(wanted: Kind) -> str:
    """A type in words: "str, Path or None"."""
    if isinstance(wanted, UnionType):
        *others, last = (_spelled(kind) for kind in wanted.__args__)
        return f"{', '.join(others)} or {last}"
    return "None" if wanted is type(None) else wanted.__name__
