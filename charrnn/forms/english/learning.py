"""Deriving an English form from poems: syllables, metre and rhymes."""

from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Final, NamedTuple

from charrnn.forms.core.form import LONGEST_LINE, Form, Line, Metre
from charrnn.forms.core.known_forms import UNRHYMED
from charrnn.forms.core.learning import (
    LearnedForm,
    common_schemes,
    compared_lines,
    poems_of_one_shape,
    shares_of,
    with_evidence,
)
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import Grade, Pronunciation, grade
from charrnn.forms.english.scansion import scansions, templates_of
from charrnn.forms.english.verify import verify_english
from charrnn.forms.english.words import lines_of, words_of

MOST_POEMS: Final = 500
"""Most poems that are used; takes some seconds."""

COVERED: Final = 0.9
"""Share of the lines that must have an allowed length."""

WORTH_A_LENGTH: Final = 0.03
"""Share of the lines that justifies another length."""

KEEPING_METRE: Final = 0.9
"""Share of the primary stresses of longer words that must keep a metre; in prose, half do."""

FEWEST_STRESSES: Final = 30
"""Least number of such stresses."""

Ways = Sequence[Sequence[Pronunciation]]
"""The pronunciations of each word of a line."""


class _Foot(NamedTuple):
    """A metrical foot and its repeated marks; a line begins or ends with a complete foot."""

    metre: Metre
    marks: str
    from_end: bool = False

    def pattern(self, lengths: Sequence[int]) -> str:
        """The marks of a line of the longest length."""
        longest = max(lengths)
        if self.from_end:
            return (self.marks * longest)[-longest:]
        return "".join(islice(cycle(self.marks), longest))


_FEET: Final = (
    _Foot("iambic", "u/"),
    _Foot("iambic", "/u"),
    _Foot("anapaestic", "uu/", from_end=True),
)


def learn_english_form(
    poems: Sequence[str], lexicon: Lexicon, name: str, lines: int | None = None
) -> LearnedForm:
    """Derive a form from poems, most of which keep it.

    A line has the syllables that it has in most poems, and a few more lengths if needed. There is a
    metre if nine in ten stresses keep it. Without `lines`, the most common number is taken.

    Raises:
        FormError: Too few poems have that many lines.
    """
    shape = None if lines is None else (lines,)
    shaped = poems_of_one_shape(poems, lines_of, lambda found: (len(found),), shape, MOST_POEMS)
    said, lengths, foot = _measured(shaped.poems, lexicon)
    if foot is None:
        lexicon = lexicon.without_elisions
        said, lengths, _ = _measured(shaped.poems, lexicon)
    rhyming = _rhyming(shaped.poems, said, lexicon)
    schemes = common_schemes(rhyming, len(lengths))
    variants = tuple(
        tuple(
            Line(lengths=allowed, pattern=foot.pattern(allowed) if foot else "", rhyme=letter)
            for allowed, letter in zip(lengths, scheme, strict=True)
        )
        for scheme in schemes
    )
    form = Form(
        name=name,
        title=name,
        language="english",
        variants=variants,
        variant_names=tuple("".join(letter or UNRHYMED for letter in scheme) for scheme in schemes),
        stanzas=shaped.stanzas,
        metre=foot.metre if foot else "",
    )
    judged = [verify_english(text, form, lexicon, rhymes="slant") for text in shaped.texts]
    return with_evidence(
        form,
        shaped,
        judged,
        following=tuple(schemes.values()),
        shares=shares_of(rhyming, len(lengths)),
        sounds="slant",
    )


def _measured(
    poems: Sequence[Sequence[str]], lexicon: Lexicon
) -> tuple[list[list[Ways]], list[tuple[int, ...]], _Foot | None]:
    """The pronunciations of the lines, the lengths of each line, and the foot, if there is one."""
    said = [[_ways(line, lexicon) for line in poem] for poem in poems]
    by_line = list(zip(*said, strict=True))
    lengths = _lengths(by_line)
    return said, lengths, _foot(by_line, lengths)


