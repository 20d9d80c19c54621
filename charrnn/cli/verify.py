"""`charrnn verify`: whether a poem keeps a form."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import click

from charrnn.cli.options import config_options, examples, given_settings, json_option, option_name
from charrnn.config import CorpusConfig, VerificationConfig

if TYPE_CHECKING:
    from charrnn.poetry.form import Form
    from charrnn.poetry.judgement import Judgement

NOT_KEPT = 4
"""Exit code where a poem does not keep its form."""

_CHINESE_ONLY: Final = {"readings", "profile"}
_ENGLISH_ONLY: Final = {"lexicon"}

Judge = Callable[[str], "Judgement"]


@click.command(
    epilog=examples(
        ("charrnn verify qijue poem.txt", "a poem of seven characters a line"),
        ("charrnn generate --count 9 | charrnn verify quatrain -", "what was just written"),
        ("charrnn verify my.toml poem.txt --json", "a form of your own, for programs"),
    ),
)
@click.argument("form")
@click.argument("file")
@config_options(VerificationConfig)
@config_options(CorpusConfig, only=("encoding",))
@json_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    form: str,
    file: str,
    verification_config: VerificationConfig,
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
    from charrnn.poetry.known_forms import find_form
    from charrnn.poetry.poems import cut_poems

    wanted = find_form(form)
    _refuse_strangers(context, wanted)
    wanted, judge, sounds = _judge(wanted, verification_config)
    text = _text(file, corpus_config.encoding)
    judgements = [judge(poem) for poem in cut_poems(text, wanted)]
    if as_json:
        _print_json(file, wanted, sounds, judgements)
    else:
        _draw(judgements)
    if not all(judgement.passes for judgement in judgements):
        context.exit(NOT_KEPT)


def _refuse_strangers(context: click.Context, form: "Form") -> None:
    """Refuse settings that mean nothing for the language of a form."""
    foreign = _ENGLISH_ONLY if form.language == "chinese" else _CHINESE_ONLY
    for name in sorted(given_settings(context, VerificationConfig) & foreign):
        raise click.UsageError(
            f"{option_name(name)} is for {'English' if name in _ENGLISH_ONLY else 'Chinese'} verse, "
            f"and {form.name} is {form.language.capitalize()}."
        )


def _judge(form: "Form", config: VerificationConfig) -> "tuple[Form, Judge, str]":
    """The form as it is held to, what judges a poem by it, and by whose sounds."""
    return (_chinese_judge if form.language == "chinese" else _english_judge)(form, config)


def _chinese_judge(form: "Form", config: VerificationConfig) -> "tuple[Form, Judge, str]":
    from charrnn.poetry.chinese_verifier import verify_chinese
    from charrnn.poetry.form import with_profile
    from charrnn.poetry.rhyme_books import USUAL_BOOK, find_sounds

    loosened = with_profile(form, config.profile)
    sounds = find_sounds(config.rhymes or form.book or USUAL_BOOK)
    return (
        loosened,
        lambda poem: verify_chinese(poem, loosened, sounds, config.readings),
        sounds.name,
    )


def _english_judge(form: "Form", config: VerificationConfig) -> "tuple[Form, Judge, str]":
    from pathlib import Path
    from typing import get_args

    from charrnn.poetry.english_verifier import Rhymes, verify_english
    from charrnn.poetry.lexicon import open_lexicon

    grades = get_args(Rhymes)
    if config.rhymes not in {None, *grades}:
        raise click.UsageError(
            f"the rhymes of English verse are {' or '.join(grades)}. Received: {config.rhymes}."
        )
    lexicon = open_lexicon(None if config.lexicon is None else Path(config.lexicon))
    rhymes = cast("Rhymes", config.rhymes or grades[0])
    return form, lambda poem: verify_english(poem, form, lexicon, rhymes=rhymes), rhymes


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
