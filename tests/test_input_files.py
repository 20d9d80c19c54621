import os
from pathlib import Path

import pytest

from charrnn import input_files
from charrnn.corpus.loading import read_corpus
from charrnn.errors import CharrnnError, CorpusError
from charrnn.forms.chinese.rhyme_books import read_sounds
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.known_forms import requested_form
from charrnn.forms.english.lexicon import read_pronunciations
from charrnn.input_files import open_input, read_input


def named_pipe(path: Path) -> Path:
    """A named pipe that nobody writes to: a blocking open would wait for ever."""
    os.mkfifo(path)
    return path


def shell_pipe(content: bytes) -> Path:
    """What a shell gives for <(...)."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return Path(f"/dev/fd/{reading}")


def test_a_file_is_opened_and_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"poems")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    assert read_input(tmp_path / "link.txt") == b"poems"


def test_a_pipe_of_the_shell_is_read_to_its_end() -> None:
    with open_input(shell_pipe(b"poems")) as file:
        assert file.read() == b"poems"


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="it is a named pipe; give - and its text"):
        open_input(named_pipe(tmp_path / "pipe"))


def test_a_device_is_refused_by_whatever_name() -> None:
    with Path("/dev/zero").open("rb") as zeros:
        for name in ("/dev/zero", "/dev/null", f"/proc/self/fd/{zeros.fileno()}"):
            with pytest.raises(OSError, match="it is a device, not a file"):
                open_input(Path(name))


def test_a_descriptor_that_is_not_open_is_an_error_like_any_other() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        open_input(Path("/dev/fd/987654"))


def test_a_file_that_is_read_whole_has_a_longest_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_files, "LONGEST_INPUT", 4)
    (tmp_path / "a").write_bytes(b"1234")
    (tmp_path / "b").write_bytes(b"12345")
    assert read_input(tmp_path / "a") == b"1234"
    with pytest.raises(OSError, match="longer than"):
        read_input(tmp_path / "b")


@pytest.mark.parametrize(
    "read",
    [
        lambda path: read_corpus([str(path)]),
        lambda path: requested_form(FormConfig(form=str(path))),
        read_sounds,
        read_pronunciations,
    ],
    ids=["corpus", "form", "sounds", "lexicon"],
)
def test_whatever_a_user_names_is_refused_in_a_sentence(tmp_path: Path, read) -> None:
    with pytest.raises(CharrnnError, match=r"pipe\.toml cannot be read: it is a named pipe"):
        read(named_pipe(tmp_path / "pipe.toml"))
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    with pytest.raises(CharrnnError, match=r"zero\.toml cannot be read: it is a device"):
        read(tmp_path / "zero.toml")


def test_a_corpus_comes_from_pipes_of_the_shell() -> None:
    first, second = shell_pipe(b"the tide\ncomes in"), shell_pipe(b"the tide\ngoes out")
    corpus = read_corpus([str(first), str(second)])
    assert corpus.text == "the tide\ncomes in\n\n\nthe tide\ngoes out"
    # It cannot be read again, and no descriptor's number is worth a name.
    assert (corpus.name, corpus.sources) == ("stdin-and-1-more", ("-", "-"))


def test_standard_input_may_be_closed_or_have_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(CorpusError, match="standard input cannot be read: it is closed"):
        read_corpus(["-"])
    with Path("/dev/zero").open(encoding="utf-8") as zeros:
        monkeypatch.setattr("sys.stdin", zeros)
        with pytest.raises(CorpusError, match="standard input cannot be read: it is a device"):
            read_corpus(["-"])
