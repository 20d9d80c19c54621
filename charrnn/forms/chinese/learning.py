"""Deriving a Chinese form from poems: line lengths, tones and rhymes.

Where poems follow one template, most of its places have the same tone in nearly all of them. Where
they follow several, as regular verse does, the poems are divided in two, and the parts again, by a
mixture of independent tones: expectation maximisation, with a division kept where it explains the
tones better than its own size by the Bayesian information criterion (Schwarz, 1978).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from charrnn.errors import FormError
from charrnn.forms.chinese.rhyme_books import find_sounds
from charrnn.forms.chinese.sound_learning import learn_sounds
from charrnn.forms.chinese.sounds import (
    LEARNED,
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
    Shaped,
    Shares,
    borne_out,
    compared_lines,
    of_one_shape,
    scheme_of,
)

Tones = npt.NDArray[np.int8]
"""`(poems, characters)` 1 where a character is level, -1 where it is oblique, 0 where it is open."""

AGREEING: Final = 0.9
"""Share of the poems that have the same tone at a place, for a template to ask for it."""

FEWEST_TONES: Final = 10
"""Known tones at a place, with fewer of which it stays open."""

SMALLEST_PART: Final = 0.05
"""Share of all poems that follow a template at least."""

FEWEST_IN_PART: Final = 20

_DECIDED: Final = 0.5
"""Share of its places that a template decides; poems that agree in fewer follow none."""

_ROUNDS: Final = 50

_MARKS: Final = {1: "平", -1: "仄", 0: "中"}


class Template(NamedTuple):
    """The tones of a poem.

    Attributes:
        marks: 平, 仄 or 中 for each character, the lines one after the other.
        poems: Which of the poems follow it, in order.
    """

    marks: str
    poems: tuple[int, ...]


def find_templates(tones: Tones, line_ends: Sequence[int]) -> list[Template]:
    """The templates that poems follow, the commonest first.

    Args:
        tones: The tones of each poem.
        line_ends: The places, from 0, of the last character of each line.

    Returns:
        At least one, which may leave everything open.
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
    """What nearly all of some poems have at each place."""
    level, oblique = (tones == 1).sum(axis=0), (tones == -1).sum(axis=0)
    known = level + oblique
    decided = np.where(level >= AGREEING * known, 1, np.where(oblique >= AGREEING * known, -1, 0))
    return "".join(_MARKS[tone] for tone in np.where(known >= FEWEST_TONES, decided, 0).tolist())


def _decided(marks: str) -> float:
    return 1 - marks.count(_MARKS[0]) / len(marks)


def _is_settled(marks: str, line_ends: Sequence[int]) -> bool:
    """Whether poems agree in half of their places and at all ends, so that they are of one kind."""
    return _decided(marks) >= _DECIDED and all(marks[end] != _MARKS[0] for end in line_ends)


def _divided(
    tones: Tones, part: npt.NDArray[np.intp], line_ends: Sequence[int], least: float
) -> list[npt.NDArray[np.intp]]:
    """A part of the poems, or the parts that it falls into, `(poems,)` their numbers."""
    if len(part) < 2 * least or _is_settled(_marks(tones[part]), line_ends):
        return [part]
    first = _first_of_two(tones[part], line_ends)
    halves = part[first], part[~first]
    if min(map(len, halves)) < least:
        return [part]
    return [small for half in halves for small in _divided(tones, half, line_ends, least)]


def _first_of_two(tones: Tones, line_ends: Sequence[int]) -> npt.NDArray[np.bool_]:
    """`(poems,)` which poems follow the first of two kinds; all of them where there is one kind."""
    marks = _marks(tones)
    begun = [tones[:, end] == 1 for end in line_ends if marks[end] == _MARKS[0]]
    divisions = [_mixture(tones, start) for start in [_nearer_to_most(tones), *begun]]
    gain, first = max(divisions, key=lambda division: division[0])
    # What all agree in anyway needs no second template.
    cost = (marks.count(_MARKS[0]) + 1) / 2 * np.log(len(tones))
    return first if gain > cost else np.ones(len(tones), np.bool_)


def _nearer_to_most(tones: Tones) -> npt.NDArray[np.bool_]:
    """Which poems are more like the most usual of them than like the one least like that."""
    numbers = tones.astype(np.int64)
    usual = numbers[(numbers @ np.sign(numbers.sum(axis=0))).argmax()]
    unusual = numbers[(numbers @ usual).argmin()]
    nearer: npt.NDArray[np.bool_] = numbers @ usual >= numbers @ unusual
    return nearer


def _mixture(tones: Tones, first: npt.NDArray[np.bool_]) -> tuple[float, npt.NDArray[np.bool_]]:
    """Two kinds of poems that explain the tones best.

    Args:
        tones: The tones.
        first: `(poems,)` which poems are of the first kind to begin with.

    Returns:
        By how much the two explain the tones better than one, in nats; and which poems are of the
        first kind.
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
    """The parts, those as one whose templates nowhere contradict one another."""
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
"""Poems that are looked at, some seconds' work."""

