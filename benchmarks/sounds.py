"""How well tones and rhymes are learned from Chinese poems, and how many poems keep their forms.

    python -m benchmarks.sounds tang.txt

reads a file with a poem on each line, learns from nine poems in ten, and compares with 平水韵 (extra
`chinese`): the tones of characters that have one tone there, the rhymes of the poems kept aside, and
the classes. Then it holds the poems kept aside to the forms of their length, as a measure of what
people write.
"""

import argparse
import json
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from charrnn.forms.chinese.language import with_profile
from charrnn.forms.chinese.rhyme_books import find_sounds
from charrnn.forms.chinese.sound_learning import learn_sounds
from charrnn.forms.chinese.sounds import ChineseSounds, LearnedSounds, rhymes, tones, verse_lines
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.config import Profile
from charrnn.forms.core.known_forms import find_form

FEWEST_PLACES = 10
"""Places of a character that is counted as one whose tone could be learned."""

SHAPES = [(lines, {length}) for lines in (4, 8) for length in (5, 7)]
"""Numbers and lengths of the lines of regular poems."""

FORMS = ("wujue", "qijue", "wulv", "qilv")


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="UTF-8 text with a poem on each line")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    poems = [line for line in arguments.file.read_text(encoding="utf-8").splitlines() if line]
    results = measure(poems, find_sounds("pingshui"))
    if arguments.json:
        print(json.dumps(results, ensure_ascii=False, indent=1))
        return
    for name, value in results.items():
        print(f"{name:44}{value:>12,.4f}" if isinstance(value, float) else f"{name:44}{value:>12,}")


def measure(poems: Sequence[str], book: ChineseSounds) -> dict[str, Any]:
    """Learn from nine poems in ten, and compare with a book and with the others.

    Args:
        poems: The poems; those of the same text fall on the same side.
        book: What the learned sounds are compared with.

    Returns:
        Counts and shares by name.
    """
    learning = [poem for poem in poems if not _is_aside(poem)]
    aside = [poem for poem in poems if _is_aside(poem)]
    begun = time.perf_counter()
    learned = learn_sounds(learning)
    results: dict[str, Any] = {
        "poems": len(poems),
        "regular poems learned from": learned.poems,
        "seconds": time.perf_counter() - begun,
    }
    sounds = learned.sounds()
    results |= compare_tones(learned, sounds, book)
    results |= compare_rhymes(aside, sounds, book)
    results["purity of the level classes"] = purity(learned, book)
    results |= human_rates(aside, {"book": book, "learned": sounds})
    return results


def compare_tones(
    learned: LearnedSounds, sounds: ChineseSounds, book: ChineseSounds
) -> dict[str, float]:
    """Shares of the characters with one tone in the book whose learned tone is that one."""
    tokens: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for character, places in learned.places.items():
        known, found = tones(book, character), tones(sounds, character)
        if len(known) == 1 and sum(places) >= FEWEST_PLACES:
            outcome = "either" if len(found) > 1 else "right" if found == known else "wrong"
            tokens[outcome] += sum(places)
            types[outcome] += 1
    return {
        "tone right, share of tokens": tokens["right"] / tokens.total(),
        "tone wrong, share of tokens": tokens["wrong"] / tokens.total(),
        "tone left open, share of tokens": tokens["either"] / tokens.total(),
        "tone right, share of characters": types["right"] / types.total(),
        "tone wrong, share of characters": types["wrong"] / types.total(),
    }


def compare_rhymes(
    poems: Iterable[str], sounds: ChineseSounds, book: ChineseSounds
) -> dict[str, float]:
    """Shares of the rhyming pairs of poems never learned that are in one class.

    Counted are the pairs of even lines of poems of four or eight lines of five or seven characters
    whose even lines all can end level in the book; some poets did not rhyme by the book.
    """
    pairs, rhyming, learned, both = 0, 0, 0, 0
    for poem in poems:
        lines = verse_lines(poem)
        ends = [line[-1] for line in lines[1::2]]
        shape = (len(lines), {len(line) for line in lines})
        if shape not in SHAPES or not all("平" in tones(book, end) for end in ends):
            continue
        for one, other in combinations(ends, 2):
            by_book = bool(rhymes(book, one, "平") & rhymes(book, other, "平"))
            by_learned = bool(rhymes(sounds, one, "平") & rhymes(sounds, other, "平"))
            pairs += 1
            rhyming += by_book
            learned += by_learned
            both += by_book and by_learned
    return {
        "rhyming pairs kept aside": pairs,
        "of them in one learned class": learned / pairs,
        "of them in one class of the book": rhyming / pairs,
        "of those by the book, in one learned class": both / rhyming,
    }


def purity(learned: LearnedSounds, book: ChineseSounds) -> float:
    """Share of the level line ends whose learned class has mostly characters of their own class."""
    right, whole = 0, 0
    for members in learned.classes["平"]:
        known = [rhymes(book, one, "平") for one in members]
        counts = Counter(rhyme for classes in known for rhyme in classes)
        main_class = max(counts, key=lambda rhyme: counts[rhyme], default="")
        for one, classes in zip(members, known, strict=True):
            if classes:
                whole += sum(learned.places[one])
                right += sum(learned.places[one]) * (main_class in classes)
    return right / whole


def human_rates(poems: Sequence[str], tables: dict[str, ChineseSounds]) -> dict[str, float]:
    """Shares of the poems of a form's length that keep it."""
    rates: dict[str, float] = {}
    for name in FORMS:
        form = find_form(name)
        length = form.variants[0][0].lengths[0]
        alike = [
            poem
            for poem in poems
            if len(lines := verse_lines(poem)) == form.lines
            and {len(line) for line in lines} == {length}
        ]
        rates[f"{name}, poems kept aside"] = len(alike)
        for title, sounds in tables.items():
            for profile in get_args(Profile):
                held = with_profile(form, profile)
                kept = sum(verify_chinese(poem, held, sounds).passes for poem in alike)
                rates[f"{name} {profile} by the {title}"] = kept / len(alike) if alike else 0.0
    return rates


def _is_aside(poem: str) -> bool:
    """Whether a poem is one of the tenth that is not learned from, by its text alone."""
    return zlib.crc32("".join(verse_lines(poem)).encode()) % 10 == 0


if __name__ == "__main__":
    main()
