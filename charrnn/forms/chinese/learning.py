"""Deriving a Chinese form from poems: line lengths, tones and rhymes.

If poems follow one template, most positions have the same tone in nearly all poems. If they follow
several, as regular verse does, the poems are divided recursively by a mixture of two products of
Bernoulli distributions, fitted by expectation maximisation; a division is kept if the Bayesian
information criterion (Schwarz, 1978) prefers it.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from charrnn.errors import FormError
from charrnn.forms.chinese.rhyme_books import find_sounds
from charrnn.forms.chinese.sound_learning import learn_sounds
from charrnn.forms.chinese.sounds import (
    LEARNED,
    TONE_OF_MARK,
    ChineseSounds,
    Tone,
    is_han,
    rhymes,
    tones,
    verse_lines,
)
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.form import Book, Form, Line
from charrnn.forms.core.learning import (
    LearnedForm,
    PoemShape,
    ShapedPoems,
    Shares,
    compared_lines,
    poems_of_one_shape,
    scheme_of,
    with_evidence,
)

Tones = npt.NDArray[np.int8]
"""`(poems, characters)` 1 level, -1 oblique, 0 open or unknown."""

AGREEING: Final = 0.9
"""Share of the poems that must agree at a position, for a template to require the tone."""

FEWEST_TONES: Final = 10
"""Least number of known tones at a position; with fewer it stays open."""

SMALLEST_PART: Final = 0.05
"""Least share of all poems that follow a template."""

FEWEST_IN_PART: Final = 20

_DECIDED: Final = 0.5
"""Least share of its positions that a template decides."""

_ROUNDS: Final = 50

_MARKS: Final = {1: "平", -1: "仄", 0: "中"}


class Template(NamedTuple):
    """The marks of a poem, line after line, and the indices of the poems that follow it."""

    marks: str
    poems: tuple[int, ...]


def find_templates(tones: Tones, line_ends: Sequence[int]) -> list[Template]:
    """The templates that poems follow, the most common first; at least one, possibly all open.

    `line_ends` are the positions of the last character of each line.
    """
    everything = np.arange(len(tones))
    if _is_settled(marks := _marks(tones), line_ends):
        return [Template(marks, tuple(everything.tolist()))]
    least = max(FEWEST_IN_PART, SMALLEST_PART * len(tones))
    parts = [
        part
        for part in _divided(tones, everything, line_ends, least)
        if _decided(_marks(tones[part])) >= _DECIDED
    ]
    parts = _joined(tones, parts) or [everything]
    templates = [Template(_marks(tones[part]), tuple(part.tolist())) for part in parts]
    return sorted(templates, key=lambda template: (-len(template.poems), template.marks))


def _marks(tones: Tones) -> str:
    """The tone that nearly all poems have at each position."""
    level, oblique = (tones == 1).sum(axis=0), (tones == -1).sum(axis=0)
    known = level + oblique
    decided = np.where(level >= AGREEING * known, 1, np.where(oblique >= AGREEING * known, -1, 0))
    return "".join(_MARKS[tone] for tone in np.where(known >= FEWEST_TONES, decided, 0).tolist())


def _decided(marks: str) -> float:
    return 1 - marks.count(_MARKS[0]) / len(marks)


def _is_settled(marks: str, line_ends: Sequence[int]) -> bool:
    """Whether poems agree in half of their positions and at all line ends."""
    return _decided(marks) >= _DECIDED and all(marks[end] != _MARKS[0] for end in line_ends)


def _divided(
    tones: Tones, part: npt.NDArray[np.intp], line_ends: Sequence[int], least: float
) -> list[npt.NDArray[np.intp]]:
    """A part of the poems, or its parts: `(poems,)` indices."""
    if len(part) < 2 * least or _is_settled(_marks(tones[part]), line_ends):
        return [part]
    first = _first_of_two(tones[part], line_ends)
    halves = part[first], part[~first]
    if min(map(len, halves)) < least:
        return [part]
    return [small for half in halves for small in _divided(tones, half, line_ends, least)]


def _first_of_two(tones: Tones, line_ends: Sequence[int]) -> npt.NDArray[np.bool_]:
    """`(poems,)` which poems belong to the first of two components; all if one suffices."""
    marks = _marks(tones)
    begun = [tones[:, end] == 1 for end in line_ends if marks[end] == _MARKS[0]]
    divisions = [_mixture(tones, start) for start in [_nearer_to_most(tones), *begun]]
    gain, first = max(divisions, key=lambda division: division[0])
    # What all agree in anyway needs no second template.
    cost = (marks.count(_MARKS[0]) + 1) / 2 * np.log(len(tones))
    return first if gain > cost else np.ones(len(tones), np.bool_)


def _nearer_to_most(tones: Tones) -> npt.NDArray[np.bool_]:
    """Which poems are more similar to a typical poem than to the least similar one."""
    numbers = tones.astype(np.int64)
    usual = numbers[(numbers @ np.sign(numbers.sum(axis=0))).argmax()]
    unusual = numbers[(numbers @ usual).argmin()]
    nearer: npt.NDArray[np.bool_] = numbers @ usual >= numbers @ unusual
    return nearer


def _mixture(tones: Tones, first: npt.NDArray[np.bool_]) -> tuple[float, npt.NDArray[np.bool_]]:
    """Fit a mixture of two components, from `(poems,)` initial members of the first one.

    Returns:
        Gain in log-likelihood over one component, in nats; and the members of the first component.
    """
    level, oblique = (tones == 1).astype(float), (tones == -1).astype(float)
    belongs = np.stack([first, ~first], axis=1).astype(float)
    for _ in range(_ROUNDS):
        shares = (belongs.sum(axis=0) + 1) / (len(tones) + 2)
        chances = (belongs.T @ level + 1) / (belongs.T @ (level + oblique) + 2)
        fits = np.log(shares) + level @ np.log(chances).T + oblique @ np.log1p(-chances).T
        likelihood = np.logaddexp.reduce(fits, axis=1)
        belongs = np.exp(fits - likelihood[:, None])
    alone = (level.sum(axis=0) + 1) / ((level + oblique).sum(axis=0) + 2)
    gain = likelihood.sum() - (level @ np.log(alone) + oblique @ np.log1p(-alone)).sum()
    return float(gain), belongs[:, 0] >= 0.5


def _joined(tones: Tones, parts: Sequence[npt.NDArray[np.intp]]) -> list[npt.NDArray[np.intp]]:
    joined: list[npt.NDArray[np.intp]] = []
    for part in sorted(parts, key=len, reverse=True):
        marks = _marks(tones[part])
        for number, other in enumerate(joined):
            if not _contradict(marks, _marks(tones[other])):
                joined[number] = np.sort(np.concatenate([other, part]))
                break
        else:
            joined.append(part)
    return joined


def _contradict(one: str, other: str) -> bool:
    return any({*marks} == {_MARKS[1], _MARKS[-1]} for marks in zip(one, other, strict=True))


MOST_POEMS: Final = 5_000
"""Most poems that are used; takes some seconds."""

FEWEST_RHYMES: Final = 10
"""Least number of poems in which the rhymes of two lines are known."""


def learn_chinese_form(
    poems: Sequence[str], sounds: ChineseSounds, name: str, shape: PoemShape | None = None
) -> LearnedForm:
    """Derive a form from poems, most of which keep it.

    Line lengths are those of most poems, or of `shape`. A position has a tone if nine in ten poems
    agree; if they agree in too few positions, there are several templates.

    Raises:
        FormError: Too few poems have the same line lengths.
    """
    shaped = poems_of_one_shape(poems, verse_lines, _shape, shape, MOST_POEMS)
    ends = [place - 1 for place in accumulate(shaped.shape)]
    templates = find_templates(_tones(shaped.poems, sounds), ends)
    variants = tuple(_variant(shaped, template, sounds) for template in templates)
    form = Form(
        name=name,
        title=name,
        language="chinese",
        variants=variants,
        variant_names=(name,)
        if len(variants) == 1
        else tuple(f"template {number}" for number in range(1, len(variants) + 1)),
        stanzas=shaped.stanzas,
        book=next((book for book in get_args(Book) if book == sounds.name), ""),
    )
    judged = [verify_chinese(text, form, sounds) for text in shaped.texts]
    following = tuple(len(template.poems) for template in templates)
    shares = _rhyming(shaped.poems, [None] * form.lines, sounds)
    return with_evidence(
        form, shaped, judged, following=following, shares=shares, sounds=sounds.name
    )


def sounds_for(poems: Sequence[str], asked: str | None, shape: PoemShape | None) -> ChineseSounds:
    """The requested sounds, the usual book, or sounds learned from the poems; FormError if none."""
    if asked == LEARNED:
        return learn_sounds(poems).sounds()
    try:
        return find_sounds(asked or usual_book(poems, shape))
    except FormError as missing:
        if asked is not None:
            raise
        try:
            return learn_sounds(poems).sounds()
        except FormError:
            raise missing from None


def usual_book(poems: Sequence[str], shape: PoemShape | None = None) -> Book:
    """The default rhyme book: 平水韵 for lines of five or seven characters, else 词林正韵."""
    if shape is None:
        counts = Counter(_shape(verse_lines(poem)) for poem in poems)
        shape = next((one for one, _ in counts.most_common() if one), ())
    return "pingshui" if set(shape) in ({5}, {7}) else "cilin"


def _shape(lines: Sequence[str]) -> PoemShape:
    return tuple(map(len, lines)) if is_han("".join(lines)) else ()


def _tones(poems: Sequence[Sequence[str]], sounds: ChineseSounds) -> Tones:
    """`(poems, characters)` 1 level, -1 oblique, 0 for either or unknown."""
    signs: dict[str, int] = {}
    for character in {one for lines in poems for line in lines for one in line}:
        known = tones(sounds, character)
        signs[character] = (-1 if "仄" in known else 1) if len(known) == 1 else 0
    return np.array([[signs[one] for line in lines for one in line] for lines in poems], np.int8)


def _variant(shaped: ShapedPoems, template: Template, sounds: ChineseSounds) -> tuple[Line, ...]:
    cuts = pairwise(accumulate(shaped.shape, initial=0))
    patterns = [template.marks[start:stop] for start, stop in cuts]
    poems = [shaped.poems[number] for number in template.poems]
    shares = _rhyming(poems, [TONE_OF_MARK.get(pattern[-1]) for pattern in patterns], sounds)
    letters = scheme_of(shares, len(patterns))
    return tuple(
        Line(lengths=(len(pattern),), pattern=pattern if pattern.strip("中") else "", rhyme=letter)
        for pattern, letter in zip(patterns, letters, strict=True)
    )


def _rhyming(
    poems: Sequence[Sequence[str]], ends: Sequence[Tone | None], sounds: ChineseSounds
) -> Shares:
    """In which share of the poems, if their rhymes are known, two lines rhyme."""

    @cache
    def classes(character: str, tone: Tone | None) -> frozenset[str]:
        return rhymes(sounds, character, tone) or rhymes(sounds, character)

    known = [
        [classes(line[-1], tone) for line, tone in zip(lines, ends, strict=True)] for lines in poems
    ]
    shares: dict[tuple[int, int], float] = {}
    for earlier, later in compared_lines(len(ends)):
        pairs = [
            (found[earlier], found[later]) for found in known if found[earlier] and found[later]
        ]
        rhyming = sum(bool(one & other) for one, other in pairs)
        shares[earlier, later] = rhyming / len(pairs) if len(pairs) >= FEWEST_RHYMES else 0.0
    return shares
