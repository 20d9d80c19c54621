"""Checkpoints as a stranger might make them, for tests and campaigns.

Each function takes the directory of a sound checkpoint and changes one of its files. All functions make
something that must be refused in one sentence, but for `HISTORIES`, whose bad lines are passed over. The
files exist before: `STATES` need a state, and `FILTERS` an n-gram filter. Bombs unpack to `BOMB` bytes.
"""

import io
import json
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    RESUME_DIRECTORY,
    SOUNDS_FILE,
    STATE_FILE,
    WORDS_FILE,
)
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE
from charrnn.errors import CheckpointError

BOMB = 2**25
"""Bytes that a bomb unpacks to."""

CONFIG, WEIGHTS = "config.json", "model.weights.h5"

KERNEL = "layers/dense/vars/0"
"""An array of every network whose output has weights of its own."""

Hostile = Callable[[Path], None]


def refusal(read: Callable[[], object], most_memory: int) -> str:
    """The sentence in which a reader refuses something, in at most so many bytes of memory."""
    tracemalloc.start()
    try:
        read()
    except CheckpointError as refused:
        sentence = str(refused)
    else:
        raise AssertionError("it is not refused")
    finally:
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert memory < most_memory
    assert len(sentence) < 1_000
    sentence.encode()
    return sentence


def replace_model(directory: Path, content: bytes) -> None:
    """Replace `model.keras`, and make `charrnn.json` name its digest."""
    (directory / MODEL_FILE).unlink(missing_ok=True)
    (directory / MODEL_FILE).write_bytes(content)
    sign_model(directory)


def sign_model(directory: Path) -> None:
    """Make `charrnn.json` name the digest of `model.keras`."""
    import hashlib

    with (directory / MODEL_FILE).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    record = json.loads((directory / RECORD_FILE).read_text(encoding="utf-8"))
    for model in record["models"]:
        model["sha256"] = digest
    (directory / RECORD_FILE).write_text(json.dumps(record), encoding="utf-8")


