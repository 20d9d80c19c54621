"""Chinese verse: its rules, rhyme books and profiles."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from charrnn.checkpoint.directory import SOUNDS_FILE
from charrnn.errors import FormError
from charrnn.forms.chinese.rhyme_books import USUAL_BOOK, find_sounds
from charrnn.forms.chinese.sounds import (
    LEARNED,
    TONE_OF_MARK,
    TONES,
    ChineseSounds,
    LearnedSounds,
    SoundTable,
    Tone,
    is_han,
    rhymes,
    tones,
    verse_lines,
)
from charrnn.forms.core.config import FormConfig, Profile, Readings, Requirement, Requirements
from charrnn.forms.core.form import MARKS, OR, Book, Ending, Form, Judgement, Line
from charrnn.forms.core.language import Language, LearnedTable, LearnedTables
from charrnn.wording import counted, listed

if TYPE_CHECKING:
    from charrnn.forms.chinese.automaton import ChineseAutomaton
    from charrnn.forms.core.automaton import OutputTokens
    from charrnn.forms.core.learning import LearnedForm, PoemShape

BOOKS: Final = (LEARNED, *get_args(Book))
"""Sounds that are suggested if a form cannot be kept."""

DECISIVE: Final = (2, 4, 6)
"""Positions whose tone counts in the profile 246, besides the last."""

_FREE: Final = MARKS["chinese"][-1]

_LOOSER: Final[dict[Profile, tuple[Profile, ...]]] = {
    "strict": ("246", "rhyme-only"),
    "246": ("rhyme-only",),
    "rhyme-only": (),
}


@dataclass(frozen=True, slots=True, eq=False)
class ChineseRules:
    """A Chinese form, after its profile was applied, and the sounds of its characters."""

    form: Form
    sounds: ChineseSounds
    readings: Readings

    @property
    def rhymes(self) -> str:
        """Name of the sounds: "pingshui"."""
        return self.sounds.name

    def verify(self, poem: str) -> Judgement:
        """Judge a poem."""
        from charrnn.forms.chinese.verify import verify_chinese

        return verify_chinese(poem, self.form, self.sounds, self.readings)

    def resolved(self, config: FormConfig) -> FormConfig:
        """The settings with the name of the sounds."""
        return dataclasses.replace(config, rhymes=config.rhymes or self.rhymes)

    def notes(self, config: FormConfig, prompt: str) -> Iterator[str]:
        """What is given twice, if nothing else may stand twice."""
        if self.form.repeats:
            return
        from charrnn.forms.chinese.requirements import given_text

        counts = Counter(given_text(Requirements.of(config))), Counter(prompt)
        twice = dict.fromkeys(
            one for count in counts for one, times in count.items() if times > 1 and is_han(one)
        )
        if twice:
            yield (
                f"{listed(list(twice))} {'is' if len(twice) == 1 else 'are'} given more than once, "
                "and so may stand in the poem more than once."
            )

    def automaton(self, config: FormConfig, tokens: "OutputTokens") -> "ChineseAutomaton":
        """The automaton of the form and the requirements."""
        from charrnn.forms.chinese.automaton import ChineseAutomaton

        return ChineseAutomaton(
            self.form, self.sounds, tokens, Requirements.of(config), self.readings
        )

    def spellings(self, character: str) -> frozenset[str]:
        """The character itself."""
        return frozenset({character})

    def has_enough(self, letters: Collection[str]) -> bool:
        """Whether there are as many Chinese characters as the shortest poem has."""
        lengths = (sum(min(line.lengths) for line in variant) for variant in self.form.variants)
        return sum(map(is_han, letters)) >= min(lengths)

    def reasons(self, requirement: Requirement, *, at_end: bool) -> Iterator[str]:
        """Explain why a requirement cannot be met; nothing if that is not obvious."""
        if requirement.setting == "acrostic":
            yield from _of_acrostic(requirement.value, self, at_end)
        elif requirement.setting == "must":
            yield from _of_characters(requirement.value, self)
        elif requirement.setting == "rhyme_with":
            yield from _of_rhyme(requirement.value, self)

    def relaxations(self, config: FormConfig) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Characters twice, any reading instead of all, fewer tones, other rhyme books."""
        if not self.form.repeats:
            yield [{"repeats": True}]
        if config.readings == "strict":
            yield [{"readings": "any"}]
        yield [{"profile": profile} for profile in _LOOSER[config.profile]]
        yield [{"rhymes": book} for book in BOOKS if book != self.rhymes]


