"""Networks of others learn and write; how well is for a quiet machine."""

import itertools

import numpy as np
import pytest

from benchmarks.learning import keras_lstm
from benchmarks.learning.text import Clock, Text
from benchmarks.poems import peers


class ThreeSteps(Clock):
    """A clock that is up after three looks."""

    def __init__(self, *_: float) -> None:
        self._looks = itertools.count()

    def progress(self) -> float:
        return next(self._looks) / 3


def test_one_hot_rows_have_their_one_in_place() -> None:
    rows = keras_lstm.one_hot(np.array([[2, 0]]), 3)
    assert rows.tolist() == [[[0, 0, 1], [1, 0, 0]]]


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_a_peer_learns_and_predicts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.startswith("nanoGPT"):
        pytest.importorskip("torch")
    monkeypatch.setattr(peers, "Clock", ThreeSteps)
    text = Text.of("the sea and the sky\n\n\n" * 30)
    peer = peers.PEERS[name](text, 1.0)
    logits = peer.predict(np.zeros((5, peer.context), np.int64))
    assert logits.shape == (5, text.tokens)
    assert np.isfinite(logits).all()
    (first, *_) = peers.continued(peer, text, 3, np.random.default_rng(0))
    assert len(first) == 3
