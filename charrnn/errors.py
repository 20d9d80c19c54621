"""The errors that charrnn raises on purpose, each with the exit code of the command it ends.

A message is one sentence or two: what was wrong, what was received, what to do.
"""


class CharrnnError(Exception):
    """Something that the user can mend; shown as a sentence, never as a traceback."""

    exit_code = 1


class ConfigurationError(CharrnnError, ValueError):
    """A setting that is out of range, or that contradicts another one."""

    exit_code = 2


class CorpusError(CharrnnError):
    """A text that cannot be read, fetched or learned from."""


class CheckpointError(CharrnnError):
    """A checkpoint that is missing, damaged, of another version, or in the way."""


class FormError(CharrnnError):
    """A form of verse, or a table of sounds, that is unknown, badly written or not at hand."""


class FormConflictError(CharrnnError):
    """Demands that no poem in a form can keep together."""

    exit_code = 3


class FormGivenUpError(CharrnnError):
    """A poem in a form that could not be finished, though the form itself can be kept."""

    exit_code = 4


class DeviceError(CharrnnError):
    """A device that was asked for and is not there."""


class WorkersError(CharrnnError):
    """Workers of one run that do not find one another, do not fit, or are gone."""


class DivergenceError(CharrnnError):
    """A training loss that is no longer a number."""


class TrainingInterrupted(CharrnnError):  # noqa: N818 (nothing failed)
    """Training that a signal ended, with everything saved.

    Args:
        message: What was saved, and how to go on.
        signal_number: The signal received; the exit code is 128 more, as shells have it.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
