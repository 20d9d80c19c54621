import contextlib
import dataclasses
import hashlib
import http.server
import json
import threading
from pathlib import Path

import pytest

from charrnn.checkpoint.atomic_files import UNFINISHED
from charrnn.corpus.catalogue import RECIPES, Catalogue, open_catalogue, read_entries
from charrnn.corpus.loading import read_corpus
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig
from tests.power_loss import Recorder

TEXT = "The tide comes in,\nthe tide goes out.\n" * 3
RECORDS = [
    {
        "title": "登鸛雀樓",
        "author": "王之渙",
        "paragraphs": ["白日依山盡，黃河入海流。", "欲窮千里目，更上一層樓。"],
    }
]


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def server(tmp_path):
    directory = tmp_path / "www"
    directory.mkdir()
    (directory / "tide.txt").write_text(TEXT, encoding="utf-8")
    (directory / "poet.0.json").write_text(json.dumps(RECORDS), encoding="utf-8")
    (directory / "poet.1.json").write_text(json.dumps(RECORDS), encoding="utf-8")

    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(directory))

        def log_message(self, *_):
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        server.asked = asked
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def catalogue(server, tmp_path):
    base = f"http://127.0.0.1:{server.server_port}/"
    parts = [f'"{name}" = "{digest(json.dumps(RECORDS).encode())}"' for name in PARTS]
    entries = f"""
        [tide]
        title = "Tides"
        language = "English"
        layout = "text"
        licence = "CC0-1.0"
        source = "here"
        size = {len(TEXT)}
        sha256 = "{digest(TEXT.encode())}"
        base = "{base}"
        files = {{ "tide.txt" = "{digest(TEXT.encode())}" }}

        [heron]
        title = "登鹳雀楼"
        language = "Chinese"
        layout = "lines"
        licence = "public domain"
        source = "here"
        size = 75
        recipe = "tang"
        base = "{base}"
        files = {{ {", ".join(parts)} }}

        [stork]
        title = "登鹳雀楼"
        language = "Chinese"
        layout = "lines"
        format = "jsonl"
        licence = "public domain"
        source = "here"
        size = 75
        recipe = "tangsong"
        base = "{base}"
        files = {{ {", ".join(parts)} }}
    """
    return Catalogue(read_entries(entries), tmp_path / "bundled", tmp_path / "cache")


PARTS = ("poet.0.json", "poet.1.json")


def test_a_corpus_is_downloaded_on_first_use_only(catalogue, server):
    entry = catalogue.entries["tide"]
    assert catalogue.availability(entry) == "available"
    assert catalogue.local_file(entry) is None
    first = read_corpus(["tide"], catalogue=catalogue)
    assert (first.text, first.layout, first.sources) == (TEXT, "text", ("catalogue:tide",))
    assert catalogue.availability(entry) == "downloaded"
    assert read_corpus(["tide"], catalogue=catalogue).digest == first.digest
    assert server.asked == ["/tide.txt"]
    assert read_corpus(["tide"], CorpusConfig(layout="lines"), catalogue=catalogue).poems == 6


def test_a_corpus_of_several_files_is_made_by_its_recipe(catalogue, server):
    path = catalogue.fetch(catalogue.entries["heron"])
    assert path.read_text("utf-8") == "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n"
    assert [other.name for other in path.parent.iterdir()] == [path.name]
    assert catalogue.fetch(catalogue.entries["heron"]) == path
    assert server.asked == ["/poet.0.json", "/poet.1.json"]


def test_poems_with_fields_are_made_and_found_again_as_json_lines(catalogue, server):
    entry = catalogue.entries["stork"]
    path = catalogue.fetch(entry)
    assert path.name == f"stork-{digest(path.read_bytes())[:16]}.jsonl"
    assert json.loads(path.read_text("utf-8"))["author"] == "王之涣"
    assert catalogue.fetch(entry) == path
    assert server.asked == ["/poet.0.json", "/poet.1.json"]
    corpus = read_corpus(["stork"], catalogue=catalogue)
    assert (corpus.poems, corpus.layout, corpus.sources) == (1, "lines", ("catalogue:stork",))
    assert "白日依山尽" in corpus.text


def test_progress_tells_which_of_several_files_is_fetched(catalogue):
    told = []
    catalogue.fetch(catalogue.entries["heron"], lambda name, *_: told.append(name))
    assert list(dict.fromkeys(told)) == [
        "poet.0.json, file 1 of 2",
        "poet.1.json, file 2 of 2",
    ]
    told.clear()
    catalogue.fetch(catalogue.entries["tide"], lambda name, *_: told.append(name))
    assert set(told) == {"tide.txt"}


