"""The endings of old verse on every verb and adjective of the dictionary: lovest, lov'st, lov'd."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from charrnn.forms.english.lexicon import Lexicon, installed_dictionary, open_lexicon

VOICELESS = {"P", "T", "K", "F", "TH", "S", "SH", "CH"}

Phones = tuple[str, ...]

pytestmark = pytest.mark.skipif(installed_dictionary() is None, reason="needs the extra english")


class Stem(NamedTuple):
    """A word without an e, with a doubled letter or with i for y, and all ways of the word."""

    letters: str
    before_e: str
    ways: set[Phones]
    before_vowel: set[Phones]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return open_lexicon()


@pytest.fixture(scope="module")
def verbs(lexicon: Lexicon) -> list[Stem]:
    return list(stems(lexicon, "ing", ("AH0", "NG")))


def levelled(phones: Phones) -> Phones:
    """Dictionaries differ in weak vowels."""
    return tuple("AH0" if phone == "IH0" else phone for phone in phones)


def ways_of(word: str, lexicon: Lexicon) -> set[Phones]:
    return {levelled(way.phones) for way in lexicon.pronunciations(word)}


def stems(
    lexicon: Lexicon, ending: str, sound: Phones, others: tuple[str, ...] = ("s", "es")
) -> Iterator[Stem]:
    """The words that take this ending, and one of others, by the rules of spelling and speech."""
    for word in lexicon:
        if not re.fullmatch("[a-z]{3,}(?<!ing)", word):
            continue
        with_i = re.sub("(?<=[^aeiou])y$", "i", word)
        if not any(f"{with_i}{other}" in lexicon for other in others):
            continue
        ways = ways_of(word, lexicon)
        spoken = {way[:-2] + way[-1:] if way[-2:] == ("AH0", "L") else way for way in ways}
        before_vowel = spoken if re.search("[^aeiouy]le$", word) else ways
        letters = re.sub("(?<=[^eoy])e$", "", with_i if ending == "er" else word)
        for stem in (letters,) if letters != word else (word, word + word[-1]):
            if before_vowel & {way[: -len(sound)] for way in ways_of(stem + ending, lexicon)}:
                yield Stem(stem, stem if with_i == word else with_i, ways, before_vowel)


def with_d(way: Phones) -> Phones:
    """The past tense: a syllable after T and D only."""
    last = way[-1]
    return (*way, *(("AH0", "D") if last in {"T", "D"} else ("T" if last in VOICELESS else "D",)))


def faults(forms: Iterator[tuple[str, set[Phones]]], lexicon: Lexicon) -> tuple[int, set[str]]:
    """The number of forms that no dictionary has, and those that are said against the rule."""
    wanted = {form: ways for form, ways in forms if form not in lexicon}
    return len(wanted), {
        form
        for form, ways in wanted.items()
        if not {levelled(way.phones) for way in lexicon.sound(form).pronunciations} <= ways
    }


def forms_of_verbs(verbs: list[Stem]) -> Iterator[tuple[str, set[Phones]]]:
    for stem in verbs:
        past = {with_d(way) for way in stem.ways}
        yield f"{stem.before_e}eth", {(*way, "AH0", "TH") for way in stem.before_vowel}
        yield f"{stem.before_e}est", {(*way, "AH0", "S", "T") for way in stem.before_vowel}
        yield f"{stem.letters}'st", {(*way, "S", "T") for way in stem.ways}
        yield f"{stem.letters}'dst", {(*way, "S", "T") for way in past}
        yield f"{stem.before_e}edst", {(*way, "S", "T") for way in past}


HOMOGRAPHS = {"bow", "carl", "dos", "premier", "ross", "ski", "sparr", "will"}
"""Stems of two words, of which one may be a name: bow and bowe, spar and sparr, ski and sky."""


def test_est_and_eth_are_a_syllable_more_and_a_contracted_st_is_none(
    lexicon: Lexicon, verbs: list[Stem]
) -> None:
    count, wrong = faults(forms_of_verbs(verbs), lexicon)
    assert count > 15_000
    assert {re.sub("('st|'dst|edst|est|eth)$", "", form) for form in wrong} == HOMOGRAPHS


def test_superlatives_are_a_syllable_more(lexicon: Lexicon) -> None:
    found = stems(lexicon, "er", ("ER0",), ("ly", "ness"))
    forms = (
        (f"{stem.before_e}est", {(*way, "AH0", "S", "T") for way in stem.before_vowel})
        for stem in found
    )
    count, wrong = faults(forms, lexicon)
    assert count > 100
    assert {form.removesuffix("est") for form in wrong} == {"harr", "sol", "will"}


def test_a_contracted_d_is_no_syllable_except_after_t_and_d(
    lexicon: Lexicon, verbs: list[Stem]
) -> None:
    spoken = {f"{stem.letters}'d": stem for stem in verbs}
    assert len(spoken) > 3_000
    wrong = {
        form
        for form, stem in spoken.items()
        if form not in lexicon
        and not {levelled(way.phones) for way in lexicon.sound(form).pronunciations}
        <= {with_d(way) for way in stem.ways} | ways_of(f"{stem.before_e}ed", lexicon)
    }
    assert {form.removesuffix("'d") for form in wrong} <= HOMOGRAPHS


def test_a_contracted_ing_ends_in_n(lexicon: Lexicon, verbs: list[Stem]) -> None:
    for stem in verbs:
        form = f"{stem.letters}in'"
        if form not in lexicon:
            said = {levelled(way.phones) for way in lexicon.sound(form).pronunciations}
            assert said == {(*way[:-1], "N") for way in ways_of(f"{stem.letters}ing", lexicon)}, (
                form
            )


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("comest", "K AH1 M AH0 S T"),
        ("lovest", "L AH1 V AH0 S T"),
        ("liest", "L AY1 AH0 S T"),
        ("seest", "S IY1 AH0 S T"),
        ("bear'st", "B EH1 R S T"),
        ("call'st", "K AO1 L S T"),
        ("may'st", "M EY1 S T"),
        ("extremest", "IH0 K S T R IY1 M AH0 S T"),
        ("readiest", "R EH1 D IY0 AH0 S T"),
        ("seeth", "S IY1 AH0 TH"),
        ("singeth", "S IH1 NG AH0 TH"),
        ("usedst", "Y UW1 Z D S T"),
        ("possest", "P AH0 Z EH1 S T"),
        ("unblest", "AH0 N B L EH1 S T"),
        ("wing'd", "W IH1 NG D"),
        ("sever'd", "S EH1 V ER0 D"),
        ("long'd", "L AO1 NG D"),
        ("lack'd", "L AE1 K T"),
        ("lovin'", "L AH1 V IH0 N"),
        ("makin'", "M EY1 K IH0 N"),
        ("rain's", "R EY1 N Z"),
        ("wat'ry", "W AO1 T R IY0"),
        ("thund'ring", "TH AH1 N D R IH0 NG"),
        ("list'ning", "L IH1 S N IH0 NG"),
        ("pow'r", "P AW1 R"),
        ("heav'nward", "HH EH1 V N W ER0 D"),
        ("th'other", "DH AH1 DH ER0"),
        ("t'other", "T AH1 DH ER0"),
        ("trembling", "T R EH1 M B L IH0 NG"),
        ("totally", "T OW1 T AH0 L IY0"),
        ("levers", "L EH1 V ER0 Z"),
        ("envies", "EH1 N V IY0 Z"),
        ("lioness", "L AY1 AH0 N AH0 S"),
        ("noontide", "N UW1 N T AY2 D"),
        ("godlike", "G AA1 D L AY2 K"),
        ("eventide", "IY1 V IH0 N T AY2 D"),
        ("frae", "F R EY1"),
    ],
)
def test_words_of_verse_are_said_as_verse_says_them(
    lexicon: Lexicon, word: str, phones: str
) -> None:
    assert phones in [str(way) for way in lexicon.sound(word).pronunciations]
