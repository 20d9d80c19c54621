from typing import Any

import pytest

from charrnn.errors import WorkersError
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training.agreement import (
    facts,
    named_settings,
    refuse_other_facts,
    refuse_other_versions,
    versions,
)
from tests.corpora import corpus_from_text

SETTINGS = named_settings(CorpusConfig(), ModelConfig(), TrainingConfig())


def facts_of(text: str = "moon", devices: str = "the CPU", **settings: Any) -> Any:
    corpus = corpus_from_text(text * 9, CorpusConfig(layout="text"), name="moon")
    return facts(corpus, SETTINGS | settings, devices)


def test_the_same_is_not_refused() -> None:
    refuse_other_facts("worker 1", facts_of(), facts_of())
    refuse_other_versions("worker 1", versions() | {"python": "3.99"}, versions())


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        ({"units": 9}, "worker 1 was started with units 9, and the chief with units auto"),
        ({"seed": 3}, "with seed 3, and the chief with seed 0"),
        ({"batch_size": 8}, "with batch-size 8, and the chief with batch-size auto"),
        ({"min_count": 2}, "with min-count 2, and the chief with min-count auto"),
        ({"text": "lake"}, "another text (moon, 36 characters) than the chief (moon, 36"),
        ({"devices": "2 GPUs"}, "worker 1 trains on 2 GPUs, and the chief on the CPU"),
    ],
)
def test_what_differs_is_named(theirs: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WorkersError) as error:
        refuse_other_facts("worker 1", facts_of(**theirs), facts_of())
    assert sentence in str(error.value)


def test_a_setting_given_to_one_alone_is_named() -> None:
    theirs, ours = facts_of(), facts_of()
    theirs["settings"], ours["settings"] = {}, {"steps": 40}
    with pytest.raises(WorkersError, match="with steps auto, and the chief with steps 40"):
        refuse_other_facts("worker 1", theirs, ours)


@pytest.mark.parametrize("package", ["charrnn", "tensorflow", "keras"])
def test_another_version_is_named(package: str) -> None:
    with pytest.raises(WorkersError, match=f"worker 1 has {package} 0.0, and the chief"):
        refuse_other_versions("worker 1", versions() | {package: "0.0"}, versions())
