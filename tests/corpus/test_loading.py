import hashlib
import io
import os
import re
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.catalogue import open_catalogue
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.sources import corpus_name
from charrnn.corpus.splitting import encode_split, split_corpus
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.errors import ConfigurationError, CorpusError
from charrnn.settings.configuration import CorpusConfig

POEMS = "The tide comes in,\nthe tide goes out.\n\nThe moon comes up,\nthe moon goes down.\n"


@pytest.fixture
def poems(tmp_path):
    path = tmp_path / "sea songs.txt"
    path.write_text(POEMS, encoding="utf-8")
    return path


def test_a_file_becomes_a_corpus(poems):
    corpus = read_corpus([str(poems)])
    assert corpus.name == "sea-songs"
    assert corpus.text == POEMS
    assert corpus.layout == "blocks"
    assert corpus.poems == 2
    assert corpus.poem(1) == "The moon comes up,\nthe moon goes down."
    assert corpus.sources == (str(poems),)
    assert corpus.encoding == "utf-8"
    assert corpus.digest == hashlib.sha256(POEMS.encode()).hexdigest()
    assert len(corpus.notes) == 1
    assert "layout blocks was chosen" in corpus.notes[0]


def test_what_was_read_can_be_found_again_from_elsewhere(poems, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(poems.parent)
    sources = read_corpus([poems.name]).sources
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert read_corpus(sources).text == POEMS


def test_the_digest_is_that_of_the_text_whatever_the_layout(poems):
    blocks = read_corpus([str(poems)])
    text = read_corpus([str(poems)], CorpusConfig(layout="text"))
    assert text.text == blocks.text
    assert text.layout != blocks.layout
    assert text.digest == blocks.digest
    assert text.notes == ()


def test_several_files_stand_two_blank_lines_apart(poems, tmp_path):
    other = tmp_path / "b.txt"
    other.write_bytes("Übrig\r\nbleibt.".encode("cp1252"))
    corpus = read_corpus([str(poems), str(other)])
    assert corpus.text == f"{POEMS}\n\n\nÜbrig\nbleibt."
    assert corpus.poems == 3
    assert corpus.name == "sea-songs-and-1-more"
    assert corpus.encoding == "cp1252, utf-8"
    assert corpus.notes[0].startswith(f"{other} is read as cp1252")


def test_a_directory_is_read_with_all_it_holds(tmp_path):
    directory = tmp_path / "my.poems"
    (directory / "b").mkdir(parents=True)
    (directory / ".hidden").mkdir()
    for name, text in {
        "b/two.TXT": "two\nlines",
        "a.txt": "one\nline",
        "c.md": "no",
        ".hidden/d.txt": "no",
        "b/.e.txt": "no",
    }.items():
        (directory / name).write_text(text, encoding="utf-8")
    corpus = read_corpus([str(directory)])
    assert corpus.text == "one\nline\n\n\ntwo\nlines"
    assert corpus.name == "my"
    assert len(corpus.sources) == 2


def test_joints_between_files_say_nothing_about_blank_lines_within(tmp_path):
    for number in range(15):
        text = "\n\n".join(f"Poem {number},\nthe line {line}." for line in range(8))
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
    corpus = read_corpus([str(tmp_path)])
    assert (corpus.poems, corpus.stanzas) == (15 * 8, False)
    assert "Choose another with --layout or --stanzas." in corpus.notes[-1]
    # A poem in each file, and a user who says so.
    corpus = read_corpus([str(tmp_path)], CorpusConfig(stanzas=True))
    assert (corpus.poems, corpus.stanzas) == (15, True)
    assert corpus.notes[-1].endswith(
        "one blank line separates stanzas. Choose another with --layout."
    )


@pytest.mark.parametrize("stanzas", [False, True])
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 4), st.sampled_from(["", "\n", "\n\n\n\n"])),
        min_size=1,
        max_size=8,
    )
)
def test_a_directory_has_as_many_poems_as_its_files(stanzas, files):
    with tempfile.TemporaryDirectory() as directory:
        for number, (poems, gap, end) in enumerate(files):
            text = ("\n" * gap).join(f"a{poem}" for poem in range(poems)) + end
            Path(directory, f"{number}.txt").write_text(text, encoding="utf-8")
        config = CorpusConfig(layout="blocks", stanzas=stanzas)
        whole = read_corpus([directory], config).poems
    assert whole == sum(poems if gap > 1 + stanzas else 1 for poems, gap, _ in files)


