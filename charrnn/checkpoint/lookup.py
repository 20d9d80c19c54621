"""Finding checkpoints by name: the user's runs and the bundled networks."""

import os
import re
import shlex
from pathlib import Path
from typing import Final

from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE, holds_run, is_there
from charrnn.errors import CheckpointError
from charrnn.wording import printable

DEFAULT_CHECKPOINTS: Final = Path("checkpoints")
"""Directory of the user's runs by default."""

CHECKPOINTS_VARIABLE: Final = "CHARRNN_CHECKPOINTS"
"""Environment variable that names another directory."""

BUNDLED: Final = Path(__file__).parent.parent / "bundled"
"""Directory of the networks that come with charrnn."""

FIRST_NETWORK: Final = "verse"
"""The bundled network used when none is named and nothing was trained yet."""

_NEEDS_NO_QUOTES: Final = re.compile(r"[\w./:~+,@%=-]+")


def default_root() -> Path:
    """The directory of the user's runs, where no other is named."""
    return Path(os.environ.get(CHECKPOINTS_VARIABLE) or DEFAULT_CHECKPOINTS)


def find_checkpoint(reference: str | None, root: Path) -> Path:
    """Find the directory of a network to write with.

    Args:
        reference: A name under `root`, a path or the name of a bundled network, tried in this
            order. None is the latest run, or `FIRST_NETWORK` if there is no run.
        root: The directory of the user's runs.

    Raises:
        CheckpointError: There is no such checkpoint. The message lists those found.
    """
    run = _own_run(reference, root)
    name = FIRST_NETWORK if reference is None else reference
    found = run or bundled_network(Path(name))
    if found is None:
        raise _not_found(reference, root)
    return found


def find_run(reference: str | None, root: Path) -> Path:
    """Find the directory of one of the user's runs; otherwise like `find_checkpoint`."""
    run = _own_run(reference, root)
    if run is None:
        raise _not_found(reference, root)
    return run


def _own_run(reference: str | None, root: Path) -> Path | None:
    """The run of a name; other runs, which may be damaged or closed to us, are not looked at."""
    if reference is not None:
        return next(filter(holds_run, (root / reference, Path(reference))), None)
    known = checkpoints_in(root)
    return next((path for path in known if is_there(path / MODEL_FILE)), next(iter(known), None))


def _not_found(reference: str | None, root: Path) -> CheckpointError:
    if reference is None:
        return CheckpointError(
            f"there is no checkpoint in {root} yet. Train one first, with: charrnn train"
            + ("" if root == DEFAULT_CHECKPOINTS else f" --checkpoints {root}")
        )
    names = ", ".join(printable(path.name) for path in checkpoints_in(root)) or "none"
    bundled = ", ".join(sorted(path.name for path in checkpoints_in(BUNDLED)))
    return CheckpointError(
        f"there is no checkpoint named {printable(reference)} in {root}, and it is not the path of one. "
        f"Checkpoints there: {names}." + (f" Bundled networks: {bundled}." if bundled else "")
    )


def bundled_network(name: Path) -> Path | None:
    """The bundled network of a name; None if `name` is the path of a run or is unknown."""
    # Compare whole paths, because "../quatrains" is not the name of a bundled network.
    bundled = BUNDLED / name
    return bundled if bundled in checkpoints_in(BUNDLED) and not holds_run(name) else None


def is_bundled(directory: Path) -> bool:
    """Whether a checkpoint came with charrnn."""
    return directory.parent == BUNDLED


def networks_in(root: Path) -> list[Path]:
    """All networks that `find_checkpoint` finds by name: runs first, then bundled networks."""
    own = checkpoints_in(root)
    names = {path.name for path in own}
    bundled = sorted(checkpoints_in(BUNDLED))
    return [*own, *(path for path in bundled if path.name not in names)]


def checkpoints_in(root: Path) -> list[Path]:
    """The runs in a directory, latest first."""
    runs = [path for path in root.iterdir() if holds_run(path)] if root.is_dir() else []
    return sorted(runs, key=last_written, reverse=True)


def last_written(run: Path) -> float:
    """When the record of a run was written, as `time.time` counts; 0 if that cannot be told."""
    try:
        return (run / RECORD_FILE).stat().st_mtime
    except OSError:
        return 0.0


def spoken_name(directory: Path) -> str:
    """What a user types for a checkpoint, in shell quotes if necessary.

    Returns:
        The bare name if every command finds the checkpoint by it, else the path.
    """
    in_default = directory.parent == DEFAULT_CHECKPOINTS
    is_named = in_default and not os.environ.get(CHECKPOINTS_VARIABLE)
    name = directory.name if is_named or is_bundled(directory) else str(directory)
    return name if _NEEDS_NO_QUOTES.fullmatch(name) else shlex.quote(name)
