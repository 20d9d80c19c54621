"""What a language brings to forms of verse: the interface behind which its sounds and words lie."""

import dataclasses
import importlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar, cast, get_args

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import spoken_name
from charrnn.errors import CheckpointError, ConfigurationError, FormError
from charrnn.forms.core.automaton import Automaton, OutputTokens
from charrnn.forms.core.config import SETTINGS_OF_ONE_LANGUAGE, FormConfig, Requirement
from charrnn.forms.core.form import Form, Judgement, LanguageName
from charrnn.settings.from_json import read_document

if TYPE_CHECKING:
    from charrnn.forms.core.learning import LearnedForm, PoemShape

_FORMAT: Final = 1


class LearnedTable(Protocol):
    """What poems taught: a frozen dataclass of what JSON knows."""

    @property
    def corpus(self) -> str:
        """Digest of the corpus that the poems come from; "" where that is not known."""


Table = TypeVar("Table", bound=LearnedTable)


def open_table(checkpoint: Checkpoint, file: str, kind: type[Table]) -> Table | None:
    """What the poems of a network taught.

    Args:
        checkpoint: The network.
        file: The file of the table.
        kind: The dataclass of the table.

    Returns:
        The table; None where there is none.

    Raises:
        CheckpointError: It is damaged, of another format, or that of another text.
    """
    path = checkpoint.directory / file
    try:
        table = read_table(path, kind)
    except FileNotFoundError:
        return None
    except FormError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{path}: {error.strerror}."
    else:
        if table.corpus == checkpoint.record.corpus.digest:
            return table
        reason = f"{path} is not that of the text which was learned."
    raise CheckpointError(
        f"what its poems taught cannot be used: {reason} Make it anew: charrnn forms sounds "
        f"{spoken_name(checkpoint.directory)}"
    )


def read_table(path: Path, kind: type[Table]) -> Table:
    """Read the file of a table.

    Raises:
        FormError: It is not what charrnn writes.
        OSError: It is missing or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    return table_from_json(text, str(path), kind)


def table_from_json(text: str, name: str, kind: type[Table]) -> Table:
    """Read what `table_to_json` wrote.

    Args:
        text: The JSON document.
        name: What to call it in an error: its path.
        kind: The dataclass of the table.

    Raises:
        FormError: It is not such a document.
    """
    try:
        return read_document(text, _FORMAT, kind, FormError)
    except FormError as error:
        raise FormError(f"{name} cannot be used: {error}") from error


def table_to_json(table: LearnedTable) -> str:
    """The file of a table: JSON with its format."""
    document = {"format": _FORMAT} | dataclasses.asdict(cast("Any", table))
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


LearnedTables = Callable[[], Sequence[LearnedTable]]
"""Gives what the poems of the networks that write taught, of each that has a table."""


class FormRules(Protocol):
    """A form, and how its language sounds: what poems are held to, and are written by."""

    @property
    def form(self) -> Form:
        """The form, as strict as its profile has it."""

    @property
    def rhymes(self) -> str:
        """By which rhymes it judges: "pingshui", "slant"."""

    def with_form(self, form: Form) -> Self:
        """The same sounds under another form."""

    def verify(self, poem: str) -> Judgement:
        """Hold a poem to the form. It knows nothing of the automaton."""

    def settled(self, config: FormConfig) -> FormConfig:
        """The settings with what was left open filled in."""

    def automaton(self, config: FormConfig, tokens: OutputTokens) -> Automaton:
        """What may be written so that the poem keeps the form and all that is required.

        Raises:
            FormError: The network knows nothing to part lines with.
            ConfigurationError: A requirement does not make sense in the language.
        """

    def spellings(self, character: str) -> Collection[str]:
        """The characters that can stand for one that is required: itself, its capital."""

    def reasons(self, requirement: Requirement, *, at_end: bool) -> Iterator[str]:
        """What stands against a requirement, in words; nothing where that cannot be seen so.

        Args:
            requirement: An acrostic, what must stand in the poem, or what it rhymes with.
            at_end: Whether the characters of an acrostic end their lines.
        """

    def relaxations(self, config: FormConfig) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Settings of the language that ask for less, each way in steps from the least on."""


class Language(Protocol):
    """A language in which there are forms of verse."""

    @property
    def letters(self) -> str:
        """What it is written with: "Latin letters"."""

    @property
    def shape_unit(self) -> str:
        """What the shape counts that a form is learned from: "lines"."""

    @property
    def example_of_lengths(self) -> str:
        """How lengths are asked for: "syllables 8,6,8,6"."""

    @property
    def table_title(self) -> str:
        """What its poems teach a network, and what for, for a note."""

    @property
    def table_kind(self) -> type[LearnedTable]:
        """The dataclass of the table."""

    @property
    def table_file(self) -> str:
        """The file that keeps it beside the network."""

    def writes(self, character: str) -> bool:
        """Whether a character belongs to the language."""

    def lines_of(self, text: str) -> Sequence[str]:
        """The lines of verse in a text."""

    def open_rules(
        self, form: Form, config: FormConfig, learned: LearnedTables | None
    ) -> FormRules:
        """What poems in a form are held to.

        Args:
            form: The form as it is written.
            config: How strictly it is kept, and by which sounds.
            learned: What networks learned; None where there is no network.

        Raises:
            FormError: The sounds are not at hand.
            ConfigurationError: A setting has no such value in the language.
        """

    def open_table(self, checkpoint: Checkpoint) -> LearnedTable | None:
        """What the poems of a network taught; raises CheckpointError where it is damaged."""

    def learn_table(self, poems: Iterator[str]) -> LearnedTable:
        """Learn from poems; raises FormError where they do not teach it."""

    def learn_form(
        self, poems: Sequence[str], name: str, shape: "PoemShape | None", sounds: str | None
    ) -> "LearnedForm":
        """Derive a form from poems, most of which have it.

        Args:
            poems: The poems.
            name: What to call the form.
            shape: The shape of the poems to learn from; None takes the commonest.
            sounds: How they sound: a rhyme book, a dictionary; None is what is usual.

        Raises:
            FormError: Too few of the poems have one shape, or the sounds are not at hand.
            ConfigurationError: The poems of the language have no such shape.
        """


def language_named(name: LanguageName) -> Language:
    """A language; its modules are imported when it is first asked for."""
    module = importlib.import_module(f"charrnn.forms.{name}.language")
    return cast("Language", module.LANGUAGE)


def language_of(form: Form) -> Language:
    """The language of a form."""
    return language_named(form.language)


def all_languages() -> dict[LanguageName, Language]:
    """The languages by their names."""
    return {name: language_named(name) for name in get_args(LanguageName)}


def main_language(poems: Iterable[str]) -> LanguageName:
    """The language of most letters of some poems."""
    letters = [character for poem in poems for character in poem if character.isalpha()]
    counts = {name: sum(map(one.writes, letters)) for name, one in all_languages().items()}
    return max(reversed(counts), key=lambda name: counts[name])


def open_rules(form: Form, config: FormConfig, learned: LearnedTables | None = None) -> FormRules:
    """What poems in a form are held to; see `Language.open_rules`.

    Raises:
        ConfigurationError: A setting means nothing for the language of the form.
    """
    for name, language in SETTINGS_OF_ONE_LANGUAGE.items():
        default = FormConfig.__dataclass_fields__[name].default
        if language != form.language and getattr(config, name) != default:
            raise ConfigurationError(
                f"{name} is for {language.capitalize()} verse, and {form.name} is "
                f"{form.language.capitalize()}."
            )
    return language_of(form).open_rules(form, config, learned)
