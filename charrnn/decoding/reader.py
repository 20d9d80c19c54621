"""Reads prompts through a network (prefill), so that poems can go on from them."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Final, Self

import numpy as np

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.ngram_filter import NgramFilter
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.copying import open_ngram_filter
from charrnn.decoding.engine import NumpyEngine, State, StepModel
from charrnn.decoding.hypothesis import (
    LINE_END,
    DecoderState,
    GrowingText,
    Hypothesis,
    LineCount,
    gather,
)
from charrnn.decoding.prompts import poems_in, read_prompt
from charrnn.decoding.ranking import Score, score
from charrnn.decoding.weights import NetworkWeights
from charrnn.errors import CheckpointError
from charrnn.settings.configuration import Layout

LONGEST_READING: Final = 256
"""Characters of a prompt read at once, so that the logits after each of them fit in memory."""


class TextReader:
    """Reads prompts through a network, and ranks what was written.

    Args:
        model: The network.
        vocabulary: The characters it reads and writes.
        layout: The layout of the text it learned.
        stanzas: Whether one blank line separates stanzas there, and only a longer gap poems.
        poems_by_lines: How many of the poems it learned have 1, 2, 3 ... lines; empty if unknown.
        poem_length: Characters of an average poem; None if unknown, or for a continuous text.
        checkpoints: The checkpoints of the networks, the one of greatest weight first; none for a
            network that is not saved yet.
        open_ngram_filters: Opens the filters of the texts it learned, when they are first needed;
            None where there are none.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        layout: Layout,
        *,
        stanzas: bool = False,
        poems_by_lines: Sequence[int] = (),
        poem_length: int | None = None,
        checkpoints: Sequence[Checkpoint] = (),
        open_ngram_filters: Callable[[], Sequence[NgramFilter]] | None = None,
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.layout = layout
        self.stanzas = stanzas
        self.poems_by_lines = poems_by_lines
        self.poem_length = poem_length
        self.checkpoints = tuple(checkpoints)
        self._open_ngram_filters = open_ngram_filters
        if not "".join(vocabulary.characters).strip():
            raise CheckpointError("the vocabulary holds nothing but white space.")

    @classmethod
    def open(cls, source: Path | Checkpoint) -> Self:
        """Open the network of a checkpoint; needs no TensorFlow.

        Args:
            source: A checkpoint, or its directory.

        Raises:
            CheckpointError: It is missing, unfinished, damaged, or does not fit together.
        """
        checkpoint = source if isinstance(source, Checkpoint) else Checkpoint.open(source)
        architecture = checkpoint.record.architecture
        with NetworkWeights.open(checkpoint.model_path, architecture) as weights:
            model = NumpyEngine(weights, architecture)
        try:
            return cls._of_model(model, checkpoint.record, checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f"{checkpoint.directory} cannot be used: {error}") from error

    @classmethod
    def of_weights(cls, weights: NetworkWeights, record: RunRecord) -> Self:
        """Write with the weights of a run that is still training.

        Args:
            weights: The arrays of its network.
            record: What is known of the run.

        Raises:
            CheckpointError: The network and the vocabulary do not fit together.
        """
        return cls._of_model(NumpyEngine(weights, record.architecture), record)

    @classmethod
    def _of_model(
        cls, model: StepModel, record: RunRecord, checkpoint: Checkpoint | None = None
    ) -> Self:
        try:
            vocabulary = Vocabulary(record.vocabulary)
        except ValueError as error:
            raise CheckpointError(str(error)) from error
        tokens = record.architecture.vocabulary_size
        if vocabulary.size != tokens:
            raise CheckpointError(
                f"its network has {tokens} tokens and its vocabulary {vocabulary.size}."
            )
        corpus = record.corpus
        return cls(
            model,
            vocabulary,
            corpus.layout,
            stanzas=corpus.stanzas,
            poems_by_lines=corpus.poems_by_lines,
            poem_length=(
                None if corpus.layout == "text" else round(corpus.characters / corpus.poems)
            ),
            checkpoints=() if checkpoint is None else (checkpoint,),
            open_ngram_filters=None if checkpoint is None else partial(_filters_of, checkpoint),
        )

    @cached_property
    def ngram_filters(self) -> tuple[NgramFilter, ...]:
        """The n-gram filters of the texts that were learned; none where they were not kept."""
        return tuple(self._open_ngram_filters()) if self._open_ngram_filters is not None else ()

    def begin(self, prompt: str = "") -> Hypothesis:
        """Begin a poem.

        Args:
            prompt: Its first characters; none lets the network begin.
        """
        context = self.vocabulary.id_of(LINE_END) if self.layout == "text" else END_OF_POEM
        first = [END_OF_POEM if context == UNKNOWN else context]
        decoder_state = self._read(first, self.model.initial_state(1))
        hypothesis = Hypothesis(GrowingText(), decoder_state, 0, LineCount())
        if self.layout == "text":
            return self.extend(hypothesis, prompt)
        # Poems are learned without the white space before them.
        hypothesis = self.extend(hypothesis, prompt.lstrip())
        return dataclasses.replace(hypothesis, written=GrowingText().followed_by(prompt))

    def extend(self, hypothesis: Hypothesis, text: str) -> Hypothesis:
        """Add characters that the network did not write; a poem that has ended goes on."""
        ids, substitutions = read_prompt(text, self.vocabulary, self.layout, stanzas=self.stanzas)
        decoder_state = gather([hypothesis])
        for start in range(0, len(ids), LONGEST_READING):
            some = ids[start : start + LONGEST_READING]
            decoder_state = self._read(some, decoder_state.state)
        known = tuple(dict.fromkeys(hypothesis.substitutions + substitutions))
        lines = self._lines_after(LineCount() if hypothesis.ended else hypothesis.lines, text)
        written = hypothesis.written.followed_by(text)
        return Hypothesis(written, decoder_state, 0, lines, substitutions=known)

    def score(self, prompt: str, text: str, log_probabilities: Sequence[float]) -> Score:
        """How good a text is that was written after a prompt; see `charrnn.decoding.ranking`."""
        return score(
            prompt,
            text,
            log_probabilities,
            tokens=self.vocabulary.size,
            ngram_filters=self.ngram_filters,
        )

    def _lines_after(self, lines: LineCount, text: str) -> LineCount:
        """The lines of the poem that a text goes on with, which may end it and begin another."""
        *whole, last = poems_in(text, self.layout, stanzas=self.stanzas)
        return (LineCount() if whole else lines).followed_by(last)

    def _read(self, ids: list[int], state: State) -> DecoderState:
        """Read on, in one text; the logits are those after the last of the ids."""
        logits, state = self.model.read(np.array([ids]), state)
        return DecoderState(logits[:, -1].copy(), state)


def _filters_of(checkpoint: Checkpoint) -> list[NgramFilter]:
    found = open_ngram_filter(checkpoint)
    return [] if found is None else [found]
