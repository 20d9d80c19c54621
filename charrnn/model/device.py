"""Choosing the device for training."""

import contextlib
import os
import platform
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from charrnn.cluster import Cluster
from charrnn.errors import ConfigurationError, DeviceError, WorkersError
from charrnn.settings.configuration import DEVICE_NAME
from charrnn.wording import counted

_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
_PROCESSOR = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Device:
    """A device for training.

    Attributes:
        description: Description for people: "2 CPU cores (x86_64)".
        gpus: Number of GPUs; 0 is the CPU.
        cores: Number of CPU cores; 0 on a GPU.
    """

    description: str
    gpus: int = 0
    cores: int = 0

    @property
    def kind(self) -> str:
        """Number and kind of devices, which all workers of a cluster must have in common."""
        return counted(self.gpus, "GPU") if self.gpus else "the CPU"

    @property
    def strategy(self) -> tf.distribute.Strategy:
        """TensorFlow's strategy; several devices share each batch."""
        return tf.distribute.MirroredStrategy() if self.gpus > 1 else tf.distribute.get_strategy()

    def strategy_in(self, cluster: Cluster) -> tf.distribute.Strategy:
        """TensorFlow's strategy for a cluster; waits until all workers are connected.

        Raises:
            DeviceError: TensorFlow has already run operations.
            WorkersError: The workers cannot connect.
        """
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
            task_type="worker",
            task_id=cluster.index,
            num_accelerators={"GPU": self.gpus},
            rpc_layer="grpc",
        )
        try:
            with _default_ctrl_c():
                return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
        except RuntimeError as error:
            raise DeviceError(
                "TensorFlow has already run operations in this process; a worker of a cluster must "
                f"start with training ({error})."
            ) from error
        except tf.errors.OpError as error:
            raise WorkersError(
                f"the workers cannot connect (TensorFlow: "
                f"{error.message.partition(chr(10))[0][:200]}). Check the addresses, and that no "
                "other program uses the ports."
            ) from error


def available_gpus() -> list[tf.config.PhysicalDevice]:
    """The GPUs that TensorFlow finds; the first call loads their libraries."""
    gpus: list[tf.config.PhysicalDevice] = tf.config.list_physical_devices("GPU")
    return gpus


def choose_device(name: str) -> Device:
    """Choose a device, before TensorFlow runs any operation.

    Args:
        name: "cpu"; "gpu" for all GPUs; "gpu:N" for one GPU, counted from 0; "auto" for all GPUs,
            or the CPU if there is none.

    Raises:
        ConfigurationError: The name is invalid.
        DeviceError: There is no such GPU.
    """
    wanted = DEVICE_NAME.fullmatch(name)
    if wanted is None:
        raise ConfigurationError(f"a device is auto, cpu, gpu or gpu:N. Received: {name}.")
    gpus = available_gpus()
    if name == "cpu" or (name == "auto" and not gpus):
        _show_only([])
        cores = available_cores()
        _run_operations_in_parallel(cores)
        return Device(f"{counted(cores, 'CPU core')} ({platform.machine()})", cores=cores)
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
    _show_only(gpus)
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
    ]
    return Device(names[0] if len(gpus) == 1 else f"{len(gpus)} GPUs ({names[0]})", len(gpus))


def _show_only(gpus: list[tf.config.PhysicalDevice]) -> None:
    """Hide all other GPUs, and let these allocate memory as needed."""
    if tf.config.get_visible_devices("GPU") == gpus and not gpus:
        return
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, enable=True)
    except RuntimeError as error:
        if tf.config.get_visible_devices("GPU") != gpus:
            raise DeviceError(
                "TensorFlow already uses another device in this process; choose the device "
                "before anything else uses TensorFlow."
            ) from error


def _run_operations_in_parallel(cores: int) -> None:
    """Use one thread in each operation, and run as many operations in parallel as there are cores.

    The kernels make one shard per core. Threads within small products cost more than they save
    (docs/benchmarks.md).
    """
    # If TensorFlow already runs, its threads cannot change; training is only slower.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(cores)


def available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16, as far as is known."""
    if not _PROCESSOR.exists():
        return False
    return not _BFLOAT16_FLAGS.isdisjoint(_PROCESSOR.read_text(encoding="utf-8").split())


@contextlib.contextmanager
def _default_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the process while TensorFlow waits in C++ and no Python handler runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
