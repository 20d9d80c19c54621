"""What a network makes of labels and titles, on poems that it has not read.

    python -m benchmarks.labels verse held_out.jsonl --json build/labels.json

The poems have the fields that the network has learned. Each is read alone, from a zero state; losses
are nats per character of the text and its end. Three questions are answered:

1. The loss without labels and titles, with each of them, and with all.
2. The loss with the title of the poem, and with that of another one.
3. Who wrote it: of the authors with most poems, the one whose label makes the poem likeliest, which
   is Bayes' rule for authors of equal shares. By chance, one of N is right.

Intervals are of 95 % (1,000 bootstrap samples of the poems).
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from benchmarks.machine import described
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.corpus.poem_files import PoemRecord, read_poem_file
from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.decoding.conditioning import AUTHOR_FIELDS, Condition
from charrnn.decoding.headers import HeadedModel
from charrnn.decoding.sampling import log_softmax
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError

BATCH = 64
STEPS = 32
SAMPLES = 1000


def poem_nats(writer: TextGenerator, poems: Sequence[str]) -> npt.NDArray[np.float64]:
    """`(poems,)` surprisal of each poem and its end, read from a zero state."""
    nats = np.zeros(len(poems))
    by_length = sorted(range(len(poems)), key=lambda number: len(poems[number]))
    for begin in range(0, len(poems), BATCH):
        rows = by_length[begin : begin + BATCH]
        ids = [[END_OF_POEM, *writer.vocabulary.encode(poems[row]).tolist()] for row in rows]
        length = max(map(len, ids))
        inputs = np.array([row + [END_OF_POEM] * (length - len(row)) for row in ids])
        targets = np.roll(inputs, -1, axis=1)
        targets[:, -1] = END_OF_POEM
        lengths = np.array(list(map(len, ids)))
        # The first token is read by itself, because the header follows it.
        borders = [0, 1, *range(1 + STEPS, length, STEPS), length]
        state = writer.model.initial_state(len(rows))
        for start, stop in itertools.pairwise(sorted(set(borders))):
            places = np.arange(start, stop)
            padding = places >= lengths[:, None]
            # What pads a poem is no end of one, or the header would be read again and again.
            read = np.where(padding, END_OF_POEM + 1, inputs[:, start:stop])
            logits, state = writer.model.read(read, state)
            own = np.take_along_axis(log_softmax(logits), targets[:, start:stop, None], -1)[..., 0]
            nats[rows] -= np.where(padding, 0, own).sum(axis=1)
    return nats


def interval(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> dict[str, float]:
    """The mean of values by weight, and its bootstrap interval."""
    random = np.random.default_rng(0)
    means = []
    for _ in range(SAMPLES):
        some = random.integers(len(values), size=len(values))
        means.append(values[some].sum() / weights[some].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return {"mean": values.sum() / weights.sum(), "low": low, "high": high}


def under_each(
    writer: TextGenerator, poems: Sequence[str], conditions: Sequence[Condition]
) -> npt.NDArray[np.float64]:
    """`(poems,)` the surprisal of each poem under a condition of its own."""
    nats = np.zeros(len(poems))
    groups: dict[Condition, list[int]] = {}
    for number, condition in enumerate(conditions):
        groups.setdefault(condition, []).append(number)
    for condition, numbers in groups.items():
        nats[numbers] = poem_nats(writer.under(condition), [poems[one] for one in numbers])
    return nats


def conditions_of(
    poems: Sequence[PoemRecord], fields: Sequence[str], known: set[tuple[str, str]]
) -> list[Condition]:
    """The condition of each poem that names its labels of some fields, where the network knows them."""
    found = []
    for poem in poems:
        pairs = [(one, poem.fields.get(one, "")) for one in fields]
        told = ",".join(f"{one}={value}" for one, value in pairs if (one, value) in known)
        found.append(Condition(label=told or None))
    return found


def losses(
    writer: TextGenerator, poems: Sequence[PoemRecord], known: set[tuple[str, str]], title: str
) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """The surprisal of each poem, by what is read before it."""
    texts = [poem.text for poem in poems]
    fields = list(dict.fromkeys(field for field, _ in sorted(known)))
    titles = [poem.fields.get(title) or None for poem in poems]
    random = np.random.default_rng(0)
    others: list[str | None] = list(titles)
    places = [place for place, one in enumerate(titles) if one]
    for place, other in zip(places, random.permutation(places).tolist(), strict=True):
        others[place] = titles[other]
    yield "nothing", poem_nats(writer, texts)
    for field in fields:
        yield field, under_each(writer, texts, conditions_of(poems, [field], known))
    yield "title", under_each(writer, texts, [Condition(title=one) for one in titles])
    yield "another title", under_each(writer, texts, [Condition(title=one) for one in others])
    both = zip(conditions_of(poems, fields, known), titles, strict=True)
    every = [Condition(label=condition.label, title=one) for condition, one in both]
    yield "all labels and the title", under_each(writer, texts, every)


def attribution(
    writer: TextGenerator, poems: Sequence[PoemRecord], field: str, known: set[str], count: int
) -> dict[str, Any]:
    """How often the author of a poem is the one that makes it likeliest."""
    counted = Counter(poem.fields.get(field, "") for poem in poems)
    authors = [name for name, _ in counted.most_common() if name in known][:count]
    own = [poem for poem in poems if poem.fields.get(field) in authors]
    nats = np.stack(
        [
            poem_nats(writer.under(Condition(label=f"{field}={name}")), [one.text for one in own])
            for name in authors
        ]
    )
    found = [authors[place] for place in nats.argmin(axis=0).tolist()]
    right = np.array([one.fields[field] == name for one, name in zip(own, found, strict=True)])
    return {"authors": len(authors), "poems": len(own)} | interval(
        right.astype(np.float64), np.ones(len(own))
    )


@click.command()
@click.argument("network")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--authors", default=20, help="Authors to choose from.")
@click.option("--poems", "most", default=500, help="Most poems that are read.")
@click.option("--title-field", default="title", help="Field of the titles.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
@click.option("--json", "output", type=click.Path(path_type=Path), help="Also write the results.")
def main(
    *,
    network: str,
    file: Path,
    authors: int,
    most: int,
    title_field: str,
    checkpoints: Path,
    output: Path | None,
) -> None:
    """Measure what labels and titles are worth on held-out poems."""
    writer = TextGenerator.open(find_checkpoint(network, checkpoints))
    if not isinstance(writer.model, HeadedModel):
        raise ConfigurationError(f"{network} has learned no labels and no titles.")
    known = {(label.field, label.value) for label in writer.model.vocabulary.labels}
    poems = read_poem_file(file.read_text(encoding="utf-8"), str(file))
    chosen = np.random.default_rng(0).permutation(len(poems))[:most]
    some = [poems[place] for place in sorted(chosen.tolist())]
    lengths = np.array([len(poem.text) + 1.0 for poem in some])
    results: dict[str, Any] = {"machine": described(), "poems": len(some), "losses": {}}
    click.echo(f"{len(some):,} poems of {file.name}; nats per character, read before each:")
    for name, nats in losses(writer, some, known, title_field):
        found = results["losses"][name] = interval(nats, lengths)
        click.echo(f"  {name:26}{found['mean']:8.4f}  [{found['low']:.4f}, {found['high']:.4f}]")
    field = next((one for one in AUTHOR_FIELDS if any(label[0] == one for label in known)), None)
    if field is not None:
        values = {value for one, value in known if one == field}
        found = results["attribution"] = attribution(writer, poems, field, values, authors)
        click.echo(
            f"{field} named by Bayes: {found['mean']:.1%} of {found['poems']} poems "
            f"[{found['low']:.1%}, {found['high']:.1%}]; by chance 1 of {found['authors']}"
        )
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
