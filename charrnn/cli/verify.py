"""`charrnn verify`: whether a poem keeps a form."""

import re
from typing import TYPE_CHECKING, Final

import click

from charrnn.cli.options import config_options, examples, given_settings, json_option, option_name
from charrnn.cli.process import print_json
from charrnn.forms.core.config import SETTINGS_OF_ONE_LANGUAGE, FormConfig
from charrnn.settings.configuration import CorpusConfig

if TYPE_CHECKING:
    from charrnn.forms.core.form import Form

NOT_KEPT = 4
"""Exit code when a poem does not keep its form."""

_GAP: Final = re.compile(r"\n\s*\n")


@click.command(
    epilog=examples(
        ("charrnn verify qijue poem.txt", "check a poem with seven characters per line"),
        ("charrnn generate --count 9 | charrnn verify quatrain -", "check new poems"),
        ("charrnn verify my.toml poem.txt --json", "check your own form; JSON for programs"),
    ),
)
@click.argument("form")
@click.argument("file")
@config_options(
    FormConfig, only=("rhymes", "readings", "profile", "repeats", "lexicon"), typed=("form",)
)
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
    """Check poems against a form of verse.

    FORM is a name from charrnn forms, or a TOML file. FILE holds one poem, or several separated by
    blank lines; - is standard input. The mark under a Chinese character is its tone: ○ level,
    ● oblique, ◎ either, ? unknown. The mark under an English syllable is its stress: / stressed,
    u unstressed, x either.

    A character that stands twice in a 绝句 or 律诗 is remarked on; it is no fault.

    For an English form, --rhymes (perfect or slant) is the weakest rhyme that counts.

    The exit code is 0 if all poems keep the form, and 4 if one does not.
    """
    from charrnn.corpus.loading import read_corpus
    from charrnn.forms.core.known_forms import requested_form
    from charrnn.forms.core.language import open_rules

    form = requested_form(form_config)
    _refuse_other_language(context, form)
    rules = open_rules(form, form_config)
    corpus = read_corpus([file], CorpusConfig(layout="text", encoding=corpus_config.encoding))
    text = corpus.text[: len(corpus.text)]
    judgements = [rules.verify(poem) for poem in cut_poems(text, form)]
    kept = sum(judgement.passes for judgement in judgements)
    if as_json:
        print_json(
            {
                "form": form.name,
                "file": file,
                "rhymes": rules.rhymes,
                "passes": kept == len(judgements),
                "passed": kept,
                "poems": [judgement.as_json() for judgement in judgements],
            }
        )
    else:
        from charrnn.cli.scansion import print_judgement

        several = len(judgements) > 1
        for number, judgement in enumerate(judgements, 1):
            print_judgement(judgement, number if several else None)
        if several:
            click.echo(f"{kept:,} of {len(judgements):,} poems keep the form.")
    if kept < len(judgements):
        context.exit(NOT_KEPT)


def _refuse_other_language(context: click.Context, form: "Form") -> None:
    """Refuse settings that are for the other language."""
    for name in sorted(given_settings(context, FormConfig) & SETTINGS_OF_ONE_LANGUAGE.keys()):
        language = SETTINGS_OF_ONE_LANGUAGE[name]
        if language != form.language:
            raise click.UsageError(
                f"{option_name(name)} is for {language.capitalize()} verse, and {form.name} is "
                f"{form.language.capitalize()}."
            )


def cut_poems(text: str, form: "Form") -> list[str]:
    """Divide a text into poems.

    Blank lines separate poems. Where a form has stanzas, parts that follow one another are one
    poem as long as they have no more lines than the form. A Chinese text may have one whole poem
    on each line. White space alone is one poem without lines.
    """
    from charrnn.forms.core.language import language_of

    language = language_of(form)

    def count_lines(part: str) -> int:
        return len(language.lines_of(part))

    parts: list[str] = []
    for block in _GAP.split(text.strip()):
        printed = [line for line in block.splitlines() if line.strip()]
        if len(printed) > 1 and all(count_lines(line) >= form.lines > 1 for line in printed):
            parts += printed  # A whole poem on each line.
        elif printed:
            parts.append("\n".join(printed))
    poems: list[str] = []
    room = 0
    for part in parts:
        lines = count_lines(part)
        if lines <= room:
            poems[-1] += f"\n\n{part}"
            room -= lines
        else:
            poems.append(part)
            room = form.lines - lines
    return poems or [""]
