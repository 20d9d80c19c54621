"""`charrnn verify`: whether a poem keeps a form."""

import json
import re
from typing import TYPE_CHECKING, Any, Final

import click

from charrnn.cli.options import config_options, examples, given_settings, json_option, option_name
from charrnn.forms.core.config import SETTINGS_OF_ONE_LANGUAGE, FormConfig
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.forms.core.form import Form, Judgement

NOT_KEPT = 4
"""Exit code where a poem does not keep its form."""

_GAP: Final = re.compile(r"\n\s*\n")


@click.command(
    epilog=examples(
        ("charrnn verify qijue poem.txt", "a poem of seven characters a line"),
        ("charrnn generate --count 9 | charrnn verify quatrain -", "what was just written"),
        ("charrnn verify my.toml poem.txt --json", "a form of your own, for programs"),
    ),
)
@click.argument("form")
@click.argument("file")
@config_options(FormConfig, only=("rhymes", "readings", "profile", "lexicon"), typed=("form",))
@config_options(CorpusConfig, only=("encoding",))
@json_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    file: str,
    form_config: FormConfig,
    corpus_config: CorpusConfig,
    as_json: bool,
) -> None:
    """Tell whether poems keep a form of verse, and where not.

    FORM is a name that charrnn forms lists, or a TOML file. FILE holds a poem, or several with
    blank lines between them; - is standard input. Below each character stands its tone, ○ level,
    ● oblique, ◎ either, ? not known; below each syllable its stress, / or u, x for either.

    For an English form, --rhymes is perfect or slant: the least that counts as a rhyme.

    The exit code is 0 where all poems keep the form, and 4 where one does not.
    """
    from charrnn.forms.core.known_forms import requested_form
    from charrnn.forms.core.language import open_rules

    form = requested_form(form_config)
    _refuse_strangers(context, form)
    rules = open_rules(form, form_config)
    text = _text(file, corpus_config.encoding)
    judgements = [rules.verify(poem) for poem in cut_poems(text, form)]
    if as_json:
        _print_json(file, form, rules.rhymes, judgements)
    else:
        _draw(judgements)
    if not all(judgement.passes for judgement in judgements):
        context.exit(NOT_KEPT)


def _refuse_strangers(context: click.Context, form: "Form") -> None:
    """Refuse settings that mean nothing for the language of a form."""
    for name in sorted(given_settings(context, FormConfig) & SETTINGS_OF_ONE_LANGUAGE.keys()):
        language = SETTINGS_OF_ONE_LANGUAGE[name]
        if language != form.language:
            raise click.UsageError(
                f"{option_name(name)} is for {language.capitalize()} verse, and {form.name} is "
                f"{form.language.capitalize()}."
            )


def _text(file: str, encoding: str | None) -> str:
    from charrnn.corpus.loading import read_corpus

    corpus = read_corpus([file], CorpusConfig(layout="text", encoding=encoding))
    return corpus.text[: len(corpus.text)]


def _draw(judgements: "list[Judgement]") -> None:
    from rich.console import Console

    from charrnn.cli.scansion import show_judgement

    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    for number, judgement in enumerate(judgements, 1):
        show_judgement(console, judgement, number if len(judgements) > 1 else None)
    if len(judgements) > 1:
        kept = sum(judgement.passes for judgement in judgements)
        console.print(f"{kept:,} of {len(judgements):,} poems keep the form.")


def _print_json(file: str, form: "Form", sounds: str, judgements: "list[Judgement]") -> None:
    document: dict[str, Any] = {
        "form": form.name,
        "file": file,
        "rhymes": sounds,
        "passes": all(judgement.passes for judgement in judgements),
        "passed": sum(judgement.passes for judgement in judgements),
        "poems": [judgement.as_json() for judgement in judgements],
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def cut_poems(text: str, form: "Form") -> list[str]:
    """The poems of a text that are to be held to a form.

    Blank lines part poems; where the form has stanzas or a poem is printed in several parts,
    parts that follow one another are one poem as long as they have no more lines than the form.
    A Chinese text may also have a whole poem on each line.

    Args:
        text: One poem, or several.
        form: What they are to be held to.

    Returns:
        The poems, at least one; a text of nothing but white space is a poem without lines.
    """
    poems: list[str] = []
    room = 0
    for part in _parts(text, form):
        lines = _count_lines(part, form)
        if lines <= room:
            poems[-1] += f"\n\n{part}"
            room -= lines
        else:
            poems.append(part)
            room = form.lines - lines
    return poems or [""]


def _parts(text: str, form: "Form") -> list[str]:
    """What blank lines part, or line ends in a text that has a poem on each line."""
    parts: list[str] = []
    for block in _GAP.split(text.strip()):
        printed = [line for line in block.splitlines() if line.strip()]
        if len(printed) > 1 and all(_count_lines(line, form) >= form.lines > 1 for line in printed):
            parts += printed
        elif printed:
            parts.append("\n".join(printed))
    return parts


def _count_lines(part: str, form: "Form") -> int:
    """How many lines of verse there are in a part of a text."""
    from charrnn.forms.core.language import language_of

    return len(language_of(form).lines_of(part))