def _of_acrostic(text: str, rules: ChineseRules, at_end: bool) -> Iterator[str]:
    place, verb = (-1, "ends in") if at_end else (0, "begins with")
    for number, character in enumerate(text):
        lines = {variant[number] for variant in rules.form.variants}
        marks = {marks[place] for line in lines for marks in _marks_of(line)}
        fault = _tone_against(character, marks, rules)
        if fault:
            yield f"{fault}, and line {number + 1} {verb} {'/'.join(sorted(marks))}"
    if at_end:
        yield from _of_ends(text, rules)


def _of_ends(text: str, rules: ChineseRules) -> Iterator[str]:
    """Lines that rhyme in every variant, with acrostic characters that do not."""
    groups = [[line.rhyme for line in variant[: len(text)]] for variant in rules.form.variants]
    for second in range(len(text)):
        for first in range(second):
            together = all(group[first] and group[first] == group[second] for group in groups)
            classes = [rhymes(rules.sounds, text[number]) for number in (first, second)]
            if together and not classes[0] & classes[1]:
                yield (
                    f"lines {first + 1} and {second + 1} rhyme, and {text[first]} and "
                    f"{text[second]} do not"
                )
            elif together and text[first] == text[second]:
                yield f"lines {first + 1} and {second + 1} rhyme, and not with the same character"


def _of_characters(word: str, rules: ChineseRules) -> Iterator[str]:
    strange = [one for one in word if not is_han(one)]
    if strange:
        yield f"a line has Chinese characters only, and {'、'.join(strange)} is none"
    lines = {line for variant in rules.form.variants for line in variant}
    longest = max(length for line in lines for length in line.lengths)
    if len(word) > longest:
        yield f"no line has more than {counted(longest, 'character')}"
    elif not any(_has_place(word, line, rules) for line in lines):
        heard = " ".join(_tones_of(one, rules) for one in word)
        yield f"{word} is {heard}, and no line has that anywhere"


def _has_place(word: str, line: Line, rules: ChineseRules) -> bool:
    return any(
        not any(_tone_against(*pair, rules) for pair in zip(word, marks[start:], strict=False))
        for marks in _marks_of(line)
        for start in range(len(marks) - len(word) + 1)
    )


def _marks_of(line: Line) -> Iterator[str]:
    """The alternative marks of a whole line; `ending` fills in an open last tone."""
    for length in line.lengths:
        for pattern in line.patterns:
            marks = pattern or _FREE * length
            ending = TONE_OF_MARK.get(line.ending, _FREE)
            yield marks[:-1] + ending if marks.endswith(_FREE) else marks


def _tone_against(character: str, marks: Collection[str], rules: ChineseRules) -> str:
    """How a character violates marks: "月 is 仄"; "" if it fits."""
    if _FREE in marks:
        return ""
    known = tones(rules.sounds, character)
    if not known:
        return f"how {character} sounds is not known ({rules.rhymes})"
    fits = known & set(marks) if rules.readings == "any" else known <= set(marks)
    if fits:
        return ""
    return f"{character} is {_tones_of(character, rules)}"


def _tones_of(character: str, rules: ChineseRules) -> str:
    return "/".join(sorted(tones(rules.sounds, character))) or "?"


def _of_rhyme(text: str, rules: ChineseRules) -> Iterator[str]:
    lines = verse_lines(text)
    if not lines:
        return
    end = lines[-1][-1]
    known = {tone for tone in TONES if rhymes(rules.sounds, end, tone)}
    asked = set(_rhyme_tones(rules.form))
    if not known:
        yield f"what {end} rhymes with is not known ({rules.rhymes})"
    elif asked and not known & asked:
        yield f"{end} rhymes in {'/'.join(sorted(known))}, and this form in {'/'.join(sorted(asked))}"