def members_of(directory: Path) -> dict[str, bytes]:
    """The members of `model.keras`."""
    with zipfile.ZipFile(directory / MODEL_FILE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], **compression: int) -> bytes:
    """An archive; names map to a compression other than none."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, value in members.items():
            archive.writestr(name, value, compression.get(name.replace(".", "_")))
    return content.getvalue()


def with_weights(change: Callable[[h5py.File, Path], None]) -> Hostile:
    """Changes the HDF5 file."""

    def make(directory: Path) -> None:
        members = members_of(directory)
        content = io.BytesIO(members[WEIGHTS])
        with h5py.File(content, "a") as file:
            change(file, directory)
        replace_model(directory, zipped(members | {WEIGHTS: content.getvalue()}))

    return make


def with_array(**options: Any) -> Hostile:
    """Writes the output kernel with other options of HDF5."""

    def change(file: h5py.File, _: Path) -> None:
        values = file[KERNEL][...]
        del file[KERNEL]
        if "external" not in options and "data" not in options and "chunks" not in options:
            file.create_dataset(KERNEL, data=values, **options)
        else:
            file.create_dataset(KERNEL, **{"shape": values.shape, "dtype": "<f4"} | options)

    return with_weights(change)


def with_description(change: Callable[[dict[str, Any]], Any]) -> Hostile:
    """Changes the layers in `config.json`; a value that is returned replaces all of it."""

    def make(directory: Path) -> None:
        members = members_of(directory)
        description = json.loads(members[CONFIG])
        changed = change(description)
        text = (
            changed if isinstance(changed, bytes) else json.dumps(changed or description).encode()
        )
        replace_model(directory, zipped(members | {CONFIG: text}))

    return make


def layer_of(description: dict[str, Any], kind: str) -> dict[str, Any]:
    """The description of the first layer of a class."""
    layers = description["config"]["layers"]
    return next(layer for layer in layers if layer["class_name"] == kind)


def with_setting(kind: str, **settings: Any) -> Hostile:
    """Changes settings of a layer."""

    def change(description: dict[str, Any]) -> None:
        layer_of(description, kind)["config"].update(settings)

    return with_description(change)


def with_archive(change: Callable[[bytearray], None]) -> Hostile:
    """Changes bytes of the archive."""

    def make(directory: Path) -> None:
        content = bytearray((directory / MODEL_FILE).read_bytes())
        change(content)
        replace_model(directory, bytes(content))

    return make


def packed(name: str, method: int) -> Hostile:
    """Compresses a member, which grows to `BOMB` bytes."""

    def make(directory: Path) -> None:
        members = members_of(directory)
        members[name] += bytes(max(0, BOMB - len(members[name])))
        replace_model(directory, zipped(members, **{name.replace(".", "_"): method}))

    return make


def linked(name: str, target: str) -> Hostile:
    """Puts a link in the place of a file."""

    def make(directory: Path) -> None:
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return make


def piped(name: str) -> Hostile:
    """Puts a pipe that nobody writes to in the place of a file."""

    def make(directory: Path) -> None:
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return make


def as_directory(name: str) -> Hostile:
    """Puts a directory in the place of a file."""

    def make(directory: Path) -> None:
        (directory / name).unlink(missing_ok=True)
        (directory / name).mkdir(parents=True)

    return make


def with_content(name: str, content: Callable[[], bytes]) -> Hostile:
    """Replaces a file."""

    def make(directory: Path) -> None:
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(content())

    return make


def sparse(name: str) -> Hostile:
    """Makes a file very long, without using the disk."""

    def make(directory: Path) -> None:
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            file.truncate(2**40)

    return make


def not_regular(name: str) -> dict[str, Hostile]:
    """What is no file, or has no end, in the place of one."""
    return {
        f"{name} a link to a device without end": linked(name, "/dev/zero"),
        f"{name} a pipe": piped(name),
        f"{name} a directory": as_directory(name),
        f"{name} very long": sparse(name),
    }


# model.keras: HDF5.


def external_pipe(file: h5py.File, directory: Path) -> None:
    os.mkfifo(directory / "pipe")
    shape = file[KERNEL].shape
    del file[KERNEL]
    outside = [(str(directory / "pipe"), 0, h5py.h5f.UNLIMITED)]
    file.create_dataset(KERNEL, shape, "<f4", external=outside)


def virtual(file: h5py.File, _: Path) -> None:
    shape = file[KERNEL].shape
    del file[KERNEL]
    layout = h5py.VirtualLayout(shape, "<f4")
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", shape)
    file.create_virtual_dataset(KERNEL, layout)


def link(made: Callable[[], Any]) -> Hostile:
    def change(file: h5py.File, _: Path) -> None:
        del file[KERNEL]
        file[KERNEL] = made()

    return with_weights(change)


def another_kernel(file: h5py.File, values: Any) -> None:
    del file[KERNEL]
    file[KERNEL] = values


def one_array_twice(file: h5py.File, _: Path) -> None:
    del file["layers/simple_rnn/cell/vars/0"]
    file["layers/simple_rnn/cell/vars/0"] = file["layers/simple_rnn/cell/vars/1"]


def patched_object(change: Callable[[bytearray, int], None]) -> Hostile:
    """Changes bytes of the HDF5 file from the header of the output kernel on."""

    def make(directory: Path) -> None:
        members = members_of(directory)
        content = bytearray(members[WEIGHTS])
        with h5py.File(io.BytesIO(members[WEIGHTS])) as file:
            place = h5py.h5o.get_info(file[KERNEL].id).addr
        change(content, place)
        replace_model(directory, zipped(members | {WEIGHTS: bytes(content)}))

    return make


def of_enormous_size(content: bytearray, place: int) -> None:
    struct.pack_into("<BBHII", content, place, 1, 0, 0xFFFF, 1, 0xFFFFFFFF)


def group_of(members: list[bytes], name: bytes, rest: bytes = b"") -> bytes:
    """An HDF5 file whose only group has members of one name, from their object headers."""
    content = bytearray(b"\x89HDF\r\n\x1a\n" + bytes(88))
    content[13:15] = b"\x08\x08"
    root = len(content)
    tree = root + 40
    node = tree + 24 + 24
    names = node + 8 + 40 * len(members)
    places = names + 32 + len(name)
    struct.pack_into("<HHI", content, 16, 4, 16, 0)
    struct.pack_into("<QQQQ", content, 24, 0, 2**64 - 1, root, 2**64 - 1)
    struct.pack_into("<Q", content, 64, root)
    content += struct.pack("<BBHII4xHHB3xQQ", 1, 0, 1, 1, 24, 0x11, 16, 0, tree, names)
    content += struct.pack("<4sBBHQQ3Q", b"TREE", 0, 0, 1, 2**64 - 1, 2**64 - 1, 0, node, 0)
    content += struct.pack("<4sBBH", b"SNOD", 1, 0, len(members))
    for member in members:
        content += struct.pack("<QQ24x", 0, places)
        places += len(member)
    content += struct.pack("<4s4xQQQ", b"HEAP", len(name), 2**64 - 1, names + 32) + name
    return bytes(content) + b"".join(members) + rest


def with_hdf5(content: bytes) -> Hostile:
    return lambda directory: replace_model(
        directory, zipped(members_of(directory) | {WEIGHTS: content})
    )


def names_without_end() -> bytes:
    """Thousands of members that share a name of 400 kB."""
    nothing = struct.pack("<BBHII4x", 1, 0, 0, 1, 0)
    return group_of([nothing] * 10_000, b"layers".ljust(400_000, b"/") + b"\0")


def objects_in_themselves() -> bytes:
    """A thousand objects whose headers go on in a block that goes on in itself, 65,535 messages long."""
    count, block = 1_000, 65_536

    def members(place: int) -> list[bytes]:
        header = struct.pack("<BBHII4x", 1, 0, 0xFFFF, 1, 24)
        return [header + struct.pack("<HHB3xQQ", 0x10, 16, 0, place, block)] * count

    name = b"layers\0\0"
    place = len(group_of(members(0), name))
    goes_on = struct.pack("<HHB3xQQ", 0x10, 16, 0, place, block)
    passed_over = struct.pack("<HHB3x", 0, block - 32, 0)
    return group_of(members(place), name, (goes_on + passed_over).ljust(block, b"\0"))


def tree_in_itself(directory: Path) -> None:
    members = members_of(directory)
    content = bytearray(members[WEIGHTS])
    (tree,) = struct.unpack_from("<Q", content, 80)
    content[tree + 5] = 1
    content[tree + 32 : tree + 40] = struct.pack("<Q", tree)
    replace_model(directory, zipped(members | {WEIGHTS: bytes(content)}))


HDF5: dict[str, Hostile] = {
    "numbers in /etc/passwd": with_array(external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]),
    "numbers in a pipe": with_weights(external_pipe),
    "numbers in another HDF5 file": with_weights(virtual),
    "a link to another file": link(lambda: h5py.ExternalLink("/etc/passwd", "x")),
    "a link to a name": link(lambda: h5py.SoftLink(f"/{KERNEL}")),
    "chunks that were never written": with_array(chunks=(1, 1)),
    "an array that was never written": with_array(external=None, fillvalue=1.0),
    "a packed chunk": with_array(compression="gzip"),
    "checksums": with_array(fletcher32=True),
    "float64": with_weights(lambda file, _: another_kernel(file, file[KERNEL][...].astype("f8"))),
    "big-endian": with_weights(
        lambda file, _: another_kernel(file, file[KERNEL][...].astype(">f4"))
    ),
    "integers": with_weights(lambda file, _: another_kernel(file, file[KERNEL][...].astype("i4"))),
    "long double": with_weights(
        lambda file, _: another_kernel(file, file[KERNEL][...].astype("g"))
    ),
    "another shape": with_weights(lambda file, _: another_kernel(file, np.zeros((3, 4), "f4"))),
    "a number without dimensions": with_weights(
        lambda file, _: another_kernel(file, np.float32(1))
    ),
    "a group for an array": with_weights(lambda file, _: another_kernel(file, file["layers"])),
    "no array": with_weights(lambda file, _: file.__delitem__(KERNEL)),
    "no layers": with_weights(lambda file, _: file.__delitem__("layers")),
    "one array for two": with_weights(one_array_twice),
    "a weight that is no number": with_weights(lambda f, _: f[KERNEL].__setitem__((0, 0), np.nan)),
    "headers that go on in themselves": with_hdf5(objects_in_themselves()),
    "a header of 4 GB": patched_object(of_enormous_size),
    "names without end": with_hdf5(names_without_end()),
    "a tree in itself": tree_in_itself,
}

# model.keras: config.json.


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def many_layers(description: dict[str, Any]) -> None:
    layers = description["config"]["layers"]
    layers[3:3] = [layer_of(description, "Dropout")] * 1_000


def of_class(value: Any) -> Hostile:
    return with_description(lambda d: layer_of(d, "SimpleRNN").update(class_name=value))


def named(value: Any) -> Hostile:
    def change(description: dict[str, Any]) -> None:
        layer = layer_of(description, "SimpleRNN")
        layer["name"] = layer["config"]["name"] = value

    return with_description(change)


def reading_from(source: str, arguments: dict[str, Any] | None = None) -> Hostile:
    """Lets the output layer read from another layer, or with other arguments."""

    def change(description: dict[str, Any]) -> None:
        (node,) = layer_of(description, "Dense")["inbound_nodes"]
        node["args"][0]["config"]["keras_history"][0] = source
        node["kwargs"].update(arguments or {})

    return with_description(change)


DESCRIPTIONS: dict[str, Hostile] = {
    "softmax": with_setting("Dense", activation="softmax"),
    "an output without bias": with_setting("Dense", use_bias=False),
    "a layer without bias": with_setting("SimpleRNN", use_bias=False),
    "another activation": with_setting("SimpleRNN", activation="tanh"),
    "an activation that is a function": with_setting(
        "SimpleRNN", activation={"class_name": "Lambda"}
    ),
    "backwards": with_setting("SimpleRNN", go_backwards=True),
    "a state that is kept": with_setting("SimpleRNN", stateful=True),
    "the last output alone": with_setting("SimpleRNN", return_sequences=False),
    "masked zeros": with_setting("Embedding", mask_zero=True),
    "eight million tokens": with_setting("Embedding", input_dim=8_000_000),
    "float64 layers": with_setting("Dense", dtype="float64"),
    "mixed precision": with_setting(
        "Dense", dtype={"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}
    ),
    "a type that is none": with_setting("Dense", dtype={"class_name": "DTypePolicy", "config": 1}),
    "another kind of type": with_setting("Dense", dtype={"config": {"name": "float32"}}),
    **{
        f"a setting {depth} deep": with_description(
            lambda d, depth=depth: (
                json.dumps(d).replace('"linear"', nested(depth).decode()).encode()
            )
        )
        for depth in (300, 600, 900, 990)
    },
    "quantized": with_setting("Dense", quantization_config={"mode": "int8"}),
    "an unknown setting": with_setting("Dense", lora_rank=4),
    "no setting": with_description(lambda d: layer_of(d, "Dense")["config"].pop("units") and None),
    "another output": with_description(
        lambda d: d["config"].update(output_layers=["recurrent_1", 0, 0])
    ),
    "two outputs": with_description(
        lambda d: d["config"].update(output_layers=[["logits", 0, 0], ["ids", 0, 0]])
    ),
    "another input": with_description(lambda d: d["config"].update(input_layers=["x", 0, 0])),
    "another graph": reading_from("embedding"),
    "arguments of a call": reading_from("dropout_1", {"mask": [1]}),
    "a Lambda": of_class("Lambda"),
    "a class of another package": with_description(
        lambda d: layer_of(d, "SimpleRNN").update(registered_name="theirs>SimpleRNN")
    ),
    "a class of another module": with_description(
        lambda d: layer_of(d, "SimpleRNN").update(module="os")
    ),
    "a class that is a number": of_class(1),
    "a class that is a list": of_class(["SimpleRNN"]),
    "a name that is a number": named(7),
    "a name that is half a character": with_description(
        lambda d: json.dumps(d).replace('"recurrent_1"', '"\\ud800"').encode()
    ),
    "layers that are no list": with_description(lambda d: d["config"].update(layers={"a": 1})),
    "layers that are no layers": with_description(
        lambda d: d["config"].update(layers=[1, None, []])
    ),
    "no layers in the list": with_description(lambda d: d["config"].update(layers=[])),
    "a thousand layers more": with_description(many_layers),
    "a description that is a list": with_description(lambda _: b"[]"),
    "a description that is no JSON": with_description(lambda _: b"\xff\xfe{"),
    "a description with NaN": with_description(lambda d: {**d, "x": float("nan")}),
    "a deep description": with_description(lambda _: nested(100_000)),
    "lists without end": with_description(lambda _: b"[" + b"[]," * 10_000_000 + b"[]]"),
}

# model.keras: the archive.


def flagged(flag: int) -> Hostile:
    """Sets a flag of all members."""

    def change(content: bytearray) -> None:
        for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            begin = content.find(signature)
            while begin >= 0:
                content[begin + place] |= flag
                begin = content.find(signature, begin + 1)

    return with_archive(change)


def in_directory(place: int, number: bytes) -> Hostile:
    """Changes the entry of the last member in the list of members."""

    def change(content: bytearray) -> None:
        begin = content.rfind(b"PK\1\2") + place
        content[begin : begin + len(number)] = number

    return with_archive(change)


def at_end(place: int, number: bytes) -> Hostile:
    """Changes the record of the archive's end."""

    def change(content: bytearray) -> None:
        begin = content.rfind(b"PK\5\6") + place
        content[begin : begin + len(number)] = number

    return with_archive(change)


