"""What the constraints of sampling leave of a form, before anything is written."""

import dataclasses
from collections.abc import Collection
from typing import Any, cast

import numpy as np
import pytest

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.constraints import Constraint, CopyGuard, NoRepeat
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.promises import leaves_a_way
from tests.corpora import filter_of

VOCABULARY = Vocabulary(tuple(sorted(" ,Aabcdefgh")))


@dataclasses.dataclass(frozen=True)
class Rules:
    """A form that needs so many letters."""

    needed: int = 0

    def has_enough(self, letters: Collection[str]) -> bool:
        return len(letters) >= self.needed

    def spellings(self, character: str) -> frozenset[str]:
        return frozenset({character.lower(), character.upper()})


def leaves(constraint: Constraint, needed: int = 0, **requirements: Any) -> bool:
    config = FormConfig(form="toy", **requirements)
    writable = np.ones(VOCABULARY.size, np.bool_)
    return leaves_a_way(cast("Any", Rules(needed)), config, [constraint], VOCABULARY, writable)


ONCE = NoRepeat(1, VOCABULARY)
TWICE = NoRepeat(2, VOCABULARY)
GUARD = CopyGuard(filter_of(["abcdefgh"], 3), VOCABULARY, 4)


@pytest.mark.parametrize(
    ("constraint", "requirements", "left"),
    [
        (ONCE, {}, True),
        (ONCE, {"needed": 9}, True),
        (ONCE, {"needed": 10}, False),
        (TWICE, {"needed": 10}, True),
        (ONCE, {"must": ("abc", "a")}, True),
        (ONCE, {"must": ("beb",)}, False),
        (ONCE, {"must": ("aba",)}, True),
        (ONCE, {"must": ("ab ba",)}, True),
        (TWICE, {"must": ("bcdb",)}, True),
        (TWICE, {"must": ("bcdbc",)}, False),
        (ONCE, {"acrostic": "aa"}, True),
        (ONCE, {"acrostic": "bb"}, False),
        (ONCE, {"acrostic": "bb", "first_line": "bad"}, True),
        (TWICE, {"acrostic": "bb"}, True),
        (GUARD, {"must": ("bcde",)}, True),
        (GUARD, {"must": ("bcdef",)}, False),
        (GUARD, {"must": ("bcd efg",)}, True),
    ],
)
def test_what_is_required_is_held_against_the_constraints(
    constraint: Constraint, requirements: dict[str, Any], left: bool
) -> None:
    assert leaves(constraint, **requirements) is left
