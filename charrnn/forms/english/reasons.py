"""Why a demand cannot be kept in English verse, where that can be seen from its sounds."""

from collections.abc import Iterator

from charrnn.forms.core.rules import EnglishStandard
from charrnn.forms.core.wish import Wish
from charrnn.forms.english.scansion import clashes_of, templates_of
from charrnn.forms.english.words import words_of


def reasons_in_english(wish: Wish, standard: EnglishStandard) -> Iterator[str]:
    """What stands against a demand, in words; nothing where that cannot be seen so.

    Args:
        wish: An acrostic, a word that must stand in the poem, or what it rhymes with.
        standard: What the poem is held to.
    """
    if wish.setting == "must":
        yield from _of_word(wish.value, standard)
    elif wish.setting == "rhyme_with":
        yield f"too few of the words that may be used rhyme with {wish.value.split()[-1]}"
    elif wish.setting == "acrostic":
        yield "too few of the words that may be used have these letters where they would have to stand"


def _of_word(text: str, standard: EnglishStandard) -> Iterator[str]:
    """Why a word finds no place."""
    for word in words_of(text, standard.lexicon):
        if word.sound is None:
            continue
        templates = {
            template
            for variant in standard.form.variants
            for line in variant
            for template in templates_of(line, standard.form.metre)
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
