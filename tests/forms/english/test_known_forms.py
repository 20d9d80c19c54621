"""Poems of other hands and our own, held to the English forms with the dictionary of the extra."""

import pytest

from charrnn.forms.core.form import Judgement
from charrnn.forms.core.known_forms import find_form, form_from_toml, form_to_toml, known_forms
from charrnn.forms.english.lexicon import Lexicon, installed_dictionary, open_lexicon
from charrnn.forms.english.verify import verify_english

ENGLISH = sorted(name for name, form in known_forms().items() if form.language == "english")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    if installed_dictionary() is None:
        pytest.skip("the extra english is not installed")
    return open_lexicon()


def test_the_english_forms_are_there() -> None:
    assert ENGLISH == [
        "ballad",
        "blank-verse",
        "couplet",
        "haiku",
        "heroic-couplet",
        "limerick",
        "petrarchan-sonnet",
        "quatrain",
        "sonnet",
        "tanka",
    ]
    assert find_form("shakespearean-sonnet").name == "sonnet"
    assert [line.rhyme for line in find_form("sonnet").variants[0]] == list("ABABCDCDEFEFGG")


@pytest.mark.parametrize("name", ENGLISH)
def test_the_example_of_a_form_keeps_it(name: str, lexicon: Lexicon) -> None:
    form = find_form(name)
    judgement = verify_english(form.example, form, lexicon)
    assert [fault.message for fault in judgement.faults] == []
    assert not any(line.guessed for line in judgement.lines)
    assert form_from_toml(form_to_toml(form), name) == form


def judged(name: str, poem: str, lexicon: Lexicon) -> Judgement:
    return verify_english(poem, find_form(name), lexicon)


def test_power_rhymes_with_flower_in_one_syllable_or_two(lexicon: Lexicon) -> None:
    lines = judged("sonnet", find_form("sonnet").example, lexicon).lines
    assert "".join(lines[0].marks) == "u/u/u/u/u/"
    assert lines[1].rhyme == lines[3].rhyme == "AW ER"
    assert len(lines[1].marks) == len(lines[3].marks) == 11
    couplet = "I know a thing of little power,\nThe name of it is April flower."
    for line in judged("couplet", couplet, lexicon).lines:
        assert (line.rhyme, len(line.marks)) == ("AW R", 8)


def test_a_limerick_of_lear_rhymes_a_word_with_itself(lexicon: Lexicon) -> None:
    # Edward Lear, A Book of Nonsense (1846).
    poem = """There was an Old Man with a beard,
Who said, 'It is just as I feared!
Two Owls and a Hen,
Four Larks and a Wren,
Have all built their nests in my beard!'"""
    assert [fault.message for fault in judged("limerick", poem, lexicon).faults] == [
        "line 5 rhymes with the same word of line 1: beard"
    ]


def test_a_stanza_of_dickinson_has_a_slant_rhyme(lexicon: Lexicon) -> None:
    # Emily Dickinson, "Because I could not stop for Death" (before 1886).
    poem = """Because I could not stop for Death,
He kindly stopped for me;
The carriage held but just ourselves
And Immortality."""
    assert [fault.message for fault in judged("ballad", poem, lexicon).faults] == [
        "line 4 has only a slant rhyme with line 2: Immortality and me"
    ]
    assert verify_english(poem, find_form("ballad"), lexicon, rhymes="slant").passes


def test_a_sonnet_of_shakespeare_begins_lines_with_a_stress(lexicon: Lexicon) -> None:
    # William Shakespeare, Sonnet 1 (1609).
    poem = """From fairest creatures we desire increase,
That thereby beauty's rose might never die,
But as the riper should by time decease,
His tender heir might bear his memory:
But thou, contracted to thine own bright eyes,
Feed'st thy light's flame with self-substantial fuel,
Making a famine where abundance lies,
Thy self thy foe, to thy sweet self too cruel:
Thou that art now the world's fresh ornament,
And only herald to the gaudy spring,
Within thine own bud buriest thy content,
And tender churl mak'st waste in niggarding:
Pity the world, or else this glutton be,
To eat the world's due, by the grave and thee."""
    found = [fault.message for fault in judged("sonnet", poem, lexicon).faults]
    assert "line 4 does not rhyme with line 2: memory and die" in found
    assert "line 7, syllable 1 is stressed where the metre is not: Making" in found
    assert "line 13, syllable 1 is stressed where the metre is not: Pity" in found