def with_members(members: dict[str, bytes]) -> Hostile:
    return lambda directory: replace_model(directory, zipped(members_of(directory) | members))


def many_members(directory: Path) -> None:
    members = {f"{number}": b"" for number in range(20_000)}
    replace_model(directory, zipped(members_of(directory) | members))


def cut(kept: float) -> Hostile:
    return with_archive(lambda content: content.__delitem__(slice(int(len(content) * kept), None)))


ARCHIVES: dict[str, Hostile] = {
    "deflated weights": packed(WEIGHTS, zipfile.ZIP_DEFLATED),
    "weights in bzip2": packed(WEIGHTS, zipfile.ZIP_BZIP2),
    "weights in LZMA": packed(WEIGHTS, zipfile.ZIP_LZMA),
    "a deflated description": packed(CONFIG, zipfile.ZIP_DEFLATED),
    "weights with much behind them": packed(WEIGHTS, zipfile.ZIP_STORED),
    "method 99": in_directory(10, struct.pack("<H", 99)),
    "another size": in_directory(24, struct.pack("<L", 0xFFFFFFF0)),
    "a size in another place": in_directory(20, struct.pack("<LL", 0xFFFFFFFF, 0xFFFFFFFF)),
    "a header outside": in_directory(42, struct.pack("<L", 0xFFFFFFFE)),
    "a header of another member": in_directory(42, struct.pack("<L", 0)),
    "encrypted": flagged(1),
    "patched": flagged(1 << 5),
    "descriptors behind the members": flagged(1 << 3),
    "another beginning of the list": at_end(16, struct.pack("<L", 5)),
    "a list of 4 GB": at_end(12, struct.pack("<L", 0xFFFFFFFE)),
    "a comment": at_end(20, struct.pack("<H", 3)),
    "an end in another place": at_end(16, struct.pack("<L", 0xFFFFFFFF)),
    "another member": with_members({"assets/x": b"x"}),
    "many members": many_members,
    "cut in half": cut(0.5),
    "without its end": cut(0.99),
    "empty": cut(0.0),
    "no archive": with_content(MODEL_FILE, lambda: b"no archive " * 1_000),
    **not_regular(MODEL_FILE),
}

