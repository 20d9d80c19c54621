"""How a poem is shown: in which Chinese characters, and with its couplets on lines of their own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from charrnn.corpus.couplets import couplets_apart
from charrnn.corpus.traditional_script import in_script, script_of
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig, Script

if TYPE_CHECKING:
    from charrnn.decoding.writer import TextGenerator

_CONTEXT: Final = 4
"""Characters before a text that decide how it is shown."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """How the poems of a network are shown.

    Attributes:
        couplets: Whether their sentences stand on lines of their own.
        script: The script that they are converted to; None shows what the network wrote.
    """

    couplets: bool = False
    script: Script | None = None

    @classmethod
    def of(cls, writer: "TextGenerator", sampling: SamplingConfig) -> Self:
        """How a network's poems are shown; ConfigurationError if it has no Chinese to convert."""
        couplets = writer.layout == "lines" and "。" in writer.vocabulary
        script = sampling.script
        if script is None:
            return cls(couplets)
        characters = writer.vocabulary.characters
        if not any(map(_is_chinese, characters)):
            raise ConfigurationError(
                "script goes with Chinese verse, and this network knows no Chinese characters. "
                f"Leave out script. Received: {script}."
            )
        return cls(couplets, None if script == script_of(characters) else script)

    def shown(self, text: str, before: str = "") -> str:
        """A text as it is shown after the text `before`."""
        seen = before[-_CONTEXT:]
        if self.script is not None:
            text = in_script(seen + text, self.script)[len(seen) :]
        return couplets_apart(text, seen) if self.couplets else text


class GradualText:
    """Shows a poem while it is written.

    Where the script is converted, a clause waits for its end, because a character may depend on the
    next one.

    Args:
        appearance: How the poem is shown.
        before: What is on the screen already.
    """

    def __init__(self, appearance: Appearance, before: str = "") -> None:
        self._appearance = appearance
        self._seen, self._waiting = before[-_CONTEXT:], ""

    def add(self, text: str) -> str:
        """Add what was written; returns what can be shown now."""
        self._waiting += text
        if self._appearance.script is None:
            return self.rest()
        clause = "".join(one if _is_chinese(one) else " " for one in self._waiting)
        return self._show(clause.rfind(" ") + 1)

    def rest(self) -> str:
        """What still waits, as it is shown."""
        return self._show(len(self._waiting))

    def _show(self, length: int) -> str:
        text, self._waiting = self._waiting[:length], self._waiting[length:]
        shown = self._appearance.shown(text, self._seen)
        self._seen = (self._seen + text)[-_CONTEXT:]
        return shown


def _is_chinese(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or character >= "\U00020000"
