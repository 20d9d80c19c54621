"""`charrnn forms sounds`: the tables of sounds and words that a network learned."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint.directory import Checkpoint, CheckpointWriter
from charrnn.checkpoint.lookup import find_checkpoint, is_bundled
from charrnn.cli.options import checkpoint_argument, checkpoints_option, examples, json_option
from charrnn.cli.process import print_json, print_notes, tell
from charrnn.cli.texts import corpus_again
from charrnn.errors import CheckpointError, CorpusError
from charrnn.wording import counted

if TYPE_CHECKING:
    from charrnn.forms.chinese.sounds import LearnedSounds
    from charrnn.forms.english.words import LearnedWords

MEMBERS_SHOWN: Final = 24
"""Most characters of a rhyme class that are printed."""

WORDS_SHOWN: Final = 24


@click.command(
    epilog=examples(
        ("charrnn forms sounds moons", "the sounds or words that moons learned"),
        ("charrnn forms sounds moons --json", "all of them, for programs"),
    ),
)
@checkpoint_argument
@checkpoints_option
@json_option
def sounds(checkpoint: str | None, checkpoints: Path, as_json: bool) -> None:
    """Show the sounds and words that a network learned from its poems.

    CHECKPOINT is a name or a path; without it, the newest network is shown. From regular Chinese
    poems a network learns which characters are level 平 or oblique 仄, and which rhyme. From English
    text it learns words. Poems in a form are written with these tables. If they are missing, they
    are learned now from the corpus.
    """
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    learned, words = _tables(opened)
    if as_json:
        print_json(_as_json(opened, learned, words))
        return
    name = opened.directory.name
    if learned is not None:
        _print_sounds(name, learned)
    if words is not None:
        common = " ".join(list(words.counts)[:WORDS_SHOWN])
        click.echo(
            f"{name} has learned {counted(len(words.counts), 'word')}. The most common: {common}"
        )


def _tables(checkpoint: Checkpoint) -> "tuple[LearnedSounds | None, LearnedWords | None]":
    """Open the tables of a checkpoint; learns them if none can be used."""
    from charrnn.forms.chinese.sounds import open_sounds
    from charrnn.forms.core.table_keeping import learned_table_files
    from charrnn.forms.english.words import open_words

    try:
        kept = open_sounds(checkpoint), open_words(checkpoint)
    except CheckpointError:
        kept = None, None
    if any(table is not None for table in kept):
        return kept
    if is_bundled(checkpoint.directory):
        raise CheckpointError(
            f"the learned tables of {checkpoint.directory.name} are missing or damaged. The network "
            "comes with charrnn and is never changed; install charrnn again."
        )
    corpus = corpus_again(checkpoint)
    with CheckpointWriter(checkpoint.directory).held():
        for file in learned_table_files():
            file.keep(
                checkpoint.directory, corpus, checkpoint.record, lambda note: print_notes([note])
            )
    made = open_sounds(checkpoint), open_words(checkpoint)
    if made == (None, None):
        raise CorpusError(
            f"{corpus.name} teaches neither sounds nor words: sounds are learned from at least a "
            "hundred regular Chinese poems, and words from text in Latin letters."
        )
    tell(f"The learned tables are now kept in {checkpoint.directory}.")
    return made


def _print_sounds(name: str, learned: "LearnedSounds") -> None:
    from charrnn.forms.chinese.sounds import TONES

    known = len(learned.sounds().table)
    click.echo(
        f"{name} has learned the tones of {known:,} characters from {learned.poems:,} regular "
        "poems. They rhyme:"
    )
    for tone in TONES:
        if learned.classes[tone]:
            click.echo()
        for members in learned.classes[tone]:
            more = f" … ({len(members):,})" if len(members) > MEMBERS_SHOWN else ""
            click.echo(f"  {tone} {members[:MEMBERS_SHOWN]}{more}")


def _as_json(
    checkpoint: Checkpoint, learned: "LearnedSounds | None", words: "LearnedWords | None"
) -> dict[str, Any]:
    table = {} if learned is None else learned.sounds().table
    return {
        "checkpoint": str(checkpoint.directory),
        "poems": learned and learned.poems,
        "characters": learned
        and {
            character: [reading._asdict() for reading in sorted(readings)]
            for character, readings in sorted(table.items())
        },
        "classes": learned and {tone: list(classes) for tone, classes in learned.classes.items()},
        "words": words and dict(words.counts),
    }
