"""What it is worth to begin with another network: the same poems, the same time, with it and without.

    python benchmarks/beginning.py corpora/jueju.txt --from tang --minutes 1 --poems 500

Both runs read the same poems and know the same characters (all of them), so that their losses can
be compared. The table is Markdown.
"""

import os
import tempfile
from pathlib import Path

import click

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@click.command()
@click.argument("text", type=click.Path(exists=True, path_type=Path))
@click.option("--from", "origin", required=True, help="The network to begin with.")
@click.option("--minutes", default=1.0, show_default=True, help="Time for each run.")
@click.option("--poems", type=int, help="Use the first ones alone.  [default: all]")
@click.option("--skip", default=0, show_default=True, help="Poems to pass over before them.")
@click.option("--seed", "seeds", multiple=True, default=(0, 1, 2), show_default=True)
@click.option("--checkpoints", type=click.Path(path_type=Path), default="checkpoints")
def main(
    *,
    text: Path,
    origin: str,
    minutes: float,
    poems: int | None,
    skip: int,
    seeds: tuple[int, ...],
    checkpoints: Path,
) -> None:
    """Train on TEXT, a poem a line, with and without, and print a table."""
    from charrnn.checkpoint import find_checkpoint
    from charrnn.config import CorpusConfig, TrainingConfig
    from charrnn.training.run import train

    lines = text.read_text(encoding="utf-8").splitlines()[skip:]
    lines = lines[:poems]
    known = find_checkpoint(origin, checkpoints)
    print(f"{len(lines)} poems of {text.name}, {minutes:g} minutes each\n")
    print(f"| seed | from nothing | from {origin} |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "poems.txt"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for seed in seeds:
            losses = [
                train(
                    file,
                    checkpoints=directory,
                    training=TrainingConfig(minutes=minutes, seed=seed),
                    reading=CorpusConfig(layout="lines", min_count=1),
                    origin=beginning,
                    overwrite=True,
                ).validation_loss
                for beginning in (None, known)
            ]
            print(f"| {seed} | {losses[0]:.4f} | {losses[1]:.4f} |", flush=True)


if __name__ == "__main__":
    main()
