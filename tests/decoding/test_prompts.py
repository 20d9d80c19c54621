import functools

import pytest

from charrnn.corpus.variants import Substitution
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.prompts import describe_substitution, read_prompt

VOCABULARY = Vocabulary(("\n", " ", "'", "a", "b", "é"))
N, S, Q, A, B, E = range(2, 8)


@pytest.mark.parametrize(
    ("layout", "prompt", "expected"),
    [
        ("blocks", "", []),
        ("blocks", "ab a", [A, B, S, A]),
        ("blocks", "a\nb\n", [A, N, B, N]),
        ("blocks", "a\r\nb", [A, N, B]),
        ("blocks", "a \n \n\n b", [A, END_OF_POEM, B]),
        ("blocks", "a\n\n", [A, END_OF_POEM]),
        ("lines", "a\nb", [A, END_OF_POEM, B]),
        ("lines", "a \n\n b", [A, END_OF_POEM, B]),
        ("text", "a\n\nb", [A, N, N, B]),
        ("text", "e\u0301\u200b", [E]),
    ],
)
def test_a_prompt_is_read_as_a_corpus_of_its_layout(layout, prompt, expected):
    ids, substitutions = read_prompt(prompt, VOCABULARY, layout)
    assert ids == expected
    assert substitutions == ()


def test_a_blank_line_in_a_corpus_of_stanzas_ends_no_poem():
    read = functools.partial(read_prompt, vocabulary=VOCABULARY, layout="blocks", stanzas=True)
    assert read("a\n\nb").ids == [A, N, N, B]
    assert read("a\n\n \nb").ids == [A, END_OF_POEM, B]


def test_characters_outside_the_vocabulary_are_told_once_each():
    ids, substitutions = read_prompt("’A’\n\nA€", VOCABULARY, "blocks")
    assert ids == [Q, A, Q, END_OF_POEM, A, UNKNOWN]
    assert substitutions == (
        Substitution("’", "'"),
        Substitution("A", "a"),
        Substitution("€", None),
    )


@pytest.mark.parametrize(
    ("original", "replacement", "expected"),
    [
        ("’", "'", "’ is not in this model's alphabet; read as '."),
        ("€", None, "€ is not in this model's alphabet; read as an unknown character."),
        ("\t", " ", "a tab is not in this model's alphabet; read as a space."),
        ("\n", None, "a line end is not in this model's alphabet; read as an unknown character."),
        ("…", "...", "… is not in this model's alphabet; read as ...."),
        ("\u0301", None, "U+0301 is not in this model's alphabet; read as an unknown character."),
        ("\u200d", None, "U+200D is not in this model's alphabet; read as an unknown character."),
    ],
)
def test_a_substitution_is_told_in_a_sentence(original, replacement, expected):
    assert describe_substitution(Substitution(original, replacement)) == expected
