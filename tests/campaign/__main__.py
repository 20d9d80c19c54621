"""The runner: every campaign for its share of the time, then a table of what held."""

import argparse
import dataclasses
import json
import shutil
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.campaign.case import Broken, Case
from tests.campaign.prepared import Prepared
from tests.campaign.processes import ROOT

CAMPAIGNS = {
    "mutants": 10,
    "hostile": 8,
    "fuzzed": 8,
    "server": 8,
    "streams": 8,
    "disks": 10,
    "kills": 24,
    "signals": 12,
}
"""The modules of the campaigns, and their parts of the time."""

KEPT = 50
"""Failed cases of one campaign whose files are kept."""


@dataclass
class Count:
    """What came of a campaign.

    Attributes:
        tried: Cases that were run.
        failed: Sentences of the cases that failed, by name.
        whole: Whether there was time for all cases; random ones never end.
        seconds: How long it took.
    """

    tried: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    whole: bool = False
    seconds: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are asked for; 1 if a case failed."""
    options = _parser().parse_args(arguments)
    root = options.directory.resolve()
    shutil.rmtree(root, ignore_errors=True)
    prepared = Prepared(root / "prepared")
    counts = {}
    ends = time.monotonic() + 60 * options.minutes
    names = [name for name in CAMPAIGNS if name in (options.only or CAMPAIGNS)]
    for place, name in enumerate(names):
        parts = sum(CAMPAIGNS[other] for other in names[place:])
        left = max(0.0, ends - time.monotonic())
        cases = import_module(f"tests.campaign.{name}").cases(options.seed, prepared)
        if options.case is not None:
            cases = islice((case for case in cases if case.name == options.case), 1)
        cases = islice(cases, dict(options.most).get(name))
        counts[name] = run(name, cases, left * CAMPAIGNS[name] / parts, root, options.seed)
    shutil.rmtree(prepared.root, ignore_errors=True)
    show(counts, options.seed)
    if options.json is not None:
        values = {name: dataclasses.asdict(count) for name, count in counts.items()}
        options.json.write_text(json.dumps(values, indent=1), encoding="utf-8")
    return int(any(count.failed for count in counts.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the same seed tries the same cases")
    parser.add_argument("--minutes", type=float, default=55.0, help="for all campaigns together")
    parser.add_argument("--only", choices=CAMPAIGNS, action="append", help="one campaign, or some")
    parser.add_argument("--case", help="only the case of this name, with its seed and --only")
    parser.add_argument(
        "--most",
        type=_limit,
        action="append",
        default=[],
        metavar="NAME=N",
        help="at most N cases of a campaign",
    )
    parser.add_argument(
        "--directory", type=Path, default=ROOT / "build" / "campaign", help="for failed cases"
    )
    parser.add_argument("--json", type=Path, help="a file for the counts")
    return parser


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)


def run(campaign: str, cases: Iterable[Case], seconds: float, root: Path, seed: int) -> Count:
    """Run cases until they or the seconds are over; the directories of failed ones stay."""
    count, began = Count(), time.monotonic()
    for case in _in_time(cases, began + seconds, count):
        directory = root / campaign / case.name
        directory.mkdir(parents=True)
        count.tried += 1
        try:
            case.run(directory)
        except Broken as broken:
            count.failed[case.name] = str(broken)
        except Exception:  # noqa: BLE001 (the others go on)
            count.failed[case.name] = f"the case itself failed: {traceback.format_exc()}"
        if case.name in count.failed and len(count.failed) <= KEPT:
            told = count.failed[case.name]
            again = f"python -m tests.campaign --seed {seed} --only {campaign} --case {case.name}"
            (directory / "case.txt").write_text(f"{told}\n\n{again}\n", encoding="utf-8")
            sys.stderr.write(f"{campaign} {case.name}: {told[:400]}\n")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    count.seconds = time.monotonic() - began
    return count


def _in_time(cases: Iterable[Case], ends: float, count: Count) -> Iterator[Case]:
    for case in cases:
        yield case
        if time.monotonic() >= ends:
            return
    count.whole = True


def show(counts: dict[str, Count], seed: int) -> None:
    """Print the table of what was tried, what held and what failed."""
    table = Table(title=f"Campaigns of seed {seed}", title_justify="left")
    table.add_column("campaign")
    for column in ("tried", "held", "failed", "minutes"):
        table.add_column(column, justify="right")
    table.add_column("cases")
    together = Count()
    for name, count in counts.items():
        ended = "all" if count.whole else f"cut short after {count.tried:,}"
        _add_row(table, name, count, ended)
        together.tried += count.tried
        together.seconds += count.seconds
        together.failed |= {f"{name}/{case}": told for case, told in count.failed.items()}
    table.add_section()
    _add_row(table, "together", together, "")
    Console(width=100).print(table)


def _add_row(table: Table, name: str, count: Count, ended: str) -> None:
    failed = len(count.failed)
    numbers = f"{count.tried:,}", f"{count.tried - failed:,}", f"{failed:,}"
    table.add_row(name, *numbers, f"{count.seconds / 60:.1f}", ended)


if __name__ == "__main__":
    sys.exit(main())
