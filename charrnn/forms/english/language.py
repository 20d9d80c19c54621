"""English verse: its rules, pronunciations and rhymes."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from charrnn.checkpoint.directory import WORDS_FILE
from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FormConfig, Requirement, Requirements, Words
from charrnn.forms.core.form import Form, Judgement
from charrnn.forms.core.language import Language, LearnedTable, LearnedTables
from charrnn.forms.english.lexicon import Lexicon, open_lexicon
from charrnn.forms.english.pronunciation import Rhymes
from charrnn.forms.english.scansion import clashes_of, templates_of
from charrnn.forms.english.words import (
    LearnedWords,
    is_latin,
    learn_words,
    lines_of,
    words_of,
)

if TYPE_CHECKING:
    from charrnn.forms.core.automaton import OutputTokens
    from charrnn.forms.core.learning import LearnedForm, PoemShape
    from charrnn.forms.english.automaton import EnglishAutomaton


_VOWELS: Final = frozenset("aeiouyàáâäæèéêëìíîïòóôöøœùúûüýÿ")


@dataclass(frozen=True, slots=True, eq=False)
class EnglishRules:
    """An English form, pronunciations, and the words that may be written.

    The verifier accepts any words. `rhymes` is the least that counts as a rhyme; `kind` is None
    without a network.
    """

    form: Form
    lexicon: Lexicon
    rhymes: Rhymes
    words: frozenset[str] = frozenset()
    kind: Words | None = None

    def verify(self, poem: str) -> Judgement:
        """Judge a poem."""
        from charrnn.forms.english.verify import verify_english

        return verify_english(poem, self.form, self.lexicon, rhymes=self.rhymes)

    def resolved(self, config: FormConfig) -> FormConfig:
        """The settings with the rhymes and the kind of words."""
        return dataclasses.replace(config, rhymes=config.rhymes or self.rhymes, words=self.kind)

    def notes(self, config: FormConfig, prompt: str) -> Iterator[str]:
        """Nothing."""
        del config, prompt
        return iter(())

    def automaton(self, config: FormConfig, tokens: "OutputTokens") -> "EnglishAutomaton":
        """The automaton of the form and the requirements."""
        from charrnn.forms.english.automaton import EnglishAutomaton

        return EnglishAutomaton(
            self.form,
            self.lexicon,
            self.words,
            tokens,
            Requirements.of(config),
            rhymes=self.rhymes,
            enjambment=self._enjambment(config),
        )

    def spellings(self, character: str) -> frozenset[str]:
        """A letter in either case."""
        return frozenset({character, character.lower(), character.upper()})

    def has_enough(self, letters: Collection[str]) -> bool:
        """Whether the vowels suffice for the syllables of the shortest poem.

        Every word has at most as many syllables as its letters are worth together: a vowel one,
        and a consonant its share of the syllables that have no vowel.
        """
        worth = dict.fromkeys(_VOWELS, 1.0)
        for word in self.words:
            inner = word[1:].replace("'", "")
            if len(word) == 1 or len(set(inner)) < len(inner):
                continue
            silent = [letter for letter in word if letter not in _VOWELS]
            syllables = max(way.syllables for way in self.lexicon.sound(word).pronunciations)
            more = syllables - (len(word) - len(silent))
            for letter in silent if more > 0 else ():
                worth[letter] = max(worth.get(letter, 0), more / len(silent))
        lengths = (sum(min(line.lengths) for line in variant) for variant in self.form.variants)
        return sum(worth.get(letter.lower(), 0) for letter in letters) >= min(lengths)

    def reasons(self, requirement: Requirement, *, at_end: bool) -> Iterator[str]:
        """Explain why a requirement cannot be met."""
        del at_end
        if requirement.setting == "must":
            yield from self._reasons_of_word(requirement.value)
        elif requirement.setting == "rhyme_with":
            end = requirement.value.split()[-1]
            yield f"too few of the words that may be used rhyme with {end}"
        elif requirement.setting == "acrostic":
            yield (
                "too few of the words that may be used have these letters where they would have to "
                "stand"
            )

    def relaxations(self, config: FormConfig) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Lines that lead on, more words, slant rhymes."""
        if not self._enjambment(config):
            yield [{"enjambment": True}]
        if config.words != "any":
            yield [{"words": "any"}]
        if self.rhymes == "perfect":
            yield [{"rhymes": "slant"}]

    def _enjambment(self, config: FormConfig) -> bool:
        return not self.form.rhymes if config.enjambment is None else config.enjambment

    def _reasons_of_word(self, text: str) -> Iterator[str]:
        for word in words_of(text, self.lexicon):
            if word.sound is None:
                continue
            templates = {
                template
                for variant in self.form.variants
                for line in variant
                for template in templates_of(line, self.form.metre)
            }
            ways = word.sound.pronunciations
            if min(way.syllables for way in ways) > max(map(len, templates)):
                yield f"{word.text} is longer than any line"
            elif not any(
                not clashes_of(way, template[start : start + way.syllables])
                for way in ways
                for template in templates
                for start in range(len(template) - way.syllables + 1)
            ):
                yield f"the stress of {word.text} goes against the metre wherever it stands"


class _English:
    letters = "Latin letters"
    shape_unit = "lines"
    example_of_lengths = "syllables 8,6,8,6"
    table_title = "The words of the text, for English verse,"
    table_kind: type[LearnedTable] = LearnedWords
    table_file = WORDS_FILE
    writes = staticmethod(is_latin)
    lines_of = staticmethod(lines_of)

    def open_rules(
        self, form: Form, config: FormConfig, learned: LearnedTables | None
    ) -> EnglishRules:
        """The rules of a form; the words are those that all networks learned together."""
        grades = get_args(Rhymes)
        if config.rhymes not in {None, *grades}:
            raise ConfigurationError(
                f"the rhymes of English verse are {' or '.join(grades)}. Received: {config.rhymes}."
            )
        lexicon = open_lexicon(None if config.lexicon is None else Path(config.lexicon))
        if not form.metre:
            lexicon = lexicon.without_elisions
        rules = EnglishRules(form, lexicon, cast("Rhymes", config.rhymes or grades[0]))
        if learned is None:
            return rules
        tables = cast("Sequence[LearnedWords]", learned())
        known = frozenset[str]().union(*(table.counts for table in tables))
        if config.words == "learned" and not known:
            raise ConfigurationError(
                "the words that this network has learned were not kept. Leave out words, or give "
                "words any; charrnn forms sounds makes them if its corpus can be read."
            )
        kind = config.words or ("learned" if known else "any")
        words = frozenset(lexicon) if kind == "any" else known
        return dataclasses.replace(rules, words=words, kind=kind)

    learn_table = staticmethod(learn_words)

    def learn_form(
        self, poems: Sequence[str], name: str, shape: "PoemShape | None", sounds: str | None
    ) -> "LearnedForm":
        from charrnn.forms.english.learning import learn_english_form

        if shape is not None and len(shape) > 1:
            raise ConfigurationError(
                "the shape of an English poem is its number of lines, as in 14."
            )
        lexicon = open_lexicon(None if sounds is None else Path(sounds))
        return learn_english_form(poems, lexicon, name, None if shape is None else shape[0])


LANGUAGE: Final[Language] = _English()
