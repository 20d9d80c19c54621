import json
from typing import Any

import pytest

from charrnn.cluster import Cluster, find_cluster
from charrnn.errors import ConfigurationError

TWO = ("a:1", "b:2")


def tf_config(cluster: Any, kind: str = "worker", index: Any = 0) -> dict[str, str]:
    task = {"type": kind, "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def test_without_a_word_of_a_cluster_there_is_none() -> None:
    assert find_cluster(None, None, {}) is None
    assert find_cluster(None, None, {"TF_CONFIG": ""}) is None
    assert find_cluster(None, None, {"TF_CONFIG": "{}"}) is None


def test_the_options_name_a_cluster() -> None:
    assert find_cluster("a:1, b:2", 1, {}) == Cluster(TWO, 1)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "expected"),
    [
        ({"worker": ["a:1", "b:2"]}, "worker", 1, Cluster(TWO, 1)),
        ({"chief": ["a:1"], "worker": ["b:2"]}, "chief", 0, Cluster(TWO, 0)),
        ({"chief": ["a:1"], "worker": ["b:2"]}, "worker", 0, Cluster(TWO, 1)),
        ({"worker": ["a:1"], "ps": []}, "worker", 0, Cluster(("a:1",), 0)),
    ],
)
def test_tf_config_names_a_cluster(cluster: Any, kind: str, index: int, expected: Cluster) -> None:
    assert find_cluster(None, None, tf_config(cluster, kind, index)) == expected


def test_both_may_say_the_same() -> None:
    environment = tf_config({"worker": list(TWO)}, index=1)
    assert find_cluster("a:1,b:2", 1, environment) == Cluster(TWO, 1)
    assert find_cluster("a:1,b:2", None, environment) == Cluster(TWO, 1)
    assert find_cluster(None, 1, environment) == Cluster(TWO, 1)


@pytest.mark.parametrize(("workers", "index"), [("a:1,b:2", 0), ("a:1,c:2", None), (None, 0)])
def test_options_that_contradict_tf_config_are_refused(
    workers: str | None, index: int | None
) -> None:
    with pytest.raises(ConfigurationError, match="TF_CONFIG says number 1 of a:1, b:2"):
        find_cluster(workers, index, tf_config({"worker": list(TWO)}, index=1))


@pytest.mark.parametrize(("workers", "index"), [("a:1,b:2", None), (None, 0)])
def test_one_option_needs_the_other(workers: str | None, index: int | None) -> None:
    with pytest.raises(ConfigurationError, match="go together"):
        find_cluster(workers, index, {})


@pytest.mark.parametrize("address", ["a", "a:", ":1", "a:0", "a:65536", "a:x", "http://a:1", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="form HOST:PORT"):
        find_cluster(f"b:1,{address}", 0, {})


def test_addresses_of_the_new_kind_have_their_brackets() -> None:
    assert Cluster(("[::1]:2222", "localhost:2223"), 0).addresses[0] == "[::1]:2222"


def test_an_address_belongs_to_one_worker() -> None:
    with pytest.raises(ConfigurationError, match="two workers have the address a:1"):
        find_cluster("a:1,a:1", 0, {})


def test_a_number_that_no_worker_has_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"2 workers, numbered from 0; none has the number 2"
    ):
        find_cluster("a:1,b:2", 2, {})
    with pytest.raises(ConfigurationError, match="this is worker 2, and names 2"):
        find_cluster(None, None, tf_config({"worker": list(TWO)}, index=2))
    with pytest.raises(ConfigurationError, match="this is chief 0, and names 0"):
        find_cluster(None, None, tf_config({"worker": list(TWO)}, kind="chief"))


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        '{"cluster": []}',
        '{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": [1]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"chief": ["a:1", "b:2"]}, "task": {"type": "chief", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "0"}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": true}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": -1}}',
    ],
)
def test_a_malformed_tf_config_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="TF_CONFIG must be of the form"):
        find_cluster(None, None, {"TF_CONFIG": text})


def test_other_kinds_of_tasks_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="tasks of the kind ps"):
        find_cluster(None, None, tf_config({"worker": ["a:1"], "ps": ["b:2"]}))


def test_a_cluster_of_one_is_alone() -> None:
    assert Cluster(("a:1",), 0).is_alone
    assert not Cluster(TWO, 0).is_alone
