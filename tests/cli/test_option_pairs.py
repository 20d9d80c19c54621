"""Every pair of options of `charrnn generate` composes, or is refused with a sentence.

The command that is told of a poem writes it again.
"""

import itertools
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE
from charrnn.cli import main
from charrnn.forms.english import lexicon
from tests.corpora import filter_of
from tests.decoding.networks import POEM, save_reciting_run

Poem = dict[str, Any]


LEXICON = """
BACK  B AE1 K
BASE  B EY1 S
BOAR  B AO1 R
CORE  K AO1 R
HOAR  HH AO1 R
HOE  HH OW1
HOLE  HH OW1 L
LACE  L EY1 S
OAR  AO1 R
ROLE  R OW1 L
"""

TOY = """
name = "toy"
title = "toy"
language = "english"
stanzas = [3]

[[variants]]
name = "only"
lines = [{ lengths = [1] }, { lengths = [1] }, { lengths = [1] }]
"""


def whole(poem: Poem) -> str:
    return str(poem["prompt"] + poem["text"])


def no_run_twice(poem: Poem) -> bool:
    text = re.sub(r"\W", "", poem["prompt"] + poem["text"])
    runs = [text[start : start + 3] for start in range(len(text) - 2)]
    return len(set(runs)) == len(runs)


def no_copy(poem: Poem) -> bool:
    text = " ".join((poem["prompt"] + poem["text"]).split())
    learned = " ".join(POEM.split())
    runs = [text[start : start + 5] for start in range(len(text) - 4)]
    return not any(run in learned for run in runs)


def in_form(*options: str) -> list[str]:
    """Options of a form, with the form that they go with."""
    return ["--syllables", "1,1,1", "--lexicon", "lexicon.txt", *options]


def keeps_form(poem: Poem) -> bool:
    lines = poem["judgement"]["lines"]
    return poem["judgement"]["passes"] and [len(line["marks"]) for line in lines] == [1, 1, 1]


OPTIONS: dict[str, tuple[list[str], Callable[[Poem], bool] | None]] = {
    "temperature": (["--temperature", "0.5"], None),
    "schedule": (["--temperature", "30:3"], None),
    "certain": (["--temperature", "0"], None),
    "top-k": (["--top-k", "3"], None),
    "top-p": (["--top-p", "0.9"], None),
    "min-p": (["--min-p", "0.1"], None),
    "typical-p": (["--typical-p", "0.9"], None),
    "penalty": (["--repetition-penalty", "1.5", "--repetition-window", "4"], None),
    "no-repeat-ngram-size": (["--no-repeat-ngram-size", "3"], no_run_twice),
    "favour": (["--favour", "o=31"], None),
    "ban": (["--ban", "k"], lambda poem: "k" not in poem["text"]),
    "max-copy": (["--max-copy", "4"], no_copy),
    "best-of": (["--best-of", "3"], lambda poem: poem["settings"]["best_of"] == 3),
    "beam": (["--beam", "3"], lambda poem: poem["settings"]["beam"] == 3),
    "end-of-poem": (["--end-of-poem", "model"], None),
    "length": (["--length", "9"], lambda poem: len(poem["text"]) <= 9),
    "seed": (["--seed", "4"], lambda poem: poem["seed"] >= 4),
    "count": (["--count", "2"], None),
    "prompt": (["--prompt", "ho"], lambda poem: poem["prompt"] == "ho"),
    "show-scores": (["--show-scores"], lambda poem: len(poem["scores"]) > 0),
    "explain": (["--explain"], None),
    "print-command": (["--print-command"], lambda poem: poem["command"]),
    "unlike": (["--unlike", "recent"], None),
    "strength": (["--unlike", "recent", "--strength", "1"], None),
    "blend": (["--blend", "reciter=0.7,recent=0.3"], None),
    "form": (["--form", "toy.toml", "--lexicon", "lexicon.txt"], keeps_form),
    "syllables": (in_form(), keeps_form),
    "lines": (in_form("--lines", "3"), keeps_form),
    "rhyme": (in_form("--rhyme", "-AA"), keeps_form),
    "metre": (in_form("--metre", "iambic"), keeps_form),
    "acrostic": (in_form("--acrostic", "h"), lambda poem: whole(poem).startswith("h")),
    "acrostic-at": (in_form("--acrostic", "e", "--acrostic-at", "end"), keeps_form),
    "must": (in_form("--must", "lace"), lambda poem: "lace" in whole(poem)),
    "rhyme-with": (in_form("--rhyme", "-AA", "--rhyme-with", "oar"), keeps_form),
    "first-line": (
        in_form("--first-line", "hole"),
        lambda poem: whole(poem).startswith("hole"),
    ),
    "rhymes": (in_form("--rhymes", "slant"), keeps_form),
    "words": (in_form("--words", "any"), keeps_form),
    "particles": (in_form("--particles", "4"), keeps_form),
    "choose": (in_form("--choose", "best"), keeps_form),
    "show-scansion": (in_form("--show-scansion"), lambda poem: poem["judgement"]["lines"]),
}

