"""A form that is the list of its poems, so that what is made under it can be worked out by hand."""

from collections.abc import Hashable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.forms.core.form import Fault, Form, Judgement, Line

END = "$"
"""Stands for the poem break in the poems of a list."""


class ListedPoems:
    """An automaton of which every poem is known; see `charrnn.forms.core.automaton.Automaton`.

    A state is what is written, and which of the lists the poem is to be from.

    Args:
        vocabulary: The characters.
        lists: The poems, in one list for each place where a required word may stand. A poem ends
            with a line end or with `END`; a line is whole after either.
    """

    def __init__(self, vocabulary: Vocabulary, *lists: Iterable[str]) -> None:
        self._vocabulary = vocabulary
        self._lists = [tuple(poems) for poems in lists]

    def initial_state(self) -> Hashable:
        return ("", 0)

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[Hashable]:
        full = [number for number, poems in enumerate(self._lists) if poems]
        return [("", one) for one in generator.choice(full, count).tolist()] if full else []

    def allowed_tokens(self, state: Hashable) -> np.ndarray:
        text, number = state
        mask = np.zeros(self._vocabulary.size, np.bool_)
        for poem in self._lists[number]:
            if poem.startswith(text) and len(poem) > len(text):
                mask[self.id_of(poem[len(text)])] = True
        return mask

    allowed_in_prompt = allowed_tokens

    def next_state(self, state: Hashable, token: int) -> Hashable:
        assert self.allowed_tokens(state)[token]
        text, number = state
        return (
            text + (END if token == END_OF_POEM else self._vocabulary.decode([token])),
            number,
        )

    def is_final(self, state: Hashable) -> bool:
        return state[0] in self._lists[state[1]]

    def lines_written(self, state: Hashable) -> int:
        return state[0].count("\n") + state[0].count(END)

    def id_of(self, character: str) -> int:
        return END_OF_POEM if character == END else self._vocabulary.id_of(character)


def form_of(lines: int) -> Form:
    """A form of so many free lines."""
    return Form(
        name="toy",
        title="toy",
        language="english",
        variants=((Line(lengths=(1,)),) * lines,),
        variant_names=("",),
        stanzas=(lines,),
    )


def rules_of(form: Form, poems: Iterable[str]) -> Any:
    """Rules that find fault with what is not among some poems."""
    known = {poem.replace(END, "") for poem in poems}

    def verify(text: str) -> Judgement:
        fault = Fault(line=1, position=None, about="words", message="line 1 is not on the list")
        faults = () if text in known else (fault,)
        return Judgement(form=form, variant="", lines=(), faults=faults)

    return SimpleNamespace(form=form, verify=verify)
