"""How much of an English text the lexicon knows, and how good its guesses at the rest are.

    python benchmarks/english_sounds.py poems.txt
    python benchmarks/english_sounds.py poems.txt --form sonnet --form ballad

The first table counts the words of the text by where their pronunciation comes from. The second
holds the letter-to-sound rules to the words of the text that stand in the dictionary: how often they
find the number of syllables, where the stress stands, and what the word rhymes by. The third, with
--form, holds every stanza that has as many lines as the form to it: the human rate, beside which
what a network writes should be read.
"""

import dataclasses
import re
from collections import Counter
from pathlib import Path

import click

from charrnn.forms.core.known_forms import find_form
from charrnn.forms.english.letter_to_sound import guess
from charrnn.forms.english.lexicon import Lexicon, open_lexicon
from charrnn.forms.english.pronunciation import Pronunciation, rhyme_of
from charrnn.forms.english.verify import verify_english
from charrnn.forms.english.words import words_of


@click.command()
@click.argument("text", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--form", "forms", multiple=True, help="A form to hold the stanzas to.")
@click.option("--lexicon", "file", type=click.Path(path_type=Path), help="A dictionary of yours.")
def main(text: Path, forms: tuple[str, ...], file: Path | None) -> None:
    """Measure the lexicon on TEXT."""
    lexicon = open_lexicon(file)
    written = text.read_text(encoding="utf-8")
    coverage(written, lexicon)
    guesses(written, lexicon)
    for form in forms:
        human_rates(written, form, lexicon)


def coverage(text: str, lexicon: Lexicon) -> None:
    """Where the pronunciations of the words of a text come from."""
    words = Counter(
        (word.key, word.sound.origin)
        for line in text.splitlines()
        for word in words_of(line, lexicon)
        if word.sound
    )
    print(f"{'':12} {'words':>9} {'':7} {'different':>9}")
    for origin in ("dictionary", "derived", "guessed"):
        tokens = sum(count for (_, found), count in words.items() if found == origin)
        types = sum(found == origin for _, found in words)
        print(
            f"{origin:12} {tokens:9,} {tokens / words.total():7.2%} "
            f"{types:9,} {types / len(words):7.2%}"
        )


def guesses(text: str, lexicon: Lexicon) -> None:
    """How often the rules agree with one of the pronunciations of the dictionary."""
    words = {
        word.key
        for line in text.splitlines()
        for word in words_of(line, lexicon)
        if word.key in lexicon and re.fullmatch("[a-z]{3,}", word.key)
    }
    right: Counter[str] = Counter()
    for word in words:
        guessed, known = guess(word), lexicon.pronunciations(word)
        right["syllables"] += any(way.syllables == guessed.syllables for way in known)
        right["stress"] += any(_stress(way) == _stress(guessed) for way in known)
        right["rhyme"] += any(_part(way) == _part(guessed) for way in known)
    print(f"\nguesses at {len(words):,} words of the dictionary:")
    for what, count in right.items():
        print(f"{what:12} {count / len(words):7.1%}")


def human_rates(text: str, name: str, lexicon: Lexicon) -> None:
    """How many stanzas keep a form, by what is asked of them."""
    form = find_form(name)
    stanzas = [
        stanza
        for stanza in re.split(r"\n\s*\n", text)
        if sum(bool(line.strip()) for line in stanza.splitlines()) == form.lines
    ]
    syllabic = dataclasses.replace(form, metre="")
    free = tuple(
        tuple(dataclasses.replace(line, rhyme="") for line in variant) for variant in form.variants
    )
    print(f"\n{form.title}: {len(stanzas):,} stanzas of {form.lines} lines")
    for what, held_to in (
        ("all of it", form),
        ("no metre", syllabic),
        ("no rhyme", dataclasses.replace(form, variants=free)),
    ):
        kept = sum(verify_english(stanza, held_to, lexicon).passes for stanza in stanzas)
        print(f"{what:12} {kept:9,} {kept / max(1, len(stanzas)):7.1%}")


def _stress(way: Pronunciation) -> int:
    """Where the primary stress stands."""
    return way.stresses.find("1")


def _part(way: Pronunciation) -> tuple[str, ...]:
    rhyme = rhyme_of(way)
    return rhyme.part if rhyme else ()


if __name__ == "__main__":
    main()
