"""What was measured of a workload, and how contestants compare."""

import dataclasses
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.training.contestants import STATE_PRODUCT
from benchmarks.training.interleaving import Measured
from benchmarks.training.workloads import Workload
from charrnn.settings.configuration import Precision


@dataclass(frozen=True, slots=True)
class Result:
    """All contestants of one workload, each measured equally often.

    Attributes:
        workload: What they trained.
        contestants: What they reached.
    """

    workload: Workload
    contestants: list[Measured]

    def best(self, name: str, precision: Precision) -> Measured | None:
        """The quickest variant of a name, by its median; None where none was measured."""
        variants = [
            contestant
            for contestant in self.contestants
            if (contestant.name, contestant.precision) == (name, precision)
        ]
        return max(variants, key=lambda variant: median(variant.rates), default=None)

    def rate(self, name: str, precision: Precision) -> float | None:
        """Median rate of the quickest variant."""
        best = self.best(name, precision)
        return None if best is None else median(best.rates)

    def ratio(self, name: str, other: str, precision: Precision) -> float | None:
        """How many times as fast as another: median of the ratios of the rounds."""
        return _median_ratio(self.best(name, precision), self.best(other, precision))

    def product_share(self, name: str, precision: Precision) -> float | None:
        """Rate of the arithmetic, as a share of the state product's."""
        ratio = self.ratio(name, STATE_PRODUCT, precision)
        return None if ratio is None else ratio * self.character_operations

    @property
    def character_operations(self) -> float:
        """Floating-point operations of training for each character read."""
        return self.workload.step_operations / self.workload.step_characters

    def spread(self) -> float:
        """The widest range of the slices of one contestant, as a share of their median."""
        return max(
            (max(entry.rates) - min(entry.rates)) / median(entry.rates)
            for entry in self.contestants
        )

    def to_json(self) -> dict[str, Any]:
        """Every slice, for a file."""
        return {
            "workload": self.workload.name,
            "characters": self.workload.step_characters,
            "operations": self.workload.step_operations,
            "contestants": [dataclasses.asdict(entry) for entry in self.contestants],
        }


def _median_ratio(first: Measured | None, second: Measured | None) -> float | None:
    if first is None or second is None:
        return None
    return median(one / other for one, other in zip(first.rates, second.rates, strict=True))
