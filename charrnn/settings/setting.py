"""The description of one setting, and dataclasses of settings that validate themselves.

The description also defines the option of the command line.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from types import NoneType
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from charrnn.errors import ConfigurationError

AUTO: Final = "auto"
"""Typed for `None`, if `None` has a meaning."""

OFF: Final = "off"
"""Typed for `None`, if that is the meaning of `None`."""

_KINDS: Final[dict[type, tuple[Any, str]]] = {
    bool: (bool, "yes or no"),
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: (str, "text"),
}


class Notation(NamedTuple):
    """A notation for values that are more than a number or a word.

    Attributes:
        pattern: A short pattern for the command line: "X[:Y]".
        words: A description with an example.
        read: Parses a text; raises ValueError for any other notation.
    """

    pattern: str
    words: str
    read: Callable[[str], object]

    def allows(self, text: str) -> bool:
        """Whether a text is valid."""
        try:
            self.read(text)
        except ValueError:
            return False
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Description of one field of a configuration.

    Attributes:
        help: One line for the command line, without the default.
        minimum: Least value.
        maximum: Greatest value.
        above: Exclusive lower limit.
        below: Exclusive upper limit.
        choices: The only valid values; `settings_of` takes them from a Literal annotation.
        unset: Meaning of `None` in the help text ("by corpus size"); None forbids `None`.
        notation: Notation of valid texts, beside numbers if `kind` is a number.
        repeatable: Whether the value is a tuple of words.
        kind: bool, int, float or str; `settings_of` takes it from the annotation.
    """

    help: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] | None = None
    unset: str | None = None
    notation: Notation | None = None
    repeatable: bool = False
    kind: type = str

    def range(self) -> str:
        """The limits in words: "at least 0", "from 1 to 16", "above 0 and at most 1"."""
        if self.minimum is not None and self.maximum is not None:
            return f"from {_spelled(self.minimum)} to {_spelled(self.maximum)}"
        words = (
            ("at least", self.minimum),
            ("above", self.above),
            ("at most", self.maximum),
            ("below", self.below),
        )
        return " and ".join(
            f"{text} {_spelled(limit)}" for text, limit in words if limit is not None
        )

    def allowed(self) -> str:
        """The valid values in words: "a whole number at least 1", "one of tanh, relu"."""
        if self.repeatable:
            return "words, each by itself"
        if self.choices is not None:
            return f"one of {', '.join(self.choices)}"
        if self.notation is not None and self.kind is str:
            return self.notation.words
        plain = f"{_KINDS[self.kind][1]} {self.range()}".rstrip()
        return plain if self.notation is None else f"{plain}, or {self.notation.words}"

    def spelled(self, value: Any) -> str:
        """A value in words; `None` as its meaning."""
        if value is None:
            return str(self.unset)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return " ".join(value) if self.repeatable else str(value)

    def parse(self, text: str) -> Any:
        """Parse a typed value, or "auto" for `None`; raises ConfigurationError if it is invalid."""
        if self.unset is not None and (text == AUTO or text == self.unset == OFF):
            return None
        if self.repeatable:
            return tuple(text.split())
        try:
            value = self.kind(text)
        except ValueError:
            value = text
        if not self.allows(value):
            raise ConfigurationError(f"it must be {self.allowed()}. Received: {text}.")
        return value

    def allows(self, value: Any) -> bool:
        """Whether a value is valid."""
        if value is None:
            return self.unset is not None
        if self.repeatable:
            return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
        if isinstance(value, str) and self.notation is not None:
            return self.notation.allows(value)
        is_of_kind = isinstance(value, _KINDS[self.kind][0])
        if not is_of_kind or isinstance(value, bool) != (self.kind is bool):
            return False
        if self.kind is str:
            return self.choices is None or value in self.choices
        return (
            is_finite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def is_finite(value: float) -> bool:
    """Whether a number is finite as a float; integers may have any length."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _spelled(limit: float) -> str:
    return "2^63 - 1" if limit == 2**63 - 1 else f"{limit:,}"


def setting(default: Any, help: str, **limits: Any) -> Any:  # noqa: A002 (Click's word for it)
    """A dataclass field described by a `Setting` with these limits."""
    return dataclasses.field(default=default, metadata={"setting": Setting(help=help, **limits)})


def parsed_settings(
    configuration: type["Configuration"], texts: Mapping[str, str]
) -> dict[str, Any]:
    """The values of those typed texts, by field, that are settings of a configuration.

    Raises:
        ConfigurationError: A value is invalid.
    """
    values = {}
    for name, described in settings_of(configuration).items():
        if name in texts:
            try:
                values[name] = described.parse(texts[name])
            except ConfigurationError as error:
                raise ConfigurationError(f"{name.replace('_', '-')}: {error}") from error
    return values


_SETTINGS: Final[dict[type, dict[str, Setting]]] = {}


def settings_of(configuration: type["Configuration"]) -> dict[str, Setting]:
    """The descriptions of all fields of a configuration, in order."""
    if configuration not in _SETTINGS:
        _SETTINGS[configuration] = {
            field.name: _typed(field.metadata["setting"], field.type)
            for field in dataclasses.fields(configuration)
        }
    return _SETTINGS[configuration]


def _typed(described: Setting, annotation: Any) -> Setting:
    """A setting with the type of its field: int for `int | None`, str for `tuple[str, ...]`."""
    members = get_args(annotation)
    if get_origin(annotation) is Literal:
        return dataclasses.replace(described, choices=members)
    if members:
        return _typed(described, members[0])
    return dataclasses.replace(described, kind=annotation)


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """A dataclass of settings that validates its values."""

    def __post_init__(self) -> None:
        """Refuse invalid values with a ConfigurationError; NumPy numbers become Python's."""
        for name, description in settings_of(type(self)).items():
            value = getattr(self, name)
            if not description.allows(value):
                # A number in quotes would otherwise read like a number.
                received = repr(value) if description.kind is not str else value
                raise ConfigurationError(
                    f"{name.replace('_', '-')} must be {description.allowed()}. "
                    f"Received: {received}."
                )
            if description.kind is not str and not isinstance(value, (int, float, str, NoneType)):
                object.__setattr__(self, name, description.kind(value))

    def changed(self, names: Iterable[str]) -> list[str]:
        """The settings among `names` that differ from their default, as options: "top-k"."""
        fields = type(self).__dataclass_fields__
        given = (name for name in names if getattr(self, name) != fields[name].default)
        return [name.replace("_", "-") for name in given]
