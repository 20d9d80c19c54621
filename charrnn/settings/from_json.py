"""Reading JSON into dataclasses, with the type of every value checked."""

from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args, get_origin

from charrnn.settings.setting import is_finite

if TYPE_CHECKING:
    from collections.abc import Callable

    from charrnn.errors import CharrnnError

T = TypeVar("T")

LARGEST_DOCUMENT: Final = 64 * 2**20
"""Characters of the longest document accepted; charrnn writes a few million at most."""


def parse_json(text: str, error: "Callable[[str], CharrnnError]") -> Any:
    """Parse JSON with Unicode text and finite numbers of at most 64 bits.

    Args:
        text: The document.
        error: Makes an error from a sentence.

    Raises:
        CharrnnError: The text is not JSON or is too long; made by `error`.
    """
    import msgspec  # Here, because help pages do without it.

    if len(text) > LARGEST_DOCUMENT:
        raise error(f"it has more than {LARGEST_DOCUMENT:,} characters.")
    try:
        value = msgspec.json.decode(text)
        # MessagePack refuses integers of more than 64 bits, which no array holds.
        msgspec.msgpack.encode(value)
    except (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError) as problem:
        raise error(f"it is not JSON ({problem}).") from problem
    return value


def from_json(value: Any, kind: type[T], error: "Callable[[str], CharrnnError]") -> T:
    """Convert a value from JSON to a dataclass or another type that msgspec knows.

    Args:
        value: Result of `parse_json`.
        kind: The type. The `__post_init__` of a dataclass may raise ValueError.
        error: Makes an error from a sentence.

    Raises:
        CharrnnError: A value has another type, or a name is unknown; made by `error`.
    """
    import msgspec

    try:
        made = msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError) as problem:
        raise error(f"it has values of the wrong type ({problem}).") from problem
    if unknown := _unknown(value, msgspec.to_builtins(made)):
        raise error(f"it has {', '.join(sorted(unknown))}, unknown to this version of charrnn.")
    return made


def _unknown(value: Any, known: Any) -> set[str]:
    """Names in a value from JSON that its dataclass does not have, at any depth."""
    if isinstance(value, dict) and isinstance(known, dict):
        inner = (_unknown(value[name], known[name]) for name in value.keys() & known.keys())
        return (value.keys() - known.keys()).union(*inner)
    if isinstance(value, list) and isinstance(known, (list, tuple)):
        return set().union(*map(_unknown, value, known))
    return set()


def conforms(value: Any, annotation: Any) -> bool:
    """Whether a value has a type: a class, a Literal, `tuple[T, ...]` or `dict[K, V]`.

    True is not an int; NaN, infinity and integers too long for a float are not numbers.
    """
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
        return isinstance(value, numbers) and not isinstance(value, bool) and is_finite(value)
    return isinstance(value, annotation)
