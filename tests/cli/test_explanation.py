import io
import math
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console

from charrnn.cli import explanation
from charrnn.cli.explanation import print_explained, print_line, visible
from charrnn.decoding.scoring import Candidate, TokenScore


def surprise(character: str, bits: float, others: str = "", rank: int = 1) -> TokenScore:
    guesses = tuple(Candidate(one, -math.log(4)) for one in others)
    return TokenScore(character, -bits * math.log(2), rank, guesses)


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Console]:
    """A console in the place of standard output, which keeps what is printed."""

    def make(width: int = 40, **settings: object) -> Console:
        made = Console(file=io.StringIO(), width=width, highlight=False, **settings)
        monkeypatch.setattr(explanation, "safe_console", lambda **_: made)
        return made

    return make


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_wide_characters_take_two_cells_and_columns_stand_beneath_them(
    console: Callable[..., Console],
) -> None:
    where = console()
    print_explained(
        "", [surprise("月", 2.4, "花山水"), surprise("a", 0, "bc"), surprise("", 12, "人\n ")]
    )
    assert printed(where) == [
        "  4.80  月a∎",
        "  bits  2 09",
        "    or  花b人",
        "    or  山c↵",
        "    or  水 ␣",
    ]


def test_a_prompt_is_shown_and_nothing_told_of_it(console: Callable[..., Console]) -> None:
    where = console()
    print_explained("One\n\n二 ", [surprise("x", 1, "abc"), surprise("\n", 3, "abc")])
    assert printed(where) == [
        "        One",
        "",
        "  2.00  二 x↵",
        "  bits     13",
        "    or     aa",
        "    or     bb",
        "    or     cc",
    ]
    where = console()
    print_explained("All typed", [])
    assert printed(where) == ["        All typed"]


@pytest.mark.parametrize("width", [11, 14, 19])
def test_long_lines_are_broken_between_columns(width: int, console: Callable[..., Console]) -> None:
    where = console(width)
    text = "一a二b三c"
    print_line([surprise(one, 0, "xyz") for one in text])
    lines = printed(where)
    assert max(map(cell_len, lines)) < width
    assert "".join(line[8:].rstrip() for line in lines[::5]) == text
    assert [line[:8] for line in lines[:2]] == ["  0.00  ", "  bits  "]
    assert len(lines) == 5 * len(lines[::5])


def test_colours_tell_surprise_and_likelier_characters_stand_out(
    console: Callable[..., Console],
) -> None:
    where = console(color_system="standard", force_terminal=True)
    for bits in (0, 2, 4, 6, 8):
        print_line([surprise("x", bits, "a")])
    lines = printed(where)
    colours = [line.split("x")[0].rpartition("\x1b[")[2] for line in lines[::5]]
    assert colours == ["32m", "36m", "33m", "35m", "1;31m"]
    assert ["\x1b[2ma" in line for line in lines[2::5]] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("character", "seen"),
    [
        ("a", "a"),
        (" ", "␣"),
        ("\n", "↵"),
        ("\u3000", "␣"),
        ("", "∎"),
        ("\u200b", "�"),
        ("\x07", "�"),
        ("\u0301", "◌\u0301"),
        ("[bold]"[0], "["),
    ],
)
def test_what_cannot_be_seen_has_a_mark(character: str, seen: str) -> None:
    assert visible(character) == seen
    assert cell_len(visible(character)) in {1, 2}
