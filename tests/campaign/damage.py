"""Damage: bytes, values of JSON, members of a zip, of which each draw makes another one."""

import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

Damage = Callable[[random.Random, bytes], bytes]

NASTY: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    0.5,
    2**31,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202eevil\u200b",
    "\x9b31m",
    "\ud800",
    "../../etc/passwd",
    "\n\n\n",
    "x" * 100_000,
    [],
    {},
    [[]],
    {"": None},
    ["a"] * 100_000,
)
"""Values that no writer writes in most places."""


def changed_bytes(draws: random.Random, content: bytes) -> bytes:
    """Cut short, flip, insert, remove, repeat or blank some bytes."""
    size = max(1, len(content))
    place = draws.randrange(size)
    length = min(draws.choice((1, 1, 2, 4, 8, 64, 4096)), size)
    part = content[place : place + length]
    return draws.choice(
        (
            lambda: content[:place],
            lambda: content[:place] + draws.randbytes(length) + content[place + length :],
            lambda: content[:place] + bytes(length) + content[place + length :],
            lambda: content[:place] + b"\xff" * length + content[place + length :],
            lambda: content[:place] + draws.randbytes(length) + content[place:],
            lambda: content[:place] + content[place + length :],
            lambda: content[:place] + part * 3 + content[place + length :],
            lambda: content + draws.randbytes(length),
            lambda: b"",
            lambda: _flipped(draws, content, place),
        )
    )()


def _flipped(draws: random.Random, content: bytes, place: int) -> bytes:
    changed = bytearray(content or b"\0")
    changed[place] ^= 1 << draws.randrange(8)
    return bytes(changed)


def changed_json(draws: random.Random, content: bytes) -> bytes:
    """Replace, remove or add a value somewhere in a JSON document, or nest it deeply."""
    if draws.random() < 0.05:
        return draws.choice((b"[" * 100_000, b'{"a":' * 50_000, b"[],", b"\xff\xfe", b"9" * 5000))
    document = [json.loads(content)]
    holder, place = draws.choice(list(_places(document)))
    kind = draws.random()
    if kind < 0.75 or holder is document:
        holder[place] = _nasty(draws, holder[place])
    elif kind < 0.9:
        del holder[place]
    elif isinstance(holder, dict):
        holder[draws.choice(("extra", "", "\x1b[2J", "format"))] = _nasty(draws, None)
    else:
        holder.insert(place, _nasty(draws, holder[place]))
    return json.dumps(document[0], ensure_ascii=draws.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def changed_lines(draws: random.Random, content: bytes) -> bytes:
    """Change some lines of JSON Lines as documents, or repeat, or cut one."""
    lines = content.split(b"\n")[:-1]
    for place in draws.sample(range(len(lines)), min(len(lines), draws.choice((1, 1, 2)))):
        lines[place] = draws.choice((changed_json, changed_json, changed_bytes))(
            draws, lines[place]
        )
    return b"\n".join(lines) + b"\n"


def _nasty(draws: random.Random, value: Any) -> Any:
    if isinstance(value, int | float) and draws.random() < 0.5:
        return draws.choice((value + 1, -value, value * 1000, float(value), str(value)))
    return draws.choice(NASTY)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container in a value with the index of something in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for place, inner in list(items)[:400]:
        yield value, place
        if isinstance(inner, dict | list):
            yield from _places(inner)


def in_member(name: str, damage: Damage) -> Damage:
    """Damage of one member of a zip, whose checksums are right again."""

    def damaged(draws: random.Random, content: bytes) -> bytes:
        return rezipped(content, lambda names: {name: damage(draws, names[name])})

    return damaged


def rezipped(content: bytes, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> bytes:
    """A zip with some members changed, the others as they were."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, inner in (members | change(members)).items():
            archive.writestr(zipfile.ZipInfo(name), inner)
    return made.getvalue()


def changed_zip(draws: random.Random, content: bytes) -> bytes:
    """A zip with other methods, flags, sizes, names or members than its writer's."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    target, kind = draws.choice(sorted(members)), draws.randrange(6)
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, inner in members.items():
            method = zipfile.ZIP_STORED
            if name == target and kind == 0:
                continue
            if name == target and kind == 1:
                methods = zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA
                method = draws.choice(methods)
            named = (
                draws.choice(("../x", "", name.upper())) if (name, kind) == (target, 2) else name
            )
            archive.writestr(zipfile.ZipInfo(named), inner, method)
    changed = bytearray(made.getvalue())
    if kind > 2:
        _change_header(draws, changed)
    return bytes(changed)


def _change_header(draws: random.Random, content: bytearray) -> None:
    """Change a field of a local or central header: version, flags, method, times, sizes, offset."""
    signature, fields = draws.choice(((b"PK\1\2", range(4, 46, 2)), (b"PK\3\4", range(4, 30, 2))))
    begins = [place for place in range(len(content)) if content[place : place + 4] == signature]
    field = draws.choice(fields)
    value = draws.choice((0, 1, 8, 9, 12, 14, 99, 0x41, 0x2041, 0xFFFF, draws.randrange(1 << 16)))
    struct.pack_into("<H", content, draws.choice(begins) + field, value)


def changed_hdf5(draws: random.Random, content: bytes) -> bytes:
    """Change bytes where an HDF5 file says how it is built: headers, trees, heaps and names."""
    signs = b"\x89HDF", b"TREE", b"HEAP", b"SNOD", b"\1\0", b"layers", b"vars", b"\x11\x20"
    sign = draws.choice(signs)
    begins = [at for at in range(len(content)) if content.startswith(sign, at)] or [0]
    place = draws.choice(begins) + draws.randrange(0, 64)
    changed = bytearray(content)
    for _ in range(draws.choice((1, 1, 2, 4))):
        value = draws.choice((0, 1, 2, 0xFF, draws.randrange(256)))
        changed[min(place, len(changed) - 1)] = value
        place += draws.choice((1, 1, 8))
    return bytes(changed)
