"""The workers that train one network together: their addresses, and the index of this one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from charrnn.errors import ConfigurationError

TF_CONFIG: Final = "TF_CONFIG"
"""Environment variable in which TensorFlow describes a cluster to each worker."""

_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\],]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Cluster:
    """All workers of a run. The first one writes.

    Attributes:
        addresses: `host:port` of every worker, in the same order on all of them.
        index: Index of this worker.

    Raises:
        ConfigurationError: An address is malformed or repeated, or the index is too high.
    """

    addresses: tuple[str, ...]
    index: int

    def __post_init__(self) -> None:
        """Check the addresses and the index."""
        for address in self.addresses:
            match = _ADDRESS.fullmatch(address)
            if match is None or not 0 < int(match[2]) < 2**16:
                raise ConfigurationError(
                    "a worker has an address of the form HOST:PORT, as in 192.168.0.7:2222. "
                    f"Received: {address!r}."
                )
            if self.addresses.count(address) > 1:
                raise ConfigurationError(f"two workers have the address {address}.")
        if not 0 <= self.index < len(self.addresses):
            raise ConfigurationError(
                f"there are {len(self.addresses)} workers, numbered from 0; none has the number "
                f"{self.index}."
            )

    @property
    def is_alone(self) -> bool:
        """Whether this is the only worker."""
        return len(self.addresses) == 1


def find_cluster(
    workers: str | None, worker_index: int | None, environment: Mapping[str, str]
) -> Cluster | None:
    """The cluster described by the options or by the environment variable `TF_CONFIG`.

    Args:
        workers: The option `--workers`: addresses separated by commas.
        worker_index: The option `--worker-index`.
        environment: The environment of this process.

    Returns:
        The cluster; None without any of these.

    Raises:
        ConfigurationError: They are malformed or contradict each other.
    """
    from_tensorflow = _tf_config(environment.get(TF_CONFIG, ""))
    if workers is None and worker_index is None:
        return from_tensorflow
    if from_tensorflow is None:
        if workers is None or worker_index is None:
            raise ConfigurationError(
                "--workers and --worker-index go together: the addresses of all workers, and the "
                "index of this one, from 0."
            )
        return Cluster(_addresses(workers), worker_index)
    given = Cluster(
        from_tensorflow.addresses if workers is None else _addresses(workers),
        from_tensorflow.index if worker_index is None else worker_index,
    )
    if given != from_tensorflow:
        raise ConfigurationError(
            f"--workers and --worker-index say {_description(given)}, and the environment variable "
            f"{TF_CONFIG} says {_description(from_tensorflow)}. Leave out one of them."
        )
    return given


def _addresses(workers: str) -> tuple[str, ...]:
    return tuple(address.strip() for address in workers.split(","))


def _description(cluster: Cluster) -> str:
    return f"number {cluster.index} of {', '.join(cluster.addresses)}"


@dataclass(frozen=True, slots=True)
class _Task:
    type: Literal["chief", "worker"]
    index: int


@dataclass(frozen=True, slots=True)
class _TFConfig:
    """The form of https://www.tensorflow.org/guide/distributed_training#TF_CONFIG."""

    cluster: dict[str, list[str]] = field(default_factory=dict)
    task: _Task | None = None


def _tf_config(text: str) -> Cluster | None:
    """The cluster in `TF_CONFIG`, the chief first; None if the variable names no workers."""
    import msgspec

    if not text.strip():
        return None
    try:
        config = msgspec.json.decode(text, type=_TFConfig)
    except (msgspec.MsgspecError, RecursionError):
        raise _malformed(text) from None
    jobs = {job: addresses for job, addresses in config.cluster.items() if addresses}
    if not jobs:
        return None
    if unknown := sorted(jobs.keys() - {"chief", "worker"}):
        raise ConfigurationError(
            f"the environment variable {TF_CONFIG} names tasks of the kind {', '.join(unknown)}; "
            "charrnn trains with tasks of the kinds chief and worker only."
        )
    chief, workers, task = jobs.get("chief", []), jobs.get("worker", []), config.task
    if task is None or task.index < 0 or len(chief) > 1:
        raise _malformed(text)
    of_kind = len(jobs.get(task.type, []))
    if task.index >= of_kind:
        raise ConfigurationError(
            f"the environment variable {TF_CONFIG} says that this is {task.type} {task.index}, and "
            f"names {of_kind} of that kind, numbered from 0."
        )
    before = len(chief) if task.type == "worker" else 0
    return Cluster((*chief, *workers), before + task.index)


def _malformed(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"the environment variable {TF_CONFIG} must be of the form "
        '{"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, "task": {"type": "worker", '
        f'"index": 0}}}}. Received: {text}'
    )
