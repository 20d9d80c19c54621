"""Words as a tree of the tokens that spell them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.english.word_trie import Node, Spelling, WordTrie


def spelling_of(characters: str, ban: str = "") -> tuple[Spelling, Vocabulary]:
    vocabulary = Vocabulary(tuple(sorted(characters)))
    writable = np.ones(vocabulary.size, np.bool_)
    writable[[0, 1, *(vocabulary.id_of(one) for one in ban)]] = False
    return Spelling(vocabulary, writable), vocabulary


@pytest.mark.parametrize(
    ("characters", "ban", "word", "spelled"),
    [
        ("aent", "", "net", True),
        ("aent", "", "", False),
        ("aent", "", "moon", False),
        ("NTae", "", "net", True),
        ("NTaent", "t", "ten", True),
        ("NTaent", "t", "net", False),
        ("aent'", "", "'tan", True),
        ("aent’", "", "t'an'", True),
        ("aent'", "'", "t'an", False),
        ("aent", "", "'tan", False),
        ("aent'", "", "''tan", False),
        ("aent'", "", "'", False),
        ("aènt", "", "tèn", True),
        ("aent\n", "", "net\n", False),
        ("", "", "net", False),
    ],
)
def test_a_word_is_spelled_by_letters_that_can_be_written(
    characters: str, ban: str, word: str, spelled: bool
) -> None:
    spelling, _ = spelling_of(characters, ban)
    assert spelling.spells(word) is spelled


@settings(deadline=None)
@given(
    words=st.sets(st.from_regex(r"'?[ab]{1,3}'?", fullmatch=True), max_size=8).map(sorted),
    characters=st.sets(st.sampled_from("abAB'’")).map("".join),
)
def test_the_tree_spells_its_words_and_no_others(words: list[str], characters: str) -> None:
    spelling, vocabulary = spelling_of(characters)
    words = [word for word in words if spelling.spells(word)]
    trie = WordTrie(words, spelling)
    written: dict[str, set[str]] = {word: set() for word in words}

    def walk(node: Node, text: str) -> None:
        number = trie.word(node)
        if number is not None:
            written[words[number]].add(text)
        branches = trie.branches(node)
        assert branches.tokens.tolist() == list(branches.nodes)
        for token, following in branches.nodes.items():
            walk(following, text + vocabulary.decode([token]))

    walk(trie.root, "")
    for word, texts in written.items():
        assert texts
        for text in texts:
            assert text.lower().replace("’", "'") == word
            assert not any(letter.isupper() for letter in text.lstrip("'’")[1:]) or (
                not set("ab") <= set(characters)
            )


def test_letters_part_the_words_that_have_one_more() -> None:
    spelling, vocabulary = spelling_of("Naent")
    trie = WordTrie(["a", "an", "ate", "nat", "net"], spelling)
    branches = trie.branches(trie.root)
    assert vocabulary.decode(branches.tokens) == "anN"
    assert branches.letters.tolist() == [0, 1, 1]
    assert branches.bounds.tolist() == [0, 3]
    assert branches.words == slice(0, 5)
    node = branches.nodes[vocabulary.id_of("a")]
    assert node == Node(0, 3, 1)
    assert trie.word(node) == 0
    below = trie.branches(node)
    assert below.bounds.tolist() == [0, 1]
    assert below.words == slice(1, 3)
    leaf = below.nodes[vocabulary.id_of("n")]
    assert trie.word(leaf) == 1
    assert len(trie.branches(leaf).tokens) == 0
