"""`charrnn corpus`: list, show and download corpora, and check a text for faults."""

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import config_options, examples, json_option
from charrnn.cli.process import print_json, print_notes, tell
from charrnn.cli.texts import download_progress, read_shown
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.corpus.catalogue import Catalogue, Entry
    from charrnn.corpus.loading import Corpus

_POEMS_SHOWN = 3
_LINES_SHOWN = 14


@click.group(
    epilog=examples(
        ("charrnn corpus list", "the corpora known by name"),
        ("charrnn corpus check poems.txt", "look for faults in a text of your own"),
    ),
)
def corpus() -> None:
    """List and download corpora, and check your own texts."""


@corpus.command(
    "list",
    epilog=examples(
        ("charrnn corpus list", "all corpora known by name"),
        ("charrnn corpus list --json", "the same, for programs"),
    ),
)
@json_option
def list_corpora(as_json: bool) -> None:
    """List the corpora known by name, downloaded or not."""
    from charrnn.corpus.catalogue import open_catalogue

    catalogue = open_catalogue()
    rows = [_details(catalogue, entry) for entry in catalogue.entries.values()]
    if as_json:
        print_json(rows)
        return
    from charrnn.cli.tables import print_catalogue

    print_catalogue(rows)


@corpus.command(
    epilog=examples(
        ("charrnn corpus show jueju", "what it is, and its first poems"),
        ("charrnn corpus show tang --json", "where it comes from, for programs"),
    ),
)
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what the corpus NAME is, and its first poems.

    The poems are shown once the corpus has been downloaded.
    """
    from charrnn.cli.tables import print_details
    from charrnn.corpus.catalogue import open_catalogue
    from charrnn.corpus.loading import read_corpus

    catalogue = open_catalogue()
    entry = _entry(catalogue, name)
    details = _details(catalogue, entry)
    path = catalogue.local_file(entry)
    corpus_config = CorpusConfig(layout=entry.layout, encoding="utf-8")
    text = None if path is None else read_corpus([str(path)], corpus_config)
    if text is not None:
        details |= {"poems": text.poems, "characters": len(text.text)}
    first = None if text is None else _first_poems(text)
    if as_json:
        print_json(details | {"first_poems": first})
        return
    print_details(details)
    if first is None:
        tell(f"Download it with: charrnn corpus download {name}")
    for poem in first or ():
        click.echo(f"\n{poem}")


@corpus.command(
    epilog=examples(
        ("charrnn corpus download tinyshakespeare", "download it now; train does it too"),
        ("CHARRNN_CACHE=/big/disk charrnn corpus download tang", "to another directory"),
    ),
)
@click.argument("name")
@json_option
def download(name: str, as_json: bool) -> None:
    """Download the corpus NAME into the cache directory.

    An interrupted download continues where it stopped. No file is used before its SHA-256 digest
    has been verified. The command prints the path of the text.
    """
    from charrnn.corpus.catalogue import open_catalogue

    catalogue = open_catalogue()
    entry = _entry(catalogue, name)
    with download_progress() as progress:
        path = catalogue.fetch(entry, progress)
    if as_json:
        print_json(_details(catalogue, entry))
    else:
        click.echo(path)


@corpus.command(
    epilog=examples(
        ("charrnn corpus check poems.txt", "its size, and its possible faults"),
        ("charrnn corpus check poems/ --layout blocks", "a directory, blank lines between poems"),
        ("charrnn corpus check old.txt --encoding big5 --json", "for programs"),
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@config_options(CorpusConfig, only=("layout", "stanzas", "encoding"))
@json_option
def check(files: tuple[str, ...], corpus_config: CorpusConfig, as_json: bool) -> None:
    """Check FILE... for duplicates, markup, gaps and other faults.

    Several files and directories make one corpus, as in charrnn train. FILE may also be a name
    that charrnn corpus list shows, or - for standard input. The command succeeds even if it finds
    faults.
    """
    from charrnn.cli.tables import print_report
    from charrnn.corpus.lint import check_corpus

    report = check_corpus(read_shown(files, corpus_config), corpus_config)
    if as_json:
        print_json(dataclasses.asdict(report))
        return
    print_notes(f"Note: {note}" for note in report.notes)
    print_report(report)


def _entry(catalogue: "Catalogue", name: str) -> "Entry":
    if name not in catalogue.entries:
        raise CorpusError(
            f"there is no corpus named {name}. Known: {', '.join(catalogue.entries)}."
        )
    return catalogue.entries[name]


def _details(catalogue: "Catalogue", entry: "Entry") -> dict[str, Any]:
    path = catalogue.local_file(entry)
    names = ("name", "title", "language", "layout", "format", "size", "licence", "source", "sha256")
    return {name: getattr(entry, name) for name in names} | {
        "urls": [entry.base + name for name in entry.files],
        "availability": catalogue.availability(entry),
        "path": None if path is None else str(path),
    }


def _first_poems(text: "Corpus") -> list[str]:
    from charrnn.corpus.store import pieces

    if text.layout != "text":
        return [text.poem(number) for number in range(min(text.poems, _POEMS_SHOWN))]
    beginning = ""
    for piece in pieces(text.text):
        beginning += piece
        if beginning.count("\n") >= _LINES_SHOWN:
            break
    return ["\n".join(beginning.split("\n", _LINES_SHOWN)[:_LINES_SHOWN])]