def test_files_that_have_arrived_are_not_fetched_again(catalogue, server, tmp_path):
    missing = tmp_path / "www" / "poet.1.json"
    missing.rename(missing.with_suffix(".away"))
    with pytest.raises(CorpusError, match="404"):
        catalogue.fetch(catalogue.entries["heron"])
    missing.with_suffix(".away").rename(missing)
    catalogue.fetch(catalogue.entries["heron"])
    assert server.asked.count("/poet.0.json") == 1


def test_a_download_ends_well_where_something_else_lies_in_its_place(catalogue):
    other = catalogue.cache / "tide.parts" / "other.txt"
    other.parent.mkdir(parents=True)
    other.write_text("of an older catalogue", encoding="utf-8")
    path = catalogue.fetch(catalogue.entries["tide"])
    assert list(path.parent.iterdir()) == [path]


def test_a_corpus_is_downloaded_by_one_process_at_a_time(catalogue, server):
    entry = catalogue.entries["tide"]
    refused = []

    def meanwhile(*_):
        with pytest.raises(CorpusError, match="tide is being downloaded by another process"):
            catalogue.fetch(entry)
        refused.append(True)

    first = catalogue.fetch(entry, meanwhile)
    assert refused
    assert server.asked == ["/tide.txt"]
    assert catalogue.fetch(entry) == first


def test_what_another_process_has_fetched_meanwhile_is_taken(catalogue, server, monkeypatch):
    entry = catalogue.entries["tide"]
    path = catalogue.fetch(entry)
    monkeypatch.setattr(Catalogue, "local_file", lambda *_: None)
    assert catalogue.fetch(entry) == path
    assert server.asked == ["/tide.txt"]


@pytest.mark.parametrize("name", ["tide", "heron"])
def test_a_damaged_copy_is_fetched_again(catalogue, name):
    entry = catalogue.entries[name]
    path = catalogue.fetch(entry)
    content = path.read_bytes()
    path.write_text("something else", encoding="utf-8")
    assert catalogue.availability(entry) == "available"
    assert catalogue.fetch(entry).read_bytes() == content


def test_a_download_that_is_cut_short_by_a_kill_or_a_loss_of_power_is_made_good(
    catalogue, tmp_path
):
    entry = catalogue.entries["heron"]
    catalogue.cache.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(catalogue.cache, patch)
        path = catalogue.fetch(entry)
        recorder.mark("fetched")
        trace = recorder.trace()
    for number, left in enumerate(trace.losses(UNFINISHED)):
        again = dataclasses.replace(catalogue, cache=left.put_in(tmp_path / "again"))
        assert left.mark == "" or again.availability(entry) == "downloaded"
        if not left.killed and number % 5:
            continue
        if not left.killed:
            with contextlib.suppress(CorpusError):  # What was received is of no use: try again.
                again.fetch(entry)
        found = again.fetch(entry)
        assert found.read_bytes() == path.read_bytes()
        assert list(again.cache.rglob("*")) == [found]


def test_a_disk_that_takes_no_more_is_told(catalogue, monkeypatch):
    def refuse(path, _text):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("charrnn.corpus.catalogue.write_text", refuse)
    with pytest.raises(
        CorpusError, match=r"tide cannot be written to .* \(No space left on device\)"
    ):
        catalogue.fetch(catalogue.entries["tide"])


def test_the_cache_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path))
    assert open_catalogue().cache == tmp_path / "corpora"
    monkeypatch.delenv("CHARRNN_CACHE")
    assert open_catalogue().cache.name == "corpora"
    assert "charrnn" in str(open_catalogue().cache)


@pytest.mark.parametrize("name", ["quatrains", "jueju"])
def test_bundled_corpora_are_what_the_catalogue_says(name):
    catalogue = open_catalogue()
    entry = catalogue.entries[name]
    content = catalogue.local_file(entry).read_bytes()
    assert catalogue.availability(entry) == "bundled"
    assert (len(content), digest(content)) == (entry.size, entry.sha256)


def test_everything_that_is_downloaded_is_pinned():
    entries = open_catalogue().entries
    assert list(entries) == [
        "quatrains",
        "jueju",
        "tinyshakespeare",
        "english-lyric",
        "tang300",
        "tang",
        "tangsong",
        "english-verse",
    ]
    assert [len(entry.files) for entry in entries.values()] == [
        *(0, 0, 1, 6, 1, 58, 313, 201),
    ]
    for entry in entries.values():
        assert entry.recipe is None or entry.recipe in RECIPES
        assert entry.base.startswith("https://") or not entry.files
        assert all(len(sha256) == 64 for sha256 in entry.files.values())
        assert len({Path(name).name for name in entry.files}) == len(entry.files)
        assert set(entry.authors) <= set(entry.files)
    assert entries["tang"].files.items() <= entries["tangsong"].files.items()
    assert len(entries["english-verse"].authors) == 167
    shakespeare = entries["tinyshakespeare"]
    assert shakespeare.files == {"input.txt": shakespeare.sha256}
