"""`charrnn info`: what a network is made of, and how well it learned."""

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.lookup import find_checkpoint, networks_in
from charrnn.cli.options import checkpoint_argument, checkpoints_option, examples, json_option

if TYPE_CHECKING:
    from charrnn.cli.run_facts import RunFacts


@click.command(
    epilog=examples(
        ("charrnn info", "all the networks there are"),
        ("charrnn info quatrains", "one of them, layer by layer"),
        ("charrnn info quatrains --json", "the same for programs"),
    ),
)
@checkpoint_argument
@checkpoints_option
@json_option
def info(checkpoint: str | None, checkpoints: Path, as_json: bool) -> None:
    """Tell what a network is made of, and how well it learned.

    CHECKPOINT is a name or a path. Without it, all the networks are listed: your
    own, the newest first, and those that came along.
    """
    from charrnn.cli.run_facts import any_run, whole_run

    if checkpoint is not None:
        run = whole_run(find_checkpoint(checkpoint, checkpoints))
        if as_json:
            _print_json(run.everything())
        else:
            _draw([run], in_full=True)
        return
    runs = [any_run(directory) for directory in networks_in(checkpoints)]
    if as_json:
        _print_json({"runs": [run.summary() for run in runs]})
    elif runs:
        _draw(runs, in_full=False)
    else:
        find_checkpoint(None, checkpoints)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def _draw(runs: "list[RunFacts]", *, in_full: bool) -> None:
    from rich.console import Console

    from charrnn.cli.run_tables import show_run, show_runs

    console = Console(markup=False, highlight=False, emoji=False)
    now = datetime.datetime.now(datetime.UTC)
    if in_full:
        show_run(console, runs[0], now)
    else:
        show_runs(console, runs, now)
