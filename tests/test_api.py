"""What the public functions take, from Python."""

import concurrent.futures
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import charrnn
from charrnn import CharrnnError, ConfigurationError, FormConfig, SamplingConfig, TrainingConfig
from charrnn.decoding import scoring
from charrnn.decoding.ensembles import contrastive_decoding, product_of_experts
from charrnn.decoding.writer import TextGenerator

SHORT = SamplingConfig(seed=3, length=20)


@pytest.fixture(scope="module")
def writer() -> TextGenerator:
    return charrnn.open("shakespeare")


WRONG: dict[str, tuple[Callable[[TextGenerator], Any], str]] = {
    "open": (lambda _: charrnn.open(3), "checkpoint must be str or Path"),  # type: ignore[arg-type]
    "no prompt": (
        lambda writer: writer.write(None),  # type: ignore[arg-type]
        "prompt must be str. Received: NoneType.",
    ),
    "bytes": (
        lambda writer: writer.write(b"x"),  # type: ignore[arg-type]
        "prompt must be str. Received: b'x', of type bytes.",
    ),
    "settings": (
        lambda writer: writer.write("x", {"seed": 3}),  # type: ignore[arg-type]
        "config must be SamplingConfig or None. Received: {'seed': 3}, of type dict.",
    ),
    "many": (
        lambda writer: list(writer.write_many("x", [SHORT, 3])),  # type: ignore[list-item]
        "the settings of a poem must be SamplingConfig. Received: 3, of type int.",
    ),
    "many at once": (
        lambda writer: writer.write_many("x", 3),  # type: ignore[arg-type]
        "settings must be Iterable",
    ),
    "begin": (lambda writer: writer.begin(0), "prompt must be str"),  # type: ignore[arg-type]
    "extend": (
        lambda writer: writer.extend("x", "y"),  # type: ignore[arg-type]
        "hypothesis must be Hypothesis",
    ),
    "stream": (
        lambda writer: writer.stream(writer.begin(), 3),  # type: ignore[arg-type]
        "config must be SamplingConfig or None",
    ),
    "score": (
        lambda writer: writer.score("", b"x", []),  # type: ignore[arg-type]
        "text must be str",
    ),
    "scoring": (
        lambda _: scoring.score_poems("x", ["x"]),  # type: ignore[arg-type]
        "generator must be TextGenerator",
    ),
    "form": (
        lambda writer: charrnn.compile_form(writer, "qijue"),  # type: ignore[arg-type]
        "form must be FormConfig. Received: 'qijue', of type str.",
    ),
    "network": (
        lambda _: charrnn.compile_form("tang", FormConfig(form="qijue")),  # type: ignore[arg-type]
        "network must be TextGenerator",
    ),
    "train": (
        lambda _: charrnn.train("quatrains", training={"steps": 3}),  # type: ignore[arg-type]
        "training must be TrainingConfig or None. Received: {'steps': 3}, of type dict.",
    ),
    "corpus": (lambda _: charrnn.train(3), "corpus must be str, Path"),  # type: ignore[arg-type]
    "corpora": (
        lambda _: charrnn.train(["x", 3]),  # type: ignore[list-item]
        "a path of the corpus must be str or Path. Received: 3, of type int.",
    ),
    "observer": (
        lambda _: charrnn.train("quatrains", observer=print),  # type: ignore[arg-type]
        "observer must be TrainingObserver or None",
    ),
    "resume": (
        lambda _: charrnn.resume("x", changes=[3]),  # type: ignore[arg-type]
        "changes must be Mapping or None",
    ),
    "temperature": (
        lambda _: SamplingConfig(temperature="0.5"),  # type: ignore[arg-type]
        "Received: '0.5'.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_type_than_is_wanted_is_told_with_what_came(
    writer: TextGenerator, name: str
) -> None:
    call, sentence = WRONG[name]
    with pytest.raises(ConfigurationError) as told:
        call(writer)
    assert sentence in str(told.value)


def test_the_public_names_are_listed_and_are_there() -> None:
    assert dir(charrnn) == sorted(charrnn.__all__)
    assert {"train", "open", "resume"} <= set(dir(charrnn))
    for name in dir(charrnn):
        assert getattr(charrnn, name) is not None


def test_a_network_is_opened_by_name_as_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.training.runs import save_random_run

    monkeypatch.chdir(tmp_path)
    save_random_run(Path("checkpoints/demo"), "abc \n")
    save_random_run(Path("elsewhere/other"), "xyz \n")
    assert charrnn.open("demo").vocabulary.characters == tuple("\n abc")
    assert charrnn.open(Path("checkpoints/demo")).vocabulary.characters == tuple("\n abc")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", "elsewhere")
    assert charrnn.open("other").vocabulary.characters == tuple("\n xyz")
    with pytest.raises(CharrnnError, match=r"no checkpoint named demo in elsewhere.*there: other"):
        charrnn.open("demo")


def written(writer: TextGenerator) -> str:
    return writer.write("The moon", SHORT).text


def test_a_writer_is_pickled_and_writes_the_same_elsewhere(
    writer: TextGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert writer.ngram_filters
    content = pickle.dumps(writer)
    monkeypatch.chdir(tmp_path)
    copy = pickle.loads(content)
    assert written(copy) == written(writer)
    assert [known.n for known in copy.ngram_filters] == [known.n for known in writer.ngram_filters]


@pytest.mark.parametrize(
    "together",
    [
        lambda one: product_of_experts([one, one], [1, 2]),
        lambda one: contrastive_decoding(one, one),
    ],
)
def test_networks_that_write_together_are_pickled_too(writer: TextGenerator, together: Any) -> None:
    several = together(writer)
    copy = pickle.loads(pickle.dumps(several))
    assert written(copy) == written(several)
    assert len(copy.ngram_filters) == len(several.ngram_filters)


def test_another_process_writes_the_same(writer: TextGenerator) -> None:
    spawned = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, spawned) as processes:
        assert processes.submit(written, writer).result() == written(writer)


def test_training_settings_are_no_sampling_settings(writer: TextGenerator) -> None:
    with pytest.raises(ConfigurationError, match="of type TrainingConfig"):
        writer.write("x", TrainingConfig())  # type: ignore[arg-type]
