"""Reading JSON into frozen dataclasses, with every value checked: the one way that charrnn has."""

from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from charrnn.errors import CharrnnError

T = TypeVar("T")

LARGEST_DOCUMENT: Final = 64 * 2**20
"""Most characters of a JSON document; the largest that charrnn writes have a few million."""


def read_document(
    text: str, version: int, kind: type[T], error: "Callable[[str], CharrnnError]"
) -> T:
    """Read a JSON document that names its format beside the fields of a dataclass.

    Args:
        text: The document.
        version: The format that this version of charrnn reads.
        kind: The dataclass.
        error: Makes the error from a sentence.

    Raises:
        CharrnnError: What `error` makes, because the document is not JSON, has another format, or
            does not fit the dataclass.
    """
    values = parse_json(text, error)
    found = values.pop("format", None) if isinstance(values, dict) else None
    if found != version or isinstance(found, bool):
        raise error(
            f"it has format {found}, and this charrnn reads format {version}; use the charrnn that "
            "wrote it, or make it again."
        )
    return from_json(values, kind, error)


def parse_json(text: str, error: "Callable[[str], CharrnnError]") -> Any:
    """Parse a JSON document; numbers are finite and have at most 64 bits, text is Unicode.

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
    """Make a dataclass, or any other type that msgspec knows, from plain values.

    Each value must have the declared type; true is not a number. An unknown name is refused.

    Args:
        value: What `parse_json` returns, or the content of a TOML file.
        kind: The type; the `__post_init__` of a dataclass may refuse values.
        error: Makes the error from a sentence.

    Raises:
        CharrnnError: What `error` makes, because the value is not of this type.
    """
    import msgspec

    try:
        made = msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError) as problem:
        told = str(problem).replace(" - at `$.", " at `").replace(" - at `$", " at `")
        raise error(f"its content is not valid ({told}).") from problem
    if unknown := _unknown(value, msgspec.to_builtins(made)):
        raise error(f"it has {', '.join(sorted(unknown))}, which this version does not know.")
    return made


def _unknown(value: Any, known: Any) -> set[str]:
    """The names in a value that its dataclass does not have, at any depth."""
    if isinstance(value, dict) and isinstance(known, dict):
        inner = (_unknown(value[name], known[name]) for name in value.keys() & known.keys())
        return (value.keys() - known.keys()).union(*inner)
    if isinstance(value, list) and isinstance(known, (list, tuple)):
        return set().union(*map(_unknown, value, known))
    return set()
