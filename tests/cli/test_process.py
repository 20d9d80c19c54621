import os

import pytest

from charrnn.cli.process import THREAD_VARIABLES, use_idle_cores


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
