"""Pieces that a network of charrnn writes, free and in a form."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from benchmarks.form_quality import one_after_another
from benchmarks.poems.pieces import Piece, Source, pieces_of
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import FormGivenUpError
from charrnn.forms.core.compile import compile_form
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.language import FormRules
from charrnn.settings.configuration import SamplingConfig

TRIES = 4
"""Poems that are written for each piece that is wanted, at most."""


class Written(NamedTuple):
    """What was written.

    Attributes:
        pieces: Those with the lines of the form.
        poems: How many poems were written for them.
    """

    pieces: list[Piece]
    poems: int


def written_free(
    writer: TextGenerator, rules: FormRules, sampling: SamplingConfig, count: int
) -> Written:
    """Pieces of poems that keep no form; their label says one where the network knows it."""
    conditioned = writer.conditioned(sampling, rules.form.name)
    settings = itertools.islice(one_after_another(sampling), TRIES * count)
    return collected(map(str, conditioned.write_many("", settings)), rules, count)


def written_in_form(
    writer: TextGenerator,
    rules: FormRules,
    form: FormConfig,
    sampling: SamplingConfig,
    count: int,
) -> Written:
    """Poems in a form; those that were given up count as written."""
    compiled = compile_form(writer, form, sampling)

    def poems() -> Iterator[str]:
        for settings in itertools.islice(one_after_another(sampling), count):
            text = ""
            with contextlib.suppress(FormGivenUpError):
                text = str(compiled.write(sampling=settings))
            yield text

    return collected(poems(), rules, count)


def collected(poems: Iterable[str], rules: FormRules, count: int) -> Written:
    """Cut poems to pieces, one after another, until there are enough."""
    taken = 0

    def sources() -> Iterator[Source]:
        nonlocal taken
        for text in poems:
            taken += 1
            yield Source(text)

    return Written(list(itertools.islice(pieces_of(sources(), rules), count)), taken)
