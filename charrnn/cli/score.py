"""`charrnn score`: how surprising a text is to a network, line by line."""

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint import Checkpoint, find_checkpoint
from charrnn.cli.learned_text import read_alike
from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    json_option,
)
from charrnn.config import CorpusConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from charrnn.cli.score_report import Line
    from charrnn.corpus.loading import Corpus
    from charrnn.generation.surprise import Surprise
    from charrnn.generation.writer import TextGenerator


@click.command(
    options_metavar="[OPTIONS] [CHECKPOINT] FILE",
    epilog=examples(
        ("charrnn score poems.txt", "line by line, to the newest network"),
        ("charrnn score quatrains poems.txt", "to one of your choice"),
        ("charrnn score quatrains poems.txt --explain", "character by character"),
        ("charrnn generate --count 3 | charrnn score -", "poems that were just written"),
        ("charrnn score poems.txt --json", "for programs"),
    ),
)
@checkpoint_argument
@click.argument("file", required=False)
@click.option(
    "--explain",
    is_flag=True,
    help="Colour each character by its surprise, with the likeliest others beneath.",
)
@config_options(CorpusConfig, only=("encoding",))
@checkpoints_option
@json_option
def score(
    *,
    checkpoint: str | None,
    file: str | None,
    explain: bool,
    corpus_config: CorpusConfig,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Tell how surprising a text is to a network, line by line.

    Before each line stand its bits for each character: 0 for what is certain, 1 more for each
    halving of the probability; the characters that surprised most come last. FILE is taken apart into
    poems as the network's own corpus was; - is standard input. Each poem is read from a fresh
    start, and its end counts as a character. CHECKPOINT is a name or a path; without it, the
    newest network is asked.
    """
    if file is None:
        checkpoint, file = None, checkpoint
    if file is None:
        raise click.UsageError(
            "Missing argument 'FILE': the text to score, or - for standard input."
        )
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    from charrnn.cli.score_report import Tally, print_json, print_lines, print_summary
    from charrnn.generation.writer import TextGenerator

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    generator = TextGenerator.open(opened)
    corpus = read_alike(file, opened.record, corpus_config.encoding)
    tally = Tally(generator.vocabulary, in_poems=corpus.layout != "text")
    if as_json:
        with click.progressbar(
            length=len(corpus.text),
            label="Reading",
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
        ) as bar:
            lines = tally.counted(_lines(generator, corpus, bar.update))
            print_json(opened, file, lines, tally, explain=explain)
        return
    click.echo(f"{opened.directory.name} on {file}\n")
    lines = tally.counted(_lines(generator, corpus))
    print_lines(lines, explain=explain, apart=corpus.layout == "blocks")
    print_summary(tally)


def _lines(
    generator: "TextGenerator", corpus: "Corpus", report: "Callable[[int], None] | None" = None
) -> "Iterator[Line]":
    """The lines of a text, read as they are asked for."""
    from charrnn.cli.score_report import Line
    from charrnn.corpus.splitting import poems_at
    from charrnn.corpus.store import pieces
    from charrnn.generation.surprise import explain_poems, explain_text, lines_of

    if corpus.layout == "text":
        ((start, stop),) = corpus.spans[:1].tolist()
        read = explain_text(generator, pieces(corpus.text, start, stop), report)
        poems: Iterable[Iterable[Surprise]] = [itertools.chain.from_iterable(read)]
    else:
        poems = explain_poems(generator, poems_at(corpus, corpus.spans), report)
    for poem, surprises in enumerate(poems, 1):
        for number, line in enumerate(lines_of(surprises), 1):
            yield Line(poem, number, line)
