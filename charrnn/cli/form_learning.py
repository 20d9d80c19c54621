"""`charrnn forms learn`: a form of verse from poems that have it."""

import dataclasses
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from charrnn.cli.options import config_options, examples, json_option
from charrnn.errors import ConfigurationError, CorpusError
from charrnn.forms.core.config import FormConfig, parse_lengths
from charrnn.settings.configuration import CorpusConfig
from charrnn.settings.setting import settings_of

if TYPE_CHECKING:
    from charrnn.corpus.loading import Corpus
    from charrnn.forms.core.learning import LearnedForm, PoemShape

_SOUNDS: Final = {"chinese": "rhymes", "english": "lexicon"}
"""The option that tells how the poems of a language sound."""


@click.command(
    epilog=examples(
        ("charrnn forms learn jueju > my.toml", "the form of most poems of a corpus"),
        ("charrnn forms learn jueju --shape 7,7,7,7", "that of the poems with such lines"),
        ("charrnn forms learn jueju --name mine --json", "the same for programs"),
    ),
)
@click.argument("file")
@click.option("--name", help="What to call the form.  [default: as the file is called]")
@click.option(
    "--shape",
    metavar="N,...",
    help="Poems to learn from: characters of each line, as in 7,7,7,7; of English poems the "
    "number of lines.  [default: the commonest]",
)
@click.option(
    "--rhymes",
    help="How Chinese sounds: a rhyme book, learned from the poems themselves, or a FILE.  "
    "[default: pingshui for lines of 5 or 7 characters, else cilin]",
)
@click.option("--lexicon", metavar="FILE", help=settings_of(FormConfig)["lexicon"].help)
@config_options(CorpusConfig, only=("encoding", "layout"))
@json_option
def learn(
    *,
    file: str,
    name: str | None,
    shape: str | None,
    rhymes: str | None,
    lexicon: str | None,
    corpus_config: CorpusConfig,
    as_json: bool,
) -> None:
    """Derive a form of verse, as TOML, from poems that have it.

    FILE holds poems, most of them in the form; it may be a corpus known by name. Chinese: the
    lengths of the lines, their tones, where nine in ten poems agree, and what rhymes. English:
    syllables, metre and rhymes. Where the poems follow several patterns, as regular verse does,
    each is a variant of the form.

    What the poems bear out is told on standard error.
    """
    from charrnn.forms.core.known_forms import form_to_toml
    from charrnn.forms.core.language import language_named, main_language

    corpus = _corpus(file, corpus_config)
    poems = _poems(corpus)
    wanted = None if shape is None else _shape(shape)
    name = name or corpus.name
    language = main_language(poems)
    given = {"chinese": rhymes, "english": lexicon}
    for other in given.keys() - {language}:
        if given[other] is not None:
            raise click.UsageError(
                f"--{_SOUNDS[other]} is for {other.capitalize()} verse, and these poems are "
                f"{language.capitalize()}."
            )
    learned = language_named(language).learn_form(poems, name, wanted, given[language])
    source = f"Learned from {learned.considered:,} poems of {corpus.name}."
    learned = dataclasses.replace(learned, form=dataclasses.replace(learned.form, source=source))
    for line in _summary(learned):
        click.echo(line, err=True)
    if as_json:
        _print_json(dataclasses.asdict(learned))
    else:
        click.echo(form_to_toml(learned.form), nl=False)


def _corpus(file: str, config: CorpusConfig) -> "Corpus":
    from charrnn.cli.download_display import download_progress
    from charrnn.corpus.loading import read_corpus

    with download_progress() as progress:
        corpus = read_corpus([file], config, progress=progress)
    for note in corpus.notes:
        click.echo(note, err=True)
    if corpus.layout == "text":
        raise CorpusError(
            f"{file} was read as one continuous text. Part its poems by blank lines, or say how "
            "they stand in it with --layout blocks or lines."
        )
    return corpus


def _poems(corpus: "Corpus") -> list[str]:
    from charrnn.corpus.splitting import poems_at

    return list(poems_at(corpus, corpus.spans))


def _shape(text: str) -> "PoemShape":
    try:
        shape = parse_lengths(text)
    except ConfigurationError:
        shape = ()
    if not shape or 0 in shape:
        raise click.UsageError(f"a shape is numbers, as in 7,7,7,7. Received: {text}.")
    return shape


def _summary(learned: "LearnedForm") -> Iterator[str]:
    """What the poems bear out, in sentences."""
    from charrnn.forms.core.language import language_of
    from charrnn.forms.core.learning import shape_text

    form, count = learned.form, learned.considered
    unit = language_of(form).shape_unit
    shapes = ", ".join(f"{number:,} of {shape_text(shape)}" for shape, number in learned.shapes)
    yield f"{learned.poems:,} poems, by their {unit}: {shapes}."
    yield f"Learned from {count:,} of {shape_text(learned.shape)}."
    if len(form.variants) > 1:
        names = zip(form.variant_names, learned.following, strict=True)
        told = ", ".join(f"{name} ({number:,} poems)" for name, number in names)
        others = count - sum(learned.following)
        yield f"They follow {told}" + (f"; {others:,} follow none." if others else ".")
    if form.metre:
        yield f"The metre is {form.metre}."
    pairs = ", ".join(
        f"{earlier} and {later} in {share:.0%}" for earlier, later, share in learned.rhyming
    )
    yield f"Lines that rhyme ({learned.sounds}): {pairs or 'none'}."
    yield (
        f"{learned.keeping:,} of these {count:,} poems keep the form in everything; "
        f"{learned.lines_keeping:.0%} of their lines do."
    )


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
