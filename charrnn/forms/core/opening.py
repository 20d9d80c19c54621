"""Where the drafts of a poem in a form begin: in its first line, or after what was typed."""

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.prompts import shown
from charrnn.errors import FormConflictError
from charrnn.forms.core.automaton import Automaton

MOST_STARTS: Final = 2_048
"""Placements of required words that are tried, to find some that a prompt agrees with."""

MOST_NAMED: Final = 5
"""Tokens that may stand where a prompt goes wrong, up to which all of them are named."""


def states_after_prompt(
    automaton: Automaton,
    vocabulary: Vocabulary,
    tokens: Sequence[int],
    generator: np.random.Generator,
    count: int,
) -> list[Hashable]:
    """The states of a form after what a poem begins with, one for each of its drafts.

    Args:
        automaton: The form.
        vocabulary: What the tokens stand for.
        tokens: Those that the poem begins with.
        generator: Draws where required words stand.
        count: How many drafts there are.

    Raises:
        FormConflictError: No poem in the form begins so.
    """
    found: list[Hashable] = []
    furthest = _Stop(-1, automaton.initial_state())
    for _ in range(max(1, MOST_STARTS // count)):
        starts = automaton.initial_states(generator, count)
        if not starts:
            raise FormConflictError(
                "no poem keeps the form with all that is required. Demand less of it."
            )
        for start in starts:
            state = _walk(automaton, start, tokens)
            if not isinstance(state, _Stop):
                found.append(state)
            elif state.place > furthest.place:
                furthest = state
        if len(found) >= count or len(set(starts)) == 1:
            break
    if not found:
        raise FormConflictError(_complaint(automaton, vocabulary, tokens, furthest))
    return [found[number % len(found)] for number in range(count)]


def given_tokens(
    automaton: Automaton, states: Sequence[Hashable]
) -> tuple[list[int], list[Hashable]]:
    """The tokens that a form leaves no choice of, up to the end of the line.

    Args:
        automaton: The form.
        states: Where the drafts of a poem stand; at least one.

    Returns:
        The tokens that must come next in all of them, and the states after those.
    """
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


class _Stop:
    """Where the form does not allow what was typed.

    Args:
        place: Which of its tokens, from 0.
        state: The state there.
    """

    def __init__(self, place: int, state: Hashable) -> None:
        self.place = place
        self.state = state


def _walk(automaton: Automaton, state: Hashable, tokens: Sequence[int]) -> Hashable | _Stop:
    for place, token in enumerate(tokens):
        if not automaton.allowed_tokens(state)[token]:
            return _Stop(place, state)
        state = automaton.next_state(state, token)
    return state


def _complaint(
    automaton: Automaton, vocabulary: Vocabulary, tokens: Sequence[int], stop: _Stop
) -> str:
    """The sentence that tells where a prompt goes wrong."""
    begun = f"the prompt does not keep the form at its character {stop.place + 1}: "
    if automaton.is_final(stop.state):
        return begun + "the poem has ended before it."
    allowed = np.flatnonzero(automaton.allowed_tokens(stop.state)).tolist()
    wrong = f"{_named(vocabulary, tokens[stop.place])} cannot stand there"
    if len(allowed) > MOST_NAMED:
        return f"{begun}{wrong}."
    return f"{begun}{wrong}, only {' or '.join(_named(vocabulary, one) for one in allowed)}."


def _named(vocabulary: Vocabulary, token: int) -> str:
    """A token as a sentence has it."""
    special = {END_OF_POEM: "the end of the poem", UNKNOWN: "an unknown character"}
    return special[token] if token in special else shown(vocabulary.decode([token]))
