"""Writing in the manner of a poet, with other labels, and under a title."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from charrnn.checkpoint.record import LabelRecord
from charrnn.corpus.chinese_script import simplified_forms
from charrnn.corpus.poem_fields import LONGEST_TITLE
from charrnn.corpus.variants import fit_to_vocabulary
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.prompts import normalised
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_labels, parse_mixture
from charrnn.wording import listed

AUTHOR_FIELDS: Final = ("author", "poet", "by", "作者", "詩人", "诗人")
"""Names of the field that `by` stands for."""

FORM_FIELD: Final = "form"

_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Condition:
    """What the poems are to be like.

    Attributes:
        by: An author, or several with weights, as in "李白=0.5,杜甫=0.5".
        label: Values of other fields, as in "dynasty=tang".
        title: The title.
        form: The form that they are written in, which is a label where the network knows it as one.
    """

    by: str | None = None
    label: str | None = None
    title: str | None = None
    form: str | None = None

    @classmethod
    def of(cls, config: SamplingConfig, form: str | None = None) -> Self:
        """The condition of these settings."""
        return cls(config.by, config.label, config.title, form)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return self.by is self.label is self.title is None


def headers_for(condition: Condition, vocabulary: Vocabulary) -> list[tuple[list[int], float]]:
    """The headers that a condition stands for, each with its weight: several where authors are mixed.

    Args:
        condition: What is asked for.
        vocabulary: The tokens of the network.

    Returns:
        Ids of labels and title, in the order of training.

    Raises:
        ConfigurationError: The network has learned no such label, or no titles.
    """
    labels = {} if condition.label is None else parse_labels(condition.label)
    fields = list(dict.fromkeys(label.field for label in vocabulary.labels))
    forms = {label.value for label in vocabulary.labels if label.field == FORM_FIELD}
    if condition.form in forms:
        labels.setdefault(FORM_FIELD, condition.form)
    authors: dict[str, float] = {}
    author_field = ""
    if condition.by is not None:
        authors = parse_mixture(condition.by)
        author_field = _author_field(fields)
        if author_field in labels:
            raise ConfigurationError(
                f"--by and --label {author_field} are the same; give one of them."
            )
    chosen = {
        field: _place(field, value, vocabulary.labels, fields) for field, value in labels.items()
    }
    title = _title(condition.title, vocabulary)
    headers = []
    for author, weight in authors.items() if authors else [("", 1.0)]:
        own = dict(chosen)
        if author:
            own[author_field] = _place(author_field, author, vocabulary.labels, fields)
        places = [own[field] for field in fields if field in own]
        headers.append(([vocabulary.first_label + place for place in places] + title, weight))
    return headers


def _author_field(fields: Sequence[str]) -> str:
    for field in AUTHOR_FIELDS:
        if field in fields:
            return field
    if len(fields) == 1:
        return fields[0]
    if not fields:
        raise ConfigurationError(
            "this network has learned no labels, so --by has no meaning for it."
        )
    raise ConfigurationError(
        f"this network knows no authors; its labels are {listed(fields)}. Give --label, as in "
        f"--label {fields[0]}=..."
    )


def _place(field: str, value: str, labels: Sequence[LabelRecord], fields: Sequence[str]) -> int:
    """The place of a label among all, found by its name or a part of it."""
    if field not in fields:
        known = f"its labels are {listed(fields)}" if fields else "it has learned no labels"
        raise ConfigurationError(f"this network knows no label {field}: {known}.")
    places = {label.value: place for place, label in enumerate(labels) if label.field == field}
    wanted = _folded(value)
    alike = [name for name in places if _folded(name) == wanted]
    # A family name is enough where one author has it.
    parts = alike or [name for name in places if f" {wanted} " in f" {_folded(name)} "]
    if len(parts) == 1:
        return places[parts[0]]
    if parts:
        raise ConfigurationError(
            f"several {field}s are called {value}: {listed(parts[:_MOST_NAMED])}. Name one in full."
        )
    near = _near(wanted, places)
    advice = f" The nearest are {listed(near)}." if near else ""
    raise ConfigurationError(
        f"this network does not know the {field} {value}.{advice} charrnn info NAME lists all."
    )


def _near(wanted: str, names: Iterable[str]) -> list[str]:
    by_folded = {_folded(name): name for name in names}
    close = difflib.get_close_matches(wanted, by_folded, n=_MOST_NAMED, cutoff=0.5)
    words = {word: name for folded, name in by_folded.items() for word in folded.split()}
    close_words = difflib.get_close_matches(wanted, words, n=_MOST_NAMED, cutoff=0.7)
    found = [by_folded[name] for name in close] + [words[word] for word in close_words]
    return list(dict.fromkeys(found))[:_MOST_NAMED]


def _folded(name: str) -> str:
    """A name for comparison: lower case, without accents and full stops, in simplified script."""
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one)
    )
    simple = "".join(next(iter(simplified_forms(one)), one) for one in plain)
    return " ".join(simple.casefold().replace(".", " ").split())


def _title(title: str | None, vocabulary: Vocabulary) -> list[int]:
    if title is None:
        return []
    if not vocabulary.titles:
        raise ConfigurationError(
            "this network has learned no titles, so --title has no meaning for it; --prompt gives "
            "first words."
        )
    text = " ".join(normalised(title).split())
    if len(text) > LONGEST_TITLE:
        raise ConfigurationError(
            f"a title has at most {LONGEST_TITLE} characters. Received: {len(text)}."
        )
    fitted, _ = fit_to_vocabulary(text, vocabulary)
    return [vocabulary.id_of(character) for character in fitted]
