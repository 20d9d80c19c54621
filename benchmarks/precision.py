"""What bfloat16 costs: the same runs in both precisions, several seeds, to the same step.

    python benchmarks/precision.py quatrains poems.txt --steps 600 --seed 0 --seed 1

Validation is measured in float32 whatever a run multiplies. The table is Markdown.
"""

import os
import statistics
import tempfile
from typing import Any

import click

from charrnn.settings.configuration import CorpusConfig, ModelConfig, Precision, TrainingConfig

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def best_loss(corpus: Any, precision: Precision, seed: int, steps: int, units: int | None) -> float:
    """Validation loss of one run, in nats per character."""
    from charrnn.training.run import train

    with tempfile.TemporaryDirectory() as directory:
        outcome = train(
            corpus,
            checkpoints=directory,
            model=ModelConfig(units=units),
            training=TrainingConfig(steps=steps, seed=seed, precision=precision),
            device="cpu",
        )
    return outcome.validation_loss


@click.command()
@click.argument("texts", nargs=-1, required=True)
@click.option("--steps", default=600, show_default=True)
@click.option("--seed", "seeds", multiple=True, default=(0, 1, 2), show_default=True)
@click.option("--units", type=int, help="Units of the layer.  [default: by corpus size]")
def main(texts: tuple[str, ...], steps: int, seeds: tuple[int, ...], units: int | None) -> None:
    """Train on TEXTS in both precisions, and tabulate."""
    from charrnn.corpus.loading import read_corpus

    print("| text | seed | float32 | bfloat16 | difference |")
    print("|---|---|---|---|---|")
    for text in texts:
        corpus = read_corpus([text], CorpusConfig())
        differences = []
        for seed in seeds:
            full, half = (
                best_loss(corpus, precision, seed, steps, units) for precision in PRECISIONS
            )
            differences.append(half - full)
            row = f"| {corpus.name} | {seed} | {full:.4f} | {half:.4f} | {half - full:+.4f} |"
            print(row, flush=True)
        mean = statistics.mean(differences)
        print(f"| {corpus.name} | mean | | | **{mean:+.4f}** |", flush=True)


if __name__ == "__main__":
    main()
