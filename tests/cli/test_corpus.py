import json

import pytest
from click.testing import CliRunner

from charrnn.cli.corpus import corpus
from charrnn.cli.texts import download_progress
from charrnn.corpus.catalogue import Catalogue, read_entries
from charrnn.errors import CorpusError

POEMS = "\n\n".join(f"poem {number}\ngoes on" for number in range(60)) + "\n\npoem 1\ngoes on\n"

CHECKED = """\
corpus               poems
encoding             utf-8
layout               blocks: blank lines separate the poems
poems                61
characters           1,025
distinct characters  19, 0 seen once
vocabulary           21 tokens
rarest               0 6  6 6  7 6  8 6  9 6  2 16  3 16  4 16  5 16  1 17
validation           7 poems, 103 characters


 FOUND                                   TIMES  EXAMPLES
 ──────────────────────────────────────────────────────────────────────────────
 duplicate poems                             1  poem 61: repeats poem 2: poem 1
 Delete the duplicates: the network
 learns them twice, and copies them.
"""


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments, **options):
        return CliRunner().invoke(corpus, arguments, catch_exceptions=False, **options)

    return run


@pytest.fixture
def poems(tmp_path):
    path = tmp_path / "poems.txt"
    path.write_text(POEMS, encoding="utf-8")
    return str(path)


def lines(text):
    return [line.rstrip() for line in text.rstrip().splitlines()]


def test_a_check_is_a_table(run, poems):
    result = run("check", poems)
    assert result.exit_code == 0
    assert lines(result.stdout) == lines(CHECKED)
    assert result.stderr == (
        "Note: layout blocks was chosen: blank lines separate the poems. Choose another with --layout or --stanzas.\n"
    )


def test_a_check_for_programs_is_one_document(run, poems):
    result = run("check", poems, "--layout", "lines", "--json")
    report = json.loads(result.stdout)
    assert (report["layout"], report["poems"], report["sources"]) == ("lines", 122, [poems])
    assert report["issues"][0]["kind"] == "duplicate poems"
    assert report["issues"][0]["examples"][0]["poem"] == 4
    assert result.stderr == ""


def test_a_clean_text_is_told_so(run):
    assert run("check", "jueju").stdout.endswith("\nNothing wrong was found.\n")


def test_brackets_of_a_poem_are_shown_as_they_are(run, tmp_path):
    path = tmp_path / "odd.txt"
    path.write_text("a line [bold]here[/] and\nanother\n\n" * 3, encoding="utf-8")
    assert "[bold]here[/]" in run("check", str(path)).stdout


def test_what_comes_in_is_checked(run):
    result = run("check", "-", "--encoding", "big5", "--json", input="詩\n詞\n".encode("big5"))
    assert json.loads(result.stdout)["encoding"] == "big5"


def test_the_list_names_every_corpus(run):
    names = ["quatrains", "jueju", "tinyshakespeare", "english-lyric", "tang300", "tang"]
    names += ["tangsong", "english-verse"]
    shown = run("list").stdout
    assert [line.split()[0] for line in lines(shown) if line[1:].split(" ")[0] in names] == names
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows] == names
    assert [row["availability"] for row in rows] == ["bundled"] * 2 + ["available"] * 6


def test_a_bundled_corpus_is_shown_with_its_first_poems(run):
    shown = run("show", "jueju").stdout
    assert "poems         800" in shown
    assert shown.endswith("雨歇前溪涨绿莎，隔篱时听卖花歌。东风不管山家事，吹得梨云落满蓑。\n")
    details = json.loads(run("show", "quatrains", "--json").stdout)
    assert details["characters"] == 128_814
    assert len(details["first_poems"]) == 3


def test_a_corpus_that_is_not_here_yet_says_how_to_fetch_it(run):
    result = run("show", "tang")
    assert "58 files, the first:" in result.stdout
    assert result.stderr == "Download it with: charrnn corpus download tang\n"
    assert json.loads(run("show", "tang", "--json").stdout)["first_poems"] is None


@pytest.mark.parametrize("command", ["show", "download"])
def test_a_name_that_is_not_known_is_refused(run, command):
    with pytest.raises(CorpusError, match=r"no corpus named odes\. Known: quatrains, jueju"):
        run(command, "odes")


def test_a_download_prints_where_the_text_is(run, monkeypatch, tmp_path):
    entry = """
        [tide]
        title = "Tides"
        language = "English"
        layout = "text"
        licence = "CC0-1.0"
        source = "here"
        size = 8
        base = "https://example.org/"
        files = { "tide.txt" = "0" }
    """

    def arrive(_url, destination, _sha256, *, most, progress):
        assert most > 8
        progress("tide.txt", 4, 8)
        progress("tide.txt", 8, 8)
        destination.write_bytes(b"the tide")

    monkeypatch.setattr("charrnn.corpus.catalogue.download", arrive)
    monkeypatch.setattr(
        "charrnn.corpus.catalogue.open_catalogue",
        lambda: Catalogue(read_entries(entry), tmp_path, tmp_path / "cache"),
    )
    first = run("download", "tide")
    assert first.stderr == "Fetching tide.txt (8 bytes).\n"
    assert first.stdout.startswith(str(tmp_path / "cache" / "tide-"))
    again = run("download", "tide", "--json")
    assert again.stderr == ""
    assert json.loads(again.stdout)["availability"] == "downloaded"


def test_progress_is_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with download_progress() as progress:
        progress("tide.txt", 500_000, 1_000_000)
    captured = capsys.readouterr()
    assert "tide.txt" in captured.err
    assert "0.5/1.0 MB" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["download"], ["check"]])
def test_every_help_page_ends_with_examples(run, command):
    ending = run(*command, "--help").stdout.split("\n\n")[-1].splitlines()
    assert ending[0] == "  Examples:"
    assert len(ending) >= 3
    assert any("charrnn corpus" in line for line in ending[1:])
