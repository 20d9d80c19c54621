import contextlib
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charrnn.corpus.loading import read_corpus
from charrnn.corpus.passage_file import read_passages
from charrnn.corpus.passages import PassageIndex, normalised
from charrnn.errors import CheckpointError
from charrnn.settings.configuration import CorpusConfig

POEMS = ["The moon rose.\nThe moon set.", "A boat, a moon!"]
CORPORA = Path(__file__).parents[2] / "corpora"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a small index."""
    PassageIndex.build(POEMS, corpus="c" * 64).write(tmp_path / "passages.index")
    return tmp_path / "passages.index"


def header_of(path: Path) -> tuple[dict[str, object], bytes]:
    content = path.read_bytes()
    end = 24 + int.from_bytes(content[16:24], "little")
    return json.loads(content[24:end]), content[end:]


def rewrite(path: Path, header: dict[str, object], arrays: bytes) -> None:
    """Write a file whose digest is right, whatever else may be wrong."""
    header = {"sha256": hashlib.sha256(arrays).hexdigest()} | header
    written = json.dumps(header).encode()
    path.write_bytes(b"charrnn-passages" + len(written).to_bytes(8, "little") + written + arrays)


def test_an_index_is_read_as_it_was_written(path: Path) -> None:
    built, opened = PassageIndex.build(POEMS), PassageIndex.open(path)
    assert opened.corpus == "c" * 64
    assert opened.where("moon") == built.where("moon") == [(1, 4), (1, 19), (2, 10)]
    text = "a moon rose, a boat set."
    assert list(opened.runs_at_ends(text)) == list(built.runs_at_ends(text))
    assert not [left for left in path.parent.iterdir() if left != path]


def test_the_arrays_are_mapped_and_cannot_be_changed(path: Path) -> None:
    arrays = read_passages(path)
    for name in ("following", "ends", "next_symbols", "shared"):
        array = getattr(arrays, name)
        assert not array.flags.owndata
        assert not array.flags.writeable
        memoryview(array)[0]  # Of a format that Python reads without NumPy.


def test_the_text_itself_is_not_in_the_file(path: Path) -> None:
    for word in (b"moon", b"noom", b"boat"):
        assert word not in path.read_bytes()


@pytest.mark.parametrize("name", ["quatrains", "jueju"])
def test_an_index_takes_twelve_bytes_a_character_at_most(name: str, tmp_path: Path) -> None:
    corpus = read_corpus([str(CORPORA / f"{name}.txt")], CorpusConfig())
    poems = [corpus.poem(number) for number in range(corpus.poems)]
    PassageIndex.build(poems).write(tmp_path / "index")
    characters = sum(len(normalised(poem)) for poem in poems)
    assert (tmp_path / "index").stat().st_size <= 12 * characters


def test_a_text_of_many_characters_takes_twelve_bytes_a_character_too(tmp_path: Path) -> None:
    generator = random.Random(0)
    poems = [
        "".join(chr(0x4E00 + generator.randrange(3_000)) for _ in range(28)) for _ in range(3_000)
    ]
    PassageIndex.build(poems).write(tmp_path / "index")
    assert (tmp_path / "index").stat().st_size <= 12 * 28 * 3_000


def test_a_file_cut_anywhere_is_refused_in_a_sentence(path: Path) -> None:
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"passages\.index cannot be used: it "):
            PassageIndex.open(path)


def test_a_file_changed_anywhere_is_refused_in_a_sentence(path: Path) -> None:
    content = path.read_bytes()
    header_ends = len(content) - len(header_of(path)[1])
    for place in (0, 17, header_ends, (header_ends + len(content)) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(CheckpointError, match="cannot be used: it"):
            PassageIndex.open(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(CheckpointError, match="it was changed or cut short"):
        PassageIndex.open(path)


def test_another_format_is_refused_with_what_to_do(path: Path) -> None:
    header, arrays = header_of(path)
    rewrite(path, header | {"format": 2}, arrays)
    with pytest.raises(CheckpointError, match="format 2, and this charrnn reads format 1; use the"):
        PassageIndex.open(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("corpus", 3),
        ("alphabet", None),
        ("alphabet", "ab"),
        ("alphabet", "".join(map(chr, range(0x4E00, 0x5000)))),
        ("poems", "2"),
        ("poems", 0),
        ("poems", 10**9),
        ("rows", -1),
        ("rows", True),
        ("rows", 10**30),
        ("longest_run", 0),
        ("longest_run", 256),
    ],
)
def test_a_header_that_lies_is_refused_in_a_sentence(path: Path, name: str, value: object) -> None:
    header, arrays = header_of(path)
    rewrite(path, header | {name: value}, arrays)
    with pytest.raises(CheckpointError, match="cannot be used: its "):
        PassageIndex.open(path)


def test_rows_out_of_order_are_refused_in_a_sentence(path: Path) -> None:
    header, arrays = header_of(path)
    del header["sha256"]
    firsts = 4 * len(POEMS)  # After the numbers of the poems; one byte each in so small an index.
    for place in (firsts, firsts + 3, firsts + len(str(header["alphabet"])) + 1):
        changed = bytearray(arrays)
        changed[place] += 1 if place != firsts + 3 else 100
        rewrite(path, header, bytes(changed))
        with pytest.raises(CheckpointError, match="its rows are not in order"):
            PassageIndex.open(path)


@pytest.mark.parametrize("written", [b"null", b"[]", b"{}", b"{", b"[" * 10**5, b"\xff", b"3"])
def test_what_is_no_header_is_refused_in_a_sentence(path: Path, written: bytes) -> None:
    path.write_bytes(b"charrnn-passages" + len(written).to_bytes(8, "little") + written)
    with pytest.raises(CheckpointError, match="it was changed or cut short"):
        PassageIndex.open(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1))
def test_numbers_that_make_no_sense_break_nothing(path: Path, seed: int) -> None:
    """A file with a digest that is right may come from anywhere."""
    header, arrays = header_of(path)
    changed = np.frombuffer(arrays, np.uint8).copy()
    generator = np.random.default_rng(seed)
    places = generator.integers(0, len(changed), 20)
    changed[places] = generator.integers(0, 256, 20)
    rewrite(path, {key: header[key] for key in header if key != "sha256"}, changed.tobytes())
    with contextlib.suppress(CheckpointError):
        index = PassageIndex.open(path)
        for run in index.runs_at_ends("the moon rose, a boat set! The moon"):
            index.followers(run)
        index.where("moon")
    PassageIndex.build(POEMS, corpus="c" * 64).write(path)


def test_a_file_that_is_missing_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PassageIndex.open(tmp_path / "nowhere")
