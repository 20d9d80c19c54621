"""`charrnn forms`: the forms of verse that charrnn knows."""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.form_learning import learn
from charrnn.cli.learned_tables import sounds
from charrnn.cli.options import examples, json_option

if TYPE_CHECKING:
    from charrnn.forms.core.form import Form, Line


@click.group(
    invoke_without_command=True,
    epilog=examples(
        ("charrnn forms", "the forms there are, with an example of each"),
        ("charrnn forms show qijue > my.toml", "the rules of one, in a file to change"),
    ),
)
@click.pass_context
def forms(context: click.Context) -> None:
    """See the forms of verse that charrnn knows, and learn others.

    What forms show and forms learn print can be changed, and given to charrnn verify and charrnn
    generate --form as a form of your own.
    """
    if context.invoked_subcommand is None:
        _draw_all()


@forms.command(
    "list",
    epilog=examples(
        ("charrnn forms list", "the forms there are, with an example of each"),
        ("charrnn forms list --json", "the same for programs"),
    ),
)
@json_option
def list_forms(as_json: bool) -> None:
    """List the forms, with an example of each."""
    from charrnn.forms.core.known_forms import known_forms

    if not as_json:
        _draw_all()
        return
    _print_json([_summary(form) for form in known_forms().values()])


@forms.command(
    epilog=examples(
        ("charrnn forms show qijue", "its lines, tones and rhymes, as TOML"),
        ("charrnn forms show wupai-20 > my.toml", "twenty lines of regular verse, to change"),
        ("charrnn forms show sonnet --json", "the same for programs"),
    ),
)
@click.argument("form")
@json_option
def show(form: str, as_json: bool) -> None:
    """Print the rules of FORM as TOML, to be changed.

    FORM is a name that charrnn forms lists, or a TOML file. In a line, lengths are the characters
    or syllables it may have. A pattern has a mark for each: 平 level, 仄 oblique, 中 either; u
    unstressed, / stressed, x either; and | between patterns of which one is to be followed. Lines
    with the same letter rhyme.
    """
    from charrnn.forms.core.known_forms import find_form, form_to_toml

    found = find_form(form)
    if as_json:
        _print_json(dataclasses.asdict(found))
    else:
        click.echo(form_to_toml(found), nl=False)


forms.add_command(learn)
forms.add_command(sounds)


def _summary(form: "Form") -> dict[str, Any]:
    return {
        "name": form.name,
        "aliases": list(form.aliases),
        "title": form.title,
        "language": form.language,
        "lines": form.lines,
        "variants": list(form.variant_names),
        "example": form.example,
        "source": form.source,
    }


def _draw_all() -> None:
    from rich.console import Console
    from rich.text import Text

    from charrnn.forms.core.known_forms import known_forms

    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    for form in known_forms().values():
        names = f"  {', '.join(form.aliases)}" if form.aliases else ""
        shape = f"  {form.title}: {_shape(form)}"
        console.print(Text.assemble((form.name, "bold"), shape, (names, "dim")))
        for line in form.example.splitlines():
            console.print(f"    {line}".rstrip())
        console.print()


def _shape(form: "Form") -> str:
    """How many lines a form has, and how long they are: "4 lines of 7 characters"."""
    from charrnn.forms.core.form import UNITS

    shapes = {tuple(map(_length, variant)): None for variant in form.variants}
    lines = "line" if form.lines == 1 else "lines"
    lengths = [
        shape[0]
        if len(set(shape)) == 1
        else "-".join(f"({one})" if "–" in one else one for one in shape)
        for shape in shapes
    ]
    return f"{form.lines} {lines} of {' or '.join(lengths)} {UNITS[form.language]}"


def _length(line: "Line") -> str:
    """The lengths of a line: "7", "8–9"."""
    least, most = min(line.lengths), max(line.lengths)
    return str(least) if least == most else f"{least}–{most}"


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
