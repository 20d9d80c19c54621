"""Reading JSON into the dataclasses it was written from, with every value checked."""

from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from charrnn.errors import CharrnnError

T = TypeVar("T")

LARGEST_DOCUMENT: Final = 64 * 2**20
"""Characters of a JSON document at most; the largest that charrnn writes have a few million."""


def parse_json(text: str, error: "Callable[[str], CharrnnError]") -> Any:
    """The value of a JSON document: numbers are finite and of at most 64 bits, text is Unicode.

    Args:
        text: The document.
        error: Makes the error from a sentence.

    Raises:
        CharrnnError: What `error` makes, because the text is not JSON or is too long.
    """
    # Imported where JSON is read, because help pages do without it.
    import msgspec

    if len(text) > LARGEST_DOCUMENT:
        raise error(f"it has more than {LARGEST_DOCUMENT:,} characters.")
    try:
        value = msgspec.json.decode(text)
        # MessagePack refuses whole numbers of more than 64 bits, which no array could hold.
        msgspec.msgpack.encode(value)
    except (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError) as problem:
        raise error(f"it is not JSON ({problem}).") from problem
    return value


def from_json(value: Any, kind: type[T], error: "Callable[[str], CharrnnError]") -> T:
    """Make a dataclass, or any other type that msgspec knows, of a value from JSON.

    Each value has the declared type and no other; true is not a number. A name that a dataclass
    does not know is refused, because what it asks for could not be kept.

    Args:
        value: What `parse_json` returns.
        kind: The type; the `__post_init__` of a dataclass may refuse values with a ValueError.
        error: Makes the error from a sentence.

    Raises:
        CharrnnError: What `error` makes, because the value is not of this type.
    """
    import msgspec

    try:
        made = msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError) as problem:
        raise error(f"it does not hold what charrnn writes ({problem}).") from problem
    if unknown := _unknown(value, msgspec.to_builtins(made)):
        raise error(f"it says {', '.join(sorted(unknown))}, which this version does not know.")
    return made


def _unknown(value: Any, known: Any) -> set[str]:
    """The names in a value from JSON that its dataclass does not have, at any depth."""
    if isinstance(value, dict) and isinstance(known, dict):
        inner = (_unknown(value[name], known[name]) for name in value.keys() & known.keys())
        return (value.keys() - known.keys()).union(*inner)
    if isinstance(value, list) and isinstance(known, (list, tuple)):
        return set().union(*map(_unknown, value, known))
    return set()
