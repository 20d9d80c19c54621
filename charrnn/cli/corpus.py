"""`charrnn corpus`: the texts that can be learned, and what may be wrong with one."""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.download_display import download_progress
from charrnn.cli.options import config_options, examples, json_option
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.corpus.catalogue import Catalogue, Entry
    from charrnn.corpus.loading import Corpus

_POEMS_SHOWN = 3
_LINES_SHOWN = 14


@click.group(
    epilog=examples(
        ("charrnn corpus list", "what can be learned by name"),
        ("charrnn corpus check poems.txt", "look for faults in a text of your own"),
    ),
)
def corpus() -> None:
    """See the texts that can be learned, fetch them, and check your own."""


@corpus.command(
    "list",
    epilog=examples(
        ("charrnn corpus list", "all corpora known by name"),
        ("charrnn corpus list --json", "the same, for programs"),
    ),
)
@json_option
def list_corpora(as_json: bool) -> None:
    """List the corpora known by name, those that are here and others."""
    from charrnn.cli import corpus_tables
    from charrnn.corpus.catalogue import open_catalogue

    catalogue = open_catalogue()
    rows = [_described(catalogue, entry) for entry in catalogue.entries.values()]
    if as_json:
        _print_json(rows)
        return
    corpus_tables.print_catalogue(rows)


@corpus.command(
    epilog=examples(
        ("charrnn corpus show jueju", "what it is, and its first poems"),
        ("charrnn corpus show tang --json", "where it comes from, for programs"),
    ),
)
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Tell what the corpus NAME is, and show its first poems.

    The poems of a corpus that has not been downloaded yet are not shown.
    """
    from charrnn.cli import corpus_tables
    from charrnn.corpus.catalogue import open_catalogue
    from charrnn.corpus.loading import read_corpus

    catalogue = open_catalogue()
    entry = _entry(catalogue, name)
    details = _described(catalogue, entry)
    path = catalogue.local_file(entry)
    reading = CorpusConfig(layout=entry.layout, encoding="utf-8")
    text = None if path is None else read_corpus([str(path)], reading)
    if text is not None:
        details |= {"poems": text.poems, "characters": len(text.text)}
    if as_json:
        first = None if text is None else _first_poems(text)
        _print_json(details | {"first_poems": first})
        return
    corpus_tables.print_details(details)
    if text is None:
        click.echo(f"charrnn corpus download {name} fetches it.", err=True)
        return
    for poem in _first_poems(text):
        click.echo(f"\n{poem}")


@corpus.command(
    epilog=examples(
        ("charrnn corpus download tinyshakespeare", "fetch it now; train would do it too"),
        ("CHARRNN_CACHE=/big/disk charrnn corpus download tang", "keep it somewhere else"),
    ),
)
@click.argument("name")
@json_option
def download(name: str, as_json: bool) -> None:
    """Fetch the corpus NAME into the cache directory.

    A download that broke off goes on where it stopped. Nothing is used before its SHA-256 digest
    has been found right. The command prints where the text is kept.
    """
    from charrnn.corpus.catalogue import open_catalogue

    catalogue = open_catalogue()
    entry = _entry(catalogue, name)
    with download_progress() as progress:
        path = catalogue.fetch(entry, progress)
    if as_json:
        _print_json(_described(catalogue, entry))
    else:
        click.echo(path)


@corpus.command(
    epilog=examples(
        ("charrnn corpus check poems.txt", "what it is made of, and what may be wrong"),
        ("charrnn corpus check poems/ --layout blocks", "a directory, poems apart by blank lines"),
        ("charrnn corpus check old.txt --encoding big5 --json", "for programs"),
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@config_options(CorpusConfig, only=("layout", "encoding"))
@json_option
def check(files: tuple[str, ...], corpus_config: CorpusConfig, as_json: bool) -> None:
    """Look into FILE... for repetitions, markup, holes and the like.

    Several files and directories are taken as one corpus, as charrnn train takes them. Names
    that charrnn corpus list shows and - for standard input are read too. Faults that are found
    do not make the command fail.
    """
    from charrnn.cli.corpus_tables import print_report
    from charrnn.corpus.lint import check_corpus
    from charrnn.corpus.loading import read_corpus

    with download_progress() as progress:
        text = read_corpus(files, corpus_config, progress=progress)
    report = check_corpus(text, corpus_config)
    if as_json:
        _print_json(dataclasses.asdict(report))
        return
    for note in report.notes:
        click.echo(f"Note: {note}", err=True)
    print_report(report)


def _entry(catalogue: "Catalogue", name: str) -> "Entry":
    from charrnn.errors import CorpusError

    if name not in catalogue.entries:
        raise CorpusError(
            f"there is no corpus named {name}. Known: {', '.join(catalogue.entries)}."
        )
    return catalogue.entries[name]


def _described(catalogue: "Catalogue", entry: "Entry") -> dict[str, Any]:
    path = catalogue.local_file(entry)
    return {
        "name": entry.name,
        "title": entry.title,
        "language": entry.language,
        "layout": entry.layout,
        "size": entry.size,
        "licence": entry.licence,
        "source": entry.source,
        "sha256": entry.sha256,
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


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))
