"""A chief and a follower in one process, whose network learns nothing."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from charrnn.cluster import Cluster
from charrnn.corpus import streams
from charrnn.model.network import StatefulNetwork, build_network
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import CorpusConfig
from charrnn.training import evaluation
from charrnn.training.channel import Channel
from charrnn.training.follower import Follower
from charrnn.training.team import EVALUATE, FINISHED, SAVE, Chief
from charrnn.training.text import TrainingText
from tests.corpora import corpus_from_text
from tests.fakes import RECORD

CORPUS = corpus_from_text("the moon is a boat " * 60, CorpusConfig(layout="text"), name="moon")
SECONDS = 30.0
OUTCOME: dict[str, Any] = {
    "directory": "moon",
    "ending": "finished",
    "steps": 1,
    "epochs": 1.0,
    "seconds": 1.0,
    "best_step": 1,
    "validation_loss": 1.0,
    "baselines": {},
}


class Step:
    """A network, and a state that is carried."""

    def __init__(self, symbols: int) -> None:
        sizes = Architecture(
            cell="gru",
            vocabulary_size=symbols,
            embedding=2,
            layers=1,
            units=2,
            dropout=0.0,
            activation="tanh",
        )
        self.averaged = StatefulNetwork(build_network(sizes), sizes)

    def carried(self, state: Any) -> dict[str, np.ndarray]:
        del state
        return {"state_0": np.ones((1, 2))}


class Pair:
    """A chief that waits for `SECONDS` at most, and a follower that obeys it in a thread.

    Attributes:
        reads: Windows that the follower has read.
        goes_on: Is set when it may read on from the second one.
    """

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.reads = 0
        self.goes_on = threading.Event()
        self.channel = Channel(near, "worker 1")
        self.chief = Chief(Cluster(("a:1", "b:2"), 0), [self.channel])
        text = TrainingText(CORPUS, RECORD.corpus_config, RECORD.training)
        step: Any = Step(text.vocabulary.size)
        follower = Follower(
            channel=Channel(far, "the chief"),
            step=step,
            text=text,
            record=RECORD,
            state=[],
            share=(0, 2),
        )
        self.thread = threading.Thread(target=follower.obey, daemon=True)

    def finish(self) -> dict[str, np.ndarray]:
        """Let the follower save and end; what it saved."""
        self.chief.order(SAVE)
        saved = self.chief.gathered({"state_0": np.zeros((1, 2))})
        self.chief.order(FINISHED, outcome=OUTCOME)
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()
        return saved


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", 8)
    window, receive = streams.EvaluationStreams.window, Channel.receive

    def read(*arguments: Any) -> Any:
        both.reads += 1
        assert both.reads == 1 or both.goes_on.wait(SECONDS)
        return window(*arguments)

    monkeypatch.setattr(streams.EvaluationStreams, "window", read)
    monkeypatch.setattr(Channel, "receive", lambda channel, _=None: receive(channel, SECONDS))
    with socket.create_server(("localhost", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    with near, far:
        both = Pair(near, far)
        both.thread.start()
        yield both


def test_a_follower_gives_up_an_evaluation_when_the_chief_does(pair: Pair) -> None:
    pair.chief.order(EVALUATE)
    send = pair.channel.send

    def send_and_go_on(kind: str) -> None:
        send(kind)
        pair.goes_on.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair.channel, "send", send_and_go_on)
        pair.chief.give_up()
    assert pair.reads <= 2
    assert pair.finish()["state_0"].tolist() == [[0, 0], [1, 1]]


def test_a_follower_that_has_answered_is_not_confused_when_the_chief_gives_up(pair: Pair) -> None:
    pair.goes_on.set()
    pair.chief.order(EVALUATE)
    pair.channel.listen(SECONDS)  # The answer is there.
    pair.chief.give_up()
    assert pair.reads > 2
    assert pair.finish()["state_0"].tolist() == [[0, 0], [1, 1]]


def test_a_follower_measures_its_share(pair: Pair) -> None:
    pair.goes_on.set()
    pair.chief.order(EVALUATE)
    assert pair.chief.total(0.0) > 0
    assert pair.finish()["state_0"].tolist() == [[0, 0], [1, 1]]
