"""Which words follow one another in a poem."""

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.core.requirements import Demands
from charrnn.forms.english.junctures import Juncture, Junctures
from charrnn.forms.english.plan import VersePlan
from charrnn.forms.english.requirements import read_demands
from charrnn.forms.english.rhyme_classes import RhymeFamilies
from charrnn.forms.english.spoken_words import SpokenWords
from charrnn.forms.english.word_trie import Spelling, WordTrie
from tests.forms.english.toy_verse import LEXICON, PLAIN, form_of

WORDS = ("eat", "neat", "net", "retreat")
SPOKEN = SpokenWords({word: LEXICON.pronunciations(word) for word in WORDS})
FORM = form_of(2, 2, rhyme="AA", further=["AB"])
PLAN = VersePlan(
    FORM,
    SPOKEN,
    RhymeFamilies(SPOKEN, "perfect"),
    read_demands(Demands(), FORM.lines, LEXICON),
    joined=True,
)
START = Juncture(0, (), PLAN.beginnings(()))


def test_words_lead_on_in_a_line_and_end_it_under_each_variant() -> None:
    junctures = Junctures(PLAN)
    net = WORDS.index("net")
    assert junctures.after_line(START, net) is None
    second = junctures.after_word(START, net)
    assert second is not None
    assert (second.line, len(second.hypotheses)) == (0, 2)
    assert junctures.after_word(second, net) is None
    line = junctures.after_line(second, net)
    assert line is not None
    assert (line.line, [one.variant for one in line.hypotheses]) == (1, [1])
    line = junctures.after_line(second, WORDS.index("eat"))
    assert line is not None
    assert [one.variant for one in line.hypotheses] == [0, 1]


def test_branches_lead_to_the_words_that_may_follow() -> None:
    vocabulary = Vocabulary(tuple(sorted(PLAIN)))
    trie = WordTrie(WORDS, Spelling(vocabulary, np.arange(vocabulary.size) > 1))
    junctures = Junctures(PLAN)
    branches = trie.branches(trie.root)

    def letters(juncture: Juncture) -> str:
        return vocabulary.decode(
            [
                symbol
                for symbol, leads in zip(
                    branches.nodes, junctures.leading(juncture, branches), strict=True
                )
                if leads
            ]
        )

    assert letters(START) == "enr"
    second = junctures.after_word(START, WORDS.index("net"))
    assert second is not None
    assert letters(second) == "en"
    leaf = trie.branches(branches.nodes[vocabulary.id_of("r")]).nodes[vocabulary.id_of("e")]
    while trie.word(leaf) is None:
        (leaf,) = trie.branches(leaf).nodes.values()
    assert len(junctures.leading(START, trie.branches(leaf))) == 0
