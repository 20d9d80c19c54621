"""The automaton of English verse: exactly the poems of a form, and all of them pass."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.errors import ConfigurationError, FormError
from charrnn.forms.core.automaton import OutputTokens
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import find_form, known_forms
from charrnn.forms.english.automaton import EnglishAutomaton
from charrnn.forms.english.lexicon import Lexicon, installed_dictionary, open_lexicon
from charrnn.forms.english.pronunciation import Pronunciation, rhyme_of, rhyming_syllables
from charrnn.forms.english.scansion import clashes_of, templates_of
from charrnn.forms.english.spoken_words import sounds_of
from charrnn.forms.english.verify import verify_english
from charrnn.forms.english.words import words_of
from tests.forms.english.toy_verse import (
    LEXICON,
    PLAIN,
    Asked,
    automaton_of,
    form_of,
    language_of,
    poems_of,
    write,
)

WORDS = ["ate", "eat", "neat", "rate", "treat", "retreat", "narrate", "net", "errant"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (form_of(2), WORDS),
        (form_of(2, 2, rhyme="AA"), WORDS),
        (form_of(2, 2, patterns=["u/", "/u"], metre="iambic"), WORDS[:5]),
        (form_of(2, (1, 3)), ["narrate", "eat", "errant"]),
        (form_of(3, patterns=["u/u|/u/"], metre="iambic"), WORDS),
        (form_of(1, 1, 1, rhyme="AAA"), [*WORDS, "tea", "tan", "ran", "an"]),
        (form_of(1, 1, 1, 1, rhyme="ABAB", further=["AABB", "ABCB"]), [*WORDS[:5], "tea"]),
        (form_of(2, 1, 1, rhyme="ABA"), ["eat", "neat", "retreat", "net"]),
        (form_of(2, 1, rhyme="AA"), ["a", "tear", "ere", "ate", "narrate", "rate", "an"]),
    ],
)
def test_its_language_is_all_that_the_verifier_passes(form: Form, words: Sequence[str]) -> None:
    poems = poems_of(form, words)
    assert poems
    assert language_of(*automaton_of(form, words)) == poems


def test_a_line_that_rhymes_does_not_end_on_a_syllable_that_the_metre_leaves_unstressed() -> None:
    form = form_of((2, 3), 2, rhyme="AA", patterns=["u/u", "u/"], metre="iambic")
    words = ["ate", "eat", "neat", "treat"]
    poems = language_of(*automaton_of(form, words))
    assert "eat neat\nneat treat" in poems
    assert "eat neat treat\neat neat" in poems_of(form, words)
    assert all(len(poem.splitlines()[0].split()) == 2 for poem in poems)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(acrostic="ne"), WORDS),
        (Asked(acrostic="N"), WORDS),
        (Asked(acrostic="te", acrostic_at="end"), [*WORDS, "an", "tan"]),
        (Asked(must=("neat",)), WORDS),
        (Asked(must=("Neat", "net", "neat")), WORDS),
        (Asked(must=("net",), acrostic="an"), [*WORDS, "an"]),
        (Asked(rhyme_with="A treat"), WORDS),
        (Asked(rhyme_with="tear", rhymes="slant"), ["ere", "errant", "tan", "tear", "a"]),
        (Asked(rhymes="slant"), ["an", "tan", "net", "retreat", "narrate", "eat"]),
        (Asked(first_line="narrate"), WORDS),
        (Asked(first_line="a rate", must=("rate", "neat")), WORDS),
        (Asked(first_line="a rate", acrostic="ae"), WORDS),
        (Asked(first_line="a rate", rhyme_with="ate"), [*WORDS, "a"]),
        (Asked(first_line="a rate", rhyme_with="rate"), WORDS),
        (Asked(first_line="a rate", acrostic="e"), WORDS),
        (Asked(first_line="a rate", must=("net",), acrostic="at", acrostic_at="end"), WORDS),
        (Asked(first_line="a rate a"), WORDS),
        (Asked(first_line="a tear", rhyme_with="ere"), ["a", "near", "rare", "tear", "ere"]),
        (Asked(rhyme_with="tear"), ["a", "near", "rare", "tear", "ere"]),
        (Asked(acrostic="r", rhyme_with="eat"), WORDS),
        (Asked(must=("neat", "net", "an", "tan", "ran")), [*WORDS, "an", "tan", "ran"]),
    ],
)
@pytest.mark.parametrize(
    "form",
    [form_of(2, 2, rhyme="AA"), form_of(2, 2), form_of(2, 1, rhyme="BA", further=["AA"])],
    ids=["couplet", "free", "variants"],
)
def test_what_is_demanded_narrows_the_language_to_just_that(
    form: Form, asked: Asked, words: Sequence[str]
) -> None:
    automaton, vocabulary = automaton_of(form, words, asked=asked)
    poems = poems_of(form, words, asked=asked)
    assert language_of(automaton, vocabulary, starts=100) == poems
    assert bool(automaton.initial_states(np.random.default_rng(0), 3)) is bool(poems)


def test_marks_and_hyphens_stand_where_words_have_ended() -> None:
    form = form_of(2, 2, rhyme="AA")
    words = ["eat", "neat", "net"]
    poems = poems_of(
        form,
        words,
        joints=[" ", "-", ", ", ". "],
        marks=["", ",", "."],
        last_marks=["."],
    )
    automaton, vocabulary = automaton_of(form, words, characters=PLAIN + ",.-")
    assert language_of(automaton, vocabulary) == poems


def test_a_poem_ends_with_a_sentence_where_that_can_be_marked() -> None:
    automaton, vocabulary = automaton_of(form_of((1, 2)), ["net"], characters=PLAIN + ",.")
    ended = {"net.", "net net.", "net, net.", "net. net."}
    assert language_of(automaton, vocabulary) == ended
    automaton, vocabulary = automaton_of(form_of((1, 2)), ["net"], characters=PLAIN + ",.", ban=".")
    assert language_of(automaton, vocabulary) == {"net", "net net", "net, net"}


def test_lines_that_may_not_lead_on_end_in_other_words() -> None:
    words = ["of", "love", "above", "dove", "the", "love's"]
    lexicon = Lexicon(
        {
            "of": ("AH1 V",),
            "love": ("L AH1 V",),
            "dove": ("D AH1 V",),
            "the": ("DH AH1",),
        }
    )
    form = form_of((1, 2), 1, rhyme="AA")
    characters = "\n dehlotvf"
    kept, free = (
        language_of(
            *automaton_of(
                form, words, characters=characters, lexicon=lexicon, enjambment=enjambment
            )
        )
        for enjambment in (False, True)
    )
    assert kept == {
        f"{before}{first}\n{second}"
        for first, second in (("love", "dove"), ("dove", "love"))
        for before in ("", "of ", "the ", "love ", "dove ")
    }
    ends = [[line.split()[-1] for line in poem.split("\n")] for poem in free]
    assert kept == {poem for poem, (a, b) in zip(free, ends, strict=True) if "of" not in (a, b)}
    assert ["of", "love"] in ends


def test_a_given_line_may_lead_on() -> None:
    automaton, vocabulary = automaton_of(
        form_of(1, 1),
        ["of", "net"],
        characters="\n efnot",
        asked=Asked(first_line="of"),
        lexicon=Lexicon({"of": ("AH1 V",), "net": ("N EH1 T",)}),
        enjambment=False,
    )
    assert language_of(automaton, vocabulary) == {"of\nnet"}


def test_without_a_space_only_hyphens_join_words() -> None:
    form = form_of(2, 1, rhyme="AA")
    automaton, vocabulary = automaton_of(form, ["eat", "retreat", "neat"], characters="\n,-aenrt")
    assert language_of(automaton, vocabulary) == poems_of(
        form, ["eat", "retreat", "neat"], joints=["-"], marks=["", ","]
    )
    automaton, vocabulary = automaton_of(form, ["eat", "retreat", "neat"], characters="\naenrt")
    assert language_of(automaton, vocabulary) == {"retreat\neat", "retreat\nneat"}


def test_words_begin_with_small_letters_or_capitals() -> None:
    automaton, vocabulary = automaton_of(form_of(1), ["net", "'tan"], characters="\n'’NTaenrt")
    assert language_of(automaton, vocabulary) == {
        *("net", "Net", "'tan", "'Tan", "’tan", "’Tan"),
    }


def test_what_the_vocabulary_lacks_is_written_in_the_other_case() -> None:
    automaton, vocabulary = automaton_of(form_of(1), ["net", "tan"], characters="\nAENTe")
    assert language_of(automaton, vocabulary) == {"NeT", "TAN"}


def test_a_banned_letter_is_not_written_in_the_other_case_within_a_word() -> None:
    automaton, vocabulary = automaton_of(form_of(1), ["net", "eat"], characters="\nENaent", ban="e")
    assert language_of(automaton, vocabulary) == {"Eat"}


def test_words_that_must_stand_there_may_be_guessed_ones() -> None:
    form = form_of(1, 2)
    automaton, vocabulary = automaton_of(form, ["net"], asked=Asked(must=("nat", "teen")))
    poems = language_of(automaton, vocabulary, starts=100)
    assert "nat\nnet teen" in poems
    assert "teen\nnat nat" in poems
    assert all({"nat", "teen"} <= set(poem.split()) for poem in poems)


def test_words_that_are_guessed_silent_or_misread_are_passed_over() -> None:
    lexicon = Lexicon({"net": ("N EH1 T",), "t'": ("T",), "at": ("AE1 T",), "a.": ("EY1",)})
    words = ["net", "t'", "tat", "at", "a.", "Net", "net ", ""]
    automaton, vocabulary = automaton_of(form_of(1), words, characters="\n'. aent", lexicon=lexicon)
    assert language_of(automaton, vocabulary) == {"net.", "at."}


def test_the_end_may_be_a_line_end() -> None:
    vocabulary = Vocabulary(tuple("\naent"))
    end = vocabulary.id_of("\n")
    writable = np.ones(vocabulary.size, np.bool_)
    writable[:2] = False
    automaton = EnglishAutomaton(
        form_of(1, 1), LEXICON, ["net"], OutputTokens(vocabulary, writable, end), Asked()
    )
    assert language_of(automaton, vocabulary) == {"net\nnet\n"}


def test_a_given_line_stands_as_it_was_given() -> None:
    asked = Asked(first_line="  Net, tan;a net! ")
    automaton, vocabulary = automaton_of(
        form_of(4, 1), ["ran"], characters="\n !,;.Naenrt", asked=asked
    )
    assert language_of(automaton, vocabulary) == {
        f"Net, tan;a net!\n{last}" for last in ("ran.", "ran!")
    }


def test_a_mark_follows_a_given_line_that_has_none() -> None:
    automaton, vocabulary = automaton_of(
        form_of(1), [], characters="\n,.aent", asked=Asked(first_line="net")
    )
    assert language_of(automaton, vocabulary) == {"net."}
    automaton, vocabulary = automaton_of(
        form_of(1, 1), ["tan"], characters="\n,aent", asked=Asked(first_line="net")
    )
    assert language_of(automaton, vocabulary) == {"net\ntan", "net,\ntan"}


def test_a_given_line_that_cannot_be_spelled_is_impossible() -> None:
    automaton, _ = automaton_of(form_of(1), ["net"], asked=Asked(first_line="moon"))
    assert automaton.initial_states(np.random.default_rng(0), 4) == []
    assert not automaton.allowed_tokens(automaton.initial_state()).any()
    assert not automaton.is_final(automaton.initial_state())


def test_a_poem_that_need_not_rhyme_cannot_rhyme_with_something() -> None:
    automaton, _ = automaton_of(form_of(1), ["net"], asked=Asked(rhyme_with="tan"))
    assert automaton.initial_states(np.random.default_rng(0), 4) == []


def test_a_line_that_rhymes_alone_rhymes_with_what_is_asked() -> None:
    automaton, vocabulary = automaton_of(
        form_of(1, 1, rhyme="A "), ["eat", "neat", "net"], asked=Asked(rhyme_with="Treat!")
    )
    assert language_of(automaton, vocabulary) == {
        f"{first}\n{second}" for first in ("eat", "neat") for second in ("eat", "neat", "net")
    }


def test_what_is_asked_of_the_rhyme_holds_after_a_given_line_that_has_none() -> None:
    form = form_of(1, 1, 1, rhyme=" AA")
    asked = Asked(first_line="net", rhyme_with="neat")
    words = ["ate", "eat", "neat", "net", "rate", "treat"]
    automaton, vocabulary = automaton_of(form, words, asked=asked)
    assert language_of(automaton, vocabulary) == {"net\neat\ntreat", "net\ntreat\neat"}


def test_lines_are_counted_as_they_end() -> None:
    automaton, vocabulary = automaton_of(form_of(2, 1), ["net", "tan"], characters="\n ,aent")
    state = automaton.initial_state()
    seen = []
    for character in "net, tan\ntan":
        seen.append(automaton.lines_written(state))
        state = automaton.next_state(state, vocabulary.id_of(character))
    assert seen == [0] * 9 + [1] * 3
    state = automaton.next_state(state, END_OF_POEM)
    assert automaton.is_final(state)
    assert automaton.lines_written(state) == 2


def test_lines_are_counted_after_a_given_line_too() -> None:
    automaton, vocabulary = automaton_of(form_of(1, 1), ["net"], asked=Asked(first_line="tan"))
    state = automaton.initial_state()
    counts = []
    for character in "tan\nnet":
        counts.append(automaton.lines_written(state))
        state = automaton.next_state(state, vocabulary.id_of(character))
    assert counts == [0, 0, 0, 0, 1, 1, 1]
    assert automaton.lines_written(automaton.next_state(state, END_OF_POEM)) == 2


def test_states_and_masks_are_values_that_nothing_changes() -> None:
    automaton, vocabulary = automaton_of(form_of(2), ["net", "tan"])
    state = automaton.next_state(automaton.initial_state(), vocabulary.id_of("n"))
    assert state == automaton.next_state(automaton.initial_state(), vocabulary.id_of("n"))
    assert hash(state) == hash(
        automaton.next_state(automaton.initial_state(), vocabulary.id_of("n"))
    )
    with pytest.raises(ValueError, match="read-only"):
        automaton.allowed_tokens(state)[0] = True


def test_required_words_are_drawn_into_every_line() -> None:
    automaton, _ = automaton_of(form_of(1, 1, 1), ["tan"], asked=Asked(must=("net",)))
    starts = automaton.initial_states(np.random.default_rng(0), 50)
    assert len(starts) == 50
    assert len(set(starts)) == 3
    assert automaton.initial_states(np.random.default_rng(0), 50) == starts
    assert automaton.initial_state() in starts


def test_without_required_words_all_drafts_begin_alike() -> None:
    automaton, _ = automaton_of(form_of(1), ["tan"])
    assert automaton.initial_states(np.random.default_rng(0), 3) == [automaton.initial_state()] * 3
    assert automaton.initial_states(np.random.default_rng(0), 0) == []


def test_lines_that_nothing_could_part_are_refused() -> None:
    with pytest.raises(FormError):
        automaton_of(form_of(1, 1), ["net"], characters=" aent")


def test_a_network_whose_poems_have_no_end_is_refused() -> None:
    vocabulary = Vocabulary(tuple("aent"))
    tokens = OutputTokens(vocabulary, np.ones(6, np.bool_), None)
    with pytest.raises(FormError, match="no line ends"):
        EnglishAutomaton(form_of(1), LEXICON, ["net"], tokens, Asked())


def test_demands_that_are_malformed_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="acrostic"):
        automaton_of(form_of(1), ["net"], asked=Asked(acrostic="ne"))


SOUNDS = st.builds(
    lambda syllables: " ".join(" ".join(filter(None, one)) for one in syllables),
    st.lists(
        st.tuples(
            st.sampled_from(["", "B", "S T", "W"]),
            st.builds("".join, st.tuples(st.sampled_from(["AE", "IY"]), st.sampled_from("012"))),
            st.sampled_from(["", "T", "N"]),
        ),
        min_size=1,
        max_size=3,
    ),
)
LEXICA = st.dictionaries(
    # Of the letters, only a, i and o are words.
    st.text("ab'", min_size=1, max_size=3).filter(lambda word: word.strip("'") and word != "b"),
    st.lists(SOUNDS, min_size=1, max_size=2, unique=True),
    min_size=1,
    max_size=5,
).map(Lexicon)


@st.composite
def forms(draw: st.DrawFn, lines: int, longest: int) -> Form:
    """Forms of some lines, with any metre and up to two variants."""
    count = draw(st.integers(1, lines))
    lengths = draw(
        st.lists(
            st.lists(st.integers(1, longest), min_size=1, max_size=2, unique=True).map(tuple),
            min_size=count,
            max_size=count,
        )
    )
    scheme = st.text(" AB", min_size=count, max_size=count)
    return form_of(
        *lengths,
        rhyme=draw(scheme),
        further=draw(st.lists(scheme, max_size=1)),
        metre=draw(st.sampled_from(["", "iambic", "anapaestic"])),
        patterns=[draw(st.text("u/x", min_size=max(one), max_size=max(one))) for one in lengths],
    )


@settings(max_examples=150, deadline=None)
@given(form=forms(2, 2), lexicon=LEXICA, rhymes=st.sampled_from(["perfect", "slant"]))
def test_its_language_is_what_it_is_defined_to_be(
    form: Form, lexicon: Lexicon, rhymes: str
) -> None:
    words = [word for word in lexicon if _reads_back(word, lexicon)]
    asked = Asked(rhymes=rhymes)
    automaton, vocabulary = automaton_of(
        form, list(lexicon), characters="\n 'ab", lexicon=lexicon, asked=asked
    )
    lines = [
        " ".join(chosen) for count in (1, 2) for chosen in itertools.product(words, repeat=count)
    ]
    variants = [
        [(rule, templates_of(rule, form.metre)) for rule in variant] for variant in form.variants
    ]
    defined = {
        "\n".join(poem)
        for poem in itertools.product(lines, repeat=form.lines)
        if any(_is_defined(poem, rules, words, lexicon, rhymes) for rules in variants)
    }
    language = language_of(automaton, vocabulary)
    assert language == defined
    for poem in language:
        assert verify_english(poem, form, lexicon, rhymes=asked.rhymes).passes


@settings(max_examples=100, deadline=None)
@given(
    form=forms(5, 7),
    lexicon=LEXICA,
    asked=st.builds(
        Asked,
        acrostic=st.text("ab", max_size=1),
        acrostic_at=st.sampled_from(["start", "end"]),
        must=st.lists(st.sampled_from(["ab", "ba", "a"]), max_size=2).map(tuple),
        rhyme_with=st.sampled_from(["", "aab"]),
        first_line=st.sampled_from(["", "ab a'", "Ba, bab"]),
        rhymes=st.sampled_from(["perfect", "slant"]),
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_goes_against_every_wish_of_the_network_still_keeps_the_form(
    form: Form, lexicon: Lexicon, asked: Asked, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    automaton, vocabulary = automaton_of(
        form, list(lexicon), characters="\n !',-.AB’ab", lexicon=lexicon, asked=asked
    )
    for likeliest in (None, generator.random(vocabulary.size)):
        poem = write(automaton, vocabulary, generator, likeliest)
        if poem is None:
            return
        assert verify_english(poem, form, lexicon, rhymes=asked.rhymes).passes, poem
        keys = {word.key for word in words_of(poem, lexicon)}
        assert keys >= {words_of(word, lexicon)[0].key for word in asked.must}


@pytest.mark.skipif(installed_dictionary() is None, reason="needs the extra english")
@pytest.mark.parametrize(
    "name", [name for name, form in known_forms().items() if form.language == "english"]
)
@pytest.mark.parametrize("rhymes", ["perfect", "slant"])
def test_the_forms_that_charrnn_knows_are_kept_with_the_words_of_the_dictionary(
    name: str, rhymes: str
) -> None:
    lexicon = open_lexicon()
    form = find_form(name)
    asked = Asked(acrostic="l", must=("moon",), rhymes=rhymes)
    automaton, vocabulary = automaton_of(
        form,
        list(lexicon)[::40],
        characters="\n !',-.:;?" + "".join(map(chr, [*range(65, 91), *range(97, 123)])),
        lexicon=lexicon,
        asked=asked,
    )
    generator = np.random.default_rng(7)
    for likeliest in (None, None, generator.random(vocabulary.size)):
        poem = write(automaton, vocabulary, generator, likeliest)
        assert poem is not None
        assert poem[0] in "lL"
        assert "moon" in [word.key for word in words_of(poem, lexicon)]
        assert verify_english(poem, form, lexicon, rhymes=asked.rhymes).faults == ()


def _reads_back(word: str, lexicon: Lexicon) -> bool:
    return [one.key for one in words_of(word, lexicon)] == [word]


def _is_defined(
    poem: Sequence[str],
    rules: Sequence[tuple[Line, Sequence[str]]],
    words: Sequence[str],
    lexicon: Lexicon,
    rhymes: str,
) -> bool:
    """Whether a poem is one of the automaton's by the definition of its language."""
    groups: dict[str, list[tuple[str, set[Pronunciation]]]] = {}
    for text, (rule, templates) in zip(poem, rules, strict=True):
        keys = text.split()
        ways = set(_last_ways(keys, templates, lexicon, rhyming=bool(rule.rhyme)))
        if not ways:
            return False
        groups.setdefault(rule.rhyme or text, []).append((keys[-1], ways))
    lettered = [groups[letter] for letter in groups if letter in "AB" and len(groups[letter]) > 1]
    return all(_rhyme(group, words, lexicon, rhymes) for group in lettered)