def _ways(line: str, lexicon: Lexicon) -> Ways:
    return [word.ways for word in words_of(line, lexicon) if word.ways]


def _lengths(by_line: Sequence[Sequence[Ways]]) -> list[tuple[int, ...]]:
    usual = [_usual_length(line) for line in by_line]
    allowed = {
        length: _allowed_lengths(
            length,
            [
                _possible_lengths(said)
                for line, of_line in zip(by_line, usual, strict=True)
                if of_line == length
                for said in line
            ],
        )
        for length in set(usual)
    }
    return [allowed[length] for length in usual]


def _usual_length(line: Sequence[Ways]) -> int:
    counts = Counter(sum(ways[0].syllables for ways in said) for said in line)
    return max(1, min(LONGEST_LINE, counts.most_common(1)[0][0]))


def _possible_lengths(said: Ways) -> frozenset[int]:
    totals = {0}
    for ways in said:
        totals = {total + way.syllables for total in totals for way in ways}
    return frozenset(totals)


def _allowed_lengths(usual: int, possible: Sequence[frozenset[int]]) -> tuple[int, ...]:
    chosen = {usual}
    uncovered = [lengths for lengths in possible if usual not in lengths]
    while len(uncovered) > (1 - COVERED) * len(possible):
        counts = Counter(length for lengths in uncovered for length in lengths)
        length, count = min(
            counts.items(), key=lambda item: (-item[1], abs(item[0] - usual)), default=(0, 0)
        )
        if count < WORTH_A_LENGTH * len(possible) or not 1 <= length <= LONGEST_LINE:
            break
        chosen.add(length)
        uncovered = [lengths for lengths in uncovered if length not in lengths]
    return tuple(sorted(chosen))


def _foot(by_line: Sequence[Sequence[Ways]], lengths: Sequence[tuple[int, ...]]) -> _Foot | None:
    shares = [(_kept_share(foot, by_line, lengths), foot) for foot in _FEET]
    share, foot = max(shares, key=lambda entry: entry[0])
    return foot if share >= KEEPING_METRE else None


def _kept_share(
    foot: _Foot, by_line: Sequence[Sequence[Ways]], lengths: Sequence[tuple[int, ...]]
) -> float:
    stresses = clashes = 0
    for line, allowed in zip(by_line, lengths, strict=True):
        rule = Line(lengths=allowed, pattern=foot.pattern(allowed))
        templates = templates_of(rule, foot.metre)
        for said in filter(None, line):
            best = min(scansions(said, templates), key=lambda one: (one.faults, one.rank))
            if best.template is not None:
                clashes += len(best.clashes)
                stresses += sum(way.stresses.count("1") for way in best.ways if way.syllables > 1)
    return 1 - clashes / stresses if stresses >= FEWEST_STRESSES else 0.0


def _rhyming(
    poems: Sequence[Sequence[str]], said: Sequence[Sequence[Ways]], lexicon: Lexicon
) -> list[frozenset[tuple[int, int]]]:
    """For each poem the pairs of lines that rhyme, slant or better, on different words."""
    return [
        frozenset(
            (earlier, later)
            for earlier, later in compared_lines(len(poem))
            if _rhyme(ends[earlier], ends[later], ways[earlier], ways[later])
        )
        for poem, ways in zip(poems, said, strict=True)
        for ends in [[_end(line, lexicon) for line in poem]]
    ]


def _end(line: str, lexicon: Lexicon) -> str:
    return next((word.key for word in reversed(words_of(line, lexicon)) if word.sound), "")


def _rhyme(one: str, other: str, said: Ways, said_too: Ways) -> bool:
    if not one or not other or one == other:
        return False
    return any(grade(way, way_too) >= Grade.SLANT for way in said[-1] for way_too in said_too[-1])
