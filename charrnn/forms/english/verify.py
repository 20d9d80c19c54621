"""The verifier of English poems, independent of the automaton."""

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from charrnn.forms.core.form import Fault, Form, Judgement, Line, ScannedLine, missing_lines
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import Grade, Pronunciation, Rhymes, rhyme_of
from charrnn.forms.english.scansion import (
    MissedRhyme,
    Scansion,
    What,
    scan_group,
    scansions,
    templates_of,
)
from charrnn.forms.english.words import Word, words_of
from charrnn.wording import counted

_ONSETS: Final = re.compile(
    r"(?:s?[ptc]h?[rl]|[sc]h[rl]?|thr?|ph[rl]?|wh|qu|[bgdf]r|[bgf]l|sw|tw|s[ptkclmnq]u?|[^aeiouy])$"
)
"""The letters between two vowels that begin the second syllable."""


def divide(word: str, count: int) -> tuple[str, ...]:
    """Divide a written word into `count` syllables; the last ones are empty if letters lack.

    If the letters show too few syllables, vowels or letters are separated (po-em); if too many, the
    e that is most likely silent joins the syllable before.
    """
    starts = _vowel_starts(word, count)
    cuts = [0]
    for before, start in itertools.pairwise(starts):
        between = _plain(word[before:start])
        onset = _ONSETS.search(between.lstrip("aeiouy")) if between[-1:] not in "aeiouy" else None
        cuts.append(max(before + 1, start - (len(onset.group()) if onset else 0)))
    cuts.append(len(word))
    parts = [word[start:end] for start, end in itertools.pairwise(cuts)]
    return tuple(parts + [""] * (count - len(parts)))


def _plain(letters: str) -> str:
    """Lower case without accents, of the same length."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] for letter in letters)


def _vowel_starts(word: str, count: int) -> list[int]:
    plain = _plain(word)
    starts = [found.start() for found in re.finditer(r"(?<!q)[aeiouy]+|(?<=q)u[aeiouy]+", plain)]
    if plain[:1] == "y" and starts[:1] == [0] and len(plain) > 1 and plain[1] in "aeiou":
        starts[0] = 1
    while len(starts) > count:
        starts.remove(_most_silent(plain, starts))
    spare = [n for n, letter in enumerate(plain) if letter in "aeiouy" and n not in starts]
    # The letters of BBC are a syllable each.
    spare += [n for n in range(len(plain)) if plain[n] not in "aeiouy" and (n > 0 or not starts)]
    return sorted(starts + spare[: max(0, count - len(starts))])


def _most_silent(plain: str, starts: list[int]) -> int:
    """The vowel that is least likely a syllable: a last e, another e, else the last vowel."""
    for silent in (r"e$", r"e[ds]?$", r"e(?=ly|less|ful|ness|ment)", r"e(?=[rnl][aeiouy])", r"e"):
        found = [
            start for start in starts[1:] if re.compile(silent).match(plain, start) is not None
        ]
        if found:
            return found[-1]
    return starts[-1]


_LEAST: Final[dict[Rhymes, Grade]] = {"perfect": Grade.PERFECT, "slant": Grade.SLANT}

_MISSED: Final[dict[What, str]] = {
    "none": "does not rhyme with",
    "slant": "has only a slant rhyme with",
    "identical": "has the same sounds, including the consonants before the vowel, as",
    "repeated": "rhymes with the same word of",
}

_MARKS: Final = {"0": "u", "1": "/"}


@dataclass(frozen=True, slots=True)
class _PoemLine:
    text: str
    words: tuple[Word, ...]
    unspoken: tuple[str, ...]

    @property
    def end(self) -> str:
        """The last word."""
        return self.words[-1].text

    @property
    def guessed(self) -> tuple[str, ...]:
        """The words with a guessed pronunciation."""
        return tuple(
            word.text for word in self.words if word.sound and word.sound.origin == "guessed"
        )


def verify_english(
    text: str, form: Form, lexicon: Lexicon, *, rhymes: Rhymes = "perfect"
) -> Judgement:
    """Judge a poem, under the variant and the pronunciations with the fewest faults.

    The last word of a line has one pronunciation for length, metre and rhyme.

    Args:
        text: The poem; blank lines are ignored.
        form: An English form.
        lexicon: Pronunciations, including guesses.
        rhymes: The least that counts as a rhyme. No word rhymes with itself.
    """
    lines = [_poem_line(line, lexicon) for line in text.splitlines() if line.strip()]
    judged = [_judge(lines, variant, form, _LEAST[rhymes]) for variant in form.variants]
    best = min(range(len(judged)), key=lambda number: len(judged[number][1]))
    chosen, faults = judged[best]
    return Judgement(
        form=form,
        variant=form.variant_names[best] if lines else None,
        lines=tuple(map(_scanned, lines, chosen)),
        faults=tuple(sorted(faults, key=lambda fault: (fault.line, fault.position or 10**6))),
    )


def _poem_line(line: str, lexicon: Lexicon) -> _PoemLine:
    words = words_of(line, lexicon)
    return _PoemLine(
        text=line.strip(),
        words=tuple(word for word in words if word.sound),
        unspoken=tuple(word.text for word in words if not word.sound),
    )


def _judge(
    lines: Sequence[_PoemLine], variant: Sequence[Line], form: Form, least: Grade
) -> tuple[list[Scansion | None], list[Fault]]:
    faults = missing_lines(len(lines), len(variant))
    rules = itertools.chain(variant, itertools.repeat(None))
    ways = [_scansions(line, rule, form) for line, rule in zip(lines, rules, strict=False)]
    chosen = [min(found, key=lambda one: (one.faults, one.rank), default=None) for found in ways]
    for members in _groups(variant[: len(lines)], ways):
        ends = [lines[number].words[-1].key for number in members]
        settled = scan_group([ways[number] for number in members], ends, least)
        faults += [_fault_of_rhyme(members, lines, missed) for missed in settled.missed]
        for number, scansion in zip(members, settled.said, strict=True):
            chosen[number] = scansion
    for number, (line, rule, said) in enumerate(zip(lines, variant, chosen, strict=False), 1):
        faults += _faults_of_line(number, line, rule, said)
    return chosen, faults


def _scansions(line: _PoemLine, rule: Line | None, form: Form) -> tuple[Scansion, ...]:
    if not line.words:
        return ()
    templates = templates_of(rule, form.metre) if rule is not None else ()
    return scansions([word.ways for word in line.words], templates)


def _groups(
    variant: Sequence[Line], ways: Sequence[tuple[Scansion, ...]]
) -> Iterator[tuple[int, ...]]:
    """The lines that must rhyme with one another, from 0, if they have words."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(variant):
        if line.rhyme and ways[number]:
            groups[line.rhyme].append(number)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)


