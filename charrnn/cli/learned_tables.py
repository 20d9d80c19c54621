"""`charrnn forms sounds`: what the poems of a network taught of sounds and words."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint.directory import Checkpoint, CheckpointWriter, find_checkpoint, is_bundled
from charrnn.cli.learned_text import corpus_again
from charrnn.cli.options import checkpoint_argument, checkpoints_option, examples, json_option
from charrnn.errors import CheckpointError, CorpusError

if TYPE_CHECKING:
    from charrnn.forms.chinese.sounds import LearnedSounds
    from charrnn.forms.english.words import LearnedWords

MEMBERS_TOLD: Final = 24
"""Characters of a rhyme class that are shown, the commonest."""

WORDS_TOLD: Final = 24


@click.command(
    epilog=examples(
        ("charrnn forms sounds moons", "what moons has learned of sounds or words"),
        ("charrnn forms sounds moons --json", "all of it, for programs"),
    ),
)
@checkpoint_argument
@checkpoints_option
@json_option
def sounds(checkpoint: str | None, checkpoints: Path, as_json: bool) -> None:
    """Tell what the poems of a network taught of sounds and words.

    CHECKPOINT is a name or a path; without it, the newest network is asked. Regular Chinese poems
    teach which characters are level 平 and which oblique 仄, and what they rhyme with; English
    text teaches words. Verse in a form is written by them. A network of an older charrnn gets them
    now, where its corpus can be read again.
    """
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    taught, words = _tables(opened)
    if as_json:
        document = _as_json(opened, taught, words)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    name = opened.directory.name
    if taught is not None:
        _draw_sounds(name, taught)
    if words is not None:
        common = " ".join(list(words.counts)[:WORDS_TOLD])
        click.echo(f"{name} has learned {len(words.counts):,} words. The commonest: {common}")


def _tables(checkpoint: Checkpoint) -> "tuple[LearnedSounds | None, LearnedWords | None]":
    """What a checkpoint was taught; made now where it is missing or of no use.

    Raises:
        CheckpointError: A network that comes with charrnn has none that can be used.
        CorpusError: The corpus teaches neither, or cannot be read again.
    """
    from charrnn.forms.chinese.sounds import open_sounds
    from charrnn.forms.core.table_keeping import keep_learned_tables
    from charrnn.forms.english.words import open_words

    try:
        kept = open_sounds(checkpoint), open_words(checkpoint)
    except CheckpointError:
        kept = None, None
    if any(table is not None for table in kept):
        return kept
    if is_bundled(checkpoint.directory):
        raise CheckpointError(
            f"what the poems of {checkpoint.directory.name} taught is missing or damaged. The "
            "network comes with charrnn, so nothing is written there: install charrnn again."
        )
    corpus = corpus_again(checkpoint)
    writer = CheckpointWriter(checkpoint.directory)
    with writer.held():
        keep_learned_tables(
            writer, corpus, checkpoint.record, lambda note: click.echo(note, err=True)
        )
    made = open_sounds(checkpoint), open_words(checkpoint)
    if made == (None, None):
        raise CorpusError(
            f"{corpus.name} teaches neither: tones and rhymes are learned from a hundred regular "
            "Chinese poems or more, and words from text in Latin letters."
        )
    click.echo(f"What its poems teach is now kept in {checkpoint.directory}.", err=True)
    return made


def _draw_sounds(name: str, taught: "LearnedSounds") -> None:
    """The rhyme classes in each tone, each with its commonest members."""
    from charrnn.forms.chinese.sounds import TONES

    known = len(taught.sounds().table)
    click.echo(
        f"{name} has learned the tones of {known:,} characters from {taught.poems:,} regular "
        "poems. They rhyme:"
    )
    for tone in TONES:
        if taught.classes[tone]:
            click.echo()
        for members in taught.classes[tone]:
            more = f" … ({len(members):,})" if len(members) > MEMBERS_TOLD else ""
            click.echo(f"  {tone} {members[:MEMBERS_TOLD]}{more}")


def _as_json(
    checkpoint: Checkpoint, taught: "LearnedSounds | None", words: "LearnedWords | None"
) -> dict[str, Any]:
    table = {} if taught is None else taught.sounds().table
    return {
        "checkpoint": str(checkpoint.directory),
        "poems": taught and taught.poems,
        "characters": taught
        and {
            character: [reading._asdict() for reading in sorted(readings)]
            for character, readings in sorted(table.items())
        },
        "classes": taught and {tone: list(classes) for tone, classes in taught.classes.items()},
        "words": words and dict(words.counts),
    }
