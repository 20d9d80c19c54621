"""What one piece tells by itself: words, endings, repetition, and whether it keeps its form."""

import re
from collections.abc import Callable, Container, Iterable, Sequence

from benchmarks.poems.intervals import Part
from benchmarks.poems.pieces import Piece
from benchmarks.runs import HAN_PAIR
from charrnn.forms.english.words import key_of, printed_words

FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "the", "and", "or", "nor", "but", "if", "than", "as", "because", "though"),
        *("of", "in", "on", "at", "by", "to", "for", "from", "with", "into", "unto", "upon"),
        *("that", "which", "who", "whose", "when", "where", "while", "till", "until", "through"),
        *("my", "thy", "his", "its", "our", "your", "their", "this", "these", "those", "no", "so"),
        *("is", "are", "was", "were", "be", "am", "shall", "will", "would", "should"),
    )
)
"""Words that seldom end a line of verse: they lean on the word after them."""

SENTENCE_END = re.compile(r"[.!?。？！…]+[\"'”’」』)）\s]*$")


def words_of_text(text: str, language: str, known: Container[str] = ()) -> list[str]:
    """The words of a text by their keys, or in Chinese its pairs of neighbouring characters."""
    if language == "chinese":
        return HAN_PAIR.findall(text)
    keys = (key_of(printed, known) for printed in printed_words(text))
    return [key for key in keys if key]


def known_words(texts: Iterable[str], language: str) -> frozenset[str]:
    """What counts as a real word: those of texts and, in English, of the dictionary."""
    found: set[str] = set()
    if language == "english":
        from charrnn.forms.english.lexicon import open_lexicon

        found.update(open_lexicon())
    for text in texts:
        found.update(words_of_text(text, language, found if language == "english" else ()))
    return frozenset(found)


def real_words(piece: Piece, known: Container[str], language: str) -> Part:
    """Words that are known."""
    words = words_of_text(piece.text, language, known)
    return Part(sum(word in known for word in words), len(words))


def keeps_form(piece: Piece) -> Part:
    """Whether the verifier passes it."""
    return Part(piece.judged.passes, 1)


def keeps(about: str) -> Callable[[Piece], Part]:
    """Whether it has no fault of a kind: "sound", "rhyme", "words"."""
    return lambda piece: Part(all(fault.about != about for fault in piece.judged.faults), 1)


def repeated(piece: Piece) -> Part:
    """Tokens that stand earlier in the same piece."""
    tokens = [token for line in piece.lines for token in line]
    return Part(len(tokens) - len(set(tokens)), len(tokens))


def ends_a_sentence(piece: Piece) -> Part:
    """Whether it ends as a sentence does."""
    return Part(SENTENCE_END.search(piece.text) is not None, 1)


def weak_endings(piece: Piece) -> Part:
    """Lines that end in a function word."""
    ends = [line[-1] for line in piece.lines if line]
    return Part(sum(end in FUNCTION_WORDS for end in ends), len(ends))


def per_piece(language: str, known: Container[str]) -> dict[str, Callable[[Piece], Part]]:
    """The measures of a language by name."""
    measures: dict[str, Callable[[Piece], Part]] = {
        "real words": lambda piece: real_words(piece, known, language),
        "keeps the form": keeps_form,
        "keeps the rhymes": keeps("rhyme"),
        "keeps the tones" if language == "chinese" else "keeps the metre": keeps("sound"),
        "repeated within a poem": repeated,
        "ends with a sentence": ends_a_sentence,
    }
    if language == "english":
        measures["lines ending in a function word"] = weak_endings
    return measures


def parts(pieces: Sequence[Piece], measure: Callable[[Piece], Part]) -> list[Part]:
    """What each piece adds."""
    return list(map(measure, pieces))
