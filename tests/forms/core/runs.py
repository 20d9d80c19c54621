"""Networks that write verse at random: one in Chinese, one in English, and how both sound."""

from pathlib import Path

import numpy as np

from charrnn.checkpoint.directory import WORDS_FILE
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN
from charrnn.decoding.writer import TextGenerator
from charrnn.forms.core.language import table_to_json
from charrnn.forms.english.words import LearnedWords
from charrnn.settings.architecture import SPECIAL
from tests.decoding.networks import save_markov_run
from tests.forms.chinese.toy_sounds import TOY
from tests.forms.english.toy_lexicon import ENTRIES

HAN = "".join(sorted((*TOY.table, "鱼")))
"""Characters whose sound the table knows, and one that it does not."""

CHINESE = "".join(sorted(f"\n，。{HAN}"))
ENGLISH = "".join(sorted("\n ,.abcdefghijklmnopqrstuvwxyz"))

WORDS = tuple(word for word in ENTRIES if word not in {"eternity", "time", "th'", "'tis"})
"""Those that the English network has learned."""

TONAL = """
name = "toy"
title = "toy"
language = "chinese"
stanzas = [2]

[[variants]]
name = "only"
lines = [
    { lengths = [3], pattern = "中平仄" },
    { lengths = [3], pattern = "仄仄平", rhyme = "A" },
]

[[variants]]
name = "both"
lines = [
    { lengths = [3], pattern = "仄平平", rhyme = "A" },
    { lengths = [3], pattern = "仄仄平", rhyme = "A" },
]
"""


def save_verse_runs(directory: Path) -> None:
    """Write both networks, `sounds.txt`, `lexicon.txt` and the form `toy.toml`."""
    for seed, (name, alphabet) in enumerate((("yun", CHINESE), ("moons", ENGLISH))):
        size = len(alphabet) + SPECIAL
        table = np.random.default_rng(seed).normal(0, 1, (size, size))
        table[:, [END_OF_POEM, UNKNOWN]] -= 4
        save_markov_run(directory / name, table, alphabet)
    learned = LearnedWords(dict.fromkeys(WORDS, 2), "0" * 64)
    (directory / "moons" / WORDS_FILE).write_text(table_to_json(learned), encoding="utf-8")
    sounds = [
        f"{character}\t{reading.rhyme or character}\t{reading.tone}"
        for character, readings in TOY.table.items()
        for reading in sorted(readings)
    ]
    (directory / "sounds.txt").write_text("\n".join(sounds), encoding="utf-8")
    lexicon = [f"{word}  {way}" for word, ways in ENTRIES.items() for way in ways]
    (directory / "lexicon.txt").write_text("\n".join(lexicon), encoding="utf-8")
    (directory / "toy.toml").write_text(TONAL, encoding="utf-8")


def open_run(directory: Path, name: str) -> TextGenerator:
    """A writer for one of the networks."""
    return TextGenerator.open(directory / name)
