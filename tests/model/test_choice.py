import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from charrnn.model import choice
from charrnn.model.choice import Timing, multiplies_bfloat16, quickest_first
from charrnn.model.kernel import Arithmetic
from charrnn.settings.architecture import Architecture

ARCHITECTURE = Architecture(
    cell="gru", vocabulary_size=9, embedding=3, layers=1, units=4, dropout=0.0, activation="tanh"
)

Measured = tuple[dict[str, float], list[str]]


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which Linux describes the processor."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(choice, "_PROCESSOR", path)
    monkeypatch.setattr(choice.platform, "system", lambda: "Linux")
    return path


@pytest.mark.parametrize(
    ("flags", "multiplies"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 amx_tile", True),
        ("flags\t\t: fpu amx_bf16\nbugs\t\t: spectre", True),
        ("Features\t: fp asimd bf16 i8mm", True),
        ("flags\t\t: fpu avx2 avx512f", False),
        ("flags\t\t: fpu not_amx_bf16 bf16x", False),
        ("", False),
    ],
)
def test_the_flags_of_the_processor_say_whether_it_multiplies_bfloat16(
    flags: str, multiplies: bool, processor: Path
) -> None:
    processor.write_text(f"processor\t: 0\n{flags}\n", encoding="utf-8")
    assert multiplies_bfloat16() is multiplies


def test_a_processor_that_is_not_described_has_no_bfloat16(
    processor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not multiplies_bfloat16()
    processor.write_text("flags : amx_bf16", encoding="utf-8")
    assert multiplies_bfloat16()
    monkeypatch.setattr(choice.platform, "system", lambda: "Darwin")
    assert not multiplies_bfloat16()


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    """Seconds by arithmetic, to be filled in, and what was measured, in that order."""
    times: dict[str, float] = {}
    asked: list[str] = []
    clock = 0.0

    def reader(
        architecture: Architecture, batch_size: int, window: int, arithmetic: Arithmetic
    ) -> Callable[[], None]:
        assert (architecture, batch_size, window) == (ARCHITECTURE, 16, 32)
        name = f"{arithmetic.dtype.name} {arithmetic.parts} {arithmetic.split}"
        asked.append(name)

        def read() -> None:
            nonlocal clock
            clock += times[name]

        return read

    monkeypatch.setattr(choice, "_reader", reader)
    monkeypatch.setattr(choice.time, "perf_counter", lambda: clock)
    monkeypatch.setattr(choice, "multiplies_bfloat16", lambda: True)
    return times, asked


def quickest(cores: int, **wishes: Any) -> list[str]:
    timings = quickest_first(ARCHITECTURE, 16, 32, cores, **wishes)
    assert [timing.seconds for timing in timings] == sorted(timing.seconds for timing in timings)
    return [f"{timing.precision} {timing.parts} {timing.split}" for timing in timings]


def test_the_best_so_far_is_tried_in_rows_and_in_fewer_parts_while_they_gain(
    measured: Measured,
) -> None:
    times, asked = measured
    times |= {"float32 16 units": 5.0, "bfloat16 16 units": 4.0, "bfloat16 16 rows": 3.0}
    times |= {"bfloat16 8 rows": 2.0, "bfloat16 4 rows": 2.5, "bfloat16 2 rows": 0.1}
    in_order = list(times)[:-1]
    assert quickest(16) == [in_order[number] for number in (3, 4, 2, 1, 0)]
    assert asked == in_order


def test_units_are_kept_where_rows_are_slower(measured: Measured) -> None:
    times, asked = measured
    times |= {"float32 4 units": 2.0, "bfloat16 4 units": 3.0, "float32 4 rows": 2.5}
    times |= {"float32 2 units": 1.0}
    assert quickest(4)[0] == "float32 2 units"
    assert asked == list(times)


@pytest.mark.parametrize("cores", [2, 3])
def test_two_parts_are_the_fewest_where_there_are_cores(cores: int, measured: Measured) -> None:
    times, asked = measured
    times |= {f"float32 {cores} units": 2.0, f"bfloat16 {cores} units": 3.0}
    times |= {f"float32 {cores} rows": 1.0}
    assert quickest(cores)[0] == f"float32 {cores} rows"
    assert asked == list(times)


def test_one_core_has_one_part(measured: Measured) -> None:
    times, asked = measured
    times |= {"float32 1 units": 2.0, "bfloat16 1 units": 1.0}
    assert quickest(1) == ["bfloat16 1 units", "float32 1 units"]
    assert len(asked) == 2


def test_rows_are_not_dealt_to_more_parts_than_there_are(measured: Measured) -> None:
    times, asked = measured
    times |= {"float32 17 units": 2.0, "bfloat16 17 units": 3.0, "float32 8 units": 3.0}
    assert quickest(17)[0] == "float32 17 units"
    assert asked == list(times)


def test_a_processor_without_bfloat16_is_measured_in_float32_alone(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    times, asked = measured
    monkeypatch.setattr(choice, "multiplies_bfloat16", lambda: False)
    times |= {"float32 2 units": 1.0, "float32 2 rows": 2.0}
    assert quickest(2) == list(times)
    assert asked == list(times)


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({"precision": "bfloat16"}, ["bfloat16 4 units", "bfloat16 4 rows", "bfloat16 2 units"]),
        ({"parts": 3}, ["float32 3 units", "bfloat16 3 units", "float32 3 rows"]),
        ({"split": "rows"}, ["float32 4 rows", "bfloat16 4 rows", "float32 2 rows"]),
        ({"precision": "float32", "parts": 3, "split": "rows"}, ["float32 3 rows"]),
    ],
)
def test_what_was_asked_for_is_not_measured_against_others(
    wishes: dict[str, Any], expected: list[str], measured: Measured
) -> None:
    times, asked = measured
    times |= {name: number + 1.0 for number, name in enumerate(expected)}
    assert quickest(4, **wishes) == expected
    assert asked == expected


