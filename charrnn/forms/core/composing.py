"""A form put together by hand: so many lines, so long, rhyming so."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from charrnn.errors import ConfigurationError
from charrnn.forms.core.form import LONGEST_LINE, MOST_LINES, Form, Line, Metre

UNRHYMED: Final = "-"
"""Stands in a rhyme scheme for a line that rhymes with none."""

_FEET: Final[dict[Metre, str]] = {"iambic": "u/", "anapaestic": "uu/"}


def composed(
    *,
    lines: int | None = None,
    syllables: Sequence[int] | None = None,
    characters: Sequence[int] | None = None,
    rhyme: str = "",
    metre: Metre = "",
) -> Form:
    """Put a form together.

    Args:
        lines: How many lines it has; None where the lengths or the rhymes tell.
        syllables: Syllables of each line of an English poem, or one number for all lines.
        characters: Characters of each line of a Chinese poem, or one number for all lines.
        rhyme: A letter for each line, and - for one that rhymes with none: "ABCB". A letter that
            stands once is the same as -. Nothing where no line rhymes.
        metre: How the stresses of English lines follow one another.

    Returns:
        The form; it is named "composed".

    Raises:
        ConfigurationError: What is asked for contradicts itself, or is not enough.
    """
    if (syllables is None) == (characters is None):
        raise ConfigurationError(
            "a form is counted in syllables, which makes it English, or in characters, which makes "
            f"it Chinese. Received: {'neither' if syllables is None else 'both'}."
        )
    lengths = list(syllables or characters or ())
    scheme = rhyme.upper()
    _check(lengths, scheme, characters is not None, metre)
    count = _settled(lines, lengths, scheme)
    if len(lengths) == 1:
        lengths *= count
    times = Counter(scheme)
    template = tuple(
        Line(
            lengths=(length,),
            pattern=_pattern(metre, length),
            rhyme=letter if times[letter] > 1 and letter != UNRHYMED else "",
        )
        for length, letter in zip(lengths, scheme or UNRHYMED * count, strict=True)
    )
    return Form(
        name="composed",
        title="a form of your own",
        language="english" if characters is None else "chinese",
        variants=(template,),
        variant_names=("composed",),
        stanzas=(count,),
        metre=metre,
        source="Put together by hand.",
    )


def _check(lengths: Sequence[int], scheme: str, chinese: bool, metre: Metre) -> None:
    """Refuse what is wrong whatever stands beside it."""
    if not lengths or not all(1 <= length <= LONGEST_LINE for length in lengths):
        received = ",".join(map(str, lengths)) or "nothing"
        raise ConfigurationError(
            f"a line has from 1 to {LONGEST_LINE} syllables or characters. Received: {received}."
        )
    if any(not ("A" <= letter <= "Z" or letter == UNRHYMED) for letter in scheme):
        raise ConfigurationError(
            f"a rhyme scheme is a letter for each line, or {UNRHYMED} for one that rhymes with "
            f"none, as in ABCB. Received: {scheme}."
        )
    if chinese and metre:
        raise ConfigurationError(
            f"Chinese verse has no metre. Leave out {metre}, or count syllables instead of "
            "characters."
        )


def _settled(lines: int | None, lengths: Sequence[int], scheme: str) -> int:
    """The number of lines, on which all that tells of it agrees."""
    told = {
        "lines": lines,
        "lengths": len(lengths) if len(lengths) > 1 else None,
        "rhyme": len(scheme) or None,
    }
    given = {what: count for what, count in told.items() if count is not None}
    if len(set(given.values())) > 1:
        words = ", ".join(f"{count} by its {what}" for what, count in given.items())
        raise ConfigurationError(f"the form cannot have several numbers of lines: {words}.")
    count = next(iter(given.values()), 0)
    if not given:
        raise ConfigurationError("a form of lines alike needs their number: give lines too.")
    if not 1 <= count <= MOST_LINES:
        raise ConfigurationError(f"a form has from 1 to {MOST_LINES} lines. Received: {count}.")
    return count


def _pattern(metre: Metre, length: int) -> str:
    """The stresses of a line that ends with a whole foot."""
    if not metre:
        return ""
    return (_FEET[metre] * length)[-length:]
