"""Which device writes, and what computes there: NumPy, unless TensorFlow is asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from charrnn.cli.startup import quiet_startup
from charrnn.settings.configuration import WRITING_DEVICE_NAME

if TYPE_CHECKING:
    from charrnn.generation.engine import Engine

Command = TypeVar("Command", bound=Callable[..., Any])


def writing_device_option(command: Command) -> Command:
    """Add `--device`, to be handed to `engine_on`."""
    return click.option(
        "--device",
        default="cpu",
        metavar="DEVICE",
        callback=_check_device,
        help="cpu, gpu or gpu:N; cpu:tensorflow has TensorFlow write on the CPU, as it does on a "
        "GPU, in place of NumPy: slower to begin, quicker with hundreds of poems.  [default: cpu]",
    )(command)


def engine_on(device: str) -> "Engine":
    """What computes networks on a device.

    Raises:
        DeviceError: There is no such GPU.
    """
    if device == "cpu":
        from charrnn.generation.engine import NumpyEngine

        return NumpyEngine
    with quiet_startup():
        from charrnn.model.device import available_gpus, choose_writing_device
        from charrnn.model.step_model import TensorFlowEngine

        available_gpus()  # Its libraries complain once, where there is no GPU.
    choose_writing_device(device.removesuffix(":tensorflow"))
    return TensorFlowEngine


def _check_device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if WRITING_DEVICE_NAME.fullmatch(value) is None:
        raise click.BadParameter(
            f"it must be cpu, cpu:tensorflow, gpu or gpu:N. Received: {value}.", context, parameter
        )
    return value
