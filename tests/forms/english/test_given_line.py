"""A line that is given, in tokens."""

import numpy as np
import pytest

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.english.automaton import spell

VOCABULARY = Vocabulary(tuple(sorted(" !'’”ant")))


@pytest.mark.parametrize(
    ("text", "marked"),
    [("a tan", False), ("an'", False), ("an’", False), ("an!", True), ("a”", True)],
)
def test_a_line_is_spelled_and_known_to_end_in_a_mark(text: str, marked: bool) -> None:
    given = spell(text, VOCABULARY, np.ones(VOCABULARY.size, np.bool_))
    assert given is not None
    assert VOCABULARY.decode(given.tokens) == text
    assert given.marked is marked


def test_what_cannot_be_written_is_not_spelled() -> None:
    writable = np.ones(VOCABULARY.size, np.bool_)
    writable[1] = False
    assert spell("moon", VOCABULARY, writable) is None
    writable[VOCABULARY.id_of("!")] = False
    assert spell("an!", VOCABULARY, writable) is None
