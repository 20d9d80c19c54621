"""`charrnn verify`: whether a poem keeps a form."""

import json
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import config_options, examples, given_settings, json_option, option_name
from charrnn.config import CorpusConfig, FormConfig

if TYPE_CHECKING:
    from charrnn.forms.core.form import Form
    from charrnn.forms.core.judgement import Judgement

NOT_KEPT = 4
"""Exit code where a poem does not keep its form."""


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
    from charrnn.forms.core.poems import cut_poems
    from charrnn.forms.core.rules import asked_form, open_standard

    form = asked_form(form_config)
    _refuse_strangers(context, form)
    standard = open_standard(form, form_config)
    text = _text(file, corpus_config.encoding)
    judgements = [standard.judge(poem) for poem in cut_poems(text, form)]
    if as_json:
        _print_json(file, form, standard.rhymes, judgements)
    else:
        _draw(judgements)
    if not all(judgement.passes for judgement in judgements):
        context.exit(NOT_KEPT)


def _refuse_strangers(context: click.Context, form: "Form") -> None:
    """Refuse settings that mean nothing for the language of a form."""
    from charrnn.forms.core.rules import OF_ONE_LANGUAGE

    for name in sorted(given_settings(context, FormConfig) & OF_ONE_LANGUAGE.keys()):
        language = OF_ONE_LANGUAGE[name]
        if language != form.language:
            raise click.UsageError(
                f"{option_name(name)} is for {language.capitalize()} verse, and {form.name} is "
                f"{form.language.capitalize()}."
            )


def _text(file: str, encoding: str | None) -> str:
    from charrnn.corpus.reading import read_corpus

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