FEWEST_RHYMES: Final = 10
"""Poems in which the rhymes of two lines are known, with fewer of which nothing follows."""

_TONES: Final[dict[str, Tone | None]] = {"平": "平", "仄": "仄", "中": None}


def learn_chinese_form(
    poems: Sequence[str], sounds: ChineseSounds, name: str, shape: PoemShape | None = None
) -> LearnedForm:
    """Derive a form from poems that have it.

    The line lengths are those of most poems. A place has a tone where at least nine in ten of the
    poems have it there; if they agree in too few places, they are divided into those of several
    templates. Lines rhyme that do in seven of ten poems.

    Args:
        poems: Poems, most of them in the form.
        sounds: How characters sound.
        name: What to call the form.
        shape: Characters of each line of the poems to learn from; None takes the commonest.

    Raises:
        FormError: Too few of the poems have lines of the same lengths.
    """
    shaped = of_one_shape(poems, verse_lines, _shape, shape, MOST_POEMS)
    templates = _templates(shaped, sounds)
    variants = tuple(_variant(shaped, template, sounds) for template in templates)
    form = Form(
        name=name,
        title=name,
        language="chinese",
        variants=variants,
        variant_names=_names(name, len(variants)),
        stanzas=shaped.stanzas,
        book=_book(sounds),
    )
    judged = [verify_chinese(text, form, sounds) for text in shaped.texts]
    following = tuple(len(template.poems) for template in templates)
    shares = _rhyming(shaped.poems, [None] * form.lines, sounds)
    return borne_out(form, shaped, judged, following=following, shares=shares, sounds=sounds.name)


def sounds_for(poems: Sequence[str], asked: str | None, shape: PoemShape | None) -> ChineseSounds:
    """The sounds that were asked for; or where none were, those that are at hand.

    Args:
        poems: The poems.
        asked: A rhyme book, `LEARNED` from the poems themselves, or a file.
        shape: The shape that is learned; None is that of most of the poems.

    Raises:
        FormError: The sounds are not at hand.
    """
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
    """The rhyme book by which poems are judged where none is named.

    Regular verse, with lines of five or seven characters, goes by 平水韵, other verse by 词林正韵.

    Args:
        poems: The poems.
        shape: The shape that is learned; None is that of most of them.
    """
    if shape is None:
        counts = Counter(_shape(verse_lines(poem)) for poem in poems)
        shape = next((one for one, _ in counts.most_common() if one), ())
    return "pingshui" if set(shape) in ({5}, {7}) else "cilin"


def _shape(lines: Sequence[str]) -> PoemShape:
    """The lengths of the lines; none where something is no Chinese character."""
    return tuple(map(len, lines)) if all(map(is_han, "".join(lines))) else ()


def _templates(shaped: Shaped, sounds: ChineseSounds) -> "list[Template]":
    from charrnn.forms.chinese.learning import find_templates

    ends = [place - 1 for place in accumulate(shaped.shape)]
    return find_templates(_tones(shaped.poems, sounds), ends)


def _tones(poems: Sequence[Sequence[str]], sounds: ChineseSounds) -> "Tones":
    """`(poems, characters)` 1 level, -1 oblique, 0 where it may be either or is not known."""
    import numpy as np

    signs: dict[str, int] = {}
    for character in {one for lines in poems for line in lines for one in line}:
        known = tones(sounds, character)
        signs[character] = (-1 if "仄" in known else 1) if len(known) == 1 else 0
    return np.array([[signs[one] for line in lines for one in line] for lines in poems], np.int8)


def _variant(shaped: Shaped, template: "Template", sounds: ChineseSounds) -> tuple[Line, ...]:
    """The lines of a template."""
    cuts = pairwise(accumulate(shaped.shape, initial=0))
    patterns = [template.marks[start:stop] for start, stop in cuts]
    poems = [shaped.poems[number] for number in template.poems]
    shares = _rhyming(poems, [_TONES[pattern[-1]] for pattern in patterns], sounds)
    letters = scheme_of(shares, len(patterns))
    return tuple(
        Line(lengths=(len(pattern),), pattern=pattern if pattern.strip("中") else "", rhyme=letter)
        for pattern, letter in zip(patterns, letters, strict=True)
    )


def _rhyming(
    poems: Sequence[Sequence[str]], ends: Sequence[Tone | None], sounds: ChineseSounds
) -> Shares:
    """In which share of some poems two lines rhyme, of those whose rhymes are known."""
    memory: dict[tuple[str, Tone | None], frozenset[str]] = {}

    def classes(character: str, tone: Tone | None) -> frozenset[str]:
        key = character, tone
        if key not in memory:
            memory[key] = rhymes(sounds, character, tone) or rhymes(sounds, character)
        return memory[key]

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


def _names(name: str, count: int) -> tuple[str, ...]:
    return (name,) if count == 1 else tuple(f"template {number + 1}" for number in range(count))


def _book(sounds: ChineseSounds) -> Book | Literal[""]:
    return next((book for book in get_args(Book) if book == sounds.name), "")