MODELS: dict[str, Hostile] = HDF5 | DESCRIPTIONS | ARCHIVES

# charrnn.json.


def with_record(change: Callable[[dict[str, Any]], Any]) -> Hostile:
    """Changes `charrnn.json`; bytes that are returned replace all of it."""

    def make(directory: Path) -> None:
        path = directory / RECORD_FILE
        values = json.loads(path.read_text(encoding="utf-8"))
        changed = change(values)
        path.write_bytes(changed if isinstance(changed, bytes) else json.dumps(values).encode())

    return make


def with_sizes(**sizes: Any) -> Hostile:
    return with_record(lambda record: record["architecture"].update(sizes))


RECORDS: dict[str, Hostile] = {
    "half a character for a format": with_record(
        lambda record: json.dumps(record | {"format": "\ud800"}).encode()
    ),
    "half a character for a device": with_record(
        lambda record: json.dumps(record | {"device": "\ud800"}).encode()
    ),
    "a deep record": with_record(lambda _: nested(100_000)),
    "a record of lists": with_record(lambda _: b"[" + b"[]," * 10_000_000 + b"[]]"),
    "a record that is no text": with_record(lambda _: b"\xff\xfe\x00"),
    "NaN in a record": with_record(lambda record: record["baselines"].update(x=float("nan"))),
    "a number of 400 digits": with_record(lambda record: record["corpus"].update(poems=10**400)),
    "a vocabulary of another size": with_sizes(vocabulary_size=5),
    "tokens without number": with_sizes(vocabulary_size=2**62),
    "no models": with_record(lambda record: record.update(models=[])),
    "a model that is a number": with_record(lambda record: record.update(models=[1])),
    **not_regular(RECORD_FILE),
}

