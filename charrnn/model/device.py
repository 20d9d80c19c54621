"""The device that trains: found, checked, described."""

import contextlib
import faulthandler
import os
import platform
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from charrnn.cluster import Cluster
from charrnn.errors import ConfigurationError, DeviceError
from charrnn.settings.configuration import DEVICE_NAME

_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
_PROCESSOR = Path("/proc/cpuinfo")

START_SECONDS = 120
"""How long TensorFlow may take to start on all workers of a cluster."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where training runs.

    Attributes:
        description: In words, for people and for the record: "2 CPU cores (x86_64)".
        gpus: How many GPUs train; 0 trains on the CPU.
        cores: Cores that compute side by side where the CPU trains; 0 on a GPU.
    """

    description: str
    gpus: int = 0
    cores: int = 0

    @property
    def kind(self) -> str:
        """How many devices of which kind: what all workers of a cluster must have alike."""
        return f"{self.gpus} GPU{'s' if self.gpus > 1 else ''}" if self.gpus else "the CPU"

    @property
    def strategy(self) -> tf.distribute.Strategy:
        """TensorFlow's way to run there; several devices train on slices of a batch."""
        return tf.distribute.MirroredStrategy() if self.gpus > 1 else tf.distribute.get_strategy()

    def strategy_in(self, cluster: Cluster | None) -> tf.distribute.Strategy:
        """The way to run on all devices of all workers; waits until all of them begin to.

        TensorFlow would wait an hour for a worker that died here, deaf to Ctrl-C and to every
        thread of Python; so the process is ended after `START_SECONDS`.

        Args:
            cluster: The workers; None has but this process.

        Raises:
            DeviceError: TensorFlow has run something already.
        """
        if cluster is None or cluster.is_alone:
            return self.strategy
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
            task_type="worker",
            task_id=cluster.index,
            num_accelerators={"GPU": self.gpus},
            rpc_layer="grpc",
        )
        try:
            with _ended_after(START_SECONDS):
                return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
        except RuntimeError as error:
            raise DeviceError(
                "TensorFlow has run something in this process already; a worker of several must "
                f"begin with training ({error})."
            ) from error

    def description_in(self, cluster: Cluster | None) -> str:
        """What trains, in words."""
        if cluster is None or cluster.is_alone:
            return self.description
        return f"{len(cluster.addresses)} workers, the chief on {self.description}"


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
        cores = available_cores()
        _run_operations_side_by_side(cores)
        return Device(_describe(cores), cores=cores)
    if not gpus:
        raise DeviceError(
            "TensorFlow finds no GPU here. Install the extra for it (pip install 'charrnn[gpu]') "
            "and check the driver with nvidia-smi, or compute on the CPU with --device cpu."
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
    return Device(names[0] if len(gpus) == 1 else f"{len(gpus)} GPUs ({names[0]})", len(gpus))


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


def _run_operations_side_by_side(cores: int) -> None:
    """Give every operation one thread, and so many operations at once.

    The kernels deal their work to the cores themselves; a thread that TensorFlow starts for a
    share of a small product costs more than it brings (docs/benchmarks.md).
    """
    # Where TensorFlow runs already, its threads stay as they are: slower, but right.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(cores)


def _describe(cores: int) -> str:
    return f"{cores} CPU core{'s' if cores > 1 else ''} ({platform.machine()})"


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_bfloat16() -> bool:
    """Whether the processor is known to multiply bfloat16; others imitate it slowly."""
    if not _PROCESSOR.exists():
        return False
    return not _BFLOAT16_FLAGS.isdisjoint(_PROCESSOR.read_text(encoding="utf-8").split())


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End the process with code 1 when this takes longer, whatever holds Python up; let Ctrl-C."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL) if in_main_thread else None
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            if in_main_thread:
                signal.signal(signal.SIGINT, handler)
