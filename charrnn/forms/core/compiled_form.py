"""A form of verse that is bound to a network: what writes in it, and what it is known by."""

import dataclasses
import functools
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from charrnn.config import FormConfig
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.chinese.lines import is_han
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.form import Form
from charrnn.forms.core.form_file import written_form
from charrnn.forms.core.known_forms import names_a_file
from charrnn.forms.core.rules import ChineseStandard, Standard
from charrnn.forms.core.writer import Poet
from charrnn.generation.reader import TextReader
from charrnn.generation.recipe import FormRecipe
from charrnn.generation.writer import TextGenerator

_MARK: Final = 8
"""Digits that tell a form, or what it is judged by, from another."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundForm:
    """A form of verse, with what is demanded of it, for one network.

    Attributes:
        settings: What was asked for, with what charrnn chose filled in.
        form: The form as it is written, before a profile loosens it.
        standard: What poems are held to.
        automaton: What the network may write.
        words: The words of it in English; none in Chinese.
    """

    settings: FormConfig
    form: Form
    standard: Standard
    automaton: Automaton
    words: Collection[str] = ()

    def poet(self, writer: TextGenerator) -> Poet:
        """What writes in the form with the network that it was bound to."""
        return Poet(
            writer,
            self.automaton,
            self.standard.judge,
            self.standard.form,
            particles=self.settings.particles,
            choose=self.settings.choose,
        )

    def recipe(self, writer: TextReader) -> FormRecipe:
        """What is needed to bind the form again; see `bound_again`."""
        reference = self.settings.form
        in_a_file = reference is not None and names_a_file(reference)
        toml = written_form(dataclasses.replace(self.form, example="", source=""))
        return FormRecipe(
            settings=self.settings,
            toml=toml if in_a_file else None,
            marks=(_mark(toml), _mark_of_sounds(self, writer.vocabulary)),
        )

    def heard(self, vocabulary: Vocabulary) -> str:
        """What tells the sounds that poems are judged by from others."""
        if isinstance(self.standard, ChineseStandard):
            sounds = self.standard.sounds
            known = filter(is_han, vocabulary.characters)
            return "\n".join(f"{one} {sorted(sounds.readings(one))}" for one in known)
        said = self.standard.lexicon.sound
        return "\n".join(
            f"{word} {'/'.join(map(str, said(word).pronunciations))}" for word in sorted(self.words)
        )


@functools.lru_cache(1)
def _mark_of_sounds(form: BoundForm, vocabulary: Vocabulary) -> str:
    """That of the sounds, which are many; poems of one form are told of one after the other."""
    return _mark(form.heard(vocabulary))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