def test_what_is_asked_for_needs_no_flag_of_the_processor(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    times, _ = measured
    monkeypatch.setattr(choice, "multiplies_bfloat16", lambda: False)
    times |= {"bfloat16 3 units": 1.0}
    assert quickest(4, precision="bfloat16", parts=3, split="units") == list(times)


def test_a_timing_is_told_in_words() -> None:
    one, many = Timing("bfloat16", 1, "units", 0.01234), Timing("float32", 16, "rows", 1.5)
    assert str(one) == "bfloat16 in 1 part of the units: 12.3 ms"
    assert str(many) == "float32 in 16 parts of the rows: 1,500.0 ms"


@pytest.mark.parametrize(
    ("layers", "parts", "split", "read"), [(1, 1, "units", [2]), (2, 2, "rows", [1, 2])]
)
def test_a_layer_of_its_sizes_is_really_read(
    layers: int, parts: int, split: Any, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[list[tuple[int, ...]]] = []
    read_window = choice.read_window

    def watched(*arguments: Any) -> object:
        _, arithmetic, inputs, weights, _ = arguments
        sizes = arithmetic.layout.sizes(inputs)
        shapes.append([sizes, *(tuple(tensor.shape) for tensor in weights)])
        return read_window(*arguments)

    monkeypatch.setattr(choice, "read_window", watched)
    architecture = dataclasses.replace(ARCHITECTURE, layers=layers)
    (timing,) = quickest_first(
        architecture, sum(read), 3, 2, precision="float32", parts=parts, split=split
    )
    assert (timing.precision, timing.parts, timing.split) == ("float32", parts, split)
    assert 0 < timing.seconds < float("inf")
    features = 3 if layers == 1 else 4
    assert shapes == [[(features, 3, rows), (features, 12), (4, 12), (6, 4)] for rows in read]