# history.jsonl, whose bad lines are passed over.

HISTORIES: dict[str, Hostile] = {
    "losses that are no numbers": with_content(
        HISTORY_FILE, lambda: b'{"step": 1, "validation_loss": NaN}\n' * 2
    ),
    "losses without end": with_content(
        HISTORY_FILE, lambda: b'{"step": 1, "validation_loss": Infinity}\n' * 2
    ),
    "losses of 400 digits": with_content(
        HISTORY_FILE, lambda: b'{"step": 1, "validation_loss": 1' + b"0" * 400 + b"}\n" * 2
    ),
    "steps of 400 digits": with_content(
        HISTORY_FILE, lambda: b'{"step": 1' + b"0" * 400 + b', "validation_loss": 1}\n' * 2
    ),
    "half a character": with_content(
        HISTORY_FILE, lambda: b'{"step": 1, "validation_loss": 1, "sample": "\\ud800"}\n'
    ),
    "other types": with_content(
        HISTORY_FILE,
        lambda: b'{"step": true, "validation_loss": 1}\n{"step": 1, "validation_loss": "x"}\n[]\n',
    ),
    "deep lines": with_content(HISTORY_FILE, lambda: nested(100_000) + b"\n"),
    "bytes": with_content(HISTORY_FILE, lambda: bytes(range(256)) * 100),
    "many lines": with_content(HISTORY_FILE, lambda: b'{"step": 1}\n' * 1_000_000),
    "a history without end": sparse(HISTORY_FILE),
}

