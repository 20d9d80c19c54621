"""Parsers of settings with their own notation: schedules, favours, bans, blends and labels."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from charrnn.errors import ConfigurationError
from charrnn.settings.setting import is_finite

SCHEDULE: Final = "two as in 1.0:0.6"
LABELS: Final = "fields with a value each, as in form=qijue,dynasty=tang"
MIXTURE: Final = "a name, or names with a weight each, as in 李白=0.5,杜甫=0.5"
FAVOURS: Final = "different characters with a number each, as in 月=2,花=-1.5"

_FAVOUR: Final = re.compile(r"\s*(.)=([^,]+)(?:,|$)", re.DOTALL)


@lru_cache(maxsize=64)
def parse_schedule(text: str) -> tuple[float, float]:
    """Parse the first and the last value of "1.0:0.6".

    Raises:
        ConfigurationError: The text is not two finite numbers, at least 0, with a colon between.
    """
    values = [_number(part) for part in text.split(":")]
    if len(values) != 2 or any(value is None or value < 0 for value in values):
        raise ConfigurationError(
            f"a schedule is two numbers at least 0, as in 1.0:0.6. Received: {text}."
        )
    return values[0], values[1]  # type: ignore[return-value]


def parse_favours(text: str) -> dict[str, float]:
    """Parse the characters of "月=2,花=-1.5" (in Unicode NFC) and their numbers.

    One character stands before each equals sign, so ",=1,==2" favours a comma and an equals sign.

    Raises:
        ConfigurationError: The notation is wrong, or a character occurs twice.
    """
    favours: dict[str, float] = {}
    rest = unicodedata.normalize("NFC", text)
    while entry := _FAVOUR.match(rest):
        character, number = entry[1], _number(entry[2])
        if number is None or character in favours:
            break
        favours[character] = number
        comma, rest = entry[0].endswith(","), rest[entry.end() :]
        if not rest and not comma:
            return favours
    raise ConfigurationError(f"favour takes {FAVOURS}. Received: {text}.")


def parse_ban(text: str) -> frozenset[str]:
    """The characters of a text, in Unicode NFC."""
    return frozenset(unicodedata.normalize("NFC", text))


def parse_blend(text: str) -> dict[str, float]:
    """Parse the checkpoints of "quatrains=0.7,haiku=0.3" and their weights.

    The text before the last equals sign of an entry is a name or a path.

    Raises:
        ConfigurationError: The notation is wrong, a name occurs twice, a weight is below 0, or no
            weight is above 0.
    """
    weights: dict[str, float] = {}
    for entry in text.split(","):
        name, _, typed = entry.rpartition("=")
        name, weight = name.strip(), _number(typed)
        if not name or weight is None:
            raise ConfigurationError(
                "a blend is names of checkpoints with weights, as in moons=0.7,rivers=0.3. "
                f"Received: {text}."
            )
        if weight < 0:
            raise ConfigurationError(
                f"the weight of {name} must be a number at least 0. Received: {typed.strip()}."
            )
        if name in weights:
            raise ConfigurationError(f"a blend takes each checkpoint once. Received: {name} twice.")
        weights[name] = weight
    if not any(weights.values()):
        raise ConfigurationError(f"a blend needs a weight above 0. Received: {text}.")
    return weights


def parse_labels(text: str) -> dict[str, str]:
    """Parse the fields of "form=qijue,dynasty=tang" and their values.

    Raises:
        ConfigurationError: The notation is wrong, or a field occurs twice.
    """
    labels: dict[str, str] = {}
    for entry in text.split(","):
        field, _, value = (part.strip() for part in entry.partition("="))
        if not field or not value or field in labels:
            raise ConfigurationError(f"label takes {LABELS}. Received: {text}.")
        labels[field] = value
    return labels


def parse_mixture(text: str) -> dict[str, float]:
    """Parse one name, or the names of "李白=0.5,杜甫=0.5" and their weights.

    Names may stand without a weight, which is 1 then.

    Raises:
        ConfigurationError: A name is empty or occurs twice, or a weight is not a number above 0.
    """
    weights: dict[str, float] = {}
    for entry in text.split(","):
        name, equals, typed = (part.strip() for part in entry.partition("="))
        weight = _number(typed) if equals else 1.0
        if not name or name in weights or weight is None or weight <= 0:
            raise ConfigurationError(f"by takes {MIXTURE}. Received: {text}.")
        weights[name] = weight
    return weights


def _number(text: str) -> float | None:
    """The finite number in a text, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if is_finite(value) else None
