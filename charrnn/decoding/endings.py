"""Where writing may stop that the network does not end: at the end of a sentence, or of a line."""

from typing import Final

from charrnn.decoding.hypothesis import Hypothesis
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, Layout

SENTENCE_ENDS: Final = ".!?…。！？"
FULL_WIDTH_ENDS: Final = "。！？"
CLOSING_MARKS: Final = "\"'”’」』)）"

MARGIN: Final = 500
"""Characters in which a better place to stop is waited for, before a worse one is taken."""

_TAIL: Final = 4


class Ending:
    """Tells where a poem may stop by itself.

    A continuous text stops after `LENGTH_OF_TEXT` characters at the end of a sentence, some hundred
    later at the end of a line, and at last between two words. A poem that the network does not end
    stops at the end of a line.

    Attributes:
        most: Characters after which it stops wherever it is.
    """

    most: Final = LONGEST_POEM

    def __init__(self, layout: Layout) -> None:
        # From which character on a sentence's, a line's and a word's end will do.
        first = LENGTH_OF_TEXT if layout == "text" else LONGEST_POEM - MARGIN
        line = first + MARGIN if layout == "text" else first
        self._sentence, self._line, self._word = first, line, LONGEST_POEM - MARGIN // 5

    def allows(self, hypothesis: Hypothesis) -> bool:
        """Whether the poem may stop after its last character."""
        written = hypothesis.generated
        if written < self._sentence:
            return False
        tail = hypothesis.written.last(_TAIL)
        if tail[-1] == "\n" and written >= self._line:
            return True
        if tail[-1].isspace() and written >= self._word:
            return True
        return ends_sentence(tail) and (tail[-1].isspace() or _is_full_width(tail))


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a sentence, white space and closing marks aside."""
    return text.rstrip().rstrip(CLOSING_MARKS)[-1:] in set(SENTENCE_ENDS)


def _is_full_width(tail: str) -> bool:
    """Whether a sentence ends here in Chinese, which has no white space after it."""
    return tail[-1] in FULL_WIDTH_ENDS or tail[-2:-1] in set(FULL_WIDTH_ENDS)
