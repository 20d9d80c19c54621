"""A form of verse bound to a network: what it may write, and what its poems are held to."""

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import Final, cast

import numpy as np

from charrnn.config import FormConfig, SamplingConfig, Words
from charrnn.corpus.vocabulary import BREAK, UNKNOWN, Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.lines import is_han
from charrnn.forms.chinese.sounds import ChineseSounds
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.compiled_form import BoundForm
from charrnn.forms.core.conflicts import conflict
from charrnn.forms.core.form import Form, Language, Line
from charrnn.forms.core.form_file import read_form
from charrnn.forms.core.learned_tables import learned_sounds, learned_words
from charrnn.forms.core.requirements import Demands
from charrnn.forms.core.rules import (
    ChineseStandard,
    asked_form,
    open_standard,
)
from charrnn.forms.core.smc_decoder import refuse_what_contradicts_a_form
from charrnn.forms.english.words import is_latin
from charrnn.generation.ending import LINE_END
from charrnn.generation.filters import Mask
from charrnn.generation.reader import TextReader
from charrnn.generation.recipe import FormRecipe
from charrnn.generation.wishes import wishes

_WRITTEN_WITH: Final[dict[Language, str]] = {
    "chinese": "Chinese characters",
    "english": "Latin letters",
}


def bind(
    writer: TextReader,
    config: FormConfig,
    sampling: SamplingConfig,
    *,
    form: Form | None = None,
) -> BoundForm:
    """Bind a form of verse to a network.

    Args:
        writer: The network.
        config: The form, and what is demanded of it.
        sampling: How characters will be drawn; what is banned is not written.
        form: The form itself, where it is at hand; None finds it.

    Raises:
        ConfigurationError: Settings contradict one another, or the network cannot write the
            language of the form.
        FormError: There is no such form, or the sounds that it is judged by are not at hand.
        FormConflictError: No poem keeps the form with all that is demanded of it.
        CheckpointError: What was learned of sounds or words is damaged.
    """
    if not config.asked:
        raise ConfigurationError("no form was asked for.")
    if config.form is config.syllables is config.characters is None:
        raise ConfigurationError(_lengths_wanted(writer.vocabulary))
    form = form or asked_form(config)
    if config.rhyme_with is not None and not all(map(_rhymes, form.variants)):
        raise ConfigurationError(
            f"rhyme-with goes with a form that rhymes, and {form.name} does not."
        )
    refuse_what_contradicts_a_form(sampling)
    binder = _Binder(writer, form)
    bound = binder.bind(config, sampling)
    if not can_be_kept(bound.automaton):
        raise conflict(bound.standard, writer.vocabulary, config, sampling, binder.can_keep)
    return bound


def bound_again(
    writer: TextReader, recipe: FormRecipe, sampling: SamplingConfig
) -> tuple[BoundForm, list[str]]:
    """Bind the form of a poem that is to be written again.

    Args:
        writer: The network.
        recipe: What the code of the poem holds of its form.
        sampling: How its characters were drawn.

    Returns:
        The form, and what of it is otherwise than it was, in words.
    """
    form = None
    if recipe.toml is not None:
        form = read_form(recipe.toml, recipe.settings.form or "")
    bound = bind(writer, recipe.settings, sampling, form=form)
    names = ("the form", "the sounds of characters or words")
    marks = zip(names, recipe.marks, bound.recipe(writer).marks, strict=True)
    return bound, [name for name, then, now in marks if then != now]


def can_be_kept(automaton: Automaton) -> bool:
    """Whether any poem keeps a form with what is demanded of it."""
    return len(automaton.starts(np.random.default_rng(0), 1)) > 0


