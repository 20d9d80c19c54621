"""How well poems keep a form, and what keeping it costs: one row for each kind of poems."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from charrnn.corpus.passages import PassageIndex
from charrnn.forms.core.form import MARKS, Form, Judgement, Line
from charrnn.forms.core.measures import copied, count_grams, distinct, self_bleu, tokens_of

MOST_COMPARED: Final = 1_000
"""Poems that self-BLEU compares with one another at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Poems of one kind, and what is known of them.

    Attributes:
        name: The kind: "human", "free", "in form".
        poems: The poems.
        judgements: What the verifier says of each.
        log_probabilities: The network's, in nats, one for each character of each poem.
        seconds: How long they took to write; None where people wrote them.
        given_up: Poems that were begun, and given up.
    """

    name: str
    poems: Sequence[str]
    judgements: Sequence[Judgement]
    log_probabilities: Sequence[Sequence[float]]
    seconds: float | None = None
    given_up: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What is told of a sample. A share is None where there is nothing to take it of.

    Attributes:
        name: The kind of poems.
        poems: How many there are.
        given_up: How many more were begun and given up.
        shaped: Share of the poems whose lines are as many and as long as the form has them.
        rhyming: Of those, the share in which all rhymes are there.
        sounding: Of those, the share of tones that are right; in English of lines in metre.
        passing: Share of all poems that keep the form in everything.
        distinct_1: Share of the tokens that are different, among as many in every row.
        distinct_2: The same of pairs of tokens.
        self_bleu: How much the poems are like one another, among as many in every row.
        copied: Share of the runs of four tokens that stand in the text learned.
        longest_run: Characters of the longest run in each poem that stands there, on average.
        longest_run_of_all: Characters of the longest one.
        log_probability: Mean over the characters, in nats.
        shaped_log_probability: The same of the poems that have the lines of the form.
        seconds: To write a poem.
    """

    name: str
    poems: int
    given_up: int
    shaped: float | None
    rhyming: float | None
    sounding: float | None
    passing: float | None
    distinct_1: float | None
    distinct_2: float | None
    self_bleu: float | None
    copied: float | None
    longest_run: float | None
    longest_run_of_all: int | None
    log_probability: float | None
    shaped_log_probability: float | None
    seconds: float | None


def report(samples: Sequence[Sample], form: Form, index: PassageIndex | None) -> list[Row]:
    """Measure samples side by side.

    Args:
        samples: The samples; those without poems count for nothing.
        form: The form that they were held to.
        index: The text that was learned; None where it is not known.

    Returns:
        A row for each.
    """
    tokens = [[tokens_of(poem, form.language) for poem in sample.poems] for sample in samples]
    known = [poems for poems in tokens if poems]
    singles, pairs = (min((count_grams(poems, n) for poems in known), default=0) for n in (1, 2))
    compared = min([MOST_COMPARED, *map(len, known)])
    return [
        _row(
            sample,
            form,
            index,
            distinct_1=distinct(poems, 1, singles),
            distinct_2=distinct(poems, 2, pairs),
            bleu=self_bleu(poems[:compared]),
        )
        for sample, poems in zip(samples, tokens, strict=True)
    ]


def _row(
    sample: Sample,
    form: Form,
    index: PassageIndex | None,
    *,
    distinct_1: float | None,
    distinct_2: float | None,
    bleu: float | None,
) -> Row:
    count = len(sample.poems)
    both = zip(sample.judgements, sample.log_probabilities, strict=True)
    shaped = [(judged, logs) for judged, logs in both if has_shape(judged)]
    judgements = [judged for judged, _ in shaped]
    seen, longest = _copied(sample, form, index)
    return Row(
        name=sample.name,
        poems=count,
        given_up=sample.given_up,
        shaped=_share(len(shaped), count),
        rhyming=_rhyming(judgements) if _has_rhyme(form) else None,
        sounding=_sounding(judgements),
        passing=_share(sum(judged.passes for judged in sample.judgements), count),
        distinct_1=distinct_1,
        distinct_2=distinct_2,
        self_bleu=bleu,
        copied=seen,
        longest_run=_share(sum(longest), len(longest)),
        longest_run_of_all=max(longest, default=None),
        log_probability=_mean(sample.log_probabilities),
        shaped_log_probability=_mean([logs for _, logs in shaped]),
        seconds=None if sample.seconds is None else _share(sample.seconds, count),
    )


def has_shape(judged: Judgement) -> bool:
    """Whether a poem has as many lines as its form, as long as they may be."""
    return judged.variant is not None and not any(
        fault.about in {"lines", "length"} for fault in judged.faults
    )


def _rhyming(shaped: Sequence[Judgement]) -> float | None:
    """The share of some poems in which nothing is wrong with the rhymes."""
    rhyming = sum(all(fault.about != "rhyme" for fault in judged.faults) for judged in shaped)
    return _share(rhyming, len(shaped))


def _has_rhyme(form: Form) -> bool:
    return any(line.rhyme for variant in form.variants for line in variant)


def _sounding(shaped: Sequence[Judgement]) -> float | None:
    """The share of the places with a tone that have it, or of the lines with a metre."""
    places = wrong = 0
    for judged in shaped:
        form = judged.form
        lines = form.variants[form.variant_names.index(judged.variant or "")]
        faults = [fault.line for fault in judged.faults if fault.about == "sound"]
        if form.language == "chinese":
            places += sum(map(_places, lines))
            wrong += len(faults)
        elif form.metre:
            places += sum(bool(line.pattern) for line in lines)
            wrong += len(set(faults))
    return _share(places - wrong, places)


def _places(line: Line) -> int:
    """In how many places a Chinese line asks for a tone, whichever pattern it follows."""
    free = MARKS["chinese"][-1]
    least = min(len(pattern) - pattern.count(free) for pattern in line.patterns)
    return least + bool(
        line.ending and all(pattern[-1:] in {"", free} for pattern in line.patterns)
    )


def _copied(
    sample: Sample, form: Form, index: PassageIndex | None
) -> tuple[float | None, list[int]]:
    """The share of the runs of four tokens that were learned, and each poem's longest run."""
    if index is None:
        return None, []
    found = [copied(index, poem, form.language) for poem in sample.poems]
    seen = _share(sum(one for one, _, _ in found), sum(total for _, total, _ in found))
    return seen, [longest for _, _, longest in found]


def _mean(values: Sequence[Sequence[float]]) -> float | None:
    return _share(math.fsum(one for some in values for one in some), sum(map(len, values)))


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
