"""What the campaigns begin with: a short text, tiny networks that learned it, and how runs compare."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.checkpoint.directory import STATE_FILE
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE
from charrnn.corpus.catalogue import open_catalogue
from tests.campaign.case import require
from tests.campaign.processes import Ended, forked

STEPS, MORE_STEPS = 6, 12
TINY = ["--units", "8", "--batch-size", "4", "--window", "8", "--evaluate-every", "2", "--steps"]
NAME = "moon"

WEIGHTS = "model.weights.h5"
"""The arrays inside `model.keras`."""

NEITHER = {"seconds", "characters_per_second", "created", "budget_began"}
"""What two runs that learned the same do not have in common."""


def load_training() -> None:
    """Load TensorFlow into this process, whose forks then need not; it computes nothing here."""
    from charrnn.cli.process import quiet_startup

    load_writing()
    with quiet_startup():
        import charrnn.training.run  # noqa: F401


def load_writing() -> None:
    """Load what the commands need that do not train."""
    import charrnn.checkpoint.export
    import charrnn.cli.tables
    import charrnn.corpus.loading
    import charrnn.corpus.splitting
    import charrnn.decoding.scoring
    import charrnn.decoding.writer
    import charrnn.forms.core.compile  # noqa: F401


class Prepared:
    """Made when it is asked for first, in `root`; to be looked at, not changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, name: str) -> Path:
        """A new directory."""
        directory = self.root / name
        directory.mkdir(parents=True)
        return directory

    @cached_property
    def text(self) -> Path:
        """Three thousand characters of English verse, enough for a table of words."""
        path = self.place("text") / "poems.txt"
        whole = (open_catalogue().bundled / "quatrains.txt").read_text(encoding="utf-8")
        path.write_text(whole[:3000].rsplit("\n\n", 1)[0] + "\n", encoding="utf-8")
        return path

    def train(self, steps: int = STEPS) -> list[str]:
        """The words that train the tiny network."""
        return ["train", str(self.text), "--name", NAME, *TINY, str(steps)]

    @cached_property
    def finished(self) -> Path:
        """The checkpoints directory with a finished run of `STEPS`."""
        return self._trained("finished", self.train())

    @cached_property
    def relu(self) -> Path:
        """The same of the simplest layers, which `tests.hostile` changes."""
        layers = ["--cell", "simple_rnn", "--activation", "relu", "--layers", "1"]
        return self._trained("relu", [*self.train(), *layers, "--dropout", "0.2"])

    def copy(self, directory: Path, checkpoints: Path | None = None) -> Path:
        """A copy of the finished run, or of another one, as `checkpoints/moon` in a directory."""
        run = (checkpoints or self.finished) / NAME
        return Path(shutil.copytree(run, directory / "checkpoints" / NAME))

    def _trained(self, name: str, words: list[str]) -> Path:
        directory = self.place(name)
        succeed(forked(words, directory))
        return directory / "checkpoints"


def succeed(ended: Ended) -> Ended:
    """Stop the whole campaign if what it builds upon does not work."""
    if ended.code:
        raise RuntimeError(f"nothing can be tried: {ended}")
    return ended


def write_catalogue(
    directory: Path, addresses: Mapping[str, str], files: Mapping[str, bytes]
) -> None:
    """Write a catalogue of corpora that all have the same files, each at an address of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    whole = b"".join(files.values())
    digests = "".join(f'"{name}" = "{_sha256(content)}"\n' for name, content in files.items())
    corpora = (
        f"""[{name}]
title = "The sea"
language = "en"
layout = "blocks"
licence = "CC0-1.0"
source = "this machine"
size = {len(whole)}
sha256 = "{_sha256(whole)}"
base = "{address}"
[{name}.files]
{digests}"""
        for name, address in addresses.items()
    )
    (directory / "catalogue.toml").write_text("\n".join(corpora), encoding="utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def use_catalogue(directory: Path) -> None:
    """Let this process find the catalogue in a directory."""
    import charrnn.corpus.catalogue

    charrnn.corpus.catalogue._bundled_directory = lambda: directory


def check_same(found: Path, expected: Path) -> None:
    """Two directories hold the same files, equal but for times; raises Broken."""
    names, wanted = _names(found), _names(expected)
    require(not names - wanted, f"litter in {found.name}: {sorted(names - wanted)}")
    require(not wanted - names, f"missing in {found.name}: {sorted(wanted - names)}")
    for name in sorted(name for name in wanted if (expected / name).is_file()):
        same = _content(found / name) == _content(expected / name)
        require(same, f"{found.name}/{name} differs from that of an undisturbed run")


def _names(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def _content(path: Path) -> Any:
    content = path.read_bytes()
    if path.name == RECORD_FILE:
        return _comparable(json.loads(content))
    if path.name == HISTORY_FILE:
        return [_comparable(json.loads(line)) for line in content.splitlines()]
    if path.name == MODEL_FILE:
        with zipfile.ZipFile(path) as archive:
            return archive.read(WEIGHTS)
    if path.name == STATE_FILE:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            state = {name: arrays[name].tobytes() for name in arrays.files if name != "state"}
            return state, _comparable(json.loads(str(arrays["state"])))
    return content


def _comparable(value: Any) -> Any:
    """A JSON value without times and without what follows from them."""
    if isinstance(value, dict):
        left_out = NEITHER | ({"sha256"} if "validation_loss" in value else set())
        return {name: _comparable(one) for name, one in value.items() if name not in left_out}
    return [_comparable(one) for one in value] if isinstance(value, list) else value
