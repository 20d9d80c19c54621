"""`history.jsonl`: a line of JSON for each evaluation of a run, oldest first."""

import json
import os
from pathlib import Path
from typing import Any, Final

from charrnn.checkpoint.atomic_files import make_directory, replacing, sync
from charrnn.checkpoint.regular_files import LARGEST_FILE, open_regular
from charrnn.errors import CheckpointError
from charrnn.settings.from_json import parse_json

HISTORY_FILE: Final = "history.jsonl"

LARGEST_HISTORY: Final = 8 * 2**20
"""Most bytes that are read; ten thousand evaluations have about as many."""


def append_history(directory: Path, evaluation: dict[str, Any]) -> None:
    """Add a line to the history of a run."""
    make_directory(directory)
    with (directory / HISTORY_FILE).open("a", encoding="utf-8") as history:
        history.write(_line(evaluation))
        history.flush()
        os.fsync(history.fileno())
    sync(directory)


def cut_history(directory: Path, last_step: int) -> None:
    """Drop the evaluations after a step, which a resumed run repeats.

    The beginning of a very long history, which is not read, stays as it is.

    Raises:
        CheckpointError: The history cannot be read.
    """
    path = directory / HISTORY_FILE
    unread, _ = _end_of(path)
    kept = [line for line in read_history(directory) if line["step"] <= last_step]
    with replacing(path) as temporary, temporary.open("wb") as file:
        if unread:
            with open_regular(path, LARGEST_FILE) as history:
                file.write(history.read(unread))
        file.write("".join(map(_line, kept)).encode())


def read_history(directory: Path) -> list[dict[str, Any]]:
    """The evaluations of a run, oldest first, without damaged lines.

    Of a very long history only the end is read.

    Raises:
        CheckpointError: It cannot be read.
    """
    evaluations = []
    _, end = _end_of(directory / HISTORY_FILE)
    # Not splitlines, because a sample may hold Unicode line separators.
    for line in end.split("\n"):
        try:
            evaluation = parse_json(line, CheckpointError) if line else None
        except CheckpointError:
            continue
        if isinstance(evaluation, dict) and _is_evaluation(evaluation):
            evaluations.append(evaluation)
    return evaluations


def _line(evaluation: dict[str, Any]) -> str:
    return json.dumps(evaluation, ensure_ascii=False) + "\n"


def _end_of(path: Path) -> tuple[int, str]:
    """The last whole lines of a history, and how many bytes stand before them."""
    try:
        with open_regular(path) as file:
            unread = max(0, file.seek(0, os.SEEK_END) - LARGEST_HISTORY)
            file.seek(unread)
            if unread:
                unread += len(file.readline(LARGEST_HISTORY))
            return unread, file.read(LARGEST_HISTORY).decode(errors="replace")
    except FileNotFoundError:
        return 0, ""
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error


def _is_evaluation(values: dict[str, Any]) -> bool:
    """Whether a line has a step, and a loss that can be shown if it has one."""
    step, loss = values.get("step"), values.get("validation_loss", 0.0)
    return type(step) is int and step >= 0 and type(loss) in (int, float)
