"""The workers that train one network together: their addresses, and which of them this one is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from charrnn.errors import ConfigurationError

TF_CONFIG: Final = "TF_CONFIG"
"""Environment variable in which TensorFlow's own tools tell a worker about its cluster."""

_JOBS: Final = ("chief", "worker")

_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\],]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Cluster:
    """All workers of a run, as one of them knows them. The first one writes.

    Attributes:
        addresses: `host:port` of every worker; the same, in the same order, on all of them.
        index: Which of them this one is, from 0.

    Raises:
        ConfigurationError: An address is none, or stands there twice, or the index is too high.
    """

    addresses: tuple[str, ...]
    index: int

    def __post_init__(self) -> None:
        """Refuse what cannot be a cluster."""
        for address in self.addresses:
            wanted = _ADDRESS.fullmatch(address)
            if wanted is None or not 0 < int(wanted[2]) < 2**16:
                raise ConfigurationError(
                    "a worker has an address of the form HOST:PORT, as in 192.168.0.7:2222. "
                    f"Received: {address!r}."
                )
            if self.addresses.count(address) > 1:
                raise ConfigurationError(
                    f"the address {address} is given to two workers. Each needs one of its own."
                )
        if not 0 <= self.index < len(self.addresses):
            raise ConfigurationError(
                f"there are {len(self.addresses)} workers, numbered from 0, and so none has the "
                f"number {self.index}."
            )

    @property
    def is_alone(self) -> bool:
        """Whether there is nobody to share with."""
        return len(self.addresses) == 1


def find_cluster(
    workers: str | None, worker_index: int | None, environment: Mapping[str, str]
) -> Cluster | None:
    """The cluster that the options or the environment variable `TF_CONFIG` tell of.

    Args:
        workers: The option `--workers`: addresses with commas between them.
        worker_index: The option `--worker-index`.
        environment: The environment of this process.

    Returns:
        The cluster, or None where there is no word of one.

    Raises:
        ConfigurationError: They do not describe a cluster, or describe two.
    """
    told = _cluster_of_environment(environment.get(TF_CONFIG, ""))
    if workers is None and worker_index is None:
        return told
    if told is None and (workers is None or worker_index is None):
        raise ConfigurationError(
            "--workers and --worker-index go together: the addresses of all workers, and which of "
            "them this one is, from 0."
        )
    given = Cluster(
        told.addresses if workers is None and told is not None else _addresses(workers or ""),
        told.index if worker_index is None and told is not None else worker_index or 0,
    )
    if told is not None and given != told:
        raise ConfigurationError(
            f"--workers and --worker-index say {_described(given)}, and the environment variable "
            f"{TF_CONFIG} says {_described(told)}. Leave out one of them."
        )
    return given


def _addresses(workers: str) -> tuple[str, ...]:
    return tuple(address.strip() for address in workers.split(","))


def _described(cluster: Cluster) -> str:
    return f"number {cluster.index} of {', '.join(cluster.addresses)}"


def _cluster_of_environment(text: str) -> Cluster | None:
    """What `TF_CONFIG` tells: https://www.tensorflow.org/guide/distributed_training#TF_CONFIG."""
    if not text.strip():
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed(text) from None
    if not isinstance(values, dict) or not isinstance(values.get("cluster", {}), dict):
        raise _malformed(text)
    jobs: dict[str, Any] = {job: tasks for job, tasks in values.get("cluster", {}).items() if tasks}
    if not jobs:
        return None
    if unknown := sorted(jobs.keys() - set(_JOBS)):
        raise ConfigurationError(
            f"the environment variable {TF_CONFIG} names tasks of the kind {', '.join(unknown)}; "
            "charrnn trains with tasks of the kinds chief and worker only."
        )
    task = _task(values.get("task"))
    if task is None or not _are_addresses(jobs):
        raise _malformed(text)
    return _numbered(jobs, *task)


def _numbered(jobs: Mapping[str, list[str]], kind: str, index: int) -> Cluster:
    """The tasks in one row, in which the chief is the first."""
    before = len(jobs.get("chief", ())) if kind == "worker" else 0
    if index >= len(jobs.get(kind, ())):
        raise ConfigurationError(
            f"the environment variable {TF_CONFIG} says that this is {kind} {index}, and names "
            f"{len(jobs.get(kind, ()))} of that kind, numbered from 0."
        )
    return Cluster((*jobs.get("chief", ()), *jobs.get("worker", ())), before + index)


def _are_addresses(jobs: Mapping[str, Any]) -> bool:
    lists = all(isinstance(tasks, list) for tasks in jobs.values())
    return (
        lists
        and len(jobs.get("chief", ())) <= 1
        and all(isinstance(task, str) for tasks in jobs.values() for task in tasks)
    )


def _task(values: Any) -> tuple[str, int] | None:
    """Kind and number of a task; None where they are none."""
    if not isinstance(values, dict) or values.get("type") not in _JOBS:
        return None
    index = values.get("index")
    return (values["type"], index) if type(index) is int and index >= 0 else None


def _malformed(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"the environment variable {TF_CONFIG} must be of the form "
        '{"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, "task": {"type": "worker", '
        f'"index": 0}}}}. Received: {text}'
    )
