"""Holds poems in a Chinese form to rhyme books that they were not written by: one JSON object.

    charrnn generate shi --form qijue --count 1000 --seed 11 > poems.txt
    python -m benchmarks.forms_by_the_book qijue poems.txt
    python -m benchmarks.forms_by_the_book qijue poems.txt --judge guangyun.tsv

FILE has a poem on each line; those with the lines of FORM are judged. The judge is 平水韵 of the
extra chinese, together with each --judge FILE (benchmarks.rhyme_books makes one): a character has
the readings of all of them, and one that none knows is no fault.

    poems            poems that have the lines of the form
    passing          share of them that keep it in everything
    tones, rhymes    share of them without a wrong tone, and of those whose rhymes are there
    unknown          characters that no judge knows, as a share
    faults           what is wrong, the most common first: a character, or the classes of a rhyme
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import click

from charrnn.forms.chinese.rhyme_books import find_sounds
from charrnn.forms.chinese.sounds import ChineseSounds, Reading, rhymes, verse_lines
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.form import Fault, Form
from charrnn.forms.core.known_forms import find_form


class Judges:
    """Several tables as one: a character has the readings that any of them has."""

    name = "judges"

    def __init__(self, tables: Sequence[ChineseSounds]) -> None:
        self._tables = tables

    def readings(self, character: str) -> frozenset[Reading]:
        """The readings of a character in all tables."""
        return frozenset[Reading]().union(*(one.readings(character) for one in self._tables))


def judged(poem: str, form: Form, judges: ChineseSounds) -> list[tuple[Fault, str]]:
    """The faults of a poem, each with what is wrong: 百, or the classes 鱼/虞."""
    lines = verse_lines(poem)
    found = []
    for fault in verify_chinese(poem, form, judges).faults:
        line = lines[fault.line - 1] if fault.line <= len(lines) else ""
        character = line[(fault.position or len(line)) - 1 :][:1]
        if character and not judges.readings(character):
            continue
        if fault.about == "rhyme":
            classes = Counter(name for one in lines[1::2] for name in rhymes(judges, one[-1], "平"))
            most = classes.most_common(1)[0][0] if classes else ""
            found.append((fault, "/".join([most, *sorted(rhymes(judges, character))])))
        else:
            found.append((fault, character))
    return found


def measure(poems: Sequence[str], form: Form, judges: ChineseSounds) -> dict[str, Any]:
    """Shares of poems that keep a form, and what is wrong in the others."""
    faults = [judged(poem, form, judges) for poem in poems]
    characters = [one for poem in poems for line in verse_lines(poem) for one in line]
    about = [{fault.about for fault, _ in found} for found in faults]
    count = max(1, len(poems))
    return {
        "form": form.name,
        "poems": len(poems),
        "passing": sum(not found for found in faults) / count,
        "tones": sum("sound" not in kinds for kinds in about) / count,
        "rhymes": sum("rhyme" not in kinds for kinds in about) / count,
        "unknown": sum(not judges.readings(one) for one in characters) / max(1, len(characters)),
        "faults": dict(Counter(what for found in faults for _, what in found).most_common(20)),
    }


def of_the_form(texts: Iterable[str], form: Form) -> list[str]:
    """The poems that have the lines of a form."""
    lengths = [line.lengths[0] for line in form.variants[0]]
    return [text for text in texts if list(map(len, verse_lines(text))) == lengths]


@click.command()
@click.argument("form")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--judge", multiple=True, help="A table beside 平水韵.")
def main(*, form: str, file: TextIO, judge: tuple[str, ...]) -> None:
    """Judge the poems of FILE that have the lines of FORM."""
    found = find_form(form)
    judges = Judges([find_sounds(table) for table in ("pingshui", *judge)])
    click.echo(json.dumps(measure(of_the_form(file, found), found, judges), ensure_ascii=False))


if __name__ == "__main__":
    main()