FORMS = list(OPTIONS)[list(OPTIONS).index("form") :]
"""Those of a form of verse."""

FORM_PARTS = [name for name in FORMS if name != "form"]
"""Those that are given with lines of one's own."""

REFUSED = {
    frozenset({"beam", other}) for other in ("top-k", "top-p", "min-p", "typical-p", "best-of")
} | {frozenset({"beam", "count"}), frozenset({"best-of", "certain"})}
REFUSED |= {frozenset(pair) for pair in itertools.product(("beam", "length", "end-of-poem"), FORMS)}
REFUSED |= {frozenset({"form", own}) for own in FORM_PARTS}
"""Pairs that contradict each other."""

SAME = {
    frozenset(pair) for pair in itertools.combinations(("temperature", "schedule", "certain"), 2)
}
SAME |= {
    frozenset({"unlike", "strength"}),
    frozenset({"acrostic", "acrostic-at"}),
}
"""Pairs that are one option."""


@pytest.fixture(autouse=True)
def place(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the files of a form are, with no dictionary but the one there."""
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    monkeypatch.chdir(runs)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two networks that recite a poem, the n-gram filter of it, a few words and a form."""
    directory = tmp_path_factory.mktemp("runs")
    (directory / "lexicon.txt").write_text(LEXICON, encoding="utf-8")
    (directory / "toy.toml").write_text(TOY, encoding="utf-8")
    for name in ("recent", "reciter"):
        record = save_reciting_run(directory / name)
        known = filter_of([POEM], corpus=record.corpus.digest)
        known.write(directory / name / NGRAM_FILTER_FILE)
    return directory


@pytest.mark.parametrize(
    "pair",
    [frozenset(pair) for pair in itertools.combinations(OPTIONS, 2) if frozenset(pair) not in SAME],
    ids=lambda pair: " ".join(sorted(pair)),
)
def test_two_options_compose_or_are_refused(pair: frozenset[str], runs: Path) -> None:
    named = [] if "blend" in pair else ["reciter"]
    given = [word for name in sorted(pair) for word in OPTIONS[name][0]]
    length = [] if "length" in pair or pair & set(FORMS) else ["--length", "40"]
    typed = ["generate", *named, "--checkpoints", str(runs), *length, *given]
    result = CliRunner().invoke(main, [*typed, "--json"])
    if pair in REFUSED:
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.splitlines()[-1].startswith("Error: ")
        return
    assert result.exit_code == 0, result.output
    poems = json.loads(result.stdout)["poems"]
    assert len(poems) == (2 if "count" in pair else 1)
    for name in pair:
        keeps = OPTIONS[name][1]
        assert keeps is None or all(map(keeps, poems)), name
    for poem in poems:
        again = CliRunner().invoke(main, shlex.split(poem["command"])[1:])
        assert again.stdout == (poem["prompt"] + poem["text"]).rstrip() + "\n", again.stderr
    if "seed" in pair and "explain" not in pair:
        shown = CliRunner().invoke(main, typed)
        assert (
            shown.stdout
            == "\n\n".join((poem["prompt"] + poem["text"]).rstrip() for poem in poems) + "\n"
        )