def _last_ways(
    keys: Sequence[str], templates: Sequence[str], lexicon: Lexicon, *, rhyming: bool
) -> Iterator[Pronunciation]:
    for said in itertools.product(*(lexicon.sound(key).pronunciations for key in keys)):
        stops = list(itertools.accumulate(way.syllables for way in said))
        for template in templates:
            if len(template) == stops[-1] and not any(
                clashes_of(way, template[stop - way.syllables : stop])
                for way, stop in zip(said, stops, strict=True)
            ):
                marks = template[stops[-1] - said[-1].syllables :]
                first, *_ = (*rhyming_syllables(said[-1]), None)
                if not rhyming or (first is not None and marks[first] != "u"):
                    yield said[-1]


def _rhyme(
    group: Sequence[tuple[str, set[Pronunciation]]],
    words: Sequence[str],
    lexicon: Lexicon,
    rhymes: str,
) -> bool:
    """Whether the ends of lines are of one rhyme_class, and each of another homophones of it."""

    def part(way: Pronunciation) -> tuple[str, ...]:
        rhyme = rhyme_of(way)
        if rhyme is None:
            return ()
        return rhyme.kinds if rhymes == "slant" else rhyme.part

    ends = [end for end, _ in group]
    if len(set(ends)) < len(ends):
        return False
    sounds = {word: sounds_of(lexicon.sound(word).pronunciations) for word in words}
    for rhyme_class in {part(way) for way in group[0][1]}:
        if not all(any(part(way) == rhyme_class for way in ways) for _, ways in group):
            continue
        groups = [{end} for end in ends]
        if rhymes == "perfect":
            members = [
                word
                for word in words
                if any(part(way) == rhyme_class for way in lexicon.sound(word).pronunciations)
            ]
            for homophones in groups:
                for _ in members:
                    homophones |= {
                        word
                        for word in members
                        if any(sounds[word] & sounds[known] for known in homophones)
                    }
        if all(one.isdisjoint(other) for one, other in itertools.combinations(groups, 2)):
            return True
    return False
