"""How far a download has come, on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from charrnn.cli.sizes import size_in_words

if TYPE_CHECKING:
    from charrnn.corpus.download import DownloadProgress


@contextmanager
def download_progress() -> Iterator["DownloadProgress"]:
    """Draw downloads on standard error: a bar on a terminal, one line a file elsewhere."""
    if not sys.stderr.isatty():
        yield _PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bars.add_task("", total=None)

    def draw(name: str, received: int, size: int | None) -> None:
        bars.start()  # Not before there is something to draw; again does nothing.
        bars.update(task, description=name, completed=received, total=size)

    try:
        yield draw
    finally:
        bars.stop()


class _PlainProgress:
    """Says once of each file that it is being fetched."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, name: str, received: int, size: int | None) -> None:
        del received
        if name not in self._told:
            self._told.add(name)
            known = "" if size is None else f" ({size_in_words(size)})"
            click.echo(f"Fetching {name}{known}.", err=True)
