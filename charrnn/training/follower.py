"""A worker that follows: it reads its share, learns what the chief says, and writes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from charrnn.checkpoint.record import RunRecord
from charrnn.cluster import Cluster
from charrnn.corpus.loading import Corpus
from charrnn.errors import CorpusError, TrainingInterrupted, WorkersError
from charrnn.model.device import choose_device
from charrnn.model.network import State
from charrnn.settings.configuration import CorpusConfig
from charrnn.training.agreement import facts
from charrnn.training.channel import Channel, Message, PeerGone
from charrnn.training.evaluation import EvaluationStopped, Evaluator
from charrnn.training.interruption import Interruption
from charrnn.training.meeting import join
from charrnn.training.observer import Outcome, TrainingObserver
from charrnn.training.precision import kernel_cores
from charrnn.training.reading import CorpusSource, read_text
from charrnn.training.step import TrainingStep
from charrnn.training.team import (
    ANSWER,
    EVALUATE,
    FACTS,
    FINISHED,
    LEARN,
    SAVE,
    SIGNAL,
    lost_workers_noticed,
    packed,
    unpacked,
)
from charrnn.training.text import TrainingText


def follow(
    cluster: Cluster,
    corpus: CorpusSource | None,
    *,
    settings: Mapping[str, Any],
    reading: CorpusConfig | None,
    device: str,
    observer: TrainingObserver,
) -> Outcome:
    """Train with a chief, to the end of its run.

    Args:
        cluster: All workers, of which this is not the chief.
        corpus: The text; None looks for it where the chief's run found it.
        settings: What this worker was started with, by name; the chief refuses other settings
            than its own.
        reading: How to read the text; None goes on with a run, and reads as that did.
        device: "auto", "cpu", "gpu" or "gpu:N".
        observer: Whom to tell, until the chief tells the rest.

    Returns:
        How the run ended, as the chief has it; `directory` is the chief's.

    Raises:
        CorpusError: The text cannot be read.
        DeviceError: The device is not there.
        WorkersError: The chief is gone, or has ended the run for the reason given.
        TrainingInterrupted: A worker received a signal; the chief has saved everything.
    """
    with _reasons_told():
        channel, record = join(cluster, observer.noted, resuming=reading is None)
        try:
            with lost_workers_noticed(cluster, [channel]):
                if record is not None:
                    reading = record.corpus_config
                    corpus = corpus or _sources_of(record)
                assert corpus is not None, "a new run has a text"
                assert reading is not None, "the chief resumes when this worker does"
                text = read_text(corpus, reading, observer)
                outcome = _prepared(cluster, channel, text, settings, device).obey()
        except BaseException as error:
            channel.part(error)
            raise
        channel.part(None)
    return outcome


@contextmanager
def _reasons_told() -> Iterator[None]:
    """End with the chief, for its reason and with its exit code."""
    try:
        yield
    except PeerGone as gone:
        if gone.signal_number is not None and gone.reason is not None:
            raise TrainingInterrupted(gone.reason, gone.signal_number) from gone
        if gone.reason is not None:
            raise WorkersError(
                f"{gone.peer} ended the run: {gone.reason}", gone.exit_code
            ) from gone
        raise WorkersError(
            f"{gone.peer} stopped answering. What the chief saved last is kept there; go on with "
            "--resume on every worker."
        ) from gone


def _sources_of(record: RunRecord) -> tuple[str, ...]:
    """Where the text of a run that goes on may be found on this machine too."""
    sources = record.corpus.sources
    if not sources or "-" in sources:
        raise CorpusError(
            "the text of this run was not read from a file; give it again, to every worker."
        )
    return sources


def _prepared(
    cluster: Cluster, channel: Channel, corpus: Corpus, settings: Mapping[str, Any], device: str
) -> "Follower":
    """A follower with the network of the chief."""
    chosen = choose_device(device)
    channel.send(FACTS, **facts(corpus, settings, chosen.kind))
    channel.receive()  # All workers agree.
    strategy = chosen.strategy_in(cluster)
    record = RunRecord.from_json(channel.receive().payload.decode())
    text = TrainingText(corpus, record.corpus_config, record.training, record.vocabulary)
    cores = kernel_cores(record.training, record.architecture, len(text.training), chosen.cores)
    step = TrainingStep(record.architecture, record.training, strategy, cores)
    saved = channel.receive().payload
    return Follower(
        channel=channel,
        step=step,
        text=text,
        record=record,
        state=step.restore(unpacked(saved)) if saved else step.zero_state(),
        share=(cluster.index, len(cluster.addresses)),
    )


class Follower:
    """Does what the chief says.

    Args:
        channel: To the chief.
        step: The network and its optimizer, as the chief has them.
        text: The text.
        record: The run.
        state: Where the streams of this worker stand.
        share: Which of the validation streams it measures, as `Evaluator` has it.
    """

    def __init__(
        self,
        *,
        channel: Channel,
        step: TrainingStep,
        text: TrainingText,
        record: RunRecord,
        state: State,
        share: tuple[int, int],
    ) -> None:
        self._channel = channel
        self._step = step
        self._streams = text.streams(record.training)
        self._evaluator = Evaluator(text.validation, text.vocabulary.size, share)
        self._state = state

    def obey(self) -> Outcome:
        """Do all that the chief says until the run is over; returns what it says of the end."""
        with Interruption() as interruption:
            told = False
            while (order := self._channel.receive()).kind != FINISHED:
                if interruption.received is not None and not told:
                    self._channel.send(SIGNAL, number=interruption.received)
                    told = True
                self._do(order)
        values = order.values["outcome"]
        return Outcome(**values | {"directory": Path(values["directory"])})

    def _do(self, order: Message) -> None:
        if order.kind == LEARN:
            self._learn(**order.values)
        elif order.kind == EVALUATE:
            self._channel.send(ANSWER, value=self._nats())
        elif order.kind == SAVE:
            self._channel.send(ANSWER, packed(self._step.carried(self._state)))

    def _nats(self) -> float:
        """The loss of this share; anything, where the chief says meanwhile to give up."""
        try:
            # The chief says nothing else before it has heard the answer.
            return self._evaluator.nats(self._step.averaged, self._channel.has_heard)
        except EvaluationStopped:
            return 0.0

    def _learn(self, step: int, rate: float, renames: bool) -> None:
        batch = self._streams.batch(step, renames=renames)
        if batch.begins:
            self._state = self._step.zero_state()
        _, self._state = self._step(batch, self._state, step, rate)
