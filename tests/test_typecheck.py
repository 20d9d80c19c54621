from dataclasses import dataclass
from typing import Literal

import pytest

from charrnn.typecheck import mistyped_fields


@dataclass
class Poem:
    title: str = "Moon"
    lines: int = 4
    score: float = 0.5
    layout: Literal["text", "blocks"] = "text"
    words: tuple[str, ...] = ("a", "b")
    counts: dict[str, float] = None  # type: ignore[assignment]


RIGHT = {"counts": {"a": 1.5, "b": 2}}


def test_right_types_are_right() -> None:
    assert mistyped_fields(Poem(**RIGHT)) == []


def test_an_integer_is_a_float_but_not_the_other_way_round() -> None:
    assert mistyped_fields(Poem(**RIGHT | {"score": 1})) == []
    assert mistyped_fields(Poem(**RIGHT | {"lines": 1.0})) == ["lines"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", None),
        ("title", 3),
        ("lines", True),
        ("lines", "4"),
        ("score", float("nan")),
        ("score", float("inf")),
        ("score", 10**400),
        ("layout", "lines"),
        ("layout", ["text"]),
        ("words", ["a"]),
        ("words", ("a", 1)),
        ("counts", [("a", 1.0)]),
        ("counts", {1: 1.0}),
        ("counts", {"a": "1"}),
    ],
)
def test_wrong_types_are_named(name: str, value: object) -> None:
    assert mistyped_fields(Poem(**RIGHT | {name: value})) == [name]
