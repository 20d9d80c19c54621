"""The forms that come with charrnn, and finding one by what was typed."""

import dataclasses
import difflib
import functools
import re
from pathlib import Path
from typing import Final

from charrnn.errors import FormError
from charrnn.forms.core.form import MOST_LINES, Form
from charrnn.forms.core.form_file import read_form

_DIRECTORY: Final = Path(__file__).parent.parent / "known"
_SUFFIX: Final = ".toml"

_OF_ANY_LENGTH: Final = {"wupai": "wulv", "qipai": "qilv"}
"""Regular verse of as many lines as one likes, and the octave whose second half it repeats."""


@functools.cache
def known_forms() -> dict[str, Form]:
    """The forms that come with charrnn, by name: Chinese ones, tunes last, and English ones, by length."""
    forms = [
        read_form(path.read_text(encoding="utf-8"), path.name)
        for path in _DIRECTORY.glob(f"*{_SUFFIX}")
    ]
    forms.sort(key=lambda form: (form.language, form.book == "cilin", form.lines, form.name))
    return {form.name: form for form in forms}


def find_form(reference: str) -> Form:
    """The form that was asked for.

    Args:
        reference: A name or another name of a known form; `wupai-16` for sixteen lines of it; or
            the path of a TOML file, which ends in .toml or has a directory in it.

    Raises:
        FormError: There is no such form, or the file cannot be used.
    """
    if names_a_file(reference):
        return _from_file(Path(reference))
    wanted = reference.casefold()
    by_name = {
        name.casefold(): form
        for form in known_forms().values()
        for name in (form.name, form.title, *form.aliases)
    }
    if wanted in by_name:
        return by_name[wanted]
    name, _, lines = wanted.rpartition("-")
    if name in by_name and by_name[name].name in _OF_ANY_LENGTH and re.fullmatch("[0-9]+", lines):
        return _of_lines(by_name[name], int(lines[:9]))
    near = difflib.get_close_matches(wanted, by_name, n=1)
    advice = f" Did you mean {by_name[near[0]].name}?" if near else ""
    raise FormError(
        f"there is no form named {reference}.{advice} charrnn forms lists them; a file of your own "
        f"has a name that ends in {_SUFFIX}."
    )


def names_a_file(reference: str) -> bool:
    """Whether what was typed is the path of a form, and not the name of one."""
    return reference.endswith(_SUFFIX) or Path(reference).name != reference


def _from_file(path: Path) -> Form:
    try:
        return read_form(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise FormError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text, as TOML is.") from error


def _of_lines(form: Form, lines: int) -> Form:
    """A 排律 of a number of lines: after an octave, its second half again and again."""
    if lines % 2 or not 10 <= lines <= MOST_LINES:
        raise FormError(
            f"{form.name} has an even number of lines from 10 to {MOST_LINES}. Received: {lines}."
        )
    octave = known_forms()[_OF_ANY_LENGTH[form.name]]
    cycles = -(-lines // 4)
    return dataclasses.replace(
        octave,
        name=f"{form.name}-{lines}",
        aliases=(),
        title=f"{form.title} of {lines} lines",
        variants=tuple((variant[:4] + variant[4:] * cycles)[:lines] for variant in octave.variants),
        stanzas=(lines,),
        example="",
        source=form.source,
    )
