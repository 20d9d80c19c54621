"""`charrnn replay`: write a poem again, to the letter, from its code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint import holds_run, networks_in, read_record
from charrnn.cli.networks import Networks, OpenedNetworks
from charrnn.cli.options import checkpoints_option, examples, json_option
from charrnn.cli.poems import Told, print_json, print_poems
from charrnn.errors import CheckpointError, DeviceError, ReplayError

if TYPE_CHECKING:
    from charrnn.generation.draft import Poem
    from charrnn.generation.recipe import Recipe


@click.command(
    epilog=examples(
        ("charrnn replay CODE", "the poem whose code generate --print-code told"),
        ("charrnn replay CODE --json", "with all there is to know"),
        ("charrnn replay - < code.txt", "a long code from a file"),
    ),
)
@click.argument("code")
@checkpoints_option
@json_option
def replay(code: str, checkpoints: Path, as_json: bool) -> None:
    """Write a poem again, to the letter.

    CODE is what charrnn generate --print-code told, or what the JSON of the poem holds; - reads it
    from standard input. The networks that wrote the poem are found among the runs of --checkpoints
    by their digests, whatever they are called now. When the poem cannot be written again, you are
    told what differs.
    """
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    from charrnn.generation.replay_code import decode

    if code == "-":
        code = sys.stdin.buffer.read().decode(errors="replace")
    code = "".join(code.split())
    recipe = decode(code)
    found = _find(recipe, checkpoints)
    opened = found.open()
    try:
        poem = _written_again(opened, recipe)
    except ReplayError as error:
        if recipe.device == "cpu":
            raise
        # TensorFlow rounds sums otherwise. That seldom matters, so NumPy has tried it first.
        poem = _written_again(_on_its_device(found, recipe, error), recipe)
    told = Told(poem, code=code if as_json else None)
    if as_json:
        print_json(opened.facts, [told])
    else:
        print_poems([told])


def _written_again(networks: OpenedNetworks, recipe: "Recipe") -> "Poem":
    """The poem of a recipe, in its form where it has one."""
    from charrnn.generation.replay import write_again

    writer = networks.writer
    return write_again(writer, recipe)


def _on_its_device(found: Networks, recipe: "Recipe", error: ReplayError) -> OpenedNetworks:
    """The networks on the device that the poem was written on."""
    try:
        return found.open(recipe.device)
    except DeviceError:
        raise ReplayError(f"{error} It was written on a GPU, and there is none here.") from None


def _find(recipe: "Recipe", checkpoints: Path) -> Networks:
    """The networks of a recipe, wherever they are among the runs.

    Raises:
        ReplayError: One is not there.
    """
    found: dict[str, Path] = {}
    for directory in (checkpoints, *networks_in(checkpoints)):
        for digest in _digests(directory):
            found.setdefault(digest, directory)

    def place_of(prefix: str) -> Path:
        for digest, directory in found.items():
            if digest.startswith(prefix):
                return directory
        raise ReplayError(
            f"the poem was written by a network that is not in {checkpoints} (its model.keras has "
            f"the SHA-256 {prefix}...). Name the directory that holds it (--checkpoints); a run "
            "that was trained further has another network now."
        )

    weights = tuple((place_of(prefix), weight) for prefix, weight in recipe.networks)
    if recipe.unlike is None:
        return Networks(weights)
    prefix, strength = recipe.unlike
    return Networks(weights, place_of(prefix), strength)


def _digests(directory: Path) -> list[str]:
    """The networks that a run says it has; none of what is no run, or damaged."""
    if not holds_run(directory):
        return []
    try:
        return [model.sha256 for model in read_record(directory).models]
    except CheckpointError:
        return []
