"""Tones and rhymes that were learned from poems: what is known of them, and its file."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from charrnn.checkpoint.directory import SOUNDS_FILE, Checkpoint
from charrnn.errors import FormError
from charrnn.forms.chinese.sounds import TONES, Reading, SoundTable, Tone
from charrnn.forms.core.learned_tables import open_table

LEARNED: Final = "learned"
"""What sounds are called that poems taught, those of a network or those at hand."""

SURELY: Final = 0.9
"""Share of a character's places in one tone above which it has that tone only."""

FEWEST_PLACES: Final = 5
"""Places that tell the tone of a character, with fewer of which it is not known."""


@dataclass(frozen=True, slots=True)
class LearnedSounds:
    """What regular poems taught.

    Attributes:
        poems: How many there were.
        places: For each character, in how many places it stood level, and in how many oblique.
        classes: Rhyme classes in each tone, the characters of each by how often they rhymed. A
            character may stand in several.
        corpus: Digest of the corpus that the poems come from; "" where that is not known.
    """

    poems: int
    places: Mapping[str, tuple[int, int]]
    classes: Mapping[Tone, tuple[str, ...]]
    corpus: str = ""

    def __post_init__(self) -> None:
        """Refuse counts below 0 and tones that there are not, with a FormError."""
        counts = (count for pair in self.places.values() for count in pair)
        if self.classes.keys() != set(TONES) or min(counts, default=0) < 0:
            raise FormError(
                f"learned sounds have classes of {' and '.join(TONES)}, and counts at least 0."
            )

    def sounds(self, name: str = LEARNED) -> SoundTable:
        """The readings of all characters whose tone is known.

        A character that stands in both tones often enough has readings in both; a rare one has the
        tone in which it was seen to rhyme.
        """
        classes = self._named_classes()
        table: dict[str, frozenset[Reading]] = {}
        for character, places in self.places.items():
            rhyming = [tone for tone in TONES if character in classes[tone]]
            allowed = _allowed(places) if sum(places) >= FEWEST_PLACES else rhyming
            if allowed:
                table[character] = frozenset(
                    Reading(tone, name)
                    for tone in allowed
                    for name in classes[tone].get(character, ("",))
                )
        return SoundTable(name, table)

    def _named_classes(self) -> dict[Tone, dict[str, list[str]]]:
        """The classes of each character in each tone, each named after a common member of it."""
        names: set[str] = set()
        named: dict[Tone, dict[str, list[str]]] = {}
        for tone in TONES:
            named[tone] = defaultdict(list)
            for members in self.classes[tone]:
                name = next((one for one in members if one not in names), members)
                names.add(name)
                for one in members:
                    named[tone][one].append(name)
        return named


def _allowed(places: tuple[int, int]) -> Sequence[Tone]:
    """The tone that a character nearly always has; both where there is none."""
    sure = [
        tone for tone, count in zip(TONES, places, strict=True) if count >= SURELY * sum(places)
    ]
    return sure or TONES


def open_sounds(checkpoint: Checkpoint) -> LearnedSounds | None:
    """How characters sound in the poems that a network learned; None where that is not kept.

    Raises:
        CheckpointError: It is damaged, of another format, or that of another text.
    """
    return open_table(checkpoint, SOUNDS_FILE, LearnedSounds)
