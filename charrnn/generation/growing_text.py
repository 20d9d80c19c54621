"""A text that grows character by character without being copied each time."""

from dataclasses import dataclass
from typing import Final

LONGEST_END: Final = 256
"""Characters at the end of a text that adding to it may copy."""


# Not frozen, which would take four times as long to make: one is made for every character.
@dataclass(slots=True, eq=False)
class GrowingText:
    """A text as a value: to add to it is to make another one, which shares all but its end.

    To add a character takes the same short time however long the text is, and a text of a million
    characters takes the memory of its characters. `str` puts it together.

    Attributes:
        end: Its last characters.
        before: What stands before them.
        blank: Whether it is empty or white space alone.
    """

    end: str = ""
    before: "GrowingText | None" = None
    blank: bool = True

    def followed_by(self, more: str) -> "GrowingText":
        """The text with more at its end."""
        blank = self.blank and not more.strip()
        end = self.end + more
        longer = GrowingText(end, self.before, blank)
        return longer if len(end) < LONGEST_END else GrowingText("", longer, blank)

    def last(self, count: int) -> str:
        """Its last characters, at least one; all of them when it is shorter."""
        pieces: list[str] = []
        piece: GrowingText | None = self
        missing = count
        while piece is not None and missing > 0:
            pieces.append(piece.end[-missing:])
            missing -= len(piece.end)
            piece = piece.before
        return "".join(reversed(pieces))

    def __str__(self) -> str:
        """The whole text."""
        pieces: list[str] = []
        piece: GrowingText | None = self
        while piece is not None:
            pieces.append(piece.end)
            piece = piece.before
        return "".join(reversed(pieces))
