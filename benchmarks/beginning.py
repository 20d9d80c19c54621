"""What it is worth to begin with another network: the same poems, the same time, with it and without.

    python benchmarks/beginning.py corpora/jueju.txt --from shi --minutes 1 --poems 500

All runs read the same poems and know the same characters (all of them), so that their losses can
be compared. From nothing are learned the network that charrnn would take for so few poems, and one of
the sizes of the other. The table is Markdown.
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
    """Train on the poems of TEXT with and without, and print a table."""
    from charrnn.checkpoint.directory import read_record
    from charrnn.checkpoint.lookup import find_checkpoint
    from charrnn.corpus.loading import read_corpus
    from charrnn.corpus.splitting import poems_at
    from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
    from charrnn.training.run import train

    corpus = read_corpus([str(text)])
    chosen = list(poems_at(corpus, corpus.spans))[skip:][:poems]
    between = "\n" if corpus.layout == "lines" else "\n\n\n" if corpus.stanzas else "\n\n"
    stanzas = corpus.stanzas if corpus.layout == "blocks" else None
    known = find_checkpoint(origin, checkpoints)
    print(f"{len(chosen)} poems of {text.name}, {minutes:g} minutes each\n")
    sizes = read_record(known).architecture
    same = ModelConfig(
        cell=sizes.cell,
        layers=sizes.layers,
        units=sizes.units,
        embedding=sizes.embedding,
        output=sizes.output,
        activation=sizes.activation,
    )
    print(
        f"| seed | from nothing | of the same sizes | from {origin} |\n|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "poems.txt"
        file.write_text(between.join(chosen) + "\n", encoding="utf-8")
        for seed in seeds:
            losses = [
                train(
                    file,
                    checkpoints=directory,
                    training=TrainingConfig(minutes=minutes, seed=seed),
                    corpus_config=CorpusConfig(layout=corpus.layout, stanzas=stanzas, min_count=1),
                    model=model,
                    origin=beginning,
                    overwrite=True,
                ).validation_loss
                for model, beginning in ((None, None), (same, None), (None, known))
            ]
            print(f"| {seed} | {' | '.join(f'{loss:.4f}' for loss in losses)} |", flush=True)


if __name__ == "__main__":
    main()