def test_stanzas_are_refused_where_there_are_none(poems):
    for layout in ("lines", "text"):
        with pytest.raises(ConfigurationError, match=f"--stanzas needs.*layout {layout}"):
            read_corpus([str(poems)], CorpusConfig(layout=layout, stanzas=True))
    with pytest.raises(ConfigurationError, match="Received: layout lines"):
        read_corpus(["jueju"], CorpusConfig(stanzas=True))
    assert read_corpus(["jueju"], CorpusConfig(stanzas=False)).layout == "lines"


def test_line_ends_of_other_programs_end_lines(tmp_path):
    path = tmp_path / "word.txt"
    path.write_bytes(b"the tide\x0bcomes in\x0cthe moon\x0bcomes up\n")
    corpus = read_corpus([str(path)])
    assert corpus.text == "the tide\ncomes in\nthe moon\ncomes up\n"
    assert corpus.removed == 0


@pytest.mark.usefixtures("poems")
def test_data_is_read_as_poems_with_fields_unless_it_is_to_be_learned_as_it_stands(tmp_path):
    path = tmp_path / "poems.json"
    content = '[{"title": "Tide", "text": "the tide\\nthe sea"}, {"text": "the moon"}]\n'
    path.write_text(content, encoding="utf-8")
    corpus = read_corpus([str(path)])
    assert corpus.text == "the tide\nthe sea\n\n\nthe moon\n\n\n"
    assert (corpus.layout, corpus.stanzas, corpus.poems_by_lines) == ("blocks", True, (1, 1))
    assert read_corpus(["-"], standard_input=io.BytesIO(content.encode())).digest == corpus.digest
    assert read_corpus([str(path)], CorpusConfig(layout="text")).text == content
    named_as_text = path.rename(tmp_path / "z.txt")
    corpus = read_corpus([str(tmp_path)])
    assert corpus.text == POEMS
    assert corpus.notes[0].startswith(f"{named_as_text} is JSON, and the texts before it are not")
    assert corpus.notes[0].endswith("It was left out.")
    with pytest.raises(CorpusError, match="not learned together"):
        read_corpus(["quatrains", str(named_as_text)])


def test_what_project_gutenberg_adds_is_left_out_and_told(tmp_path):
    path = tmp_path / "pg1.txt"
    book = f"""The Project Gutenberg EBook of Tides\r
*** START OF THE PROJECT GUTENBERG EBOOK TIDES ***\r
{POEMS}
*** END OF THE PROJECT GUTENBERG EBOOK TIDES ***\r
THE FULL PROJECT GUTENBERG LICENSE\r
"""
    path.write_text(book, encoding="utf-8", newline="")
    corpus = read_corpus([str(path)])
    assert corpus.text.strip() == POEMS.strip()
    assert corpus.poems == 2
    assert corpus.notes[0] == (
        f"the header and the licence of Project Gutenberg were left out of {path}."
    )
    assert read_corpus(corpus.sources).digest == corpus.digest


def test_what_cannot_be_read_in_a_directory_is_told(tmp_path, poems, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"a\0b\1c\0\0")
    os.mkfifo(tmp_path / "b.txt")
    (tmp_path / "c.txt").symlink_to(tmp_path / "gone")
    (tmp_path / "linked").symlink_to(tmp_path)
    for name in ("closed", ".hidden"):
        (tmp_path / name).mkdir()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    corpus = read_corpus([str(tmp_path)])
    assert (corpus.text, corpus.sources) == (POEMS, (str(poems),))
    told = "\n".join(corpus.notes)
    assert re.search(r"a\.txt is not text.* It was left out\.", told)
    assert "b.txt cannot be read: it is a named pipe" in told
    assert "c.txt cannot be read: No such file or directory. It was left out." in told
    assert "2 more were left out in the same way." in told
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).unlink()
    told = "\n".join(read_corpus([str(tmp_path)]).notes)
    assert "closed cannot be read: Permission denied. It was left out." in told
    assert "linked is a link to a directory; name it itself to read it. It was left out." in told
    poems.unlink()
    with pytest.raises(CorpusError, match=r"closed cannot be read: Permission denied.*linked is"):
        read_corpus([str(tmp_path)])


