"""The text of a run: divided into its two parts, encoded, measured without a network."""

from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import encode_part, split_corpus
from charrnn.corpus.vocabulary import Ids, Vocabulary
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig, TrainingConfig
from charrnn.training.baselines import unigram_entropy, xz_entropy
from charrnn.training.batches import TrainingStreams
from charrnn.training.renaming import Renaming


class TrainingText:
    """A corpus divided and encoded for a run.

    Args:
        corpus: The text.
        reading: How it is divided.
        training: How it is read; either part holds one window at least.
        characters: The vocabulary of a run that goes on; None makes one from the text.
        known: Characters for which it is enough to stand in the text once.

    Attributes:
        vocabulary: Its characters.
        training: `(length,)` ids of the training part.
        validation: `(length,)` ids of the validation part.
        baselines: Losses that need no network, in nats per character, by name.

    Raises:
        CorpusError: The text is too short.
    """

    def __init__(
        self,
        corpus: Corpus,
        reading: CorpusConfig,
        training: TrainingConfig,
        characters: tuple[str, ...] | None = None,
        known: tuple[str, ...] = (),
    ) -> None:
        self.vocabulary = (
            Vocabulary.of_text(corpus.text, reading.min_count, known)
            if characters is None
            else Vocabulary(characters)
        )
        if all(character.isspace() for character in self.vocabulary.characters):
            raise CorpusError(
                f"no character stands in {corpus.name} often enough to be learned. Give a lower "
                "--min-count."
            )
        split = split_corpus(corpus, reading.validation_fraction, training.shortest_part)
        self.training: Ids = encode_part(corpus, split.training, self.vocabulary)
        self.validation: Ids = encode_part(corpus, split.validation, self.vocabulary)
        # Measured here, so that the text itself need not be kept while the network learns.
        self.baselines = {
            "unigram": unigram_entropy(self.training, self.validation, self.vocabulary.size),
            "xz": xz_entropy(corpus.text),
        }

    def streams(self, training: TrainingConfig) -> TrainingStreams:
        """The training part laid out for settled settings."""
        assert training.batch_size is not None, "a settled training has a batch size"
        assert training.window is not None, "a settled training has a window"
        renaming = None
        if training.renaming:
            renaming = Renaming(self.training, self.vocabulary, training.renaming, training.seed)
        return TrainingStreams(
            self.training, training.batch_size, training.window, training.seed, renaming
        )
