"""Results as Markdown."""

from collections.abc import Sequence

from benchmarks.training.contestants import (
    CHARRNN_AUTO,
    CHARRNN_FLOAT32,
    KERAS,
    LARGE_PRODUCT,
    PYTORCH_BFLOAT16,
    PYTORCH_FLOAT32,
    STATE_PRODUCT,
)
from benchmarks.training.results import Result
from benchmarks.training.targets import targets_of

NOTHING = "-"
RIVALS = (KERAS, PYTORCH_FLOAT32, PYTORCH_BFLOAT16)


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratios(results: Sequence[Result]) -> str:
    """How charrnn stands against the others and against the matrix product, beside what is wanted."""
    columns = ["network", "charrnn"]
    for against in (*(f"against {rival}" for rival in RIVALS), "of the product's rate"):
        columns += [against, "wanted"]
    rows = []
    for result in results:
        for name in (CHARRNN_AUTO, CHARRNN_FLOAT32):
            best = result.best(name)
            if best is None:
                continue
            measured = [
                *(result.ratio(name, rival) for rival in RIVALS),
                result.product_share(name),
            ]
            row = [result.workload.title, f"{name.split()[-1]}: {best.variant}"]
            for ratio, wanted in zip(measured, targets_of(result.workload, name), strict=True):
                row += compared(ratio, wanted)
            rows.append(row)
    return markdown(columns, rows)


def compared(ratio: float | None, wanted: float | None) -> list[str]:
    """A ratio and what is wanted of it; one that falls short says so."""
    if ratio is None or wanted is None:
        return [_number(ratio, ".2f"), _number(wanted, ".2f")]
    reached = f"{ratio:.2f}" if ratio >= wanted else f"{ratio:.2f}, short"
    return [reached, f"{wanted:.2f}"]


def rates(results: Sequence[Result]) -> str:
    """Characters a second, and which variant was the quickest."""
    names = (CHARRNN_AUTO, CHARRNN_FLOAT32, KERAS, PYTORCH_FLOAT32, PYTORCH_BFLOAT16)
    rows = []
    for result in results:
        row = [result.workload.title]
        for name in names:
            best = result.best(name)
            rate = _number(result.rate(name), ",.0f")
            row.append(rate if best is None else f"{rate} ({best.variant})")
        rows.append(row)
    return markdown(["network", *names], rows)


def products(results: Sequence[Result]) -> str:
    """GFLOP/s of the matrix products, and of the arithmetic of charrnn's steps."""
    precisions = ("float32", "bfloat16")
    names = (CHARRNN_AUTO, CHARRNN_FLOAT32)
    rows = []
    for result in results:
        row = [result.workload.title, str(result.workload.state_product)]
        for name in (STATE_PRODUCT, LARGE_PRODUCT):
            row += [_billions(result.rate(name, precision)) for precision in precisions]
        row += [_billions(result.rate(name), result.character_operations) for name in names]
        rows.append(row)
    columns = ["network", "shape"]
    columns += [f"{which}, {precision}" for which in ("state", "large") for precision in precisions]
    return markdown([*columns, *names], rows)


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _billions(rate: float | None, operations: float = 1.0) -> str:
    return NOTHING if rate is None else f"{rate * operations / 1e9:,.0f}"
