"""Results as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.generation.contestants import CHARRNN, MEMORY, POEMS_AT_ONCE, RIVALS
from benchmarks.generation.networks import Network
from benchmarks.generation.rounds import Measured
from benchmarks.training.tables import NOTHING, markdown


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured with one network.

    Attributes:
        network: The network.
        measured: The contestants.
    """

    network: Network
    measured: Sequence[Measured]

    def of(self, name: str) -> Measured:
        """What a contestant reached; nothing when it did not take part."""
        return next((entry for entry in self.measured if entry.name == name), Measured(name))

    def rate(self, name: str, poems: int) -> float | None:
        """The median of the characters a second that a contestant wrote."""
        return self.of(name).rate(poems)

    def best_rival(self, poems: int) -> float | None:
        """The best rate of all but charrnn."""
        return max(filter(None, (self.rate(name, poems) for name in RIVALS)), default=None)

    def to_json(self) -> dict[str, Any]:
        """Every figure of every round."""
        return {
            "network": self.network.name,
            "contestants": [
                {
                    "name": entry.name,
                    "starts": [[start.seconds, start.megabytes] for start in entry.starts],
                    "rates": entry.rates,
                }
                for entry in self.measured
            ],
        }


def rates(results: Sequence[Result]) -> str:
    """Characters a second, what is wanted, and how charrnn stands against the best of the others."""
    rows = []
    for result in results:
        for poems in POEMS_AT_ONCE:
            own, wanted = result.rate(CHARRNN, poems), result.network.wanted.get(poems)
            row = [result.network.title, str(poems), _reached(own, wanted), _number(wanted, ",")]
            row += [_number(result.rate(name, poems), ",.0f") for name in RIVALS]
            rows.append([*row, _ratio(own, result.best_rival(poems), ".1f")])
    columns = ["network", "poems at once", CHARRNN, "wanted", *RIVALS, "charrnn against the best"]
    return markdown(columns, rows)


def starts(results: Sequence[Result]) -> str:
    """Seconds to the first character, and peak memory."""
    names = (CHARRNN, *RIVALS)
    rows = []
    for result in results:
        row = [result.network.title]
        for name in names:
            start = result.of(name).start()
            row.append(f"{start.seconds:.2f} s, {start.megabytes:,.0f} MB" if start else NOTHING)
        rows.append(row)
    return markdown(["network", *names], rows)


def memory(results: Sequence[Result]) -> str:
    """How near one poem at a time comes to what memory allows."""
    rows = []
    for result in results:
        limit = result.rate(MEMORY, 1)
        size = result.network.bytes_read
        row = [result.network.title, f"{size / 1e6:.1f}"]
        row.append(_number(limit and limit * size / 1e9, ".0f"))
        row.append(_number(limit, ",.0f"))
        row += [_ratio(result.rate(name, 1), limit, ".0%") for name in (CHARRNN, *RIVALS)]
        rows.append(row)
    columns = ["network", "weights, MB", "read, GB/s", "readings a second", CHARRNN, *RIVALS]
    return markdown(columns, rows)


def _reached(rate: float | None, wanted: float | None) -> str:
    """A rate; one that falls short of what is wanted says so."""
    short = rate is not None and wanted is not None and rate < wanted
    return _number(rate, ",.0f") + (", short" if short else "")


def _ratio(rate: float | None, other: float | None, form: str) -> str:
    return NOTHING if rate is None or other is None else format(rate / other, form)


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)
