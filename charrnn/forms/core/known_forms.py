"""Forms as TOML files, the bundled forms, and forms composed from settings."""

import dataclasses
import difflib
import functools
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Final

from charrnn.errors import ConfigurationError, FormError
from charrnn.forms.core.config import FormConfig, parse_lengths
from charrnn.forms.core.form import LONGEST_LINE, MOST_LINES, Form, Line, Metre
from charrnn.input_files import read_input
from charrnn.settings.from_json import from_json


@dataclass(frozen=True, kw_only=True, slots=True)
class _Variant:
    name: str = ""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Variants:
    variants: tuple[_Variant, ...]


def form_from_toml(text: str, name: str) -> Form:
    """Parse a form; `name` stands for the text in errors.

    Raises:
        FormError: The text is not TOML, or no form.
    """
    try:
        values = tomllib.loads(text)
        tables = values.get("variants", [])
        named = from_json({"variants": tables}, _Variants, FormError).variants
        values["variants"] = [table["lines"] for table in tables]
        values["variant_names"] = [variant.name for variant in named]
        return from_json(values, Form, FormError)
    except tomllib.TOMLDecodeError as error:
        raise FormError(f"{name} is not TOML: {error}.") from error
    except RecursionError as error:
        raise FormError(f"{name} is no form: its tables lie too deep in one another.") from error
    except FormError as error:
        raise FormError(f"{name}: {error}") from error


def form_to_toml(form: Form) -> str:
    """A form as TOML; `form_from_toml` restores it."""
    scalars = (
        ("name", _string(form.name)),
        ("aliases", _array(map(_string, form.aliases))),
        ("title", _string(form.title)),
        ("language", _string(form.language)),
        ("stanzas", _array(map(str, form.stanzas))),
        ("metre", _string(form.metre)),
        ("book", _string(form.book)),
        ("repeats", "" if form.repeats else "false"),
        ("example", _text(form.example)),
        ("source", _text(form.source)),
    )
    needed = {field.name for field in dataclasses.fields(Form) if field.default is MISSING}
    lines = [
        f"{key} = {value}"
        for key, value in scalars
        if key in needed or value not in {"", '""', "[]"}
    ]
    for name, variant in zip(form.variant_names, form.variants, strict=True):
        lines += ["", "[[variants]]", f"name = {_string(name)}", "lines = ["]
        lines += [f"    {_line(line)}," for line in variant]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _line(line: Line) -> str:
    parts = [f"lengths = {_array(map(str, line.lengths))}"]
    parts += [
        f"{key} = {_string(value)}"
        for key in ("pattern", "rhyme", "ending")
        if (value := getattr(line, key))
    ]
    return "{ " + ", ".join(parts) + " }"


