"""Deriving a form from poems that have it; what both languages share."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from charrnn.errors import FormError
from charrnn.forms.core.form import LONGEST_LINE, MOST_LINES, Form, Judgement

RHYMING: Final = 0.7
"""Share of the poems in which two lines must rhyme, for the form to have them rhyme.

Lines that need not rhyme do so by chance in one poem of twenty; those that must, in nine of ten, or
in fewer where sounds have changed since.
"""

SOMETIMES: Final = 0.2
"""Share from which on two lines rhyme by intention, if not in all poems."""

COMMON: Final = 0.1
"""Share of the poems that have a scheme which stands beside others."""

FARTHEST: Final = 10
"""Lines between two that are compared; rhymes that are farther apart go by those in between."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Pair = tuple[int, int]
"""Two lines, from 0, the earlier one first."""

Shares = Mapping[Pair, float]
"""In which share of some poems two lines rhyme."""

Scheme = tuple[str, ...]
"""A letter for each line, in the order in which rhymes begin; "" for a line without one."""


def compared_lines(lines: int) -> Iterator[Pair]:
    """The pairs of lines of which it matters how often they rhyme."""
    for later in range(lines):
        for earlier in range(max(0, later - FARTHEST), later):
            yield earlier, later


def shares_of(rhyming: Sequence[frozenset[Pair]], lines: int) -> Shares:
    """In which share of the poems two lines rhyme.

    Args:
        rhyming: Which lines rhyme in each poem.
        lines: How many lines a poem has.
    """
    counts = Counter(pair for pairs in rhyming for pair in pairs)
    return {pair: counts[pair] / len(rhyming) for pair in compared_lines(lines)}


def scheme_of(shares: Shares, lines: int) -> Scheme:
    """The rhyme scheme of poems in which lines rhyme so often."""
    group = list(range(lines))
    for (earlier, later), share in sorted(shares.items()):
        if share >= RHYMING:
            old, new = group[later], group[earlier]
            group = [new if one == old else one for one in group]
    begun = [one for one in dict.fromkeys(group) if group.count(one) > 1]
    letters = {one: _letter(number) for number, one in enumerate(begun)}
    return tuple(letters.get(one, "") for one in group)


def common_schemes(rhyming: Sequence[frozenset[Pair]], lines: int) -> dict[Scheme, int]:
    """The rhyme schemes of some poems.

    There is one where each two lines rhyme in most of the poems or in few. Else the poems are told
    apart by the pairs of which that is not so, as those of ABAB and AABB are.

    Args:
        rhyming: Which lines rhyme in each poem.
        lines: How many lines a poem has.

    Returns:
        At least one scheme, the commonest first, each with how many poems show it.
    """
    shares = shares_of(rhyming, lines)
    open_pairs = frozenset(pair for pair, share in shares.items() if SOMETIMES <= share < RHYMING)
    decided = {pair: 1.0 for pair, share in shares.items() if share >= RHYMING}
    schemes: Counter[Scheme] = Counter()
    for pairs in rhyming:
        schemes[scheme_of(decided | dict.fromkeys(pairs & open_pairs, 1.0), lines)] += 1
    common = {
        scheme: count for scheme, count in schemes.most_common() if count >= COMMON * len(rhyming)
    }
    return common or {scheme_of(shares, lines): len(rhyming)}


def _letter(number: int) -> str:
    """The letters of the alphabet, then Chinese characters: a rhyme is named by any letter."""
    return _LETTERS[number] if number < len(_LETTERS) else chr(0x4E00 + number - len(_LETTERS))


FEWEST_POEMS: Final = 20
"""Poems of one shape without which no form is learned."""

