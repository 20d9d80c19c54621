"""The words that may be written."""

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.word_trie import WritableWords, writable_words
from tests.forms.english.toy_verse import LEXICON

VOCABULARY = Vocabulary(tuple(sorted("'abcdefghijklmnopqrstuvwxyz")))
WRITABLE = np.arange(VOCABULARY.size) > 1


def test_words_that_are_known_or_derived_can_be_written() -> None:
    written = WritableWords(
        LEXICON,
        ["net", "nets", "net's", "zzyzx", "Net", "t'", "a b"],
        [],
        VOCABULARY,
        WRITABLE.tobytes(),
    )
    assert written.spoken.words == ("net", "net's", "nets")


def test_words_that_must_stand_there_may_be_guessed() -> None:
    written = WritableWords(LEXICON, ["net"], ["zzyzx"], VOCABULARY, WRITABLE.tobytes())
    assert written.spoken.words == ("net", "zzyzx")


def test_words_that_would_be_read_as_others_are_passed_over() -> None:
    lexicon = Lexicon({"'net": ("N EH1 T",), "ten'": ("T EH1 N",), "tan": ("T AE1 N",)})
    written = WritableWords(
        lexicon, ["'net", "ten'", "'tan", "tan'", "tans'"], [], VOCABULARY, WRITABLE.tobytes()
    )
    assert written.spoken.words == ("'net", "tans'", "ten'")


def test_the_same_words_are_worked_out_once() -> None:
    words = frozenset(["net"])
    one = writable_words(LEXICON, words, frozenset(), VOCABULARY, WRITABLE.tobytes())
    assert writable_words(LEXICON, words, frozenset(), VOCABULARY, WRITABLE.tobytes()) is one
    assert one.classes("slant") is one.classes("slant")
    other = writable_words(LEXICON, words, frozenset(["tan"]), VOCABULARY, WRITABLE.tobytes())
    assert other.spoken.words == ("net", "tan")
