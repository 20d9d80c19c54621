import pytest

from charrnn.errors import FormError
from charrnn.forms.core.language import table_from_json, table_to_json
from charrnn.forms.english.words import FEW_KINDS, LearnedWords, learn_words, words_of
from tests.forms.english.toy_lexicon import LEXICON


def kinds(number: int) -> str:
    """So many different words."""
    letters = "abcdefghij"
    return " ".join(
        "".join(letters[int(digit)] for digit in f"{place:04}") for place in range(number)
    )


def test_words_are_counted_as_they_are_looked_up() -> None:
    text = "The moon, the MOON’s light;\n‘Tis the lovers' hour: o'er th' well-worn way"
    counts = dict(learn_words([text, "The moon."]).counts)
    assert counts == {
        "the": 4,
        "moon": 2,
        "moon's": 1,
        "light": 1,
        "'tis": 1,
        "lovers'": 1,
        "hour": 1,
        "o'er": 1,
        "th'": 1,
        "well": 1,
        "worn": 1,
        "way": 1,
    }
    assert list(counts)[:2] == ["the", "moon"]


def test_the_keys_are_those_that_the_words_of_a_line_have() -> None:
    line = "“And art thou cold?” ‘the cold moon’ said: café, no. 42"
    keys = {word.key for word in words_of(line, LEXICON) if word.sound}
    assert (
        set(learn_words([line]).counts)
        == keys
        == {*["and", "art", "thou", "cold", "the", "moon", "said"], "café", "no"}
    )


@pytest.mark.parametrize("more", [0, 1])
def test_what_stands_once_is_left_out_of_long_texts(more: int) -> None:
    words = learn_words([kinds(FEW_KINDS - 1 + more), "aaaa aaab"])
    assert dict(words.counts) == (
        {"aaaa": 2, "aaab": 2}
        if more
        else dict.fromkeys(kinds(FEW_KINDS - 1).split(), 1) | {"aaaa": 2, "aaab": 2}
    )


def test_what_is_rare_is_left_out_of_large_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{kinds(FEW_KINDS)} moon moon moon sun sun"
    monkeypatch.setattr("charrnn.forms.english.words.RARE", len(text) // 3)
    assert dict(learn_words([text]).counts) == {"moon": 3}


@pytest.mark.parametrize("text", ["", "明月几时有", "明" * 50 + " moon", "42"])
def test_a_text_without_words_teaches_none(text: str) -> None:
    with pytest.raises(FormError, match="words are learned from a text of words in Latin letters"):
        learn_words([text])


def test_words_are_written_and_read() -> None:
    words = LearnedWords({"moon": 3, "'tis": 1}, corpus="c" * 64)
    assert table_from_json(table_to_json(words), "x", LearnedWords) == words
    assert list(table_from_json(table_to_json(words), "x", LearnedWords).counts) == ["moon", "'tis"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"format":2,"corpus":"","counts":{}}',
        '{"format":1,"corpus":1,"counts":{}}',
        '{"format":1,"corpus":"","counts":{"moon":"3"}}',
        '{"format":1,"corpus":"","counts":["moon"]}',
        '{"format":1,"corpus":"","counts":{},"more":1}',
    ],
)
def test_a_document_that_holds_no_words_is_refused(text: str) -> None:
    with pytest.raises(FormError, match=r"words\.json cannot be used: "):
        table_from_json(text, "words.json", LearnedWords)


def test_what_is_not_json_is_told() -> None:
    with pytest.raises(FormError, match=r"words\.json cannot be used: it is not JSON"):
        table_from_json('{"format":1', "words.json", LearnedWords)