def _array(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _string(text: str) -> str:
    """A basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(text: str) -> str:
    if "\n" not in text:
        return _string(text)
    return '"""\n' + "\n".join(_string(line)[1:-1] for line in text.split("\n")) + '"""'


_DIRECTORY: Final = Path(__file__).parent.parent / "known"
_SUFFIX: Final = ".toml"

_OF_ANY_LENGTH: Final = {"wupai": "wulv", "qipai": "qilv"}
"""Regular verse of any length, and the octave whose second half it repeats."""


@functools.cache
def known_forms() -> dict[str, Form]:
    """The bundled forms by name: Chinese ones (tunes last), then English ones, by length."""
    forms = [_known_form(path) for path in _DIRECTORY.glob(f"*{_SUFFIX}")]
    forms.sort(key=lambda form: (form.language, form.book == "cilin", form.lines, form.name))
    return {form.name: form for form in forms}


def requested_form(config: FormConfig) -> Form:
    """The form in the settings, by its name or by its lines; see `find_form`, `compose_form`."""
    if config.form is not None:
        return find_form(config.form)
    return compose_form(
        lines=config.lines,
        syllables=None if config.syllables is None else parse_lengths(config.syllables),
        characters=None if config.characters is None else parse_lengths(config.characters),
        rhyme=config.rhyme or "",
        metre=config.metre or "",
    )


def find_form(reference: str) -> Form:
    """Find a form.

    Args:
        reference: A name or alias; `wupai-16` for sixteen lines; or the path of a TOML file.

    Raises:
        FormError: There is no such form, or the file cannot be used.
    """
    if is_file_reference(reference):
        return _from_file(Path(reference))
    wanted = reference.casefold()
    path = _DIRECTORY / f"{wanted}{_SUFFIX}"  # A name is found without parsing all forms.
    if path.is_file():
        return _known_form(path)
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


@functools.cache
def _known_form(path: Path) -> Form:
    return form_from_toml(path.read_text(encoding="utf-8"), path.name)


def is_file_reference(reference: str) -> bool:
    """Whether a reference is a path and not a name."""
    return reference.endswith(_SUFFIX) or Path(reference).name != reference


def _from_file(path: Path) -> Form:
    try:
        return form_from_toml(read_input(path).decode(), str(path))
    except OSError as error:
        raise FormError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text, as TOML is.") from error


def _of_lines(form: Form, lines: int) -> Form:
    """A 排律 of this many lines: the octave, its second half repeated."""
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
        repeats=form.repeats,
        example="",
        source=form.source,
    )


UNRHYMED: Final = "-"
"""Stands for a line without rhyme in a rhyme scheme."""

_FEET: Final[dict[Metre, str]] = {"": "", "iambic": "u/", "anapaestic": "uu/"}


def compose_form(
    *,
    lines: int | None = None,
    syllables: Sequence[int] | None = None,
    characters: Sequence[int] | None = None,
    rhyme: str = "",
    metre: Metre = "",
) -> Form:
    """Compose a form, named "composed".

    A single length holds for all lines. `rhyme` has a letter per line, - for no rhyme: "ABCB"; a
    letter that occurs once does not rhyme.

    Raises:
        ConfigurationError: The arguments contradict one another or are incomplete.
    """
    if (syllables is None) == (characters is None):
        raise ConfigurationError(
            "a form is counted in syllables, which makes it English, or in characters, which makes "
            f"it Chinese. Received: {'neither' if syllables is None else 'both'}."
        )
    lengths = list(syllables or characters or ())
    scheme = rhyme.upper()
    _check(lengths, scheme, characters is not None, metre)
    count = _line_count(lines, lengths, scheme)
    if len(lengths) == 1:
        lengths *= count
    times = Counter(scheme)
    template = tuple(
        Line(
            lengths=(length,),
            pattern=(_FEET[metre] * length)[-length:],  # The last foot is complete.
            rhyme=letter if times[letter] > 1 and letter != UNRHYMED else "",
        )
        for length, letter in zip(lengths, scheme or UNRHYMED * count, strict=True)
    )
    return Form(
        name="composed",
        title="a form of your own",
        language="english" if characters is None else "chinese",
        variants=(template,),
        variant_names=("composed",),
        stanzas=(count,),
        metre=metre,
        source="Composed from settings.",
    )


def _check(lengths: Sequence[int], scheme: str, chinese: bool, metre: Metre) -> None:
    if not lengths or not all(1 <= length <= LONGEST_LINE for length in lengths):
        received = ",".join(map(str, lengths)) or "nothing"
        raise ConfigurationError(
            f"a line has from 1 to {LONGEST_LINE} syllables or characters. Received: {received}."
        )
    if any(not ("A" <= letter <= "Z" or letter == UNRHYMED) for letter in scheme):
        raise ConfigurationError(
            f"a rhyme scheme is a letter for each line, or {UNRHYMED} for one that rhymes with "
            f"none, as in ABCB. Received: {scheme}."
        )
    if chinese and metre:
        raise ConfigurationError(
            f"Chinese verse has no metre. Leave out {metre}, or count syllables instead of "
            "characters."
        )


def _line_count(lines: int | None, lengths: Sequence[int], scheme: str) -> int:
    told = {
        "lines": lines,
        "lengths": len(lengths) if len(lengths) > 1 else None,
        "rhyme": len(scheme) or None,
    }
    given = {what: count for what, count in told.items() if count is not None}
    if len(set(given.values())) > 1:
        words = ", ".join(f"{count} by its {what}" for what, count in given.items())
        raise ConfigurationError(f"the form cannot have several numbers of lines: {words}.")
    count = next(iter(given.values()), 0)
    if not given:
        raise ConfigurationError("a form of equal lines needs their number: give lines too.")
    if not 1 <= count <= MOST_LINES:
        raise ConfigurationError(f"a form has from 1 to {MOST_LINES} lines. Received: {count}.")
    return count
