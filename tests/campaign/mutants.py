"""Mutants of every file of a checkpoint, and every command that reads it: success, or one sentence."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE, RESUME_DIRECTORY, STATE_FILE, WORDS_FILE
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE
from tests.campaign import damage
from tests.campaign.case import Case, check_told, drawn, require
from tests.campaign.prepared import NAME, WEIGHTS, Prepared, load_training, succeed
from tests.campaign.processes import Ended, forked

TEXT = "the text of the network"

STATE = f"{RESUME_DIRECTORY}/{STATE_FILE}"

COMMANDS: dict[str, Sequence[str]] = {
    "generate": ("generate", NAME, "--seed", "1", "--length", "40"),
    "info": ("info", NAME),
    "list": ("info",),
    "json": ("info", NAME, "--json"),
    "list-json": ("info", "--json"),
    "evaluate": ("evaluate", NAME),
    "novelty": ("novelty", TEXT, "--checkpoint", NAME),
    "sounds": ("forms", "sounds", NAME),
    "form": ("generate", NAME, "--syllables", "2", "--lines", "1", "--seed", "1"),
    "pack": ("pack", NAME, "gift"),
    "resume": ("train", "--resume", "--name", NAME, "--steps", "8"),
    "from": ("train", TEXT, "--from", NAME, "--name", "new", "--steps", "2"),
}

CODES = {"form": (0, 1, 2, 3, 4)}

READS: dict[str, tuple[str, ...]] = {
    MODEL_FILE: ("generate", "evaluate", "pack", "generate", "pack", "generate", "from"),
    RECORD_FILE: ("generate", "info", "list", "json", "evaluate", "novelty", "pack", "resume"),
    HISTORY_FILE: ("info", "list", "json", "list-json", "resume"),
    NGRAM_FILTER_FILE: ("generate", "novelty", "pack"),
    WORDS_FILE: ("form", "sounds", "pack"),
    STATE: ("resume",),
}
"""The commands that read each file; the one that loads TensorFlow is the last."""


def _changed_state(draws: random.Random, content: bytes) -> bytes:
    """A state whose position or arrays are others; all of it can be read."""
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    name = draws.choice(sorted(arrays))
    if name == "state" or draws.random() < 0.5:
        position = damage.changed_json(draws, str(arrays["state"]).encode())
        arrays["state"] = np.array(position.decode("utf-8", "replace"))
    else:
        values = arrays[name]
        arrays[name] = draws.choice(
            (
                values.astype(np.complex64),
                values.astype("S1"),
                values.ravel(),
                values[..., None],
                np.zeros((0,), values.dtype),
                np.full_like(values, -1),
                np.broadcast_to(values.ravel()[:1], (10_000,)),
            )
        )
    made = BytesIO()
    np.savez(made, **arrays)
    return made.getvalue()


KINDS: list[tuple[str, str, damage.Damage, bool]] = [
    ("model-bytes", MODEL_FILE, damage.changed_bytes, False),
    ("model-repaired", MODEL_FILE, damage.changed_bytes, True),
    ("zip", MODEL_FILE, damage.changed_zip, True),
    ("weights", MODEL_FILE, damage.in_member(WEIGHTS, damage.changed_bytes), True),
    ("hdf5", MODEL_FILE, damage.in_member(WEIGHTS, damage.changed_hdf5), True),
    ("config", MODEL_FILE, damage.in_member("config.json", damage.changed_json), True),
    ("record-bytes", RECORD_FILE, damage.changed_bytes, False),
    ("record", RECORD_FILE, damage.changed_json, False),
    ("history", HISTORY_FILE, damage.changed_lines, False),
    ("filter", NGRAM_FILTER_FILE, damage.changed_bytes, False),
    ("words-bytes", WORDS_FILE, damage.changed_bytes, False),
    ("words", WORDS_FILE, damage.changed_json, False),
    ("state-bytes", STATE, damage.changed_bytes, False),
    ("state", STATE, _changed_state, False),
]
"""Name, file, damage, and whether the record then names the digest of the damaged file."""

SLOW = {"resume": 8, "from": 16}
"""Of how many mutants one is given to a command that loads TensorFlow."""


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Mutants of each kind in turn, for ever, each with one of the commands that read it."""
    load_training()
    undamaged = {name: (prepared.finished / NAME / name).read_bytes() for name in READS}
    for number in count():
        for kind, file, damaged, repaired in KINDS:
            if SLOW.keys() >= set(READS[file]) and number % SLOW[READS[file][0]]:
                continue
            name = f"{kind}-{number}"
            draws = drawn(seed, name)
            content = damaged(draws, undamaged[file])
            usual = [one for one in READS[file] if one not in SLOW] or list(READS[file])
            command = draws.choice(READS[file] if number % 8 == 7 else usual)
            unread = content != undamaged[file] and kind in {"model-bytes", "filter"}
            mutant = partial(
                try_file,
                prepared,
                file=file,
                content=content,
                command=command,
                repaired=repaired,
            )
            yield Case(f"{name}-{command}", partial(_try, mutant, unread and command != "json"))


def _try(mutant: Callable[[Path], int], refused: bool, directory: Path) -> None:
    code = mutant(directory)
    require(code or not refused, "a file that was changed is used as if it were whole")


def try_file(
    prepared: Prepared,
    directory: Path,
    *,
    file: str,
    content: bytes,
    command: str,
    repaired: bool,
) -> int:
    """Put a file into a checkpoint and give it to a command; its exit code.

    Args:
        prepared: Holds the checkpoint.
        directory: Where.
        file: Its name in the checkpoint.
        content: What it holds.
        command: Name of the command.
        repaired: Whether the record names the digest of what it holds.
    """
    run = prepared.copy(directory)
    (run / file).write_bytes(content)
    if repaired:
        repair(run)
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    code = give(prepared, command, directory)
    if command not in {*SLOW, "sounds"}:  # These write there.
        after = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
        require(before == after, f"{command} changed a checkpoint that it only reads")
    if command == "pack" and code:
        require(not (directory / "gift").exists(), "a refused pack left a directory")
    return code


def repair(run: Path) -> None:
    """Let the record of a run name the digest of the model that is there."""
    record = json.loads((run / RECORD_FILE).read_bytes())
    digest = hashlib.sha256((run / MODEL_FILE).read_bytes()).hexdigest()
    for model in record["models"]:
        model["sha256"] = digest
    (run / RECORD_FILE).write_text(json.dumps(record), encoding="utf-8")


def give(prepared: Prepared, command: str, directory: Path) -> int:
    """Give the checkpoint in a directory to a command; its exit code. Raises Broken."""
    ended = forked(_words(prepared, command), directory)
    check_told(ended, CODES.get(command, (0, 1, 2)), usual=_usual(prepared, command))
    return ended.code


def _words(prepared: Prepared, command: str) -> list[str]:
    return [str(prepared.text) if word == TEXT else word for word in COMMANDS[command]]


@cache
def _usual(prepared: Prepared, command: str) -> Ended:
    """The command with an undamaged checkpoint."""
    directory = prepared.place(f"undamaged-{command}")
    prepared.copy(directory)
    ended = forked(_words(prepared, command), directory)
    return ended if ended.code in CODES.get(command, ()) else succeed(ended)
