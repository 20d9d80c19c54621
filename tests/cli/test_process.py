import os
import signal
import subprocess
import sys

import pytest

from charrnn.cli.process import THREAD_VARIABLES, failure_sentence, quiet_startup, use_idle_cores


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch):
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "")  # What was there is remembered, and put back at the end.
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("cores", "load", "expected"),
    [(2, 0.1, "2"), (2, 1.2, "1"), (2, 7.0, "1"), (16, 4.3, "12"), (None, 0.0, "1")],
)
def test_as_many_threads_as_cores_stand_idle(monkeypatch, cores, load, expected):
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    use_idle_cores()
    assert os.environ["OPENBLAS_NUM_THREADS"] == expected


@pytest.mark.parametrize("name", THREAD_VARIABLES)
def test_a_wish_of_the_user_stands(monkeypatch, name):
    monkeypatch.setenv(name, "3")
    use_idle_cores()
    assert {other: os.environ.get(other) for other in THREAD_VARIABLES if other in os.environ} == {
        name: "3"
    }


def test_a_system_that_does_not_tell_its_load_is_left_alone(monkeypatch):
    monkeypatch.delattr("os.getloadavg", raising=False)
    use_idle_cores()
    assert not any(name in os.environ for name in THREAD_VARIABLES)


def test_a_library_that_finds_no_memory_to_load_is_told_as_that():
    error = ImportError("IMPORTANT: PLEASE READ THIS FOR ADVICE")
    error.__cause__ = ImportError("libopenblas.so: failed to map segment from shared object")
    assert failure_sentence(error).startswith("Error: there is too little memory to load ")
    with pytest.raises(ImportError) as raised, quiet_startup():
        raise MemoryError
    assert failure_sentence(raised.value) == failure_sentence(error)
    assert "fault in charrnn" in failure_sentence(ImportError("no module named numpy"))


# Signals

ENDINGS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
if hasattr(signal, "SIGHUP"):
    ENDINGS.append((signal.SIGHUP, 129))

every_signal = pytest.mark.parametrize(("number", "code"), ENDINGS)

DROPPED = """
import signal, sys, time, weakref
from charrnn.signals import note_signals

class Anything: ...

try:
    note_signals()
    anything = Anything()
    callback = weakref.ref(anything, lambda _: signal.raise_signal({number:d}))
    del anything  # Python drops what the callback raises.
    print("goes on", flush=True)
    # Python misses a signal that comes just before a sleep, until that is over.
    for _ in range(6_000):
        time.sleep(0.1)
except KeyboardInterrupt:
    sys.exit(130)
"""

SWALLOWED = """
import os, signal, sys
from charrnn.cli.process import quiet_startup
from charrnn.signals import note_signals

try:
    note_signals()
    with quiet_startup():
        os.write(2, b"the log of a library")
        try:
            signal.raise_signal({number:d})
        except BaseException:
            raise ImportError("a module that was only half there")
    print("goes on")
except KeyboardInterrupt:
    sys.exit(130)
"""

BEFORE_ALL = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name in ("charrnn.signals", "charrnn.cli"):
            os.kill(os.getpid(), {number:d})

sys.meta_path.insert(0, Interrupting())
from charrnn.__main__ import main
main()
"""


def outcome(program, number, **arguments):
    result = subprocess.run(
        [sys.executable, "-c", program.format(number=number)],
        capture_output=True,
        text=True,
        check=False,
        **arguments,
    )
    return result.returncode, result.stdout, result.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@every_signal
def test_a_signal_that_python_drops_is_sent_again(number, code):
    ended, printed, told = outcome(DROPPED, number)
    assert (ended, printed.strip(), told) == (code, "goes on", "")


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@every_signal
def test_a_signal_that_loading_swallows_is_heeded_and_no_log_is_shown(number, code):
    assert outcome(SWALLOWED, number) == (code, "", "")


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_ctrl_c_before_the_program_is_there_is_quiet():
    assert outcome(BEFORE_ALL, signal.SIGINT) == (130, "", "")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_under_nohup_a_closed_terminal_ends_nothing():
    ignored = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    told = SWALLOWED.replace("raise ImportError", "print")
    assert outcome(ignored + told, signal.SIGHUP) == (0, "goes on\n", "")
