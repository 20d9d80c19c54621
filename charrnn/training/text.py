"""The text of a run: divided into its two parts, encoded, measured without a network."""

from charrnn.config import CorpusConfig, TrainingConfig
from charrnn.corpus.reading import Corpus
from charrnn.corpus.splitting import encode_part, split_corpus
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.training.baselines import unigram_entropy, xz_entropy
from charrnn.training.batches import Ids, TrainingStreams


class TrainingText:
    """A corpus divided and encoded for a run.

    Args:
        corpus: The text.
        reading: How it is divided.
        training: How it is read; its window is settled, and either part holds one at least.
        characters: The vocabulary of a run that goes on; None makes one from the text.

    Attributes:
        vocabulary: Its characters.
        training: `(length,)` ids of the training part.
        validation: `(length,)` ids of the validation part.

    Raises:
        CorpusError: The text is too short.
    """

    def __init__(
        self,
        corpus: Corpus,
        reading: CorpusConfig,
        training: TrainingConfig,
        characters: tuple[str, ...] | None = None,
    ) -> None:
        assert training.window is not None, "a settled training has a window"
        self.corpus = corpus
        self.vocabulary = (
            Vocabulary.of_text(corpus.text, reading.min_count)
            if characters is None
            else Vocabulary(characters)
        )
        split = split_corpus(corpus, reading.validation_fraction, training.window)
        self.training: Ids = encode_part(corpus, split.training, self.vocabulary)
        self.validation: Ids = encode_part(corpus, split.validation, self.vocabulary)

    def streams(self, training: TrainingConfig) -> TrainingStreams:
        """The training part laid out for settled settings."""
        assert training.batch_size is not None, "a settled training has a batch size"
        assert training.window is not None, "a settled training has a window"
        return TrainingStreams(self.training, training.batch_size, training.window, training.seed)

    def baselines(self) -> dict[str, float]:
        """Losses that need no network, in nats per character, by name."""
        return {
            "unigram": unigram_entropy(self.training, self.validation, self.vocabulary.size),
            "xz": xz_entropy(self.corpus.text),
        }
