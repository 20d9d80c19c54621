"""Compares poems of people, free ones and ones in a form of verse: one JSON object for each kind.

    python -m benchmarks.form_quality shi --form qijue --count 1000
    python -m benchmarks.form_quality lyric --form sonnet --seed 5 poems.txt

The poems of people are those of a file, or of the validation split of the network's corpus. A share
is null where there is nothing to take it of:

    shaped           poems whose lines are as many and as long as the form has them
    rhyming          of those, the poems in which all rhymes are there
    passing          poems that keep the form in everything
    distinct_1, _2   distinct tokens and pairs of tokens (Li et al., 2016)
    self_bleu        mean BLEU of each poem against all others (Zhu et al., 2018, "Texygen")
    log_probability  mean over the characters, in nats

Tokens are Chinese characters or English words. Distinct tokens fall and self-BLEU rises with the
number of poems, so each row counts as many of them. What was copied is told by charrnn novelty.
"""

import contextlib
import dataclasses
import itertools
import json
import math
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.cli.evaluate import text_to_measure
from charrnn.cli.options import config_options
from charrnn.corpus.store import as_array
from charrnn.decoding.batch import with_seed
from charrnn.decoding.scoring import score_poems
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import FormGivenUpError
from charrnn.forms.chinese.sounds import is_han
from charrnn.forms.core.compile import compile_form
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.form import Judgement
from charrnn.settings.configuration import SamplingConfig, seed_after

Poem = list[str]
"""The tokens of a poem."""

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

SMOOTHING = 0.1
"""What no match at all counts as: the first method of Chen and Cherry (2014)."""


def tokens_of(text: str, language: str) -> Poem:
    """The characters of a Chinese text, or the words of an English one in small letters."""
    return list(filter(is_han, text)) if language == "chinese" else WORD.findall(text.lower())


def grams(poem: Poem, n: int) -> list[tuple[str, ...]]:
    """Runs of n tokens."""
    return list(zip(*(poem[start:] for start in range(n)), strict=False))


def distinct(poems: list[Poem], n: int, most: int) -> float | None:
    """Share of the first n-grams of poems, so many of them, that are different."""
    found = [gram for poem in poems for gram in grams(poem, n)][:most]
    return len(set(found)) / len(found) if found else None


def self_bleu(poems: list[Poem], longest: int = 4) -> float | None:
    """Mean BLEU of each poem against all others; None where there are not two."""
    if len(poems) < 2:
        return None
    logs = [0.0] * len(poems)
    for n in range(1, longest + 1):
        counts = [Counter(grams(poem, n)) for poem in poems]
        most: dict[tuple[str, ...], list[int]] = {}
        for count in counts:
            for gram, times in count.items():
                most[gram] = sorted([*most.get(gram, [0, 0]), times])[-2:]
        for number, count in enumerate(counts):
            # The poem that has an n-gram most often is compared with the next one.
            matched = sum(
                min(times, most[gram][0] if times == most[gram][1] else most[gram][1])
                for gram, times in count.items()
            )
            logs[number] += math.log((matched or SMOOTHING) / max(1, count.total())) / longest
    lengths = Counter(map(len, poems))
    scores = []
    for poem, log in zip(poems, logs, strict=True):
        others = [one for one, times in lengths.items() if one != len(poem) or times > 1]
        nearest = min(others, key=lambda one: (abs(one - len(poem)), one))
        brevity = min(1.0, math.exp(1 - nearest / len(poem))) if poem else 0.0
        scores.append(brevity * math.exp(log))
    return statistics.fmean(scores)


def one_after_another(sampling: SamplingConfig) -> Iterator[SamplingConfig]:
    """The same settings with one seed after another, without an end."""
    for number in itertools.count():
        yield dataclasses.replace(sampling, seed=seed_after(sampling.seed or 0, number))


def has_shape(judged: Judgement) -> bool:
    """Whether a poem has as many lines as its form, as long as they may be."""
    return judged.variant is not None and not any(
        fault.about in {"lines", "length"} for fault in judged.faults
    )


def row(name: str, judged: list[Judgement], logs: list[float], **facts: Any) -> dict[str, Any]:
    """Figures about poems of one kind that need no other kind."""
    shaped = list(filter(has_shape, judged))
    rhyming = [all(fault.about != "rhyme" for fault in one.faults) for one in shaped]
    return {
        "name": name,
        "poems": len(judged),
        "shaped": len(shaped) / len(judged) if judged else None,
        "rhyming": statistics.fmean(rhyming) if rhyming else None,
        "passing": statistics.fmean(one.passes for one in judged) if judged else None,
        "log_probability": statistics.fmean(logs) if logs else None,
        **facts,
    }


@click.command()
@click.argument("checkpoint")
@click.argument("file", required=False)
@config_options(FormConfig)
@config_options(SamplingConfig)
@click.option("--count", type=click.IntRange(min=1), default=100, help="Poems of each kind.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
def main(
    *,
    checkpoint: str,
    file: str | None,
    form_config: FormConfig,
    sampling_config: SamplingConfig,
    count: int,
    checkpoints: Path,
) -> None:
    """Write poems with CHECKPOINT in a form and without it, and compare them with those of FILE."""
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    writer = TextGenerator.open(opened)
    sampling = with_seed(sampling_config)
    settings = list(itertools.islice(one_after_another(sampling), count))
    compiled = compile_form(writer, form_config, sampling)
    kinds: dict[str, tuple[list[str], list[float], dict[str, Any]]] = {}

    corpus, spans = text_to_measure(opened, file, None)
    places = as_array(spans)
    chosen = places[:: max(1, len(places) // count)][:count].tolist()
    people = [corpus.text[start:stop] for start, stop in chosen]
    # The end of a poem is no character of it.
    read = [
        one.log_probability for poem in score_poems(writer, people) for one in poem if one.character
    ]
    kinds["human"] = people, read, {}

    began = time.perf_counter()
    free = list(writer.write_many("", iter(settings)))
    seconds = (time.perf_counter() - began) / count
    logs = [log for poem in free for log in poem.log_probabilities]
    kinds["free"] = [str(poem) for poem in free], logs, {"seconds": seconds}

    kept = []
    began = time.perf_counter()
    for one in settings:
        with contextlib.suppress(FormGivenUpError):
            kept.append(compiled.write(sampling=one))
    facts = {"seconds": (time.perf_counter() - began) / count, "given_up": count - len(kept)}
    logs = [log for poem in kept for log in poem.log_probabilities]
    kinds["in form"] = [str(poem) for poem in kept], logs, facts

    tokens = {
        name: [tokens_of(poem, compiled.rules.form.language) for poem in poems]
        for name, (poems, _, _) in kinds.items()
    }
    compared = min(map(len, tokens.values()))
    for name, (poems, logs, facts) in kinds.items():
        various = {
            f"distinct_{n}": distinct(
                tokens[name],
                n,
                min(sum(len(grams(poem, n)) for poem in some) for some in tokens.values()),
            )
            for n in (1, 2)
        }
        judged = [compiled.rules.verify(poem) for poem in poems]
        likeness = self_bleu(tokens[name][:compared])
        click.echo(json.dumps(row(name, judged, logs, **various, self_bleu=likeness, **facts)))


if __name__ == "__main__":
    main()