def _rhyme_tones(form: Form) -> Iterator[Tone]:
    """The tones of the first rhyme; none if a variant leaves it open."""
    first = {next(line for line in variant if line.rhyme) for variant in form.variants}
    marks = {marks[-1] for line in first for marks in _marks_of(line)}
    if _FREE not in marks:
        yield from (tone for tone in TONES if tone in marks)


class _Chinese:
    letters = "Chinese characters"
    shape_unit = "characters"
    example_of_lengths = "characters 7"
    table_title = "The tones and rhymes of its poems, for Chinese verse,"
    table_kind: type[LearnedTable] = LearnedSounds
    table_file = SOUNDS_FILE
    writes = staticmethod(is_han)
    lines_of = staticmethod(verse_lines)

    def open_rules(
        self, form: Form, config: FormConfig, learned: LearnedTables | None
    ) -> ChineseRules:
        """The rules of a form; the first network with learned sounds provides them."""
        sounds = _sounds(form, config.rhymes, learned)
        if config.repeats is not None:
            form = dataclasses.replace(form, repeats=config.repeats)
        return ChineseRules(with_profile(form, config.profile), sounds, config.readings)

    def learn_table(self, poems: Iterator[str]) -> LearnedSounds:
        from charrnn.forms.chinese.sound_learning import learn_sounds

        return learn_sounds(poems)

    def learn_form(
        self, poems: Sequence[str], name: str, shape: "PoemShape | None", sounds: str | None
    ) -> "LearnedForm":
        from charrnn.forms.chinese.learning import learn_chinese_form, sounds_for

        return learn_chinese_form(poems, sounds_for(poems, sounds, shape), name, shape)


LANGUAGE: Final[Language] = _Chinese()


def _sounds(form: Form, asked: str | None, learned: LearnedTables | None) -> ChineseSounds:
    """The requested sounds; by default learned ones for regular verse, else the rhyme book."""
    if asked == LEARNED and learned is None:
        raise FormError(
            "learned sounds belong to a network, and there is none here. Give its table as a file: "
            "--rhymes checkpoints/NAME/sounds.json."
        )
    if learned is not None and (
        asked == LEARNED or (asked is None and form.book in {"", USUAL_BOOK})
    ):
        for table in cast("Sequence[LearnedSounds]", learned()):
            return table.sounds()
    if asked == LEARNED:
        raise FormError(
            "this network has no learned sounds, which need a hundred regular poems or more. If its "
            "corpus can be read, charrnn forms sounds makes them; otherwise give a rhyme book, such "
            "as --rhymes pingshui."
        )
    try:
        return find_sounds(asked or form.book or USUAL_BOOK)
    except FormError as error:
        if asked is None and not _is_heard(form):
            return SoundTable("none", {})
        if asked is not None or learned is None:
            raise
        raise FormError(
            f"{error} Or let the network learn sounds from its own poems: charrnn forms sounds."
        ) from error


def _is_heard(form: Form) -> bool:
    return any(
        line.rhyme or line.ending or line.pattern.strip(_FREE + OR)
        for variant in form.variants
        for line in variant
    )


def with_profile(form: Form, profile: Profile) -> Form:
    """A Chinese form with fewer tones that count.

    `246` keeps the tones of characters 2, 4, 6 and the last; `rhyme-only` that of the rhymes.
    """
    if profile == "strict":
        return form
    loosen = _decisive if profile == "246" else _rhyming
    loosened: dict[tuple[Line, ...], str] = {}
    for variant, name in zip(form.variants, form.variant_names, strict=True):
        loosened.setdefault(tuple(map(loosen, variant)), name)
    return dataclasses.replace(
        form, variants=tuple(loosened), variant_names=tuple(loosened.values())
    )


def _decisive(line: Line) -> Line:
    kept = {
        "".join(
            mark if place in DECISIVE or place == len(pattern) else _FREE
            for place, mark in enumerate(pattern, 1)
        ): None
        for pattern in line.patterns
    }
    return dataclasses.replace(line, pattern=OR.join(kept))


def _rhyming(line: Line) -> Line:
    ends = {pattern[-1:] for pattern in line.patterns}
    ending = line.ending
    if line.rhyme and len(ends) == 1:
        tones: dict[str, Ending] = {"平": "level", "仄": "oblique"}
        ending = tones.get(ends.pop(), ending)
    return dataclasses.replace(line, pattern="", ending=ending)
