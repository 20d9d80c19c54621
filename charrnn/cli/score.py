"""`charrnn score`: the surprisal of a text, line by line."""

import heapq
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import find_checkpoint
from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    flag,
    json_option,
)
from charrnn.cli.process import print_json, reading_bar, use_idle_cores
from charrnn.cli.texts import read_alike
from charrnn.settings.configuration import CorpusConfig
from charrnn.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from charrnn.corpus.loading import Corpus
    from charrnn.decoding.scoring import TextLoss, TokenScore
    from charrnn.decoding.writer import TextGenerator

MOST_SURPRISING: Final = 5
"""How many of the most surprising characters are listed."""

CONTEXT_SHOWN: Final = 24
"""Characters shown of the line before a surprising one."""


@click.command(
    options_metavar="[OPTIONS] [CHECKPOINT] FILE",
    epilog=examples(
        ("charrnn score poems.txt", "line by line, with the newest network"),
        ("charrnn score quatrains poems.txt", "with another network"),
        ("charrnn score quatrains poems.txt --explain", "character by character"),
        ("charrnn generate --count 3 | charrnn score -", "poems just written"),
        ("charrnn score poems.txt --json", "for programs"),
    ),
)
@checkpoint_argument
@click.argument("file", required=False)
@flag("--explain", "Colour each character by its surprisal, and show the likeliest others below.")
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
    """Show how surprising a text is to a network, line by line.

    The bits per character stand before each line: 0 if it was certain, 1 more for each halving
    of the probability. The most surprising characters follow. FILE is divided into poems in the
    layout of the network's own corpus; - is standard input. Each poem is read from a zero state,
    and its end counts as a character. CHECKPOINT is a name or a path; without it, the newest
    network is used.
    """
    if file is None:
        checkpoint, file = None, checkpoint
    if file is None:
        raise click.UsageError(
            "Missing argument 'FILE': the text to score, or - for standard input."
        )
    use_idle_cores()
    from charrnn.decoding.writer import TextGenerator

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    generator = TextGenerator.open(opened)
    corpus = read_alike(file, opened.record, corpus_config.encoding)
    summary = _Summary({"", *generator.vocabulary.characters})  # "" is the end of a poem.
    if as_json:
        with reading_bar(len(corpus.text)) as bar:
            lines = summary.count(_lines(generator, corpus, bar.update))
            facts = {"checkpoint": str(opened.directory), "model": opened.model.sha256}
            _print_json(facts | {"text": file}, lines, summary, explain=explain)
        return
    click.echo(f"{opened.directory.name} on {file}\n")
    lines = summary.count(_lines(generator, corpus))
    _print_lines(lines, explain=explain, apart=corpus.layout == "blocks")
    _print_summary(summary, in_poems=corpus.layout != "text")


class _Line(NamedTuple):
    """A line: the number of its poem, its number in it (both from 1), and its token scores."""

    poem: int
    number: int
    scores: "Sequence[TokenScore]"

    @property
    def text(self) -> str:
        return "".join(score.character for score in self.scores).removesuffix("\n")


def _lines(
    generator: "TextGenerator", corpus: "Corpus", report: "Callable[[int], None] | None" = None
) -> "Iterator[_Line]":
    from charrnn.corpus.splitting import poems_at
    from charrnn.corpus.store import pieces
    from charrnn.decoding.scoring import score_poems, score_text, split_lines

    if corpus.layout == "text":
        ((start, stop),) = corpus.spans[:1].tolist()
        scores = score_text(generator, pieces(corpus.text, start, stop), report)
        poems: Iterable[Iterable[TokenScore]] = [itertools.chain.from_iterable(scores)]
    else:
        poems = score_poems(generator, poems_at(corpus, corpus.spans), report)
    for poem, of_poem in enumerate(poems, 1):
        for number, line in enumerate(split_lines(of_poem), 1):
            yield _Line(poem, number, line)


