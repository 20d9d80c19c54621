"""The errors that charrnn raises, with the exit codes of its commands.

A message is one sentence or two: what was wrong, what was received, what to do.
"""


class CharrnnError(Exception):
    """An error that the user can correct; shown as a sentence, never as a traceback."""

    exit_code = 1


class ConfigurationError(CharrnnError, ValueError):
    """A setting is out of range or contradicts another one."""

    exit_code = 2


class CorpusError(CharrnnError):
    """A text cannot be read, downloaded or learned."""


class CheckpointError(CharrnnError):
    """A checkpoint is missing, damaged, of another format, or in the way."""


class FormError(CharrnnError):
    """A form of verse, or a table of sounds, is unknown, invalid or missing."""


class FormConflictError(CharrnnError):
    """No poem in a form can meet the requirements."""

    exit_code = 3


class FormGivenUpError(CharrnnError):
    """A poem could not be finished, although its form can be kept."""

    exit_code = 4


class DeviceError(CharrnnError):
    """A device was asked for and does not exist."""


class WorkersError(CharrnnError):
    """The workers of a run do not connect, differ in their settings, or are lost."""


class DivergenceError(CharrnnError):
    """The training loss became NaN or infinite."""


class TrainingInterrupted(CharrnnError):  # noqa: N818 (nothing failed)
    """A signal ended the training; everything is saved.

    Args:
        message: What was saved, and how to resume.
        signal_number: The signal; the exit code is 128 more, as in shells.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
