"""The labels and titles of the poems of a corpus."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.record import LabelRecord
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig
from charrnn.wording import counted, listed

OTHER: Final = "other"
"""The label of poems whose own has too few poems."""

MOST_LABELS: Final = 4_000
"""Most labels of all fields together."""

LONGEST_TITLE: Final = 100
"""Longest title that is learned, in characters."""

_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class PoemFields:
    """What a network learns of poems beside their text.

    Attributes:
        labels: All labels, field by field.
        of_poems: `(poems, fields)` int32, for each poem and field the place of its label in
            `labels`; -1 where it has none.
        titles: The title of each poem; empty where it has none. No titles at all where they are not
            learned.
    """

    labels: tuple[LabelRecord, ...]
    of_poems: npt.NDArray[np.int32]
    titles: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of labels and titles."""
        names = [f"{label.field}={label.value}" for label in self.labels]
        text = "\n".join([*names, *self.titles])
        return hashlib.sha256(text.encode() + self.of_poems.astype("<i4").tobytes()).digest()


def learned_fields(
    poems: Sequence[Mapping[str, str]], texts: Sequence[str], config: CorpusConfig
) -> tuple[PoemFields | None, list[str]]:
    """The labels and titles that a configuration asks for, and notes for the user.

    Args:
        poems: The fields of each poem by name.
        texts: The text of each poem.
        config: Names the fields.

    Raises:
        CorpusError: No poem has such a field, or there are too many labels.
    """
    names = field_names(config.labels)
    if not names and config.title_field is None:
        told = told_fields(poems)
        advice = "--labels and --title-field name those to learn with the poems"
        return None, [f"the fields of its poems are left out: {told}; {advice}."] if told else []
    labels, of_poems = labelled(poems, names, config.min_poems)
    if config.title_field is None:
        return PoemFields(labels, of_poems, ()), []
    titles = [poem.get(config.title_field, "") for poem in poems]
    if not any(titles):
        raise CorpusError(_no_field(config.title_field, poems))
    kept, note = short_titles(titles, texts)
    return PoemFields(labels, of_poems, kept), [note] if note else []


def field_names(labels: str | None) -> list[str]:
    """The names in a list such as "author, form"."""
    return list(dict.fromkeys(filter(None, map(str.strip, (labels or "").split(",")))))


def labelled(
    poems: Sequence[Mapping[str, str]], fields: Sequence[str], min_poems: int
) -> tuple[tuple[LabelRecord, ...], npt.NDArray[np.int32]]:
    """Number the labels of poems; those of fewer than `min_poems` become `OTHER`.

    Returns:
        The labels, by field and then by their number of poems; and `(poems, fields)` their places.

    Raises:
        CorpusError: No poem has such a field, or the labels are too many.
    """
    labels: list[LabelRecord] = []
    of_poems = np.full((len(poems), len(fields)), -1, np.int32)
    for column, field in enumerate(fields):
        values = [poem.get(field, "") for poem in poems]
        counts = Counter(filter(None, values))
        if not counts:
            raise CorpusError(_no_field(field, poems))
        kept = [value for value, count in counts.most_common() if count >= min_poems]
        if OTHER not in kept and len(kept) < len(counts):
            kept.append(OTHER)
        places = {value: len(labels) + number for number, value in enumerate(kept)}
        other = places.get(OTHER, -1)
        column_places = [places.get(value, other) if value else -1 for value in values]
        of_poems[:, column] = column_places
        numbers = Counter(column_places)
        labels += (
            LabelRecord(field=field, value=value, poems=numbers[place])
            for value, place in places.items()
        )
        if len(labels) > MOST_LABELS:
            raise CorpusError(
                f"there are {len(kept):,} labels {field}, and a network learns at most "
                f"{MOST_LABELS:,} labels. Give a higher --min-poems, or another field."
            )
    return tuple(labels), of_poems


def short_titles(titles: Sequence[str], texts: Iterable[str]) -> tuple[tuple[str, ...], str | None]:
    """The titles that are learned: no longer than `LONGEST_TITLE`, or than the poem itself.

    Returns:
        The titles, those left out being empty, and a note about these.
    """
    pairs = zip(titles, texts, strict=True)
    kept = tuple(
        title if len(title) <= min(LONGEST_TITLE, len(text)) else "" for title, text in pairs
    )
    left_out = sum(bool(title) for title in titles) - sum(map(bool, kept))
    if not left_out:
        return kept, None
    verb = "was" if left_out == 1 else "were"
    return kept, (
        f"{counted(left_out, 'title')} longer than the poem, or than {LONGEST_TITLE} characters, "
        f"{verb} left out."
    )


def told_fields(poems: Sequence[Mapping[str, str]]) -> str:
    """The fields of poems with their numbers of values: "author (12 values), title"."""
    values: dict[str, set[str]] = {}
    for poem in poems:
        for field, value in poem.items():
            values.setdefault(field, set()).add(value)
    told = [f"{field} ({counted(len(found), 'value')})" for field, found in list(values.items())]
    return ", ".join(told[:_MOST_NAMED])


def _no_field(field: str, poems: Sequence[Mapping[str, str]]) -> str:
    known = list(dict.fromkeys(name for poem in poems for name in poem))[:_MOST_NAMED]
    near = get_close_matches(field, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"no poem has a field {field}.{meant} Fields: {listed(known) if known else 'none'}."
