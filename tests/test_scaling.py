"""The paper side of `benchmarks/scaling.py`."""

import pytest

from benchmarks.scaling import RUNS, Exchange, fitted, rate_of, scaling_table


def test_a_ring_carries_each_byte_nearly_twice_however_long_it_is() -> None:
    wire = Exchange(hop=0.0, byte=0.0)
    assert wire.seconds(2, 1000, 1, link=1000.0) == pytest.approx(1.0)
    assert wire.seconds(1000, 1000, 1, link=1000.0) == pytest.approx(1.998)


def test_each_array_makes_all_hops() -> None:
    assert Exchange(hop=0.001, byte=0.0).seconds(4, 0, 5, link=1.0) == pytest.approx(0.03)


def test_what_was_measured_with_two_is_found_again() -> None:
    exchange = fitted(0.002, 0.042, 10_000_000)
    assert exchange.seconds(2, 10_000_000, 1, link=float("inf")) == pytest.approx(0.042)


def test_one_machine_alone_exchanges_nothing() -> None:
    assert Exchange(1.0, 1.0).seconds(1, 1000, 1, link=1.0) == 0
    for grows in (True, False):
        assert rate_of(1, RUNS["1x512"], 5000.0, 0.0, grows) == pytest.approx(5000)


def test_an_exchange_as_long_as_a_step_halves_the_gain() -> None:
    run = RUNS["1x512"]
    assert rate_of(4, run, float(run.characters), 1.0, grows=True) == 2 * run.characters
    assert rate_of(4, run, float(run.characters), 0.25, grows=False) == 2 * run.characters


def test_the_table_has_a_row_for_each_network_link_and_number() -> None:
    rows = scaling_table({"1x512": 18_000.0, "2x512": 12_000.0}, Exchange(0.001, 3e-9), arrays=1)
    assert len(rows) == 2 + 2 * 3 * 4
    assert rows[2] == "| 1x512 | 1 Gbit/s | 1 | 0 ms | 1.00 x | 1.00 x |"
