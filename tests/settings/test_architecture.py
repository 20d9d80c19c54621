import dataclasses
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CheckpointError
from charrnn.settings.architecture import CELL_NAMES, GATES, PEEPHOLES, STATES, Architecture, Layer
from charrnn.settings.configuration import Cell, Output
from charrnn.settings.from_json import from_json
from tests.fakes import ARCHITECTURE


def test_the_table_tells_the_layers_and_where_their_counts_come_from() -> None:
    assert ARCHITECTURE.table() == [
        Layer("Embedding", 3, 18, "6 tokens x 3"),
        Layer("LSTM", 5, 180, "4 x 5 units x (3 inputs + 5 state + 1 bias)"),
        Layer("LSTM", 5, 220, "4 x 5 units x (5 inputs + 5 state + 1 bias)"),
        Layer("Dense", 6, 36, "(5 inputs + 1 bias) x 6 tokens"),
    ]
    assert ARCHITECTURE.parameters == 18 + 180 + 220 + 36


def test_a_gru_has_two_biases() -> None:
    layer = dataclasses.replace(ARCHITECTURE, cell="gru").table()[1]
    assert layer == Layer("GRU", 5, 150, "3 x 5 units x (3 inputs + 5 state + 2 biases)")


def test_a_peephole_lstm_has_three_peepholes_to_a_unit() -> None:
    layer = dataclasses.replace(ARCHITECTURE, cell="peephole_lstm").table()[1]
    formula = "4 x 5 units x (3 inputs + 5 state + 1 bias) + 3 x 5 peepholes"
    assert layer == Layer("PeepholeLSTM", 5, 195, formula)


def test_a_tied_output_leads_back_to_the_vectors_and_counts_them_once() -> None:
    tied = dataclasses.replace(ARCHITECTURE, output="tied")
    assert tied.table() == [
        *ARCHITECTURE.table()[:-1],
        Layer("Dense", 3, 18, "(5 inputs + 1 bias) x 3 numbers"),
        Layer("Embedding, tied", 6, 0, "the first layer, transposed"),
    ]
    assert tied.parameters == 18 + 180 + 220 + 18


@pytest.mark.parametrize("table", [CELL_NAMES, GATES, PEEPHOLES, STATES])
def test_every_cell_is_described(table: dict[Cell, object]) -> None:
    assert set(table) == set(get_args(Cell))


@given(
    st.builds(
        Architecture,
        cell=st.sampled_from(get_args(Cell)),
        vocabulary_size=st.integers(1, 9000),
        embedding=st.integers(1, 999),
        layers=st.integers(1, 5),
        units=st.integers(1, 3000),
        dropout=st.floats(0, 0.99),
        activation=st.just("tanh"),
        output=st.sampled_from(get_args(Output)),
    )
)
def test_every_formula_comes_to_its_count(sizes: Architecture) -> None:
    assert sizes == from_json(dataclasses.asdict(sizes), Architecture, CheckpointError)
    words = str.maketrans("", "", "abcdefghijklmnopqrstuvw yz,")
    for layer in (layer for layer in sizes.table() if layer.parameters):
        formula = layer.formula.translate(words).replace("x", "*")
        assert eval(formula) == layer.parameters  # a formula is a product of our own numbers


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "transformer"},
        {"cell": ["lstm"]},
        {"units": "12"},
        {"units": None},
        {"units": 0},
        {"units": 2.5},
        {"units": True},
        {"layers": 10**9},
        {"dropout": 1.0},
        {"dropout": float("nan")},
        {"vocabulary_size": 0},
        {"vocabulary_size": "many"},
        {"activation": "relu"},
        {"output": "both"},
        {"output": None},
        {"output": ["tied"]},
        {"heads": 8},
    ],
    ids=str,
)
def test_values_that_cannot_be_built_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CheckpointError):
        from_json(dataclasses.asdict(ARCHITECTURE) | changes, Architecture, CheckpointError)
