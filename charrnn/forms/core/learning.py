"""Deriving a form from poems that keep it: rhyme schemes and statistics, for any language."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from charrnn.errors import FormError
from charrnn.forms.core.form import LONGEST_LINE, MOST_LINES, Form, Judgement
from charrnn.wording import counted

RHYMING: Final = 0.7
"""Share of the poems in which lines of a form must rhyme. By chance, they do in one of twenty."""

SOMETIMES: Final = 0.2
"""Share of the poems from which on a rhyme is intended, if not in all poems."""

COMMON: Final = 0.1
"""Least share of the poems that follow a scheme, if there are several."""

FARTHEST: Final = 10
"""Largest distance of lines that are compared; farther rhymes are linked by lines in between."""

Pair = tuple[int, int]
"""Two lines, from 0, in order."""

Shares = Mapping[Pair, float]
"""In which share of the poems two lines rhyme."""

Scheme = tuple[str, ...]
"""One letter per line, in order of first occurrence; "" for no rhyme."""


def compared_lines(lines: int) -> Iterator[Pair]:
    """The pairs of lines whose rhymes are counted."""
    for later in range(lines):
        for earlier in range(max(0, later - FARTHEST), later):
            yield earlier, later


def shares_of(rhyming: Sequence[frozenset[Pair]], lines: int) -> Shares:
    """In which share of the poems two lines rhyme; `rhyming` has the pairs of each poem."""
    counts = Counter(pair for pairs in rhyming for pair in pairs)
    return {pair: counts[pair] / len(rhyming) for pair in compared_lines(lines)}


def scheme_of(shares: Shares, lines: int) -> Scheme:
    """The rhyme scheme that follows from these shares."""
    group = list(range(lines))
    for (earlier, later), share in sorted(shares.items()):
        if share >= RHYMING:
            old, new = group[later], group[earlier]
            group = [new if one == old else one for one in group]
    begun = [one for one in dict.fromkeys(group) if group.count(one) > 1]
    # Capital letters, then Chinese characters.
    letters = {
        one: chr(ord("A") + number if number < 26 else 0x4E00 + number - 26)
        for number, one in enumerate(begun)
    }
    return tuple(letters.get(one, "") for one in group)


def common_schemes(rhyming: Sequence[frozenset[Pair]], lines: int) -> dict[Scheme, int]:
    """The rhyme schemes of the poems, each with its number of poems, the most common first.

    There is one scheme if each pair of lines rhymes in most poems or in few. Otherwise the
    remaining pairs divide the poems, as those of ABAB and AABB.
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


FEWEST_POEMS: Final = 20
"""Least number of poems of one shape to learn a form from."""

PoemShape = tuple[int, ...]
"""Characters of each line of a Chinese poem; the number of lines of an English one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnedForm:
    """A form and its evidence.

    Attributes:
        form: The form.
        poems: The number of all poems.
        shapes: The most common shapes, each with its number of poems.
        shape: The shape that was learned.
        considered: The number of poems of that shape that were used.
        following: For each variant, the number of poems that it was derived from.
        rhyming: Two lines, from 1, and the share of poems in which they rhyme, if not small.
        keeping: How many of the used poems keep the form.
        lines_keeping: Share of their lines without a fault.
        sounds: The sounds that they were judged by.
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
class ShapedPoems:
    """The poems of one shape: their lines and texts, `count` and `shapes` of all poems."""

    poems: tuple[Sequence[str], ...]
    shape: PoemShape
    count: int
    shapes: tuple[tuple[PoemShape, int], ...]
    stanzas: tuple[int, ...]
    texts: tuple[str, ...]


def poems_of_one_shape(
    poems: Sequence[str],
    lines_of: Callable[[str], Sequence[str]],
    shape_of: Callable[[Sequence[str]], PoemShape],
    shape: PoemShape | None,
    most: int,
) -> ShapedPoems:
    """Choose at most `most` poems of one shape, by default the most common one.

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
            f"{counted(len(poems), 'poem')}, of which {counts[shape]:,} are of {shape_text(shape)}."
        )
    texts = [poem for poem in poems if shape_of(lines_of(poem)) == shape]
    texts = texts[:: -(-len(texts) // most)]
    lines = tuple(lines_of(poem) for poem in texts)
    stanzas = _stanzas(texts, lines_of, len(lines[0]))
    return ShapedPoems(lines, shape, len(poems), tuple(possible[:3]), stanzas, tuple(texts))


def shape_text(shape: PoemShape) -> str:
    """A shape as it is typed: 7,7,7,7, or the lines of an English poem: 14."""
    return ",".join(map(str, shape)) or "no lines"


def with_evidence(
    form: Form,
    shaped: ShapedPoems,
    judgements: Sequence[Judgement],
    *,
    following: tuple[int, ...],
    shares: Shares,
    sounds: str,
) -> LearnedForm:
    """A form with an example and its evidence; see `LearnedForm`."""
    kept = [text for text, found in zip(shaped.texts, judgements, strict=True) if found.passes]
    faulty = sum(len({fault.line for fault in found.faults}) for found in judgements)
    return LearnedForm(
        form=dataclasses.replace(
            form,
            example=kept[0] if kept else "",
            source=f"Learned from {counted(len(shaped.poems), 'poem')}.",
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
    return 0 < len(shape) <= MOST_LINES and all(
        0 < length <= (LONGEST_LINE if len(shape) > 1 else MOST_LINES) for length in shape
    )


def _stanzas(
    texts: Sequence[str], lines_of: Callable[[str], Sequence[str]], lines: int
) -> tuple[int, ...]:
    """Lines of each stanza, as blank lines separate them in most poems."""
    counts = Counter(
        tuple(len(lines_of(part)) for part in text.split("\n\n") if part.strip()) for text in texts
    )
    (stanzas, count) = counts.most_common(1)[0]
    return stanzas if 2 * count > len(texts) and sum(stanzas) == lines else (lines,)