class _Binder:
    """Binds a form to a network under changing demands; what does not change is read once.

    Args:
        writer: The network.
        form: The form as it is written.
    """

    def __init__(self, writer: TextReader, form: Form) -> None:
        self._writer = writer
        self._form = form
        _refuse_the_wrong_language(writer.vocabulary, form)

    def bind(self, config: FormConfig, sampling: SamplingConfig) -> BoundForm:
        """The form, whether any poem keeps it or not."""
        standard = open_standard(self._form, config, lambda: self._sounds)
        writable = self._writable(sampling)
        demands = Demands(
            acrostic=config.acrostic or "",
            acrostic_at=config.acrostic_at,
            must=config.must or (),
            rhyme_with=config.rhyme_with or "",
            first_line=config.first_line or "",
            readings=config.readings,
            rhymes="perfect" if isinstance(standard, ChineseStandard) else standard.rhymes,
        )
        vocabulary = self._writer.vocabulary
        settled = dataclasses.replace(config, rhymes=config.rhymes or standard.rhymes)
        automaton: Automaton
        if isinstance(standard, ChineseStandard):
            from charrnn.forms.chinese.automaton import ChineseAutomaton

            automaton = ChineseAutomaton(
                standard.form, standard.sounds, vocabulary, writable, demands
            )
            return BoundForm(settled, self._form, standard, automaton)
        from charrnn.forms.english.automaton import EnglishAutomaton

        kind = self._kind_of_words(config)
        words = frozenset(standard.lexicon) if kind == "any" else self._learned_words
        automaton = EnglishAutomaton(
            standard.form, standard.lexicon, words, vocabulary, writable, self._end, demands
        )
        settled = dataclasses.replace(settled, words=kind)
        return BoundForm(settled, self._form, standard, automaton, words)

    def can_keep(self, config: FormConfig, sampling: SamplingConfig) -> bool:
        """Whether any poem keeps the form under these demands."""
        return can_be_kept(self.bind(config, sampling).automaton)

    @cached_property
    def _sounds(self) -> ChineseSounds | None:
        """What the poems taught of the networks that write, of the first that has any."""
        tables = map(learned_sounds, self._writer.checkpoints)
        return next((table for table in tables if table is not None), None)

    @cached_property
    def _learned_words(self) -> frozenset[str]:
        """The words that the networks learned together; none where none are kept."""
        kept = [learned_words(checkpoint) for checkpoint in self._writer.checkpoints]
        return frozenset().union(*(words for words in kept if words is not None))

    def _kind_of_words(self, config: FormConfig) -> Words:
        """Which words may stand in a poem; those that must may do so anyway."""
        if config.words == "learned" and not self._learned_words:
            raise ConfigurationError(
                "the words that this network has learned were not kept. Leave out words, or give "
                "words any; where its corpus is at hand, charrnn forms sounds makes them."
            )
        return config.words or ("learned" if self._learned_words else "any")

    @property
    def _end(self) -> int | None:
        """The symbol that ends a poem; None where nothing does."""
        if self._writer.layout != "text":
            return BREAK
        line_end = self._writer.vocabulary.id_of(LINE_END)
        return None if line_end == UNKNOWN else line_end

    def _writable(self, sampling: SamplingConfig) -> Mask:
        """`(vocabulary,)`, true for the characters that are not banned."""
        vocabulary = self._writer.vocabulary
        banned = wishes(sampling, vocabulary).banned
        writable = np.ones(vocabulary.size, np.bool_) if banned is None else ~banned
        writable[[BREAK, UNKNOWN]] = False
        return cast("Mask", writable)


def _refuse_the_wrong_language(vocabulary: Vocabulary, form: Form) -> None:
    if not _knows(vocabulary, form.language):
        raise ConfigurationError(
            f"{form.title} is a form of {form.language.capitalize()} verse, and this network knows "
            f"no {_WRITTEN_WITH[form.language]}. charrnn forms lists the forms of both languages."
        )


def _knows(vocabulary: Vocabulary, language: Language) -> bool:
    """Whether a network can write a language at all."""
    return any(map(is_han if language == "chinese" else is_latin, vocabulary.characters))


def _lengths_wanted(vocabulary: Vocabulary) -> str:
    """What to say where lines are asked for and not how long they are."""
    wanted = "characters 7" if _knows(vocabulary, "chinese") else "syllables 8,6,8,6"
    return (
        "the lines of a form have lengths: give them for each line, or one for all, such as "
        f"{wanted}."
    )


def _rhymes(lines: Sequence[Line]) -> bool:
    return any(line.rhyme for line in lines)
