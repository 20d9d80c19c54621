"""What benchmarks count and tabulate; what they measure is for a quiet machine."""

import pytest
from click.testing import CliRunner

from benchmarks import machine
from benchmarks.time_shares import BETWEEN, FIRST_STEP, STARTING, STEP, Stopwatch, table
from benchmarks.training import interleaving, tables
from benchmarks.training.__main__ import main
from benchmarks.training.contestants import (
    CHARRNN,
    KERAS,
    PYTORCH,
    STATE_PRODUCT,
    Family,
    measured_rate,
)
from benchmarks.training.interleaving import Measured
from benchmarks.training.results import Result
from benchmarks.training.workloads import Product, Workload, workload_named
from charrnn.settings.configuration import Cell


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _result(name: str = "lstm-2x512") -> Result:
    """Three rounds, of which the second was twice as slow for all."""
    return Result(
        workload_named(name),
        [
            Measured(CHARRNN, "loop", "bfloat16", [12_000.0, 6_000.0, 12_600.0]),
            Measured(KERAS, "jit_compile=True", "bfloat16", [3_000.0, 1_500.0, 3_000.0]),
            Measured(KERAS, "jit_compile=False", "bfloat16", [4_000.0, 2_000.0, 4_500.0]),
            Measured(KERAS, "jit_compile=False", "float32", [5_000.0, 5_000.0, 5_000.0]),
            Measured(PYTORCH, "batch first", "bfloat16", [8_000.0, 4_000.0, 6_000.0]),
            Measured(STATE_PRODUCT, "", "float32", [2e11, 1e11, 2e11]),
            Measured(STATE_PRODUCT, "", "bfloat16", [4e11, 2e11, 4e11]),
        ],
    )


@pytest.mark.parametrize(("cell", "biases"), [("lstm", 1), ("gru", 2), ("simple_rnn", 1)])
def test_the_weights_counted_are_those_of_the_network(cell: Cell, biases: int) -> None:
    workload = workload_named(f"{cell}-2x512")
    product = workload.state_product
    beside_products = 65 * 64 + 65 + 2 * biases * product.columns
    operations = 6 * (workload.architecture.parameters - beside_products)
    assert _result(workload.name).character_operations == operations


def test_the_state_product_is_that_of_one_character_of_a_window() -> None:
    assert workload_named("gru-2x512").state_product == Product(128, 512, 1536)
    assert Product(2, 3, 5).operations == 60


def test_the_quickest_variant_of_a_precision_counts_by_its_median() -> None:
    best = _result().best(KERAS, "bfloat16")
    assert best is not None
    assert best.variant == "jit_compile=False"
    assert _result().rate(KERAS, "bfloat16") == 4_000.0


def test_ratios_compare_slices_of_the_same_round_and_precision() -> None:
    assert _result().ratio(CHARRNN, KERAS, "bfloat16") == 3.0
    assert _result().ratio(CHARRNN, PYTORCH, "bfloat16") == 1.5
    assert _result().ratio(CHARRNN, KERAS, "float32") is None


def test_the_share_of_the_product_is_in_the_same_precision() -> None:
    result = _result()
    share = 12_000 * result.character_operations / 4e11
    assert result.product_share(CHARRNN, "bfloat16") == pytest.approx(share)


def test_a_table_has_the_ratios_of_each_precision() -> None:
    *_, bfloat16, float32 = tables.ratios([_result()]).splitlines()
    network = "LSTM 2 x 512, batch 128 x 100"
    assert _cells(bfloat16) == [network, "bfloat16", "3.00", "1.50", "0.60"]
    assert _cells(float32) == [network, "float32", "-", "-", "-"]


def test_tables_hold_what_was_not_measured_as_a_dash() -> None:
    rates = tables.rates([_result()]).splitlines()
    assert _cells(rates[-2])[2:4] == ["12,000 (loop)", "4,000 (jit_compile=False)"]
    assert _cells(rates[-1])[2:] == ["-", "5,000 (jit_compile=False)", "-"]
    products = tables.products([_result()]).splitlines()
    assert _cells(products[-2])[1:] == ["128 x 512 x 2,048", "bfloat16", "400", "-", "238"]
    assert _cells(products[-1])[2:] == ["float32", "200", "-", "-"]
    for table_lines in (rates, products):
        assert len({line.count("|") for line in table_lines}) == 1


def test_a_rate_leaves_the_first_step_out() -> None:
    steps: list[int] = []
    rate = measured_rate(lambda: steps.append(1), amount=10, seconds=0.01)
    assert len(steps) > 1
    assert rate <= (len(steps) - 1) * 10 / 0.01


class _FakeWorker(interleaving.Worker):
    """Two contestants without a process; the last slice of keras never comes."""

    def __init__(self, family: Family, workload: Workload) -> None:  # noqa: ARG002 (as a worker)
        self.family = family
        self.contestants = []

    def __exit__(self, *exception: object) -> None:
        pass

    def prepare(self) -> None:
        self.contestants = [Measured(self.family, variant, "float32") for variant in "ab"]

    def measure(self, number: int, seconds: float) -> None:
        rates = self.contestants[number].rates
        if self.family == "keras" and number == 1 and len(rates) == 2:
            raise interleaving.WorkerEndedError("keras ended with exit code -9")
        rates.append(seconds)


def test_contestants_are_measured_equally_often_and_one_that_dies_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interleaving, "Worker", _FakeWorker)
    monkeypatch.setattr(interleaving, "PAUSE_SECONDS", 0.0)
    told: list[str] = []
    measured = interleaving.measure(
        workload_named("lstm-1x128"),
        ["charrnn", "keras", "pytorch"],
        repeats=3,
        seconds=2.0,
        tell=told.append,
    )
    names = [(entry.name, entry.variant) for entry in measured]
    assert names == [("charrnn", "a"), ("charrnn", "b"), ("pytorch", "a"), ("pytorch", "b")]
    assert all(entry.rates == [2.0, 2.0, 2.0] for entry in measured)
    assert told[-1].startswith("keras ended with exit code -9, and is left out")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sizes", "2x512,3x512"], "3x512 is none of 1x128, 2x256"),
        (["--cells", "gru", "--sizes", "1x512"], "gru and simple_rnn are measured at 2x512 alone"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(
    arguments: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert sentence in result.output


def test_the_machine_is_described_with_its_versions() -> None:
    assert "charrnn " in machine.described()
    assert "commit " in machine.described()


def test_a_part_costs_its_own_time_without_the_parts_inside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("time.perf_counter", lambda: now)

    def spend(seconds: float) -> None:
        nonlocal now
        now += seconds

    stopwatch = Stopwatch(passed=2.0)
    spend(1)
    stopwatch.started()
    step = stopwatch(STEP, spend)
    step(4)
    inner = stopwatch("saving", spend)

    def evaluate() -> None:
        spend(1)
        inner(2)

    stopwatch("evaluating", evaluate)()
    spend(0.5)
    step(6.5)
    stopwatch.stop()
    after = {BETWEEN: 0.5, STEP: 6.5, "evaluating": 1.0, "saving": 2.0}
    assert dict(stopwatch.after_first_step) == after
    assert dict(stopwatch.seconds) == {STARTING: 3.0, FIRST_STEP: 4.0, **after}
    assert _cells(table(stopwatch).splitlines()[2]) == [STEP, "6.50", "38.2%", "65.0%"]
