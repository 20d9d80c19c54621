from pathlib import Path

import pytest

from charrnn.checkpoint.directory import Checkpoint
from charrnn.cli.networks import Networks, find_named, find_networks
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.configuration import DEFAULT_STRENGTH
from tests.decoding.networks import POEM, save_reciting_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("moons", "rivers", "a=1"):
        save_reciting_run(tmp_path / name)
    return tmp_path


def test_one_network_is_found_by_its_name(runs: Path) -> None:
    found = find_networks("moons", runs)
    assert found == Networks(((runs / "moons", 1.0),), None, DEFAULT_STRENGTH)
    assert found.name == "moons"


def test_a_blend_names_them_all_but_those_without_weight(runs: Path) -> None:
    found = find_networks(None, runs, blend="moons=0.7,a=1=0,rivers=0.3")
    assert found.weights == ((runs / "moons", 0.7), (runs / "rivers", 0.3))
    assert found.name == "moons and rivers"


def test_another_one_is_avoided(runs: Path) -> None:
    found = find_networks("moons", runs, unlike="rivers", strength=0.25)
    assert (found.unlike, found.strength) == (runs / "rivers", 0.25)
    assert found.name == "moons, unlike rivers"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"checkpoint": "moons", "blend": "moons=1"}, "leave out CHECKPOINT, or --blend"),
        ({"checkpoint": None, "strength": 1.0}, "goes with --unlike"),
        ({"checkpoint": None, "blend": "moons"}, "a blend is names of checkpoints"),
    ],
)
def test_what_contradicts_itself_is_refused(
    runs: Path, given: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        find_networks(checkpoints=runs, **given)


def test_a_name_in_a_session_may_be_a_blend(runs: Path) -> None:
    assert find_named("moons", runs) == find_networks("moons", runs)
    assert find_named("a=1", runs).name == "a=1"
    assert find_named("moons=1,rivers=2", runs).name == "moons and rivers"
    for wrong in ("lakes", "lakes=1"):
        with pytest.raises(CheckpointError, match="no checkpoint named lakes"):
            find_named(wrong, runs)
    with pytest.raises(ConfigurationError, match="the weight of moons must be a number at least 0"):
        find_named("moons=-1", runs)


def test_networks_are_opened_with_what_is_known_of_them(runs: Path) -> None:
    opened = find_networks(None, runs, blend="moons=1,rivers=3", unlike="a=1", strength=0.1).open()
    digest = Checkpoint.open(runs / "moons").model.sha256
    assert opened.facts == {
        "blend": [
            {"checkpoint": str(runs / "moons"), "model": digest, "weight": 1.0},
            {"checkpoint": str(runs / "rivers"), "model": digest, "weight": 3.0},
        ],
        "unlike": {"checkpoint": str(runs / "a=1"), "model": digest, "strength": 0.1},
    }
    assert opened.writer.write().text == POEM
