"""Signals at random instants, also while TensorFlow loads: heeded, told, and the run goes on from there."""

import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from tests.campaign.case import Case, alternating, drawn, require
from tests.campaign.kills import go_on
from tests.campaign.prepared import NAME, Prepared, check_same, load_training
from tests.campaign.processes import Ended, Signals, forked, started

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
STOP, CONT = signal.SIGSTOP, signal.SIGCONT

SEQUENCES: Sequence[Sequence[int]] = (
    (INT,),
    (TERM,),
    (HUP,),
    (STOP, CONT),
    (INT, INT),
    (TERM, TERM),
    (HUP, TERM),
    (INT, TERM),
    (TERM, INT),
    (STOP, INT, CONT),
    (STOP, TERM, CONT, INT),
    (INT, STOP, CONT),
)

ENDLESS = 1_000_000
"""Steps of a run that only a signal ends."""

LOADED = 4.0
"""Seconds in which TensorFlow loads and six steps are made, more or less."""

READERS: Sequence[Sequence[str]] = (
    ("generate", NAME, "--count", "2000", "--seed", "1"),
    ("pack", NAME, "gift"),
    ("evaluate", NAME),
)


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """New interpreters that train and others that train already, in turn, for ever."""
    load_training()
    yield from alternating(
        _kind(seed, "training", partial(_train, prepared, forked)),
        _kind(seed, "reading", partial(_read, prepared)),
        _kind(seed, "start", partial(_train, prepared, started)),
        _kind(seed, "endless", partial(_endless, prepared)),
    )


def _kind(seed: int, kind: str, run: partial[None]) -> Iterator[Case]:
    for number in count(1):
        name = f"{kind}-{number}"
        yield Case(name, partial(run, f"{seed}/{name}"))


def _drawn(case: str, longest: float) -> Signals:
    """A sequence of signals, the first within some seconds, as often early as late."""
    draws = drawn(0, case)
    instant, sent = draws.choice((0.1, 0.5, 1.0)) * draws.uniform(0.0, longest), []
    for number in draws.choice(SEQUENCES):
        sent.append((instant, number))
        instant += draws.choice((0.0, draws.uniform(0.0, 0.5)))
    return sent


def check_heeded(ended: Ended, signals: Signals, *, lost: bool) -> None:
    """A signal ended a command with its code and at most a sentence.

    Args:
        ended: The command.
        signals: What was sent to it.
        lost: Whether the command would not have ended without it.
    """
    sent = {number for _, number in signals} - {STOP, CONT}
    # To a shell, a command that a signal has ended has exit code 128 and more too.
    codes = {128 + number for number in sent} | {-number for number in sent}
    codes |= {0} if not lost or not sent else set()
    told = f"{signals}: {ended}"
    require(not ended.hung, f"it goes on after {told}")
    if "Traceback" in ended.err and "charrnn/" not in ended.err:
        return  # The interpreter was still starting, and its own traceback is shown.
    require("Traceback" not in ended.err, f"a traceback after {told}")
    require(ended.code in codes, f"exit code {ended.code} after {told}")


def _train(prepared: Prepared, run: Callable[..., Ended], case: str, directory: Path) -> None:
    """A short run, signalled, that is resumed and ends as one that was not."""
    signals = _drawn(case, LOADED if run is started else 1.5)
    last = run(prepared.train(), directory, signals=signals)
    check_heeded(last, signals, lost=False)
    for _ in range(2):
        if last.code == 0 or "is finished" in last.err:
            break
        last = forked(go_on(prepared.train(), directory, last), directory)
    require(last.code == 0 or "is finished" in last.err, f"it cannot go on: {last}")
    check_same(directory / "checkpoints" / NAME, prepared.finished / NAME)


def _endless(prepared: Prepared, case: str, directory: Path) -> None:
    """A run that only a signal ends; none is lost, and what is said to be saved is."""
    signals = _drawn(case, 2 * LOADED)
    if {number for _, number in signals} <= {STOP, CONT}:
        signals = [*signals, (signals[-1][0], TERM)]
    words = [*prepared.train()[:-1], str(ENDLESS)]
    ended = started(words, directory, signals=signals)
    check_heeded(ended, signals, lost=True)
    saved = "everything is saved" in ended.err
    heeded = [number for _, number in signals if number not in {STOP, CONT}]
    if "\nstep 2/" in ended.err and len(heeded) == 1:
        require(saved, f"nothing is saved after {signals}: {ended}")
    if saved:
        written = forked(["generate", NAME, "--seed", "1"], directory)
        require(written.code == 0, f"nothing to write with after {ended}: {written}")
    litter = [path.name for path in directory.rglob(".writing-*")]
    require(not litter or ended.code < 0, f"litter after {ended}: {litter}")


def _read(prepared: Prepared, case: str, directory: Path) -> None:
    """Commands that do not train end at once, and leave nothing half done."""
    prepared.copy(directory)
    words = drawn(0, case).choice(READERS)
    signals = _drawn(case, 1.0)
    ended = started(words, directory, signals=signals)
    check_heeded(ended, signals, lost=False)
    if ended.code and words[0] == "pack":
        require(not (directory / "gift").exists() or ended.code < 0, f"half a pack: {ended}")
        again = forked(["pack", NAME, "another"], directory)
        require(again.code == 0, f"pack after {ended}: {again}")
