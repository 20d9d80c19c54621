"""Small recurrent networks that learn poems letter by letter, and write new ones.

    import charrnn

    run = charrnn.train("poems.txt", name="mine")
    writer = charrnn.open("checkpoints/mine")
    print(writer.write("The moon", charrnn.SamplingConfig(temperature=0.7)))

Importing charrnn is quick: what needs TensorFlow or NumPy is imported when it is first used.
"""

import functools
import importlib
import os
from typing import TYPE_CHECKING, Any

from charrnn.errors import CharrnnError
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import CorpusConfig, ModelConfig, SamplingConfig, TrainingConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.writer import FormWriter
    from charrnn.training.run import resume as resume
    from charrnn.training.run import train as train
    from charrnn.training.trainer import Finisher

    __version__: str

__all__ = [
    "CharrnnError",
    "CorpusConfig",
    "FormConfig",
    "ModelConfig",
    "SamplingConfig",
    "TrainingConfig",
    "__version__",
    "compile_form",
    "open",
    "resume",
    "train",
]

# Keras reads this once, when it is imported; a wish of the user's stands.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def open(checkpoint: "str | Path") -> "TextGenerator":  # noqa: A001 (as gzip.open, charrnn.open)
    """Open a trained network to write with; needs no TensorFlow.

    Args:
        checkpoint: A checkpoint directory, such as `checkpoints/quatrains`, or the name of a
            network that comes along: "shakespeare", "tang".

    Returns:
        A writer with `write(prompt, config)` and `stream(draft, config)`.

    Raises:
        CheckpointError: The checkpoint is missing, unfinished, damaged or of another format.
    """
    from pathlib import Path

    from charrnn.checkpoint.directory import bundled_network
    from charrnn.decoding.writer import TextGenerator

    directory = Path(checkpoint)
    return TextGenerator.open(bundled_network(directory) or directory)


def compile_form(
    writer: "TextGenerator", form: FormConfig, sampling: SamplingConfig | None = None
) -> "FormWriter":
    """Compile a form of verse for a network, so that it writes poems that keep the form.

    Args:
        writer: What `open` gives.
        form: The form, and what is required of a poem: `FormConfig(form="qijue", acrostic="春江")`.
        sampling: How characters are drawn unless `write` is told otherwise; what it bans is never
            written.

    Returns:
        A writer with `write(prompt, sampling)` and `stream(prompt, sampling)`.

    Raises:
        FormConflictError: No poem keeps the form with all that is required of it.
        FormError: There is no such form, or the sounds that it is judged by are not at hand.
        ConfigurationError: Settings contradict one another.
    """
    from charrnn.forms.core.compile import compile_form

    return compile_form(writer, form, sampling)


def finishers() -> "Sequence[Finisher]":
    """What `train` and `resume` keep beside a network: its n-gram filter, what its poems teach."""
    from charrnn.corpus.ngram_filter import keep_ngram_filter
    from charrnn.forms.core.table_keeping import keep_learned_tables

    return (keep_ngram_filter, keep_learned_tables)


def __getattr__(name: str) -> Any:
    if name in {"train", "resume"}:
        importlib.import_module("charrnn.model.backend").require_tensorflow()
        run = getattr(importlib.import_module("charrnn.training.run"), name)
        return functools.update_wrapper(functools.partial(run, finishers=finishers()), run)
    if name == "__version__":
        from importlib.metadata import version

        return version("charrnn")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
