import os
import signal
import threading

import pytest

from charrnn.signals import ENDING
from charrnn.training.trainer import Interruption


@pytest.mark.parametrize("number", ENDING)
def test_the_first_signal_is_noted(number: int) -> None:
    with Interruption() as interruption:
        assert interruption.received is None
        os.kill(os.getpid(), number)
        assert interruption.received == number


def test_the_second_ctrl_c_ends_the_program() -> None:
    with Interruption(), pytest.raises(KeyboardInterrupt):  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread_trains_without_handlers() -> None:
    received: list[int | None] = []

    def train() -> None:
        with Interruption() as interruption:
            received.append(interruption.received)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert received == [None]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_under_nohup_a_closed_terminal_is_no_interruption() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interruption.received is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
