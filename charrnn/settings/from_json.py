"""Reading JSON into frozen dataclasses, with the type of every value checked."""

from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LARGEST_DOCUMENT: Final = 8 * 2**20
"""Most characters of a JSON document, or bytes. charrnn writes a few million at most, and a value takes
up to 20 times as much memory."""


def read_document(text: str, version: int, kind: type[T], error: "Callable[[str], Exception]") -> T:
    """Read a JSON document that has the fields of a dataclass and its format version.

    Args:
        text: The document.
        version: The format version that is accepted.
        kind: The dataclass.
        error: Makes an error from a sentence.

    Raises:
        Exception: The document is not JSON, has another format, or does not fit the dataclass;
            made by `error`.
    """
    values = parse_json(text, error)
    found = values.pop("format", None) if isinstance(values, dict) else None
    if found != version or isinstance(found, bool):
        raise error(
            f"it has format {found}, and this charrnn reads format {version}; use the charrnn that "
            "wrote it, or make it again."
        )
    return from_json(values, kind, error)


def parse_json(text: str | bytes, error: "Callable[[str], Exception]") -> Any:
    """Parse JSON with Unicode text and finite numbers of at most 64 bits.

    Raises:
        Exception: The text is not JSON or is too long; made by `error` from a sentence.
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


def from_json(
    value: Any,
    kind: type[T],
    error: "Callable[[str], Exception]",
    *,
    unknown_names: bool = False,
) -> T:
    """Convert plain values to a dataclass or another type that msgspec knows.

    Args:
        value: Result of `parse_json`, or content of a TOML file.
        kind: The type. The `__post_init__` of a dataclass may raise ValueError.
        error: Makes an error from a sentence.
        unknown_names: Whether there may be names that the dataclass does not have.

    Raises:
        Exception: A value has another type, or a name is unknown; made by `error`.
    """
    import msgspec

    try:
        made = msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError) as problem:
        told = str(problem).replace(" - at `$.", " at `").replace(" - at `$", " at `")
        raise error(f"its content is not valid ({told}).") from problem
    if not unknown_names and (unknown := _unknown(value, msgspec.to_builtins(made))):
        raise error(f"it has {', '.join(sorted(unknown))}, which this version does not know.")
    return made


def _unknown(value: Any, known: Any) -> set[str]:
    """Names in a value that its dataclass does not have, at any depth."""
    if isinstance(value, dict) and isinstance(known, dict):
        inner = (_unknown(value[name], known[name]) for name in value.keys() & known.keys())
        return (value.keys() - known.keys()).union(*inner)
    if isinstance(value, list) and isinstance(known, (list, tuple)):
        return set().union(*map(_unknown, value, known))
    return set()
