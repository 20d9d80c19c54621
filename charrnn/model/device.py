"""The device that trains: found, checked, described."""

import os
import platform
from dataclasses import dataclass

import tensorflow as tf

from charrnn.config import DEVICE_NAME
from charrnn.errors import ConfigurationError, DeviceError


@dataclass(frozen=True, slots=True)
class Device:
    """Where training runs.

    Attributes:
        description: In words, for people and for the record: "2 CPU cores (x86_64)".
        strategy: TensorFlow's way to run there; more than one device train on slices of a batch.
    """

    description: str
    strategy: tf.distribute.Strategy


def available_gpus() -> list[tf.config.PhysicalDevice]:
    """The GPUs that TensorFlow finds; the first call loads their libraries."""
    gpus: list[tf.config.PhysicalDevice] = tf.config.list_physical_devices("GPU")
    return gpus


def choose_device(name: str) -> Device:
    """Settle on a device; to be called before TensorFlow has run anything.

    Args:
        name: "auto" takes every GPU there is, else the CPU; "cpu"; "gpu" takes every GPU;
            "gpu:N" takes the one numbered N.

    Raises:
        ConfigurationError: The name is none of these.
        DeviceError: There is no such GPU.
    """
    wanted = DEVICE_NAME.fullmatch(name)
    if wanted is None:
        raise ConfigurationError(f"a device is auto, cpu, gpu or gpu:N. Received: {name}.")
    gpus = available_gpus()
    if name == "cpu" or (name == "auto" and not gpus):
        _show_only([])
        return Device(_describe_cpu(), tf.distribute.get_strategy())
    if not gpus:
        raise DeviceError(
            "TensorFlow finds no GPU here. Install the extra for it (pip install 'charrnn[gpu]') "
            "and check the driver with nvidia-smi, or train on the CPU with --device cpu."
        )
    if wanted[1] is not None:
        number = int(wanted[1])
        if number >= len(gpus):
            raise DeviceError(
                f"there is no GPU {number}; TensorFlow finds {len(gpus)}, numbered from 0."
            )
        gpus = [gpus[number]]
    return _use_gpus(gpus)


def _use_gpus(gpus: list[tf.config.PhysicalDevice]) -> Device:
    _show_only(gpus)
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
    ]
    if len(gpus) == 1:
        return Device(names[0], tf.distribute.get_strategy())
    return Device(f"{len(gpus)} GPUs ({names[0]})", tf.distribute.MirroredStrategy())


def _show_only(gpus: list[tf.config.PhysicalDevice]) -> None:
    """Hide the other GPUs, and let these take memory as they need it."""
    if tf.config.get_visible_devices("GPU") == gpus and not gpus:
        return
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, enable=True)
    except RuntimeError as error:
        if tf.config.get_visible_devices("GPU") != gpus:
            raise DeviceError(
                "TensorFlow already runs on another device in this process; choose the device "
                "before anything else uses TensorFlow."
            ) from error


def _describe_cpu() -> str:
    cores = tf.config.threading.get_intra_op_parallelism_threads() or _available_cores()
    return f"{cores} CPU core{'s' if cores > 1 else ''} ({platform.machine()})"


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
