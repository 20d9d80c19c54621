"""Whether a form and its requirements leave a way for the constraints of sampling.

No repeated runs, no copies: the automaton of a form does not know them, and a poem that they make
impossible would be begun and given up. What is refused here is impossible; what is not may still be.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.constraints import Constraint, NoRepeat, is_mark
from charrnn.decoding.sampling import Mask
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.language import FormRules

_APART: Final = re.compile(r"[\s-]+")
"""Words of one requirement that may stand in different lines."""


def leaves_a_way(
    rules: FormRules,
    config: FormConfig,
    constraints: Sequence[Constraint],
    vocabulary: Vocabulary,
    writable: Mask,
) -> bool:
    """Whether a poem may keep the form, its requirements and the constraints.

    Args:
        rules: The form.
        config: The requirements.
        constraints: What each poem must keep besides.
        vocabulary: The characters of the network.
        writable: `(vocabulary,)`, true for characters that may be written.
    """
    required = [part for text in config.must or () for part in _APART.split(text)]
    if not all(_can_stand(part, constraints, vocabulary) for part in required):
        return False
    if not any(isinstance(one, NoRepeat) and one.run == 1 for one in constraints):
        return True
    letters = {
        one for one in vocabulary.characters if writable[vocabulary.id_of(one)] and not is_mark(one)
    }
    beginnings = (config.acrostic or "")[config.first_line is not None :]
    counts = Counter(frozenset(rules.spellings(one)) for one in beginnings)
    return rules.has_enough(letters) and all(
        count <= len(spellings & letters) for spellings, count in counts.items()
    )


def _can_stand(text: str, constraints: Iterable[Constraint], vocabulary: Vocabulary) -> bool:
    """Whether the constraints allow a text in some spelling, whatever stands around it."""
    spelled = [
        [vocabulary.id_of(one) for one in way]
        for way in {text, text.lower(), text.capitalize()}
        if all(one in vocabulary for one in way)
    ]
    # What cannot be written at all is the automaton's to refuse.
    return not spelled or any(
        all(_allows(constraint, tokens) for constraint in constraints) for tokens in spelled
    )


def _allows(constraint: Constraint, tokens: Sequence[int]) -> bool:
    state = constraint.initial_state()
    for token in tokens:
        allowed = constraint.allowed_tokens(state)
        if allowed is not None and not allowed[token]:
            return False
        state = constraint.next_state(state, token)
    return True
