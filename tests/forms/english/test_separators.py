"""What stands between words."""

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.english.automaton import Separators


def test_separators_are_those_that_the_network_can_write() -> None:
    vocabulary = Vocabulary(tuple(sorted("\n -,.?;ab")))
    writable = np.ones(vocabulary.size, np.bool_)
    writable[vocabulary.id_of("?")] = False
    separators = Separators(vocabulary, writable)
    assert vocabulary.decode(separators.spaces) == " "
    assert vocabulary.decode(separators.joints) == " -"
    assert vocabulary.decode(separators.closing) == "."
    assert vocabulary.decode(separators.pausing) == ",;"
    assert vocabulary.decode(separators.line_ends) == "\n"
    assert len(Separators(Vocabulary(("a",)), np.ones(3, np.bool_)).joints) == 0
