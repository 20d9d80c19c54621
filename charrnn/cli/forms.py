"""`charrnn forms`: list, show and learn forms of verse."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from charrnn.cli.forms_sounds import sounds
from charrnn.cli.options import config_options, examples, json_option
from charrnn.cli.process import print_json, print_notes
from charrnn.cli.texts import read_shown
from charrnn.errors import ConfigurationError, CorpusError
from charrnn.forms.core.config import FormConfig, parse_lengths
from charrnn.settings.configuration import CorpusConfig
from charrnn.settings.setting import settings_of
from charrnn.wording import counted

if TYPE_CHECKING:
    from charrnn.corpus.loading import Corpus
    from charrnn.forms.core.form import Form, Line
    from charrnn.forms.core.learning import LearnedForm, PoemShape

_SOUNDS: Final = {"chinese": "rhymes", "english": "lexicon"}
"""The option that tells how the poems of a language sound."""


@click.group(
    invoke_without_command=True,
    epilog=examples(
        ("charrnn forms", "list the forms, with an example of each"),
        ("charrnn forms show qijue > my.toml", "write the rules of a form to a file"),
        ("charrnn forms learn jueju > my.toml", "learn the rules from poems"),
    ),
)
@click.pass_context
def forms(context: click.Context) -> None:
    """List forms of verse, show their rules, and learn new ones.

    You can edit the rules that forms show and forms learn print. Give the file to charrnn verify
    or to charrnn generate --form.
    """
    if context.invoked_subcommand is None:
        _print_forms()


@forms.command(
    "list",
    epilog=examples(
        ("charrnn forms list", "list the forms, with an example of each"),
        ("charrnn forms list --json", "the same for programs"),
    ),
)
@json_option
def list_forms(as_json: bool) -> None:
    """List the forms, with an example of each."""
    from charrnn.forms.core.known_forms import known_forms

    if as_json:
        names = ("name", "aliases", "title", "language", "lines", "variants", "example", "source")
        print_json(
            [
                {name: getattr(form, name) for name in names} | {"variants": form.variant_names}
                for form in known_forms().values()
            ]
        )
    else:
        _print_forms()


@forms.command(
    epilog=examples(
        ("charrnn forms show qijue", "its lines, tones and rhymes, as TOML"),
        ("charrnn forms show wupai-20 > my.toml", "twenty lines of regular verse, to edit"),
        ("charrnn forms show sonnet --json", "the same for programs"),
    ),
)
@click.argument("form")
@json_option
def show(form: str, as_json: bool) -> None:
    """Print the rules of FORM as TOML, ready to edit.

    FORM is a name from charrnn forms, or a TOML file. The lengths of a line are the numbers of
    characters or syllables that it may have. Its pattern has a mark for each of them: 平 level,
    仄 oblique, 中 either; u unstressed, / stressed, x either. A | separates patterns of which the
    line follows one. Lines with the same letter rhyme.

    In a metre, heaven, power and their like may be a syllable shorter, as in old verse. A form
    without metre, such as haiku, counts syllables as they are spoken.
    """
    from charrnn.forms.core.known_forms import find_form, form_to_toml

    found = find_form(form)
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        click.echo(form_to_toml(found), nl=False)


@forms.command(
    epilog=examples(
        ("charrnn forms learn jueju > my.toml", "the form of most poems of a corpus"),
        ("charrnn forms learn jueju --shape 7,7,7,7", "of the poems with such lines"),
        ("charrnn forms learn jueju --name mine --json", "the same for programs"),
    ),
)
@click.argument("file")
@click.option("--name", help="Name of the form.  [default: that of the file]")
@click.option(
    "--shape",
    metavar="N,...",
    help="Poems to learn from. Chinese: the characters of each line, as in 7,7,7,7; English: the "
    "number of lines.  [default: the most common]",
)
@click.option(
    "--rhymes",
    help="Pronunciation of Chinese: a rhyme book, learned (from these poems), or a FILE.  "
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
    """Learn a form of verse from poems, and print it as TOML.

    FILE holds poems, most of them in the form; it may be the name of a known corpus. Chinese poems
    give the lengths of the lines, the tones on which nine in ten poems agree, and the rhymes.
    English poems give syllables, metre and rhymes. If the poems follow several patterns, as
    regular verse does, each becomes a variant of the form.

    A summary of the evidence goes to standard error.
    """
    from charrnn.corpus.splitting import poems_at
    from charrnn.forms.core.known_forms import form_to_toml
    from charrnn.forms.core.language import language_named, main_language

    corpus = _corpus(file, corpus_config)
    poems = list(poems_at(corpus, corpus.spans))
    wanted = None if shape is None else _shape(shape)
    language = main_language(poems)
    given = {"chinese": rhymes, "english": lexicon}
    for other in given.keys() - {language}:
        if given[other] is not None:
            raise click.UsageError(
                f"--{_SOUNDS[other]} is for {other.capitalize()} verse, and these poems are "
                f"{language.capitalize()}."
            )
    learned = language_named(language).learn_form(
        poems, name or corpus.name, wanted, given[language]
    )
    source = f"Learned from {counted(learned.considered, 'poem')} of {corpus.name}."
    learned = dataclasses.replace(learned, form=dataclasses.replace(learned.form, source=source))
    print_notes(_evidence(learned))
    if as_json:
        print_json(dataclasses.asdict(learned))
    else:
        click.echo(form_to_toml(learned.form), nl=False)


forms.add_command(sounds)


def _print_forms() -> None:
    from rich.text import Text

    from charrnn.cli.console import safe_console
    from charrnn.forms.core.known_forms import known_forms

    console = safe_console(soft_wrap=True)
    for form in known_forms().values():
        names = f"  {', '.join(form.aliases)}" if form.aliases else ""
        size = f"  {form.title}: {_size(form)}"
        console.print(Text.assemble((form.name, "bold"), size, (names, "dim")))
        for line in form.example.splitlines():
            console.print(f"    {line}".rstrip())
        console.print()


def _size(form: "Form") -> str:
    """Return "4 lines of 7 characters"."""
    from charrnn.forms.core.form import UNITS

    shapes = {tuple(map(_length, variant)): None for variant in form.variants}
    lengths = [
        shape[0]
        if len(set(shape)) == 1
        else "-".join(f"({one})" if "–" in one else one for one in shape)
        for shape in shapes
    ]
    return f"{counted(form.lines, 'line')} of {' or '.join(lengths)} {UNITS[form.language]}"


def _length(line: "Line") -> str:
    """Return "7" or "8–9"."""
    least, most = min(line.lengths), max(line.lengths)
    return str(least) if least == most else f"{least}–{most}"


def _corpus(file: str, config: CorpusConfig) -> "Corpus":
    corpus = read_shown([file], config)
    print_notes(corpus.notes)
    if corpus.layout == "text":
        raise CorpusError(
            f"{file} was read as one continuous text. Separate its poems by blank lines, or choose "
            "--layout blocks or lines."
        )
    return corpus


def _shape(text: str) -> "PoemShape":
    with contextlib.suppress(ConfigurationError):
        shape = parse_lengths(text)
        if shape and 0 not in shape:
            return shape
    raise click.UsageError(f"a shape is numbers, as in 7,7,7,7. Received: {text}.")


def _evidence(learned: "LearnedForm") -> Iterator[str]:
    """What the poems show, in sentences."""
    from charrnn.forms.core.language import language_of
    from charrnn.forms.core.learning import shape_text

    form, count = learned.form, learned.considered
    unit = language_of(form).shape_unit
    shapes = ", ".join(f"{number:,} of {shape_text(shape)}" for shape, number in learned.shapes)
    yield f"{counted(learned.poems, 'poem')}, by their {unit}: {shapes}."
    yield f"Learned from {count:,} of {shape_text(learned.shape)}."
    if len(form.variants) > 1:
        names = zip(form.variant_names, learned.following, strict=True)
        variants = ", ".join(f"{name} ({counted(number, 'poem')})" for name, number in names)
        others = count - sum(learned.following)
        yield f"They follow {variants}" + (f"; {others:,} follow none." if others else ".")
    if form.metre:
        yield f"The metre is {form.metre}."
    pairs = ", ".join(
        f"{earlier} and {later} in {share:.0%}" for earlier, later, share in learned.rhyming
    )
    yield f"Lines that rhyme ({learned.sounds}): {pairs or 'none'}."
    yield (
        f"{learned.keeping:,} of these {count:,} poems keep all rules of the form; "
        f"{learned.lines_keeping:.0%} of their lines do."
    )
