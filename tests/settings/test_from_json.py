import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.from_json import from_json, parse_json, read_document


@dataclass(frozen=True)
class Line:
    syllables: int


@dataclass(frozen=True)
class Poem:
    title: str
    score: float
    layout: Literal["text", "blocks"]
    words: tuple[str, ...]
    counts: Mapping[str, tuple[int, int]]
    line: Line | None = None

    def __post_init__(self) -> None:
        if self.score < 0:
            raise ConfigurationError("a score is at least 0.")


RIGHT: dict[str, Any] = {
    "title": "Moon",
    "score": 1,
    "layout": "text",
    "words": ["a", "b"],
    "counts": {"月": [1, 2]},
    "line": {"syllables": 5},
}


def read(values: Any) -> Poem:
    return from_json(parse_json(json.dumps(values), CheckpointError), Poem, CheckpointError)


def test_a_dataclass_is_read_with_all_that_is_in_it() -> None:
    assert read(RIGHT) == Poem("Moon", 1.0, "text", ("a", "b"), {"月": (1, 2)}, Line(5))
    assert read({key: RIGHT[key] for key in RIGHT if key != "line"}).line is None


@pytest.mark.parametrize(
    "changes",
    [
        {"title": None},
        {"title": 3},
        {"score": "4"},
        {"score": True},
        {"layout": "lines"},
        {"layout": ["text"]},
        {"words": "ab"},
        {"words": ["a", 1]},
        {"counts": {"月": [1]}},
        {"counts": [["月", 1]]},
        {"line": {}},
        {"line": {"syllables": 1.5}},
    ],
)
def test_a_value_of_another_type_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="its content is not valid"):
        read(RIGHT | changes)


def test_a_name_that_is_not_known_is_refused_at_any_depth() -> None:
    with pytest.raises(CheckpointError, match="it has rhyme, which this version does not know"):
        read(RIGHT | {"rhyme": "AABB"})
    with pytest.raises(CheckpointError, match="it has metre, which"):
        read(RIGHT | {"line": {"syllables": 5, "metre": "iambic"}})


def test_what_a_dataclass_refuses_is_told_in_its_words() -> None:
    with pytest.raises(CheckpointError, match="a score is at least 0"):
        read(RIGHT | {"score": -1})


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", '{"a": Infinity}', "1e999", str(10**400), '"\\ud800"', "[" * 10**6, "\ud800"],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError, match="it is not JSON"):
        parse_json(text, CheckpointError)


def test_a_document_names_its_format() -> None:
    text = json.dumps({"format": 2} | RIGHT)
    assert read_document(text, 2, Poem, CheckpointError) == read(RIGHT)
    for other in ({"format": 1} | RIGHT, {"format": True} | RIGHT, RIGHT, [], 3):
        with pytest.raises(CheckpointError, match="this charrnn reads format 2"):
            read_document(json.dumps(other), 2, Poem, CheckpointError)


def test_a_value_of_another_type_is_found_by_its_place() -> None:
    with pytest.raises(CheckpointError) as refusal:
        read(RIGHT | {"words": ["a", 1]})
    assert str(refusal.value) == (
        "its content is not valid (Expected `str`, got `int` at `words[1]`)."
    )
