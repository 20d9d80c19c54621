"""`charrnn reach`: how far back a prediction depends on what was read."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import find_checkpoint
from charrnn.cli.options import checkpoint_argument, checkpoints_option, examples, json_option
from charrnn.cli.process import print_json, use_idle_cores
from charrnn.cli.texts import read_alike
from charrnn.errors import CorpusError
from charrnn.wording import counted, printable

if TYPE_CHECKING:
    from charrnn.probing.reach import Norms, Reach

DISTANCES_SHOWN: Final = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200)

PREDICTIONS: Final = 200
"""Predictions that are followed back, evenly over the text."""

CHARACTERS: Final = 4_000
"""Characters that a network writes, or that are read of a text."""

SHORTEST: Final = 8
"""Fewest characters that gradients are followed back."""

FAINTEST: Final = 1e-3
"""Share of the largest gradient at which a bar has no length; bars are logarithmic."""

WIDEST_BAR: Final = 12

NEARLY_ALL: Final = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """How far back one network sees."""

    checkpoint: Checkpoint
    characters: int
    reach: "Reach"

    @property
    def paths(self) -> "dict[str, Norms]":
        """The gradients by what they are taken of: what was read, and the states."""
        paths = {"read (x)": self.reach.inputs, "output (h)": self.reach.hidden}
        return paths if self.reach.cell is None else paths | {"cell state (c)": self.reach.cell}


@click.command(
    epilog=examples(
        ("charrnn reach quatrains", "in what it writes itself"),
        ("charrnn reach quatrains --text poems.txt", "in a text"),
        ("charrnn reach moons --compare rivers,quatrains", "several networks side by side"),
        ("charrnn reach quatrains --json", "medians and quartiles, for programs"),
    ),
)
@checkpoint_argument
@click.option("--text", metavar="FILE", help="A text to read.  [default: its own writing]")
@click.option("--compare", metavar="NAME,...", help="Other networks, which read the same text.")
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Seed of what it writes.  [default: 0]",
)
@checkpoints_option
@json_option
def reach(
    *,
    checkpoint: str | None,
    text: str | None,
    compare: str | None,
    seed: int,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Show how far back a prediction depends on what was read.

    The gradient of the log-probability of a character is followed back in time, to what was read and
    to the states on the way. Its size at each distance is shown beside the largest, as a median
    over 200 predictions. Where it falls fast, gradients vanish. CHECKPOINT is a name or a path;
    without it, the newest network is used.
    """
    use_idle_cores()
    names = [checkpoint, *(compare.split(",") if compare else [])]
    opened = [Checkpoint.open(find_checkpoint(name, checkpoints)) for name in names]
    texts = _texts(opened[0], text, seed)
    measured = [_measured(one, texts) for one in opened]
    if as_json:
        print_json({"networks": [_facts(one) for one in measured]})
    elif len(measured) > 1:
        _draw(
            {one.checkpoint.directory.name: one.reach.inputs for one in measured}, "what was read"
        )
    else:
        _draw(measured[0].paths, measured[0].checkpoint.directory.name)
    if not as_json:
        for one in measured:
            click.echo(_sentence(one))


def _texts(opened: Checkpoint, file: str | None, seed: int) -> list[str]:
    """What is read: the beginning of a text, or what the network writes."""
    from charrnn.corpus.splitting import poems_at
    from charrnn.decoding.writer import TextGenerator
    from charrnn.probing.texts import own_texts

    if file is None:
        return own_texts(TextGenerator.open(opened), CHARACTERS, seed)
    corpus = read_alike(file, opened.record, None)
    texts: list[str] = []
    for poem in poems_at(corpus, corpus.spans):
        texts.append(poem[: CHARACTERS - sum(map(len, texts))])
        if sum(map(len, texts)) >= CHARACTERS:
            break
    return texts


def _measured(opened: Checkpoint, texts: list[str]) -> Measured:
    import numpy as np

    from charrnn.probing.reach import FARTHEST
    from charrnn.probing.reach import reach as followed
    from charrnn.probing.texts import as_tokens
    from charrnn.probing.trace import ReferenceNetwork

    ids = as_tokens(opened.record, texts)
    # In a short text half of the characters are predictions, and half what came before.
    distances = min(FARTHEST, len(ids) // 2)
    if distances < SHORTEST:
        raise CorpusError(
            f"the text has {counted(sum(map(len, texts)), 'character')}, too few to follow gradients "
            "back. Give a longer one with --text."
        )
    network = ReferenceNetwork.open(opened)
    count = min(PREDICTIONS, len(ids) - distances)
    places = np.linspace(distances, len(ids) - 1, count).astype(int).tolist()
    found = followed(network, network.read(ids), places, distances)
    return Measured(opened, sum(map(len, texts)), found)


def _median(norms: "Norms") -> "Norms":
    """Medians by distance, the largest 1; zeros where nothing arrives at all."""
    import numpy as np

    medians: Norms = np.median(norms, axis=0)
    return medians / (medians.max() or 1)


def _draw(columns: "dict[str, Norms]", title: str) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from charrnn.cli.console import safe_console

    table = Table(box=box.SIMPLE_HEAD, title=f"Gradients by distance: {printable(title)}")
    table.add_column("distance", justify="right")
    for name in columns:
        table.add_column(printable(name))
    medians = [_median(norms) for norms in columns.values()]
    for distance in (one for one in DISTANCES_SHOWN if one <= len(medians[0])):
        cells = [Text(f"{each[distance - 1]:5.3f} {_bar(each[distance - 1])}") for each in medians]
        table.add_row(str(distance), *cells)
    safe_console().print(table)


def _bar(share: float) -> str:
    """A bar on a logarithmic scale."""
    import math

    if share <= FAINTEST:
        return ""
    length = WIDEST_BAR * (1 - math.log(share) / math.log(FAINTEST))
    return "█" * max(1, min(round(length), WIDEST_BAR))


def _sentence(measured: Measured) -> str:
    import numpy as np

    squares = np.square(measured.reach.inputs)
    whole = squares.sum(axis=1, keepdims=True)
    within = 1 + np.argmax(squares.cumsum(axis=1) >= NEARLY_ALL * whole, axis=1)
    name = printable(measured.checkpoint.directory.name)
    return (
        f"{name}: half of the predictions have {NEARLY_ALL:.0%} of the squared gradient of what was "
        f"read within the last {counted(int(np.median(within)), 'character')}."
    )


def _facts(measured: Measured) -> dict[str, Any]:
    import numpy as np

    paths: dict[str, Norms | None] = {
        "inputs": measured.reach.inputs,
        "hidden": measured.reach.hidden,
        "cell": measured.reach.cell,
    }
    return {
        "checkpoint": str(measured.checkpoint.directory),
        "model": measured.checkpoint.model.sha256,
        "characters": measured.characters,
        "predictions": len(measured.reach.inputs),
        "distances": list(range(1, measured.reach.inputs.shape[1] + 1)),
    } | {
        name: None
        if norms is None
        else dict(
            zip(
                ("lower_quartile", "median", "upper_quartile"),
                np.quantile(norms, (0.25, 0.5, 0.75), axis=0).tolist(),
                strict=True,
            )
        )
        for name, norms in paths.items()
    }
