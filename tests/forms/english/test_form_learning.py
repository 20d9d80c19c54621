import itertools
import random
from collections.abc import Sequence

import pytest

from charrnn.errors import FormError
from charrnn.forms.core.form import Line
from charrnn.forms.english.learning import learn_english_form
from charrnn.forms.english.lexicon import Lexicon

VOWELS = ["AA", "AE", "AO", "AY", "EH", "EY", "IY", "OW", "UW", "ER"]
ONSETS = ["B", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T"]

ONE = {f"{onset}{vowel}".lower(): f"{onset} {vowel}1" for onset in ONSETS for vowel in VOWELS}
"""Words of one syllable; those of one vowel rhyme."""

RISING = {f"a{word}": f"AH0 {sound}" for word, sound in ONE.items()}
"""Words of two syllables with the stress on the second."""

FALLING = {f"{word}y": f"{sound} N AH0" for word, sound in ONE.items()}
"""Words of two syllables with the stress on the first."""

LEXICON = Lexicon({word: (sound,) for word, sound in (ONE | RISING | FALLING).items()})


def poem(scheme: str, lengths: Sequence[int], draw: random.Random) -> str:
    """A poem in iambs, with lines of even lengths."""
    vowels = draw.sample(VOWELS, len(VOWELS))
    rhymes = {letter: vowels.pop() for letter in sorted(set(scheme) - {"-"})}
    onsets = draw.sample(ONSETS, len(scheme))
    lines = []
    for letter, length, onset in zip(scheme, lengths, onsets, strict=True):
        feet = [draw.choice(list(RISING)) for _ in range((length - 2) // 2)]
        end = f"{onset}{rhymes.get(letter) or vowels.pop()}".lower()
        lines.append(" ".join([*feet, draw.choice(list(ONE)), end]))
    return "\n".join(lines)


def poems(scheme: str, lengths: Sequence[int], count: int) -> list[str]:
    draw = random.Random(4)
    return [poem(scheme, lengths, draw) for _ in range(count)]


def shape(lines: tuple[Line, ...]) -> tuple[list[tuple[int, ...]], str]:
    return [one.lengths for one in lines], "".join(one.rhyme or "-" for one in lines)


@pytest.mark.parametrize(
    ("scheme", "lengths"),
    [("ABAB", (8, 6, 8, 6)), ("AABB", (4, 4, 6, 6)), ("-A-A", (8, 8, 8, 8)), ("ABABCC", (10,) * 6)],
)
def test_lengths_and_rhymes_are_found_again(scheme: str, lengths: tuple[int, ...]) -> None:
    learned = learn_english_form(poems(scheme, lengths, 60), LEXICON, "mine")
    (variant,) = learned.form.variants
    assert shape(variant) == ([(length,) for length in lengths], scheme)
    assert learned.form.variant_names == (scheme,)
    assert learned.form.stanzas == (len(scheme),)


def test_the_iambic_metre_is_found_again() -> None:
    learned = learn_english_form(poems("ABAB", (8, 6, 8, 6), 60), LEXICON, "mine")
    assert learned.form.metre == "iambic"
    assert [one.pattern for one in learned.form.variants[0]] == ["u/" * 4, "u/" * 3] * 2
    assert learned.keeping == 60
    assert learned.lines_keeping == 1.0


def of_words(words: Sequence[str], count: int, *, before: str = "", end: str = "") -> list[str]:
    """Poems of two lines, of four words of a kind each."""
    draw = random.Random(8)
    return [
        "\n".join(
            " ".join([before, *(draw.choice(words) for _ in range(4)), end]).strip()
            for _ in range(2)
        )
        for _ in range(count)
    ]


def test_trochees_begin_with_a_stress() -> None:
    learned = learn_english_form(of_words(list(FALLING), 40), LEXICON, "mine")
    assert learned.form.metre == "iambic"
    assert {one.pattern for one in learned.form.variants[0]} == {"/u" * 4}
    assert learned.keeping == 40


def test_anapaests_are_found() -> None:
    words = [f"ba {word}" for word in RISING]
    learned = learn_english_form(of_words(words, 40), LEXICON, "mine")
    assert learned.form.metre == "anapaestic"
    assert {one.pattern for one in learned.form.variants[0]} == {"uu/" * 4}


def test_words_in_no_order_have_no_metre() -> None:
    learned = learn_english_form(of_words([*RISING, *FALLING], 60), LEXICON, "mine")
    assert learned.form.metre == ""
    assert {one.pattern for one in learned.form.variants[0]} == {""}


def test_words_of_one_syllable_tell_nothing_of_the_metre() -> None:
    assert learn_english_form(of_words(list(ONE), 60), LEXICON, "mine").form.metre == ""


def test_lines_may_have_a_further_syllable_where_enough_of_them_do() -> None:
    draw = random.Random(2)
    plain, feminine = of_words(list(RISING), 75), of_words(list(RISING), 25, end="ba")
    given = [*plain, *feminine]
    draw.shuffle(given)
    learned = learn_english_form(given, LEXICON, "mine")
    assert {one.lengths for one in learned.form.variants[0]} == {(8, 9)}
    assert {one.pattern for one in learned.form.variants[0]} == {"u/u/u/u/u"}
    few = learn_english_form([*plain, *feminine[:5]], LEXICON, "mine")
    assert {one.lengths for one in few.form.variants[0]} == {(8,)}


def test_lengths_that_few_lines_have_are_left_out() -> None:
    given = [
        *of_words(list(RISING), 80),
        *(text for more in range(1, 11) for text in of_words(list(RISING), 2, end="ba " * more)),
    ]
    learned = learn_english_form(given, LEXICON, "mine")
    assert {one.lengths for one in learned.form.variants[0]} == {(8,)}


def test_two_schemes_are_two_variants() -> None:
    given = [*poems("ABAB", (6,) * 4, 60), *poems("AABB", (6,) * 4, 40)]
    learned = learn_english_form(given, LEXICON, "mine")
    assert learned.form.variant_names == ("ABAB", "AABB")
    assert learned.following == (60, 40)
    assert learned.keeping == 100


def test_stanzas_are_those_of_most_poems() -> None:
    given = ["\n\n".join(poem.split("\n")) for poem in poems("AA", (6, 6), 30)]
    assert learn_english_form(given, LEXICON, "mine").form.stanzas == (1, 1)


def test_a_refrain_is_no_rhyme() -> None:
    given = [f"{word}\n{word}" for word in itertools.islice(ONE, 40)]
    (variant,) = learn_english_form(given, LEXICON, "mine").form.variants
    assert [one.rhyme for one in variant] == ["", ""]


def test_the_number_of_lines_can_be_asked_for() -> None:
    given = [*poems("AA", (6, 6), 40), *poems("ABAB", (6,) * 4, 30)]
    assert learn_english_form(given, LEXICON, "mine").shape == (2,)
    learned = learn_english_form(given, LEXICON, "mine", 4)
    assert (learned.shape, learned.considered) == ((4,), 30)
    with pytest.raises(FormError, match=r"70 poems, of which 0 are of 14"):
        learn_english_form(given, LEXICON, "mine", 14)