def _fault_of_rhyme(
    members: Sequence[int], lines: Sequence[_PoemLine], missed: MissedRhyme
) -> Fault:
    """The fault of a line that does not rhyme; members are line indices."""
    number, other = members[missed.line], members[missed.other]
    ends = dict.fromkeys((lines[number].end, lines[other].end))
    guessed = [line.end for line in (lines[number], lines[other]) if line.end in line.guessed]
    message = (
        f"line {number + 1} {_MISSED[missed.what]} line {other + 1}: {' and '.join(ends)}"
        f"{_hint(dict.fromkeys(guessed))}"
    )
    return Fault(line=number + 1, position=None, about="rhyme", message=message)


def _faults_of_line(
    number: int, line: _PoemLine, rule: Line, scansion: Scansion | None
) -> Iterator[Fault]:
    for text in line.unspoken:
        message = f"line {number} has {text}, which is no English word: write it as it is said"
        yield Fault(line=number, position=None, about="words", message=message)
    if scansion is None:
        if not line.unspoken:
            message = f"line {number} has no words"
            yield Fault(line=number, position=None, about="length", message=message)
    elif scansion.template is None:
        required = " or ".join(map(str, sorted(set(rule.lengths))))
        message = (
            f"line {number} has {counted(scansion.syllables, 'syllable')} where {required} are "
            f"required{_hint(line.guessed)}"
        )
        yield Fault(line=number, position=None, about="length", message=message)
    else:
        for position in scansion.clashes:
            word = _word_at(line.words, scansion, position)
            hint = _hint([word] if word in line.guessed else [])
            message = f"line {number}, syllable {position} is stressed where the metre is not: "
            yield Fault(
                line=number, position=position, about="sound", message=message + word + hint
            )


def _hint(guessed: Iterable[str]) -> str:
    words = ", ".join(guessed)
    return f" (guessing how to say {words})" if words else ""


def _word_at(words: Sequence[Word], scansion: Scansion, position: int) -> str:
    end = 0
    for word, way in zip(words, scansion.ways, strict=True):
        end += way.syllables
        if position <= end:
            return word.text
    raise IndexError(position)


def _scanned(line: _PoemLine, scansion: Scansion | None) -> ScannedLine:
    if scansion is None:
        return ScannedLine(text=line.text)
    marks: list[str] = []
    units: list[str] = []
    silent = ""
    for word, way in zip(line.words, scansion.ways, strict=True):
        if not way.syllables:
            silent += word.text
            continue
        template = (scansion.template or "")[len(marks) : len(marks) + way.syllables]
        first, *rest = divide(word.text, way.syllables)
        units += [silent + first, *rest]
        marks += _marks(way, template)
        silent = ""
    if units:
        units[-1] += silent
    rhyme = rhyme_of(scansion.ways[-1])
    return ScannedLine(
        text=line.text,
        marks=tuple(marks),
        units=tuple(units),
        rhyme=" ".join(rhyme.part) if rhyme else "",
        guessed=bool(line.guessed),
    )


def _marks(way: Pronunciation, template: str) -> list[str]:
    metre = template or "x" * way.syllables
    if way.syllables == 1:
        return [metre]
    return [_MARKS.get(stress, mark) for stress, mark in zip(way.stresses, metre, strict=True)]