PoemShape = tuple[int, ...]
"""Characters of each line of a Chinese poem; of an English one, how many lines it has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnedForm:
    """A form, and how well the poems bear it out.

    Attributes:
        form: The form.
        poems: How many poems there were.
        shapes: The shapes that most of them have, each with how many have it.
        shape: The shape that was learned from.
        considered: How many poems of that shape were looked at.
        following: For each variant of the form, how many of those it was learned from.
        rhyming: For two lines, from 1, in which share of the poems they rhyme: the pairs that
            often do, or sometimes.
        keeping: How many of the poems considered keep the form wholly.
        lines_keeping: Share of their lines that have no fault.
        sounds: By whose sounds they were judged.
    """

    form: Form
    poems: int
    shapes: tuple[tuple[PoemShape, int], ...]
    shape: PoemShape
    considered: int
    following: tuple[int, ...]
    rhyming: tuple[tuple[int, int, float], ...]
    keeping: int
    lines_keeping: float
    sounds: str


@dataclass(frozen=True, slots=True)
class Shaped:
    """The poems of one shape.

    Attributes:
        poems: Their lines.
        shape: The shape.
        count: How many poems there were of any shape.
        shapes: The commonest shapes, each with how many poems have it.
        stanzas: How many lines each stanza has.
        texts: The poems as they were written.
    """

    poems: tuple[Sequence[str], ...]
    shape: PoemShape
    count: int
    shapes: tuple[tuple[PoemShape, int], ...]
    stanzas: tuple[int, ...]
    texts: tuple[str, ...]


def of_one_shape(
    poems: Sequence[str],
    lines_of: Callable[[str], Sequence[str]],
    shape_of: Callable[[Sequence[str]], PoemShape],
    shape: PoemShape | None,
    most: int,
) -> Shaped:
    """Choose the poems that a form is learned from.

    Args:
        poems: The poems.
        lines_of: Gives the lines of a poem.
        shape_of: Gives the shape of some lines.
        shape: The shape of the poems that are wanted; None is the commonest.
        most: How many poems are wanted; of more, so many are taken, evenly.

    Raises:
        FormError: There are too few.
    """
    counts: Counter[PoemShape] = Counter(shape_of(lines_of(poem)) for poem in poems)
    possible = [one for one in counts.most_common() if _is_possible(one[0])]
    if shape is None:
        shape = possible[0][0] if possible else ()
    if counts[shape] < FEWEST_POEMS or not _is_possible(shape):
        raise FormError(
            f"a form is learned from at least {FEWEST_POEMS} poems whose lines are alike. Received: "
            f"{len(poems):,} poems, of which {counts[shape]:,} are of {in_words(shape)}."
        )
    texts = [poem for poem in poems if shape_of(lines_of(poem)) == shape]
    texts = texts[:: -(-len(texts) // most)]
    lines = tuple(lines_of(poem) for poem in texts)
    stanzas = _stanzas(texts, lines_of, len(lines[0]))
    return Shaped(lines, shape, len(poems), tuple(possible[:3]), stanzas, tuple(texts))


def in_words(shape: PoemShape) -> str:
    """A shape as it is told and typed: 7,7,7,7; the lines of an English poem: 14."""
    return ",".join(map(str, shape)) or "no lines"


def borne_out(
    form: Form,
    shaped: Shaped,
    judgements: Sequence[Judgement],
    *,
    following: tuple[int, ...],
    shares: Shares,
    sounds: str,
) -> LearnedForm:
    """A form with an example, and what is told of it.

    Args:
        form: The form that was derived.
        shaped: The poems that it was derived from.
        judgements: What the verifier says of each.
        following: How many each variant was derived from.
        shares: In which share of the poems two lines, from 0, rhyme.
        sounds: By whose sounds they were judged.
    """
    kept = [text for text, found in zip(shaped.texts, judgements, strict=True) if found.passes]
    faulty = sum(len({fault.line for fault in found.faults}) for found in judgements)
    return LearnedForm(
        form=dataclasses.replace(
            form,
            example=kept[0] if kept else "",
            source=f"Learned from {len(shaped.poems)} poems.",
        ),
        poems=shaped.count,
        shapes=shaped.shapes,
        shape=shaped.shape,
        considered=len(shaped.poems),
        following=following,
        rhyming=tuple(
            (earlier + 1, later + 1, share)
            for (earlier, later), share in shares.items()
            if share >= SOMETIMES
        ),
        keeping=len(kept),
        lines_keeping=1 - faulty / (form.lines * len(judgements)),
        sounds=sounds,
    )


def _is_possible(shape: PoemShape) -> bool:
    """Whether a form can have lines of these lengths."""
    return 0 < len(shape) <= MOST_LINES and all(
        0 < length <= (LONGEST_LINE if len(shape) > 1 else MOST_LINES) for length in shape
    )


def _stanzas(
    texts: Sequence[str], lines_of: Callable[[str], Sequence[str]], lines: int
) -> tuple[int, ...]:
    """The lines of each stanza, as blank lines part them in most of the poems."""
    counts = Counter(
        tuple(len(lines_of(part)) for part in text.split("\n\n") if part.strip()) for text in texts
    )
    (stanzas, count) = counts.most_common(1)[0]
    return stanzas if 2 * count > len(texts) and sum(stanzas) == lines else (lines,)
