import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from charrnn.cluster import Cluster
from charrnn.errors import CheckpointError, WorkersError
from charrnn.training import meeting, team
from charrnn.training.channel import Channel, PeerGone
from charrnn.training.meeting import join, led
from charrnn.training.team import lost_workers_noticed
from tests.training.ports import free_cluster


@pytest.fixture(autouse=True)
def channels_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a test leaves open."""
    channels: list[Channel] = []

    def remembered(connection: socket.socket, peer: str) -> Channel:
        channels.append(Channel(connection, peer))
        return channels[-1]

    monkeypatch.setattr(meeting, "Channel", remembered)
    yield
    for channel in channels:
        channel.part(None)


def silent(_: str) -> None:
    """Tell nobody."""


def meet(chief: Callable[[Cluster], Any], worker: Callable[[Cluster], Any]) -> list[Future[Any]]:
    """Both at once, on a free port; what each of them comes to."""
    cluster = free_cluster()
    with ThreadPoolExecutor() as threads:
        return [
            threads.submit(chief, cluster),
            threads.submit(worker, dataclasses.replace(cluster, index=1)),
        ]


def lead(cluster: Cluster) -> None:
    with led(cluster, silent, patience=5):
        pass


def follow(cluster: Cluster, resuming: bool = False) -> Channel:
    return join(cluster, silent, resuming=resuming, patience=5)[0]


def error_of(future: Future[Any]) -> str:
    error = future.exception()
    assert error is not None
    return str(error)


def test_a_chief_and_a_worker_find_each_other_and_exchange_numbers_and_rows() -> None:
    def add(cluster: Cluster) -> Any:
        with led(cluster, silent, patience=5) as chief:
            chief.order("evaluate")
            total = chief.total(0.1)
            chief.order("save")
            return chief.workers, total, chief.gathered({"state_0": np.zeros((1, 2))}), chief.signal

    def answer(cluster: Cluster) -> None:
        channel = follow(cluster)
        assert channel.receive().kind == "evaluate"
        channel.send("signal", number=15)
        channel.send("answer", value=0.2)
        channel.receive()
        channel.send("answer", team.packed({"state_0": np.ones((2, 2))}))
        with pytest.raises(PeerGone):
            channel.receive()
        channel.part(None)

    chief, worker = meet(add, answer)
    worker.result()
    workers, total, rows, signal = chief.result()
    assert (workers, total, signal) == (2, 0.1 + 0.2, 15)
    np.testing.assert_array_equal(rows["state_0"], [[0, 0], [1, 1], [1, 1]])


def test_the_ports_are_free_for_tensorflow_afterwards() -> None:
    def listen(cluster: Cluster) -> None:
        with led(cluster, silent, patience=5):
            socket.create_server(("", cluster.port)).close()

    chief, worker = meet(listen, follow)
    chief.result()
    worker.result().part(None)


def test_a_worker_that_does_not_come_is_named() -> None:
    told: list[str] = []
    cluster = free_cluster(3)

    def come() -> None:
        with pytest.raises(PeerGone, match="did not come"):
            join(dataclasses.replace(cluster, index=1), silent, resuming=False, patience=5)

    other = threading.Thread(target=come)
    other.start()
    with (
        pytest.raises(WorkersError, match=f"^worker 2 at {cluster.addresses[2]} did not come"),
        led(cluster, told.append, patience=1.0),
    ):
        pass
    other.join()
    assert told == [f"Waiting for {cluster.name(1)}, {cluster.name(2)}."]


def test_a_chief_that_does_not_answer_is_named() -> None:
    cluster = free_cluster(index=1)
    with pytest.raises(WorkersError, match=f"^the chief at {cluster.addresses[0]} did not answer"):
        join(cluster, silent, resuming=False, patience=0.1)


@pytest.mark.parametrize(("index", "come"), [(0, lead), (1, follow)])
def test_a_port_in_use_is_named(index: int, come: Callable[[Cluster], Any]) -> None:
    cluster = free_cluster(index=index)
    sentence = f"cannot use its port {cluster.port}: another program uses it"
    with socket.create_server(("", cluster.port)), pytest.raises(WorkersError, match=sentence):
        come(cluster)


def test_strangers_at_the_door_change_nothing() -> None:
    def knock(cluster: Cluster) -> Channel:
        for words in (b"GET / HTTP/1.1\r\n\r\n" * 9, b""):
            for _ in range(50):
                try:
                    with socket.create_connection(cluster.place(0)) as stranger:
                        stranger.sendall(words)
                    break
                except ConnectionRefusedError:
                    threading.Event().wait(0.02)
        return follow(cluster)

    chief, worker = meet(lead, knock)
    chief.result()
    worker.result().part(None)


def test_other_addresses_are_refused_on_both_sides() -> None:
    def follow_others(cluster: Cluster) -> Any:
        return follow(Cluster((*cluster.addresses, "elsewhere:1"), 1))

    for future in meet(lead, follow_others):
        assert "knows other workers" in error_of(future)


def test_two_workers_of_one_number_are_refused() -> None:
    cluster = free_cluster(3)
    here = threading.Event()

    def come_first(first: Cluster) -> None:
        join(first, lambda _: here.set(), resuming=False, patience=5)

    with ThreadPoolExecutor() as threads:
        chief = threads.submit(lead, cluster)
        first = threads.submit(come_first, dataclasses.replace(cluster, index=1))
        assert here.wait(timeout=5)
        second = threads.submit(follow, dataclasses.replace(cluster, index=1))
    for future in (chief, first, second):
        assert "two workers with the number 1" in error_of(future)


def test_another_version_is_refused_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = iter([{"charrnn": "0.2.0", "python": "3"}, {"charrnn": "0.1.0", "python": "4"}])
    monkeypatch.setattr(meeting, "versions", lambda: next(versions))
    for future in meet(lead, follow):
        assert "has charrnn 0.2.0, and the chief 0.1.0" in error_of(future)


@pytest.mark.parametrize("resuming", [True, False])
def test_all_resume_or_none(resuming: bool) -> None:
    class Record:
        def to_json(self) -> str:
            return "{}"

    def lead_another(cluster: Cluster) -> None:
        record: Any = None if resuming else Record()
        with led(cluster, silent, record, patience=5):
            pass

    for future in meet(lead_another, lambda cluster: follow(cluster, resuming)):
        with_it = "worker 1" if resuming else "the chief"
        assert with_it in error_of(future).split(" was started")[0]
        assert "was started with --resume" in error_of(future)


def test_the_error_of_the_chief_is_the_error_of_all() -> None:
    def fail(cluster: Cluster) -> None:
        with led(cluster, silent, patience=5):
            raise CheckpointError("the disk is full.")

    chief, worker = meet(fail, lambda cluster: follow(cluster).receive())
    assert error_of(chief) == "the disk is full."
    error = worker.exception()
    assert isinstance(error, PeerGone)
    assert (error.reason, error.exit_code) == ("the disk is full.", 1)


@pytest.mark.parametrize("said", [CheckpointError("it has no text."), None])
def test_a_worker_that_leaves_ends_the_run_with_a_sentence(said: CheckpointError | None) -> None:
    def lose(cluster: Cluster) -> None:
        with led(cluster, silent, patience=5) as chief:
            chief.total(1.0)

    chief, _ = meet(lose, lambda cluster: follow(cluster).part(said))
    expected = "ended the run: it has no text." if said else "stopped answering."
    assert f"{expected} Start all of them again." in error_of(chief)


def test_what_tensorflow_raises_is_laid_to_the_worker_that_is_gone() -> None:
    def lose(cluster: Cluster) -> None:
        with led(cluster, silent, patience=5):
            raise tf.errors.UnavailableError(None, None, "Socket closed")

    chief, _ = meet(lose, lambda cluster: follow(cluster).part(None))
    assert error_of(chief).startswith("worker 1 at localhost:")
    assert "stopped answering" in error_of(chief)


def test_a_frozen_worker_is_named_by_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "GRACE_SECONDS", 0.1)
    over = threading.Event()

    def lose(cluster: Cluster) -> None:
        try:
            with led(cluster, silent, patience=5):
                raise tf.errors.UnavailableError(
                    None, None, "from /job:worker/task:0: unhealthy: /job:worker/task:1"
                )
        finally:
            over.set()

    def freeze(cluster: Cluster) -> None:
        channel = follow(cluster)
        over.wait()
        channel.part(None)

    chief, _ = meet(lose, freeze)
    assert "worker 1 at localhost:" in error_of(chief)
    assert "stopped answering" in error_of(chief)


def test_a_fault_of_this_worker_is_not_laid_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "GRACE_SECONDS", 0.1)
    over = threading.Event()

    def fail(cluster: Cluster) -> None:
        try:
            with led(cluster, silent, patience=5):
                raise tf.errors.InternalError(None, None, "a bug")
        finally:
            over.set()

    def wait(cluster: Cluster) -> None:
        channel = follow(cluster)
        over.wait()
        channel.part(None)

    assert isinstance(meet(fail, wait)[0].exception(), tf.errors.InternalError)


def test_a_frozen_chief_is_known_by_its_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "GRACE_SECONDS", 0.1)
    over = threading.Event()

    def freeze(cluster: Cluster) -> None:
        with led(cluster, silent, patience=5):
            over.wait()

    def lose(cluster: Cluster) -> None:
        error = tf.errors.DeadlineExceededError(None, None, "/CoordinationService/Heartbeat")
        try:
            with lost_workers_noticed(cluster, [follow(cluster)]):
                raise error
        finally:
            over.set()

    assert error_of(meet(freeze, lose)[1]).startswith("the chief at localhost:")