UNREADABLE_HISTORIES: dict[str, Hostile] = {
    name: make for name, make in not_regular(HISTORY_FILE).items() if "long" not in name
}

# resume/state.npz.

STATE = f"{RESUME_DIRECTORY}/{STATE_FILE}"


def npy(header: bytes, version: bytes = b"\x01\x00", length: int | None = None) -> bytes:
    """An array of NumPy with a header of any kind."""
    size = len(header) if length is None else length
    packed = struct.pack("<H" if version[0] == 1 else "<I", size)
    return b"\x93NUMPY" + version + packed + header


def with_member(content: Callable[[], bytes], name: str | None = None, method: int = 0) -> Hostile:
    """Replaces a member of the state, the first by default."""

    def make(directory: Path) -> None:
        with zipfile.ZipFile(directory / STATE) as archive:
            members = {one: archive.read(one) for one in archive.namelist()}
        replaced = name or next(iter(members))
        with zipfile.ZipFile(directory / STATE, "w") as archive:
            for one, value in members.items():
                if one != replaced:
                    archive.writestr(one, value)
            archive.writestr(replaced, content(), method)

    return make


def with_position(**changes: Any) -> Hostile:
    """Changes where the run stands; a dot leads into an inner object: `metrics.steps`."""

    def make(directory: Path) -> None:
        with np.load(directory / STATE) as stored:
            arrays = dict(stored)
        values = json.loads(str(arrays.pop("state")))
        for name, value in changes.items():
            *outer, last = name.split("__")
            inner = values
            for one in outer:
                inner = inner[one]
            inner[last] = value
        np.savez(directory / STATE, **arrays, state=np.array(json.dumps(values)))

    return make


