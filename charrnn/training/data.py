"""The text of a run: read, split, encoded, cut into batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.headers import HeadedPoems, ShuffledPoems, is_text
from charrnn.corpus.loading import Corpus, read_corpus
from charrnn.corpus.splitting import encode_split, split_corpus
from charrnn.corpus.store import Rows, as_array, pieces
from charrnn.corpus.vocabulary import Ids, Vocabulary
from charrnn.errors import ConfigurationError, CorpusError
from charrnn.settings.arguments import check_type
from charrnn.settings.configuration import CorpusConfig, TrainingConfig
from charrnn.training.baselines import unigram_entropy, xz_entropy
from charrnn.training.name_augmentation import NameAugmentation
from charrnn.training.observer import TrainingObserver

CorpusSource = str | Path | Corpus | Sequence[str | Path]
"""A path, several, a directory, a name of the catalogue, or a corpus already read."""


def read_text(
    source: CorpusSource, corpus_config: CorpusConfig, observer: TrainingObserver
) -> Corpus:
    """Read a text to learn, unless it has been read already; notes go to the observer.

    Args:
        source: Where it is.
        corpus_config: How to read it.
        observer: Receives the notes.

    Raises:
        CorpusError: It cannot be read, or has nothing to learn.
    """
    if isinstance(source, Corpus):
        corpus = source
    else:
        sources = [source] if isinstance(source, str | Path) else source
        for one in sources:
            check_type("a path of the corpus", one, str | Path)
        corpus = read_corpus([str(source) for source in sources], corpus_config)
        for note in corpus.notes:
            observer.noted(note)
    _require_two_characters(corpus)
    return corpus


def _require_two_characters(corpus: Corpus) -> None:
    """Refuse a text with less than two distinct characters other than white space."""
    seen: set[str] = set()
    for piece in pieces(corpus.text):
        seen.update(character for character in set(piece) if not character.isspace())
        if len(seen) > 1:
            return
    raise CorpusError(
        f"{corpus.name} has only one distinct character ({seen.pop()}): there is nothing to learn."
    )


READ_AHEAD: Final = 1 << 20
"""Ids read at once for the next steps: a text on disk is read in few, long pieces."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step reads.

    Attributes:
        inputs: `(batch_size, window)` int32 ids.
        targets: `(batch_size, window)` int32 ids, each the one after its input.
        begins: Whether the streams begin here, so that the state must be reset to zero.
    """

    inputs: npt.NDArray[np.int32]
    targets: npt.NDArray[np.int32]
    begins: bool


class TrainingStreams:
    """The text as `batch_size` streams of equal length, read `window` tokens at a time.

    Each step reads the characters that follow those of the step before, so that the recurrent
    state can be carried on. The text is a ring; each epoch cuts it at another position.
    What step k reads depends on (seed, k) alone, and on whether names are replaced.

    Args:
        ids: `(length,)` ids of the training split, more than `batch_size * window` of them; or the
            poems that each epoch reads in another order.
        batch_size: Number of streams.
        window: Characters read from each stream in one step.
        seed: Decides where each epoch is cut.
        name_augmentation: Replaces the names in some of the streams; None in none.
    """

    def __init__(
        self,
        ids: Ids | ShuffledPoems,
        batch_size: int,
        window: int,
        seed: int,
        name_augmentation: NameAugmentation | None = None,
    ) -> None:
        self.length = ids.length if isinstance(ids, ShuffledPoems) else len(ids)
        self._ids = ids
        self.batch_size = batch_size
        self.window = window
        self.seed = seed
        self._name_augmentation = name_augmentation
        self.steps_per_epoch = self.length // batch_size // window
        self._windows_ahead = max(1, READ_AHEAD // (batch_size * window))
        self._ahead: tuple[int, int, bool] | None = None
        self._read = np.empty((batch_size, 0), ids.dtype)

    def batch(self, step: int, *, augments: bool = True) -> Batch:
        """What a step reads.

        Args:
            step: Its number, from 0.
            augments: Whether `name_augmentation` replaces names.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        ahead, place = divmod(position, self._windows_ahead)
        if self._ahead != (epoch, ahead, augments):
            self._read = self._rows(epoch, ahead * self._windows_ahead, augments=augments)
            self._ahead = epoch, ahead, augments
        first = place * self.window
        read = self._read[:, first : first + self.window + 1].astype(np.int32)
        return Batch(read[:, :-1], read[:, 1:], begins=position == 0)

    def _rows(
        self, epoch: int, position: int, *, augments: bool
    ) -> npt.NDArray[np.unsignedinteger]:
        """`(batch_size, length)` what the streams hold from a window on, for some windows."""
        windows = min(self._windows_ahead, self.steps_per_epoch - position)
        length = windows * self.window + 1
        ids = self._ids.epoch(epoch) if isinstance(self._ids, ShuffledPoems) else self._ids
        offset = int(np.random.default_rng((self.seed, epoch)).integers(len(ids)))
        stream = len(ids) // self.batch_size
        rows = np.empty((self.batch_size, length), ids.dtype)
        for number, row in enumerate(rows):
            start = (offset + number * stream + position * self.window) % len(ids)
            row[:] = _around(ids, start, length)
            if augments:
                self._replace_names(row, epoch, number, start)
        return rows

    def _replace_names(
        self, row: npt.NDArray[np.unsignedinteger], epoch: int, number: int, start: int
    ) -> None:
        """Replace the names in a row, if its stream is one of those that are augmented."""
        augmentation = self._name_augmentation
        spelling = None if augmentation is None else augmentation.spelling(epoch, number)
        if augmentation is not None and spelling is not None:
            named = _around(augmentation.places, start, len(row))
            row[named] = spelling[row[named]]


