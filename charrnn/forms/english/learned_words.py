"""The words of a text that a network learned, and their file."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from charrnn.errors import FormError
from charrnn.forms.english.lexicon import words_of_old_verse
from charrnn.forms.english.words import key_of, printed_words
from charrnn.typecheck import conforms

FEW_KINDS: Final = 2_000
"""Different words of a text below which those are kept too that stand in it once.

In longer texts the words that stand there once are names, misprints and rarities: a network has
seen each of them too seldom to spell it, let alone to use it.
"""

LEAST_IN_WORDS: Final = 0.1
"""Share of a text that stands in words of Latin letters, for it to be one of words."""

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class LearnedWords:
    """The words of a text.

    Attributes:
        counts: How often each word stands there, the commonest first; small letters, straight
            apostrophes, as `charrnn.forms.english.words.Word.key` has them.
        corpus: Digest of the corpus that the text is from; "" where that is not known.
    """

    counts: Mapping[str, int]
    corpus: str = ""

    def to_json(self) -> str:
        """What `from_json` reads."""
        document = {"format": _FORMAT, "corpus": self.corpus, "words": dict(self.counts)}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str) -> "LearnedWords":
        """Read what `to_json` gave.

        Args:
            text: The JSON document.
            name: What to call it in an error: its path.

        Raises:
            FormError: It is not such a document.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormError(f"{name} is not JSON: {error}.") from error
        if not (
            isinstance(document, dict)
            and document.keys() == {"format", "corpus", "words"}
            and document["format"] == _FORMAT
            and conforms(document["corpus"], str)
            and conforms(document["words"], dict[str, int])
        ):
            raise FormError(f"{name} holds no learned words that this version can read.")
        return cls(document["words"], document["corpus"])


def learn_words(texts: Iterable[str]) -> LearnedWords:
    """Count the words of some texts.

    Args:
        texts: The texts; no word goes on from one to the next.

    Returns:
        The words that stand there twice or more; all of them, where they are few.

    Raises:
        FormError: The texts do not consist of words in Latin letters.
    """
    printed: Counter[str] = Counter()
    characters = 0
    for text in texts:
        characters += len(text)
        printed.update(printed_words(text))
    counts: Counter[str] = Counter()
    for word, count in printed.items():
        # The words of charrnn's own list, so that nothing depends on what is installed.
        key = key_of(word, words_of_old_verse())
        if key is not None:
            counts[key] += count
    in_words = sum(len(word) * count for word, count in counts.items())
    if not in_words or in_words < LEAST_IN_WORDS * characters:
        raise FormError(
            f"words are learned from a text of words in Latin letters. Received: {characters:,} "
            f"characters, of which {in_words:,} stand in such words."
        )
    least = 2 if len(counts) >= FEW_KINDS else 1
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return LearnedWords({word: count for word, count in ranked if count >= least})
