"""Small recurrent networks that learn poems letter by letter, and write new ones.

    import charrnn

    run = charrnn.train("poems.txt", name="mine")
    writer = charrnn.open("checkpoints/mine")
    print(writer.write("The moon", charrnn.SamplingConfig(temperature=0.7)))

TensorFlow and NumPy are imported when they are first used, so `import charrnn` is quick.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # Of typing, which takes milliseconds to import.
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from charrnn.corpus.text_files import TextFile
    from charrnn.decoding.writer import TextGenerator
    from charrnn.errors import CharrnnError as CharrnnError
    from charrnn.errors import ConfigurationError as ConfigurationError
    from charrnn.forms.core.config import FormConfig as FormConfig
    from charrnn.forms.core.writer import FormWriter
    from charrnn.settings.configuration import CorpusConfig as CorpusConfig
    from charrnn.settings.configuration import ModelConfig as ModelConfig
    from charrnn.settings.configuration import SamplingConfig as SamplingConfig
    from charrnn.settings.configuration import TrainingConfig as TrainingConfig
    from charrnn.training.run import resume as resume
    from charrnn.training.run import train as train

    __version__: str

__all__ = [
    "CharrnnError",
    "ConfigurationError",
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

_HOMES = {
    "CharrnnError": "charrnn.errors",
    "ConfigurationError": "charrnn.errors",
    "CorpusConfig": "charrnn.settings.configuration",
    "FormConfig": "charrnn.forms.core.config",
    "ModelConfig": "charrnn.settings.configuration",
    "SamplingConfig": "charrnn.settings.configuration",
    "TrainingConfig": "charrnn.settings.configuration",
}
"""Modules of the public names. Until they are imported, Ctrl-C finds a program without handlers."""

# Keras reads this once, when it is imported. The user's own value stays.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def require_tensorflow() -> None:
    """Refuse another backend of Keras before Keras is imported; raises ConfigurationError."""
    from charrnn.errors import ConfigurationError

    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise ConfigurationError(
            "charrnn trains with Keras on TensorFlow, but the environment variable KERAS_BACKEND "
            f"is {backend}. Unset it."
        )


def open(checkpoint: str | Path) -> TextGenerator:  # noqa: A001 (as gzip.open, charrnn.open)
    """Open a trained network to write with, without TensorFlow.

    Args:
        checkpoint: The name of a run in `checkpoints` (or in the directory that the environment
            variable `CHARRNN_CHECKPOINTS` names), the path of its directory, or the name of a
            bundled network: "verse", "shi", "shakespeare"; tried in this order.

    Returns:
        A writer with `write(prompt, config)` and `stream(hypothesis, config)`.

    Raises:
        CheckpointError: The checkpoint is missing, unfinished, damaged or of another format.
    """
    from pathlib import Path

    from charrnn.checkpoint.lookup import default_root, find_checkpoint
    from charrnn.decoding.writer import TextGenerator
    from charrnn.settings.arguments import check_type

    check_type("checkpoint", checkpoint, str | Path)
    return TextGenerator.open(find_checkpoint(str(checkpoint), default_root()))


def compile_form(
    writer: TextGenerator, form: FormConfig, sampling: SamplingConfig | None = None
) -> FormWriter:
    """Compile a form of verse for a network, which then writes poems in that form.

    Args:
        writer: What `open` returns.
        form: The form and its requirements: `FormConfig(form="qijue", acrostic="春江")`.
        sampling: The default settings of `write`; what they ban is never written.

    Returns:
        A writer with `write(prompt, sampling)` and `stream(prompt, sampling)`.

    Raises:
        FormConflictError: No poem in the form can meet the requirements.
        FormError: The form is unknown, or its table of sounds is missing.
        ConfigurationError: Settings contradict each other.
    """
    from charrnn.forms.core.compile import compile_form

    return compile_form(writer, form, sampling)


def text_files() -> Sequence[TextFile]:
    """What `train` and `resume` save beside a network: its n-gram filter and its learned tables."""
    from charrnn.corpus.text_files import ngram_filter_file
    from charrnn.forms.core.table_keeping import learned_table_files

    return (ngram_filter_file(), *learned_table_files())


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    import functools
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in {"train", "resume"}:
        require_tensorflow()
        run = getattr(importlib.import_module("charrnn.training.run"), name)
        return functools.update_wrapper(functools.partial(run, text_files=text_files()), run)
    if name == "__version__":
        from importlib.metadata import version

        return version("charrnn")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
