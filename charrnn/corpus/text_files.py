"""Files beside a network that depend on its text alone: made once, and again where they are missing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.loading import Corpus
from charrnn.corpus.ngram_filter import NgramFilter, filter_of_training_split
from charrnn.errors import CharrnnError, CorpusError, FormError


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that depends on the text alone.

    Attributes:
        name: Its name in a checkpoint.
        title: Begins the sentence that it is left out, with the verb.
        corpus_of: The digest of the corpus that such a file was made from; raises CharrnnError or
            OSError for a file of no use.
        make: Makes the file at a path; raises FormError or CorpusError if the text cannot give it.
    """

    name: str
    title: str
    corpus_of: Callable[[Path], str]
    make: Callable[[Corpus, RunRecord, Path], None]

    def is_missing(self, directory: Path, record: RunRecord) -> bool:
        """Whether a run should have the file, and has none that is of its text."""
        if record.text_files.get(self.name) is not None:
            return False
        try:
            return self.corpus_of(directory / self.name) != record.corpus.digest
        except (CharrnnError, OSError):
            return True

    def keep(
        self, directory: Path, corpus: Corpus, record: RunRecord, noted: Callable[[str], None]
    ) -> str | None:
        """Make the file if it is missing. Nothing is raised, as networks work without it.

        Args:
            directory: Where to; it must be locked.
            corpus: The text.
            record: The run that learned it.
            noted: Is told of a failure.

        Returns:
            Why the text cannot give the file; None if it can, made or not.
        """
        if not self.is_missing(directory, record):
            return record.text_files.get(self.name)
        try:
            self.make(corpus, record, directory / self.name)
        except FormError as error:  # Verse of another kind, or too little of it.
            return str(error)
        except CorpusError as error:
            noted(f"{self.title} left out: {error}")
            return str(error)
        except KeyboardInterrupt:
            reason = "it was interrupted"
        except OSError as error:
            reason = error.strerror or str(error)
        except MemoryError:
            reason = "it does not fit in memory"
        else:
            return None
        noted(f"{self.title} left out: {reason}. --resume makes it later.")
        return None


def ngram_filter_file() -> TextFile:
    """The n-gram filter of the training split."""
    return TextFile(
        name=NGRAM_FILTER_FILE,
        title="The n-gram filter of the text, which --max-copy and charrnn novelty need, is",
        corpus_of=lambda path: NgramFilter.open(path).corpus,
        make=lambda corpus, record, path: filter_of_training_split(corpus, record).write(path),
    )
