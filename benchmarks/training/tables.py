"""Results as Markdown."""

from collections.abc import Sequence

from benchmarks.training.contestants import (
    CHARRNN,
    KERAS,
    LARGE_PRODUCT,
    PYTORCH,
    STATE_PRODUCT,
)
from benchmarks.training.results import Result
from charrnn.settings.configuration import Precision

NOTHING = "-"
PRECISIONS: tuple[Precision, ...] = ("bfloat16", "float32")


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratios(results: Sequence[Result]) -> str:
    """How charrnn stands against the others and the matrix product, each in one precision."""
    rows = []
    for result in results:
        for precision in PRECISIONS:
            measured = (
                result.ratio(CHARRNN, KERAS, precision),
                result.ratio(CHARRNN, PYTORCH, precision),
                result.product_share(CHARRNN, precision),
            )
            rows.append(
                [result.workload.title, precision, *(_number(one, ".2f") for one in measured)]
            )
    columns = ["network", "precision", f"against {KERAS}", f"against {PYTORCH}"]
    return markdown([*columns, "of the product's rate"], rows)


def rates(results: Sequence[Result]) -> str:
    """Characters a second, and which variant was the quickest."""
    names = (CHARRNN, KERAS, PYTORCH)
    rows = []
    for result in results:
        for precision in PRECISIONS:
            row = [result.workload.title, precision]
            for name in names:
                best = result.best(name, precision)
                rate = _number(result.rate(name, precision), ",.0f")
                row.append(rate if best is None else f"{rate} ({best.variant})")
            rows.append(row)
    return markdown(["network", "precision", *names], rows)


def products(results: Sequence[Result]) -> str:
    """GFLOP/s of the matrix products, and of the arithmetic of charrnn's steps."""
    rows = []
    for result in results:
        for precision in PRECISIONS:
            operations = result.character_operations
            rows.append(
                [
                    result.workload.title,
                    str(result.workload.state_product),
                    precision,
                    _billions(result.rate(STATE_PRODUCT, precision)),
                    _billions(result.rate(LARGE_PRODUCT, precision)),
                    _billions(result.rate(CHARRNN, precision), operations),
                ]
            )
    return markdown(["network", "shape", "precision", "state", "large", CHARRNN], rows)


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _billions(rate: float | None, operations: float = 1.0) -> str:
    return NOTHING if rate is None else f"{rate * operations / 1e9:,.0f}"
