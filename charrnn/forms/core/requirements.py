"""What is asked of a poem on top of its form."""

from dataclasses import dataclass

from charrnn.config import AcrosticAt, Readings
from charrnn.forms.english.rhyme import Rhymes


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What is asked of a poem on top of its form.

    Attributes:
        acrostic: A character for each line, from the first line on; fewer than lines are fine.
            English lines begin with the letter, in either case.
        acrostic_at: Where in its line each of them stands.
        must: What has to stand in the poem: Chinese characters that follow one another in a line,
            or an English word.
        rhyme_with: A word or a line; the first rhyme of the poem is its rhyme.
        first_line: The first line, as it is to stand there.
        readings: Whether any of a Chinese character's readings may fit, or all must.
        rhymes: The least that counts as a rhyme in English.
    """

    acrostic: str = ""
    acrostic_at: AcrosticAt = "start"
    must: tuple[str, ...] = ()
    rhyme_with: str = ""
    first_line: str = ""
    readings: Readings = "any"
    rhymes: Rhymes = "perfect"