class _Summary:
    """Totals of the lines, and the most surprising characters in them."""

    def __init__(self, known: set[str]) -> None:
        self.characters = self.unknown = self.lines = self.poems = 0
        self.nats = 0.0
        self._known = known
        self._highest: list[tuple[float, int, int, _Line]] = []

    @property
    def loss(self) -> "TextLoss":
        """The loss of all characters so far."""
        from charrnn.decoding.scoring import TextLoss

        return TextLoss(self.nats, self.characters)

    @property
    def surprising(self) -> "list[tuple[_Line, int, TokenScore]]":
        """The most surprising characters that were not the likeliest: line, column from 1, score."""
        highest = sorted(self._highest, reverse=True)
        return [(line, column, line.scores[column - 1]) for *_, column, line in highest]

    def count(self, lines: "Iterable[_Line]") -> "Iterator[_Line]":
        """Yield the lines, and count them."""
        for line in lines:
            self.lines += 1
            self.poems = line.poem
            for column, score in enumerate(line.scores, 1):
                self.characters += 1
                self.unknown += score.character not in self._known
                self.nats -= score.log_probability
                # Small networks do not count lines, so all ends of poems would come first.
                if score.rank > 1 and score.character:
                    # Among equals the first wins; the second number is unique.
                    entry = (score.bits, -self.characters, column, line)
                    heapq.heappush(self._highest, entry)
                    if len(self._highest) > MOST_SURPRISING:
                        heapq.heappop(self._highest)
            yield line


def _print_lines(lines: "Iterable[_Line]", *, explain: bool, apart: bool) -> None:
    """Print lines as they are scored; blank lines between poems if `apart`."""
    from charrnn.decoding.scoring import mean_bits

    if explain:
        from charrnn.cli.explanation import print_legend, print_line

        print_legend()
    poem = 1
    for line in lines:
        if apart and line.poem > poem:
            click.echo()
        poem = line.poem
        if explain:
            print_line(line.scores)
        else:
            click.echo(f"{mean_bits(line.scores):6.2f}  {line.text}".rstrip())


def _print_summary(summary: _Summary, *, in_poems: bool) -> None:
    parts = [counted(summary.characters, "character"), counted(summary.lines, "line")]
    if in_poems:
        parts.append(counted(summary.poems, "poem"))
    if summary.unknown:
        parts.append(f"{summary.unknown:,} unknown to the network")
    click.echo(f"\n{summary.loss.bits_per_character:6.2f}  bits per character: {', '.join(parts)}")
    if not summary.surprising:
        click.echo("\nEvery character was the likeliest.")
        return
    click.echo("\nThe most surprising characters:")
    for line, column, score in summary.surprising:
        before = line.text[: column - 1]
        cut = "…" if len(before) > CONTEXT_SHOWN else ""
        after = f"after “{cut}{before[-CONTEXT_SHOWN:]}”"
        where = after if before else "at the beginning of a line"
        click.echo(f"\n{score.bits:6.2f}  {_named(score.character)} {where}")
        poem = f"poem {line.poem:,}, " if in_poems else ""
        click.echo(f"        {poem}line {line.number:,}, character {column:,}; {_likelier(score)}")


def _likelier(score: "TokenScore") -> str:
    """Which tokens were likelier, as in "a and b were likelier"."""
    names = [
        _named(other.character)
        for other in score.runners_up
        if other.log_probability > score.log_probability
    ]
    return f"{listed(names)} {'was' if len(names) == 1 else 'were'} likelier"


def _named(character: str) -> str:
    from charrnn.decoding.prompts import shown
    from charrnn.decoding.scoring import ANY_UNKNOWN, POEM_END

    special = {POEM_END: "the end of the poem", ANY_UNKNOWN: "an unknown character"}
    return special.get(character) or shown(character)


def _print_json(
    facts: dict[str, Any], lines: "Iterable[_Line]", summary: _Summary, *, explain: bool
) -> None:
    """Print one JSON document; this scores the lines."""
    from charrnn.cli.poem_display import token_facts
    from charrnn.decoding.scoring import mean_bits

    poems: list[dict[str, list[dict[str, Any]]]] = []
    for line in lines:
        if line.number == 1:
            poems.append({"lines": []})
        shown = {
            "text": line.text,
            "characters": len(line.scores),
            "bits_per_character": mean_bits(line.scores),
        }
        explained = {"explanation": list(map(token_facts, line.scores))} if explain else {}
        poems[-1]["lines"].append(shown | explained)
    facts |= {
        "nats_per_character": summary.loss.nats_per_character,
        "bits_per_character": summary.loss.bits_per_character,
        "characters": summary.characters,
        "unknown_characters": summary.unknown,
        "poems": poems,
        "most_surprising": [
            {"poem": line.poem, "line": line.number, "column": column}
            | {"before": line.text[: column - 1]}
            | token_facts(score)
            for line, column, score in summary.surprising
        ],
    }
    print_json(facts, indent=None)
