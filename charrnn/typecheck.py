"""Whether values read from a file have the types that their dataclass declares."""

import dataclasses
import math
from typing import Any, Literal, get_args, get_origin


def mistyped_fields(instance: Any) -> list[str]:
    """Names of the fields of a dataclass whose value is not of the declared type.

    Knows the types that charrnn keeps in JSON: str, int, float (finite), Literal, classes,
    `tuple[T, ...]` and `dict[K, V]`.

    Args:
        instance: A dataclass, made from values that nobody has checked.
    """
    return [
        field.name
        for field in dataclasses.fields(instance)
        if not conforms(getattr(instance, field.name), field.type)
    ]


def is_finite(value: float) -> bool:
    """Whether a number, or an integer of any length, can be computed with as a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def conforms(value: Any, annotation: Any) -> bool:
    """Whether a value is of a type that a field may declare."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and all(conforms(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            conforms(key, arguments[0]) and conforms(item, arguments[1])
            for key, item in value.items()
        )
    if annotation in (int, float):
        numbers = (int, float) if annotation is float else int
        # JSON as Python reads it knows NaN, Infinity and endless integers, and True is an int.
        return isinstance(value, numbers) and not isinstance(value, bool) and is_finite(value)
    return isinstance(value, annotation)
