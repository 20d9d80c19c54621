"""What the poems of a run taught, as it is kept beside its network.

`sounds.json` holds the tones and rhymes of Chinese characters, `words.json` the words of English
text. Both name the corpus they are from, and a network can do without either.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from charrnn.checkpoint import SOUNDS_FILE, WORDS_FILE, Checkpoint
from charrnn.errors import CheckpointError, FormError
from charrnn.forms.chinese.learned_sounds import LearnedSounds
from charrnn.forms.chinese.sounds import SoundTable
from charrnn.forms.english.learned_words import LearnedWords
from charrnn.naming import spoken_name

Lesson = TypeVar("Lesson", bound=LearnedSounds | LearnedWords)


def learned_sounds(checkpoint: Checkpoint) -> SoundTable | None:
    """How Chinese characters sound in the poems that a network learned.

    Returns:
        The table, named "learned"; None where there is none.

    Raises:
        CheckpointError: It is damaged, of another format, or that of another text.
    """
    lesson = open_sounds(checkpoint)
    return None if lesson is None else lesson.sounds()


def learned_words(checkpoint: Checkpoint) -> dict[str, int] | None:
    """The English words of the text that a network learned, each with how often it stands there.

    Returns:
        The words in small letters with straight apostrophes, the commonest first; None where none
        are kept.

    Raises:
        CheckpointError: They are damaged, of another format, or those of another text.
    """
    lesson = open_words(checkpoint)
    return None if lesson is None else dict(lesson.counts)


def open_sounds(checkpoint: Checkpoint) -> LearnedSounds | None:
    """What `learned_sounds` makes its table of, with how many poems taught it."""
    return _open(checkpoint, SOUNDS_FILE, LearnedSounds.from_json)


def open_words(checkpoint: Checkpoint) -> LearnedWords | None:
    """What `learned_words` takes the words from."""
    return _open(checkpoint, WORDS_FILE, LearnedWords.from_json)


def _open(checkpoint: Checkpoint, file: str, read: Callable[[str, str], Lesson]) -> Lesson | None:
    path = checkpoint.directory / file
    try:
        lesson = read_lesson(path, read)
    except FileNotFoundError:
        return None
    except FormError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{path}: {error.strerror}."
    else:
        if lesson.corpus == checkpoint.record.corpus.digest:
            return lesson
        reason = f"{path} is not that of the text which was learned."
    raise CheckpointError(
        f"what its poems taught cannot be used: {reason} Make it anew: charrnn forms sounds "
        f"{spoken_name(checkpoint.directory)}"
    )


def read_lesson(path: Path, read: Callable[[str, str], Lesson]) -> Lesson:
    """Read the file of a lesson.

    Args:
        path: The file.
        read: Makes the lesson of the content and of the name to use in an error.

    Raises:
        FormError: It is not what charrnn writes.
        OSError: It is missing or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    return read(text, str(path))
