"""Deriving a Chinese form from poems: line lengths, tones and rhymes."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, Literal, get_args

from charrnn.forms.chinese.lines import is_han, verse_lines
from charrnn.forms.chinese.sounds import ChineseSounds, Tone, rhymes, tones
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.form import Book, Form, Line
from charrnn.forms.core.form_learning import LearnedForm, Shape, Shaped, borne_out, of_one_shape
from charrnn.forms.core.rhyme_scheme import Shares, compared_lines, scheme_of

if TYPE_CHECKING:
    from charrnn.forms.chinese.tone_templates import Template, Tones

MOST_POEMS: Final = 5_000
"""Poems that are looked at, some seconds' work."""

FEWEST_RHYMES: Final = 10
"""Poems in which the rhymes of two lines are known, with fewer of which nothing follows."""

_TONES: Final[dict[str, Tone | None]] = {"平": "平", "仄": "仄", "中": None}


def learn_chinese_form(
    poems: Sequence[str], sounds: ChineseSounds, name: str, shape: Shape | None = None
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


def usual_book(poems: Sequence[str], shape: Shape | None = None) -> Book:
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


def _shape(lines: Sequence[str]) -> Shape:
    """The lengths of the lines; none where something is no Chinese character."""
    return tuple(map(len, lines)) if all(map(is_han, "".join(lines))) else ()


def _templates(shaped: Shaped, sounds: ChineseSounds) -> "list[Template]":
    from charrnn.forms.chinese.tone_templates import find_templates

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
