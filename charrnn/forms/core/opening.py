"""The automaton states after a prompt."""

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.prompts import shown
from charrnn.errors import FormConflictError
from charrnn.forms.core.automaton import Automaton

MAX_PLACEMENTS: Final = 2_048
"""Placements of required words that are tried against a prompt."""

MOST_NAMED: Final = 5
"""Most allowed tokens that an error message lists."""


def states_after_prompt(
    automaton: Automaton,
    vocabulary: Vocabulary,
    tokens: Sequence[int],
    generator: np.random.Generator,
    count: int,
) -> list[Hashable]:
    """The states after a prompt, one for each of `count` hypotheses.

    Raises:
        FormConflictError: No poem in the form begins with the prompt.
    """
    found: list[Hashable] = []
    furthest = -1, automaton.initial_state()
    for _ in range(max(1, MAX_PLACEMENTS // count)):
        starts = automaton.initial_states(generator, count)
        if not starts:
            raise FormConflictError("no poem keeps the form and all requirements. Require less.")
        for start in starts:
            allowed, state = _walk(automaton, start, tokens)
            if allowed == len(tokens):
                found.append(state)
            elif allowed > furthest[0]:
                furthest = allowed, state
        if len(found) >= count or len(set(starts)) == 1:
            break
    if not found:
        raise FormConflictError(_complaint(automaton, vocabulary, tokens, *furthest))
    return [found[number % len(found)] for number in range(count)]


def given_tokens(
    automaton: Automaton, states: Sequence[Hashable]
) -> tuple[list[int], list[Hashable]]:
    """Tokens that are the only choice in all states, up to the line's end; and the states after."""
    tokens: list[int] = []
    number = automaton.lines_written(states[0])
    while automaton.lines_written(states[0]) == number and not automaton.is_final(states[0]):
        open_ = {
            tuple(np.flatnonzero(automaton.allowed_tokens(state)))
            for state in dict.fromkeys(states)
        }
        (only, *others) = open_
        if others or len(only) != 1:
            break
        tokens.append(int(only[0]))
        states = [automaton.next_state(state, tokens[-1]) for state in states]
    return tokens, list(states)


def _walk(automaton: Automaton, state: Hashable, tokens: Sequence[int]) -> tuple[int, Hashable]:
    for count, token in enumerate(tokens):
        if not automaton.allowed_in_prompt(state)[token]:
            return count, state
        state = automaton.next_state(state, token)
    return len(tokens), state


def _complaint(
    automaton: Automaton, vocabulary: Vocabulary, tokens: Sequence[int], place: int, state: Hashable
) -> str:
    begun = f"the prompt does not keep the form at its character {place + 1}: "
    if automaton.is_final(state):
        return begun + "the poem has ended before it."
    allowed = np.flatnonzero(automaton.allowed_in_prompt(state)).tolist()
    wrong = f"{_named(vocabulary, tokens[place])} cannot stand there"
    if len(allowed) > MOST_NAMED:
        return f"{begun}{wrong}."
    return f"{begun}{wrong}, only {' or '.join(_named(vocabulary, one) for one in allowed)}."


def _named(vocabulary: Vocabulary, token: int) -> str:
    special = {END_OF_POEM: "the end of the poem", UNKNOWN: "an unknown character"}
    return special[token] if token in special else shown(vocabulary.decode([token]))
