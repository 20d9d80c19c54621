"""Which words follow one another in a poem."""

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.core.config import Requirements
from charrnn.forms.english.plan import VersePlan, WordBoundaries, WordBoundary
from charrnn.forms.english.requirements import read_requirements
from charrnn.forms.english.spoken_words import RhymeClasses, SpokenWords
from charrnn.forms.english.word_trie import Spelling, WordTrie
from tests.forms.english.toy_verse import LEXICON, PLAIN, form_of

WORDS = ("eat", "neat", "net", "retreat")
SPOKEN = SpokenWords({word: LEXICON.pronunciations(word) for word in WORDS})
FORM = form_of(2, 2, rhyme="AA", further=["AB"])
PLAN = VersePlan(
    FORM,
    SPOKEN,
    RhymeClasses(SPOKEN, "perfect"),
    read_requirements(Requirements(), FORM.lines, LEXICON),
    joined=True,
)
START = WordBoundary(0, (), PLAN.beginnings(()))


def test_words_lead_on_in_a_line_and_end_it_under_each_variant() -> None:
    boundaries = WordBoundaries(PLAN)
    net = WORDS.index("net")
    assert boundaries.after_line(START, net) is None
    second = boundaries.after_word(START, net)
    assert second is not None
    assert (second.line, len(second.variants)) == (0, 2)
    assert boundaries.after_word(second, net) is None
    line = boundaries.after_line(second, net)
    assert line is not None
    assert (line.line, [one.variant for one in line.variants]) == (1, [1])
    line = boundaries.after_line(second, WORDS.index("eat"))
    assert line is not None
    assert [one.variant for one in line.variants] == [0, 1]


def test_branches_lead_to_the_words_that_may_follow() -> None:
    vocabulary = Vocabulary(tuple(sorted(PLAIN)))
    trie = WordTrie(WORDS, Spelling(vocabulary, np.arange(vocabulary.size) > 1))
    boundaries = WordBoundaries(PLAN)
    branches = trie.branches(trie.root)

    def letters(boundary: WordBoundary) -> str:
        return vocabulary.decode(
            [
                token
                for token, leads in zip(
                    branches.nodes, boundaries.leading(boundary, branches), strict=True
                )
                if leads
            ]
        )

    assert letters(START) == "enr"
    second = boundaries.after_word(START, WORDS.index("net"))
    assert second is not None
    assert letters(second) == "en"
    leaf = trie.branches(branches.nodes[vocabulary.id_of("r")]).nodes[vocabulary.id_of("e")]
    while trie.word(leaf) is None:
        (leaf,) = trie.branches(leaf).nodes.values()
    assert len(boundaries.leading(START, trie.branches(leaf))) == 0