@pytest.mark.usefixtures("poems")
def test_a_file_that_the_user_names_is_never_left_out(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\0b\1c\0\0")
    with pytest.raises(CorpusError, match=r"a\.txt is not text"):
        read_corpus([str(tmp_path), str(tmp_path / "a.txt")])


def test_standard_input_is_read_as_bytes():
    corpus = read_corpus(["-"], standard_input=io.BytesIO("床前\r\n明月".encode("utf-16")))
    assert (corpus.name, corpus.text, corpus.sources) == ("stdin", "床前\n明月", ("-",))


def test_bundled_corpora_are_read_by_name_with_the_layout_of_the_catalogue(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    jueju = read_corpus(["jueju"])
    assert (jueju.name, jueju.layout, jueju.poems) == ("jueju", "lines", 800)
    assert (jueju.sources, jueju.notes) == (("catalogue:jueju",), ())
    assert read_corpus(["quatrains"]).poems == 900
    assert read_corpus(["quatrains"], CorpusConfig(layout="text")).poems == 1


def test_the_layout_of_the_bundled_files_is_found_without_the_catalogue():
    directory = open_catalogue().bundled
    assert read_corpus([str(directory / "jueju.txt")]).layout == "lines"
    assert read_corpus([str(directory / "quatrains.txt")]).poems == 900


def test_a_path_wins_over_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jueju").write_text(POEMS, encoding="utf-8")
    assert read_corpus(["jueju"]).text == POEMS


def test_a_run_named_after_a_corpus_does_not_stand_in_its_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = read_corpus(["jueju"]).digest
    (tmp_path / "jueju").mkdir()  # A run that was killed at once leaves an empty directory.
    assert read_corpus(["jueju"]).digest == whole
    (tmp_path / "jueju" / "poems.txt").write_text(POEMS, encoding="utf-8")
    assert read_corpus(["jueju"]).text == POEMS
    (tmp_path / "jueju" / "charrnn.json").write_text("{}", encoding="utf-8")
    assert read_corpus(["jueju"]).digest == whole
    assert read_corpus(["./jueju"]).text == POEMS


def test_a_corpus_of_the_catalogue_is_found_again_whatever_is_called_as_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus = read_corpus(["jueju"])
    (tmp_path / "jueju").write_text(POEMS, encoding="utf-8")
    again = read_corpus(corpus.sources)
    assert (again.digest, again.name) == (corpus.digest, "jueju")
    with pytest.raises(CorpusError, match=r"no corpus named odes\. Known: quatrains, jueju"):
        read_corpus(["catalogue:odes"])


def test_what_is_named_twice_is_read_once(poems, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus = read_corpus([str(poems), poems.name, str(tmp_path)])
    assert (corpus.text, corpus.sources) == (POEMS, (str(poems),))
    assert f"{poems.name}, {poems} were named more than once and read once." in corpus.notes
    assert read_corpus(corpus.sources).digest == corpus.digest
    twice = read_corpus(["jueju", "catalogue:jueju"])
    assert twice.digest == read_corpus(["jueju"]).digest
    assert twice.notes == ("jueju was named more than once and read once.",)
    assert read_corpus(["-", "-"], standard_input=io.BytesIO(b"a\nb")).text == "a\nb"


@pytest.mark.parametrize(
    ("references", "name"),
    [
        (["my poems.txt"], "my-poems"),
        (["gone/odes.v2.txt"], "odes.v2"),
        (["~nobody/odes.txt"], "odes"),
        (["-"], "stdin"),
        (["here"], "here"),
        (["here", "here/../here"], "here"),
        (["here", "my poems.txt", "-"], "here-and-2-more"),
        (["quatrains"], "quatrains"),
        (["quatrains", "catalogue:quatrains"], "quatrains"),
        (["catalogue:tang"], "tang"),
        (["catalogue:gone"], "gone"),
        (["???"], "text"),
    ],
)
def test_the_name_of_a_corpus_is_known_before_it_is_read(references, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.txt").write_text("a\nb", encoding="utf-8")
    (tmp_path / "my poems.txt").write_text(POEMS, encoding="utf-8")
    assert corpus_name(references) == name


def test_empty_files_of_a_directory_are_left_out(poems, tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("\n" * number, encoding="utf-8")
    corpus = read_corpus([str(tmp_path)])
    assert (corpus.text, corpus.sources) == (POEMS, (str(poems),))
    empty = ", ".join(str(tmp_path / f"{number}.txt") for number in range(3))
    assert f"{empty} and 2 more are empty and left out." in corpus.notes
    with pytest.raises(CorpusError, match=r"4\.txt is empty"):
        read_corpus([str(tmp_path), str(tmp_path / "4.txt")])
    poems.unlink()
    with pytest.raises(CorpusError, match=r"there is no text in .*0\.txt, .* and 2 more"):
        read_corpus([str(tmp_path)])


def test_control_characters_are_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfab\x07c\x1b\n")
    corpus = read_corpus([str(path)])
    assert (corpus.text, corpus.removed) == ("abc\n", 2)
    assert "2 control characters were removed." in corpus.notes


def test_many_guesses_are_told_in_few_sentences(tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.txt").write_bytes(f"étude {number}".encode("latin-1"))
    notes = read_corpus([str(tmp_path)]).notes
    assert len(notes) == 5
    assert notes[3].startswith("the encodings of 3 more files")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: it holds no characters"),
        (b" \n\t\r\n", "is empty: it holds nothing but white space"),
        (b"a\0b\1c\0\0", "is not text"),
        (b"%PDF-1.4", "is not text but a PDF"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, sentence):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=sentence):
        read_corpus([str(path)])


def test_a_missing_file_is_refused_with_what_may_have_been_meant(poems):
    with pytest.raises(CorpusError, match=r"Did you mean .*sea songs\.txt"):
        read_corpus([str(poems.with_name("sea song.txt"))])
    with pytest.raises(CorpusError, match=r"Did you mean quatrains.*charrnn corpus list"):
        read_corpus(["quatrain"])
    with pytest.raises(CorpusError, match="no file, directory or corpus"):
        read_corpus([""])
    with pytest.raises(CorpusError, match="no text was named"):
        read_corpus([])


def test_a_run_is_not_suggested_as_a_text(tmp_path):
    (tmp_path / "tides").mkdir()
    (tmp_path / "tides" / "charrnn.json").write_text("{}", encoding="utf-8")
    (tmp_path / "tidal.txt").write_text(POEMS, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"Did you mean \S+tidal\.txt\? charrnn"):
        read_corpus([str(tmp_path / "tides.txt")])


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "gone")
    with pytest.raises(CorpusError, match=r"named .*link\.txt\. charrnn corpus list"):
        read_corpus([str(tmp_path / "link.txt")])


def test_a_directory_without_text_is_refused(tmp_path):
    (tmp_path / "a.doc").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="is a directory without text"):
        read_corpus([str(tmp_path)])


def test_a_file_that_may_not_be_read_is_refused(poems, monkeypatch):
    really_open = os.open

    def refuse(path, *arguments, **options):
        if Path(path) == poems:
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, *arguments, **options)

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(CorpusError, match="cannot be read: Permission denied"):
        read_corpus([str(poems)])


def test_a_name_too_long_for_a_file_is_refused():
    with pytest.raises(CorpusError, match="cannot be read"):
        read_corpus(["a" * 5000])


@pytest.mark.parametrize(
    "line",
    [
        "the tide {}\n",
        "白日依山尽黄河入海流{}\n",
        "白日依山尽，黄河入海流。欲穷千里目，更上一层楼{}\n",
        "a 𠀀 beyond the basic plane {}\n",
    ],
)
@pytest.mark.parametrize("layout", ["text", "lines"])
def test_reading_and_encoding_take_less_than_six_bytes_a_character(tmp_path, line, layout):
    path = tmp_path / "long.txt"
    lines = "".join(line.format(f"{number % 99:02}") for number in range(99))
    path.write_text(lines * (4_000_000 // len(lines)), encoding="utf-8")
    read_corpus(["quatrains"])  # What is loaded once is not counted.
    tracemalloc.start()
    try:
        corpus = read_corpus([str(path)], CorpusConfig(layout=layout))
        corpus_text = corpus.text.__sizeof__()
        vocabulary = Vocabulary.of_text(corpus.text)
        split = split_corpus(corpus, 0.1, 64)
        parts = (split.training, split.validation)
        lengths = [len(encode_split(corpus, part, vocabulary)) for part in parts]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(lengths) >= len(corpus.text)
    assert (peak - corpus_text) / len(corpus.text) < 6