def _around(ring: Rows[Any], start: int, length: int) -> npt.NDArray[Any]:
    """`length` numbers of a ring from `start`, wrapping around."""
    before = ring[start : start + length]
    return np.concatenate([before, ring[: length - len(before)]])


class TrainingText:
    """A corpus divided and encoded for a run.

    Args:
        corpus: The text.
        corpus_config: How it is divided.
        training: How it is read; each split holds at least one window.
        characters: The vocabulary of a resumed run; None makes one from the text.
        known: Characters that need to occur only once.

    Attributes:
        vocabulary: Its characters, and the labels of its poems.
        length: Mean number of ids that an epoch reads.
        validation: `(length,)` ids of the validation split.
        measured: `(length,)` bools, true for the ids of the validation split whose loss is
            measured, which are those outside headers; None where there are no headers.

    Raises:
        CorpusError: The text is too short.
    """

    def __init__(
        self,
        corpus: Corpus,
        corpus_config: CorpusConfig,
        training: TrainingConfig,
        characters: tuple[str, ...] | None = None,
        known: tuple[str, ...] = (),
    ) -> None:
        self.vocabulary = (
            _vocabulary_of(corpus, corpus_config.min_count, known)
            if characters is None
            else Vocabulary.of_record(characters, corpus)
        )
        if all(character.isspace() for character in self.vocabulary.characters):
            raise CorpusError(
                f"no character occurs often enough in {corpus.name} to be learned. Give a lower "
                "--min-count."
            )
        split = split_corpus(corpus, corpus_config.validation_fraction, training.shortest_split)
        self.measured: npt.NDArray[np.bool_] | None = None
        self._training: Ids | ShuffledPoems
        if corpus.fields is None:
            self._training = encode_split(corpus, split.training, self.vocabulary)
            self.validation: Ids = encode_split(corpus, split.validation, self.vocabulary)
            self.length = len(self._training)
            return
        _refuse_name_augmentation(training)
        poems = HeadedPoems.of(corpus, split.training, self.vocabulary)
        self._training = ShuffledPoems(poems, training.label_dropout, training.seed)
        self.length = self._training.length
        headed = HeadedPoems.of(corpus, split.validation, self.vocabulary).whole()
        self.validation, self.measured = headed, is_text(headed, self.vocabulary)

    def baselines(self, corpus: Corpus) -> dict[str, float]:
        """Losses that need no network, in nats per character, by name; `corpus` is the text."""
        return {
            "unigram": unigram_entropy(*self._texts(), self.vocabulary.size),
            "xz": xz_entropy(corpus.text),
        }

    def streams(self, training: TrainingConfig) -> TrainingStreams:
        """The training split laid out for settled settings."""
        assert training.batch_size is not None, "a settled training has a batch size"
        assert training.window is not None, "a settled training has a window"
        augmentation = None
        if training.name_augmentation and not isinstance(self._training, ShuffledPoems):
            augmentation = NameAugmentation(
                self._training, self.vocabulary, training.name_augmentation, training.seed
            )
        return TrainingStreams(
            self._training, training.batch_size, training.window, training.seed, augmentation
        )

    def _texts(self) -> tuple[Ids, Ids]:
        """The ids of both splits, without headers."""
        if not isinstance(self._training, ShuffledPoems):
            return self._training, self.validation
        training = self._training.poems.text_alone()
        return (
            training[is_text(training, self.vocabulary)],
            as_array(self.validation)[self.measured],
        )


def _vocabulary_of(corpus: Corpus, min_count: int | None, known: tuple[str, ...]) -> Vocabulary:
    """The characters of a text and of the titles that are learned, and the labels."""
    titles = "".join(corpus.fields.titles) if corpus.fields is not None else ""
    vocabulary = Vocabulary.of_text(corpus.text, min_count, known, titles)
    return Vocabulary.of_record(vocabulary.characters, corpus)


def _refuse_name_augmentation(training: TrainingConfig) -> None:
    if training.name_augmentation:
        raise ConfigurationError(
            "name-augmentation is for texts without labels and titles. Omit it, or omit --labels, "
            "--title-field and --titles."
        )
