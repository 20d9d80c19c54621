"""The interface of a language of verse, and the tables that networks learn of it: tones, words."""

import dataclasses
import importlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast, get_args

from charrnn.checkpoint.directory import Checkpoint, open_of_corpus
from charrnn.checkpoint.lookup import spoken_name
from charrnn.checkpoint.regular_files import read_regular
from charrnn.errors import ConfigurationError, FormError
from charrnn.forms.core.config import SETTINGS_OF_ONE_LANGUAGE, FormConfig, Requirement
from charrnn.forms.core.form import Form, Judgement, LanguageName
from charrnn.settings.from_json import read_document

if TYPE_CHECKING:
    from charrnn.forms.core.automaton import Automaton, OutputTokens
    from charrnn.forms.core.learning import LearnedForm, PoemShape

_FORMAT: Final = 1


class LearnedTable(Protocol):
    """A frozen dataclass of JSON values."""

    @property
    def corpus(self) -> str:
        """Digest of the corpus; "" if unknown."""


Table = TypeVar("Table", bound=LearnedTable)


def open_table(checkpoint: Checkpoint, file: str, kind: type[Table]) -> Table | None:
    """Open a learned table of a network; None if there is none.

    Raises:
        CheckpointError: The table is damaged, of another format, or of another corpus.
    """
    return open_of_corpus(
        checkpoint,
        file,
        lambda path: read_table(path, kind),
        "the learned table",
        f"Make it again: charrnn forms sounds {spoken_name(checkpoint.directory)}",
    )


def read_table(path: Path, kind: type[Table]) -> Table:
    """Read the file of a table; raises FormError, CheckpointError or OSError."""
    try:
        text = read_regular(path).decode()
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    return table_from_json(text, str(path), kind)


def table_from_json(text: str, name: str, kind: type[Table]) -> Table:
    """Read what `table_to_json` wrote; `name` stands for the text in a FormError."""
    try:
        return read_document(text, _FORMAT, kind, FormError)
    except FormError as error:
        raise FormError(f"{name} cannot be used: {error}") from error


def table_to_json(table: LearnedTable) -> str:
    """The JSON document of a table, with its format."""
    document = {"format": _FORMAT} | dataclasses.asdict(cast("Any", table))
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


LearnedTables = Callable[[], Sequence[LearnedTable]]
"""Returns the learned tables of the networks that have one."""


class FormRules(Protocol):
    """A dataclass of a form and the sounds of its language."""

    @property
    def form(self) -> Form:
        """The form, after its profile was applied."""

    @property
    def rhymes(self) -> str:
        """What decides rhymes: "pingshui", "slant"."""

    def verify(self, poem: str) -> Judgement:
        """Judge a poem, independently of the automaton."""

    def resolved(self, config: FormConfig) -> FormConfig:
        """The settings with defaults filled in."""

    def notes(self, config: FormConfig, prompt: str) -> Iterator[str]:
        """What requirements or a prompt take from the rules of the form, in sentences."""

    def automaton(self, config: FormConfig, tokens: "OutputTokens") -> "Automaton":
        """The automaton of the form and the requirements.

        Raises:
            FormError: The network cannot write line ends.
            ConfigurationError: A requirement has no meaning in the language.
        """

    def spellings(self, character: str) -> Collection[str]:
        """The characters that satisfy a required one: itself, its capital."""

    def has_enough(self, letters: Collection[str]) -> bool:
        """Whether a poem may do with these letters, each written once; true if that is open."""

    def reasons(self, requirement: Requirement, *, at_end: bool) -> Iterator[str]:
        """Explain why an acrostic, a required word or a rhyme fails; nothing if not obvious."""

    def relaxations(self, config: FormConfig) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Weaker settings of the language; each sequence goes from slightly to much weaker."""


class Language(Protocol):
    """A language that has forms of verse.

    Attributes:
        letters: Its script: "Latin letters".
        shape_unit: What the shape of a poem counts: "lines".
        example_of_lengths: How lengths are given: "syllables 8,6,8,6".
        table_title, table_kind, table_file: The learned table: its use, dataclass, file name.
    """

    letters: str
    shape_unit: str
    example_of_lengths: str
    table_title: str
    table_kind: type[LearnedTable]
    table_file: str

    def writes(self, character: str, /) -> bool:
        """Whether a character belongs to the language."""

    def lines_of(self, text: str, /) -> Sequence[str]:
        """The lines of verse in a text."""

    def open_rules(
        self, form: Form, config: FormConfig, learned: LearnedTables | None
    ) -> FormRules:
        """The rules of a form; `learned` is None without a network.

        Raises:
            FormError: The rhyme book or dictionary is missing.
            ConfigurationError: A setting has no such value in the language.
        """

    def learn_table(self, poems: Iterator[str], /) -> LearnedTable:
        """Learn a table from poems; FormError if they are too few or of another kind."""

    def learn_form(
        self, poems: Sequence[str], name: str, shape: "PoemShape | None", sounds: str | None
    ) -> "LearnedForm":
        """Derive a form from poems, most of which keep it.

        Args:
            poems: The poems.
            name: Name of the new form.
            shape: The shape of the poems to learn from; None is the most common one.
            sounds: A rhyme book or a dictionary; None is the usual one.

        Raises:
            FormError: Too few poems have the shape, or the sounds are missing.
            ConfigurationError: The language has no such shapes.
        """


def language_named(name: LanguageName) -> Language:
    """A language; its modules are imported here, when they are needed."""
    module = importlib.import_module(f"charrnn.forms.{name}.language")
    return cast("Language", module.LANGUAGE)


def language_of(form: Form) -> Language:
    """The language of a form."""
    return language_named(form.language)


def language_written(form: Form, characters: Iterable[str]) -> Language:
    """The language of a form; ConfigurationError if a network of these characters has none of it."""
    language = language_of(form)
    if not any(map(language.writes, characters)):
        raise ConfigurationError(
            f"{form.title} is a form of {form.language.capitalize()} verse, and this network "
            f"knows no {language.letters}. charrnn forms lists the forms of both languages."
        )
    return language


def all_languages() -> dict[LanguageName, Language]:
    """All languages by name."""
    return {name: language_named(name) for name in get_args(LanguageName)}


def main_language(poems: Iterable[str]) -> LanguageName:
    """The language of most letters."""
    letters = [character for poem in poems for character in poem if character.isalpha()]
    counts = {name: sum(map(one.writes, letters)) for name, one in all_languages().items()}
    return max(reversed(counts), key=lambda name: counts[name])


def open_rules(form: Form, config: FormConfig, learned: LearnedTables | None = None) -> FormRules:
    """The rules of a form; ConfigurationError if a setting belongs to another language."""
    for name, language in SETTINGS_OF_ONE_LANGUAGE.items():
        default = FormConfig.__dataclass_fields__[name].default
        if language != form.language and getattr(config, name) != default:
            raise ConfigurationError(
                f"{name} is for {language.capitalize()} verse, and {form.name} is "
                f"{form.language.capitalize()}."
            )
    return language_of(form).open_rules(form, config, learned)
