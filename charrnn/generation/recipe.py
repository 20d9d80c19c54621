"""All that is needed to write a poem again, and to know whether it is the same."""

import hashlib
from dataclasses import dataclass
from typing import Final

from charrnn.config import SamplingConfig
from charrnn.forms.core.config import FormConfig

MARK_BYTES: Final = 4
"""Bytes of the digest of a text."""

PARTS: Final = 8
"""Parts of a text that are told apart."""


@dataclass(frozen=True, slots=True)
class TextMark:
    """What tells a text from others, in a few bytes.

    Attributes:
        length: Its characters.
        digest: The first bytes of its SHA-256.
        beginnings: The first byte of the SHA-256 of its first eighth, of its first two, and so on
            to seven.
    """

    length: int
    digest: bytes
    beginnings: bytes

    @classmethod
    def of(cls, text: str) -> "TextMark":
        """The mark of a text."""
        ends = _ends(len(text))
        return cls(
            len(text),
            _sha256(text)[:MARK_BYTES],
            b"".join(_sha256(text[:end])[:1] for end in ends[:-1]),
        )

    def fits(self, text: str) -> bool:
        """Whether it is the mark of a text."""
        return TextMark.of(text) == self

    def parting(self, text: str) -> tuple[int, int]:
        """Between which characters, counted from 1, another text parts from this one."""
        begun = 0
        for mark, end in zip(self.beginnings, _ends(self.length), strict=False):
            if len(text) < end or _sha256(text[:end])[0] != mark:
                return begun + 1, end
            begun = end
        return begun + 1, max(self.length, begun + 1)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a poem was written with, besides charrnn's own equations; its sums are rounded by them.

    Attributes:
        charrnn: Version of charrnn.
        numpy: Version of NumPy.
        processor: Two bytes that tell one kind of processor from another, in hexadecimal.
    """

    charrnn: str
    numpy: str
    processor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FormRecipe:
    """The form that a poem keeps, and what was demanded of it.

    Attributes:
        settings: All that was asked for, everything settled.
        toml: The form itself, where it stood in a file; None where charrnn knows it.
        marks: What tells the form, and what it was judged by, from others: the first digits of
            two SHA-256, in hexadecimal.
    """

    settings: FormConfig
    toml: str | None
    marks: tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """All that is needed to write a poem again, and to know whether it is the same.

    Attributes:
        networks: Of each network that writes, the first digits of its SHA-256 (hexadecimal, 16),
            and its weight.
        unlike: The same of the network that is avoided, and how much; None when there is none.
        prompt: What was typed.
        settings: How characters were drawn, everything settled.
        place: Which of the poems that were written together it was, counted from 0.
        together: How many there were.
        drafts_judged_by: How many indices of learned texts judged its drafts; 0 for a single draft.
        mark: That of what was written after the prompt.
        device: What computed the networks: cpu, cpu:tensorflow or gpu.
        tools: What it was written with.
        form: The form that it keeps; None where it keeps none.
    """

    networks: tuple[tuple[str, float], ...]
    unlike: tuple[str, float] | None
    prompt: str
    settings: SamplingConfig
    place: int
    together: int
    drafts_judged_by: int
    mark: TextMark
    device: str
    tools: Tools
    form: FormRecipe | None = None


def _ends(length: int) -> list[int]:
    """Where each of the parts of a text ends."""
    return [length * part // PARTS for part in range(1, PARTS + 1)]


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