WRONG_POSITIONS: dict[str, list[Any]] = {
    "step": [-1, 1.5, "1", None, [], True, 2**70, 10**400],
    "seconds": [-1.0, None, "1", float("nan"), float("inf"), 1e308 * 10],
    "budget_began": [-1.0, 1e9, None, float("nan")],
    "best_step": [-1, 10**9, None, []],
    "best_loss": [float("nan"), float("inf"), "x", -1.0],
    "evaluations_since_best": [-1, None, 10**9],
    "next_evaluation": [-1, 1.5, "x"],
    "metrics": [None, {}, [1]],
    "metrics__steps": [-1, 10**9, None],
    "metrics__loss": [float("nan"), None, "x"],
    "metrics__gradient_norm": [float("nan"), -1.0],
    "metrics__clipped": [-1, 10**9],
    "metrics__seconds": [-1.0, float("inf")],
    "learning_rate_schedule": [None, {}],
    "learning_rate_schedule__peak": [0.0, -1.0, float("nan"), None],
    "learning_rate_schedule__total": [-1, 0, "x"],
    "learning_rate_schedule__anchor": [-1, 10**9, None],
    "learning_rate_schedule__anchor_progress": [-0.5, 1.5, float("nan")],
    "unknown": [1],
}
"""Values that a position cannot have."""

STATES: dict[str, Hostile] = {
    "a header of a billion bytes": with_member(
        lambda: npy(b" " * BOMB, b"\x02\x00"), method=zipfile.ZIP_DEFLATED
    ),
    "a header that is said to be long": with_member(lambda: npy(b"{}", b"\x02\x00", 10**9)),
    "an enormous shape": with_member(
        lambda: npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n")
    ),
    "an infinite shape": with_member(
        lambda: npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1e30,), }\n")
    ),
    "a header that is no literal": with_member(lambda: npy(b"{'descr': '<f4', 'shape': (\n")),
    "a header of parentheses": with_member(lambda: npy(b"(" * 5_000 + b"\n")),
    "objects": with_member(
        lambda: (
            npy(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n") + b"cos\nsystem\n."
        )
    ),
    "float64 numbers": with_member(
        lambda: npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n") + bytes(8)
    ),
    "deflated zeros": with_member(lambda: bytes(BOMB), method=zipfile.ZIP_DEFLATED),
    "a position that is no text": with_member(lambda: npy(b"{}\n"), "state.npy"),
    "a position of another length": with_member(
        lambda: npy(b"{'descr': '<U1000000000', 'fortran_order': False, 'shape': (), }\n"),
        "state.npy",
    ),
    "another array": with_member(lambda: b"", "more.npy"),
    "no archive": with_content(STATE, lambda: b"no archive"),
    "nothing": with_content(STATE, lambda: b""),
    **{
        f"{name} {value!s:.20}": with_position(**{name: value})
        for name, values in WRONG_POSITIONS.items()
        for value in values
    },
    **not_regular(STATE),
}

# ngrams.filter.


def with_filter(place: int, change: int = 1) -> Hostile:
    """Changes a byte of the n-gram filter."""

    def make(directory: Path) -> None:
        path = directory / NGRAM_FILTER_FILE
        content = bytearray(path.read_bytes())
        content[place] ^= change
        path.write_bytes(bytes(content))

    return make


FILTERS: dict[str, Hostile] = {
    "another magic": with_filter(0),
    "another version": with_filter(8, 2),
    "another n": with_filter(12),
    "another number of words": with_filter(16),
    "another corpus": with_filter(30),
    "another bit": with_filter(-1, 128),
    "a header alone": with_content(NGRAM_FILTER_FILE, lambda: b"CHRNGRAM"),
    **not_regular(NGRAM_FILTER_FILE),
}

# sounds.json and words.json.

TABLES: dict[str, Hostile] = {
    f"{name}: {what}": make
    for name in (SOUNDS_FILE, WORDS_FILE)
    for what, make in {
        "half a character": with_content(name, lambda: b'{"format": "\\ud800"}'),
        "deep": with_content(name, lambda: nested(100_000)),
        "lists without end": with_content(name, lambda: b"[" + b"[]," * 10_000_000 + b"[]]"),
        **not_regular(name),
    }.items()
}
