import dataclasses
import shlex
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.export import NOT_IN_CARD, model_card
from charrnn.checkpoint.record import RunRecord
from charrnn.cli import main
from charrnn.corpus.catalogue import text_facts
from charrnn.settings.configuration import ModelConfig, TrainingConfig
from charrnn.settings.setting import settings_of
from tests.fakes import MODEL, RECORD


def card_of(
    record: RunRecord = RECORD, before: float | None = None, sample: str = "moon", **model: float
) -> str:
    opened = Checkpoint(Path("gifts/moons"), record, dataclasses.replace(MODEL, **model))
    return model_card(opened, before, sample, text_facts(record.corpus))


def rows(text: str) -> dict[str, str]:
    """The facts of a card by their names."""
    table = text.partition("|---|---|\n")[2].partition("\n\n")[0]
    return dict(line.strip("| ").split(" | ") for line in table.splitlines())


def test_a_card_tells_what_a_network_is_and_what_it_learned_and_how_and_how_well() -> None:
    assert card_of(before=1.4999, sample="\nA moon,\n\na boat.\n\n") == (
        "# moons\n\n"
        "A character-level network made with charrnn 0.1.0.\n\n"
        "| | |\n"
        "|---|---|\n"
        "| network | LSTM, 2 layers of 5 units, embedding of 3 for 6 tokens; "
        f"{RECORD.architecture.parameters} weights |\n"
        f"| text | moons, 12,345 characters, 67 poems; charrnn's digest of it `{'0' * 16}` |\n"
        "| training | 3.25 epochs in 150 steps, on the CPU (2 cores) |\n"
        f"| settings | {rows(card_of())['settings']} |\n"
        "| loss | 1.5000 nats (2.1640 bits) per character on the validation split "
        "(0.1 of the text); 1.4999 nats (2.1639 bits) per character before its weights were "
        "rounded |\n"
        "| weights | float16 on disk, float32 in use; plain Keras opens `model.keras` |\n\n"
        "## Sample\n\n"
        "    A moon,\n    \n    a boat.\n\n"
        "To write more: `charrnn generate moons`. To train it further on a text of your own: "
        "`charrnn train poems.txt --from moons`.\n"
    )


def test_a_loss_that_was_not_measured_before_is_not_told() -> None:
    assert "rounded" not in card_of()
    assert rows(card_of())["loss"].startswith("1.5000 nats")


@pytest.mark.parametrize(
    "training",
    [
        TrainingConfig(steps=200, batch_size=8, window=64, learning_rate=0.005),
        TrainingConfig(minutes=2.5, weight_decay=0.0, ema_decay=0.0, seed=0, weight_dropout=0.0),
        TrainingConfig(epochs=7, precision="bfloat16", seed=9, patience=3),
    ],
)
def test_the_settings_are_options_of_train(training: TrainingConfig) -> None:
    settings = rows(card_of(dataclasses.replace(RECORD, training=training)))["settings"]
    words = shlex.split(settings.strip("`"))
    context = main.commands["train"].make_context("train", words)
    for name in settings_of(TrainingConfig).keys() - NOT_IN_CARD:
        assert context.params[name] == getattr(training, name), name
    for name in settings_of(ModelConfig):
        assert context.params[name] == getattr(RECORD.architecture, name), name
    assert context.params["validation_fraction"] == RECORD.corpus_config.validation_fraction
    assert not NOT_IN_CARD & {word.lstrip("-").replace("-", "_") for word in words}
    assert settings_of(TrainingConfig).keys() >= NOT_IN_CARD


def test_a_text_of_the_catalogue_has_a_source_and_a_licence() -> None:
    corpus = dataclasses.replace(
        RECORD.corpus, name="quatrains", sources=("catalogue:quatrains",), poems=1
    )
    facts = rows(card_of(dataclasses.replace(RECORD, corpus=corpus)))
    assert facts["text"] == (
        f"900 quatrains in four-beat lines: 12,345 characters; charrnn's digest of it `{'0' * 16}`"
    )
    assert facts["source"] == "written for charrnn"
    assert facts["licence of the text"] == "CC0-1.0"


def test_several_texts_of_the_catalogue_are_all_named() -> None:
    sources = ("catalogue:quatrains", "catalogue:tinyshakespeare", "catalogue:jueju")
    corpus = dataclasses.replace(RECORD.corpus, sources=sources)
    facts = rows(card_of(dataclasses.replace(RECORD, corpus=corpus)))
    assert facts["text"].startswith(
        "900 quatrains in four-beat lines + Scenes from Shakespeare's plays + 800 quatrains"
    )
    assert facts["source"] == "written for charrnn + karpathy/char-rnn on GitHub"
    assert facts["licence of the text"] == "CC0-1.0 + public domain"


@pytest.mark.parametrize("source", ["/poems/quatrains", "quatrains.txt", "catalogue:forgotten"])
def test_a_text_that_the_catalogue_does_not_know_has_a_name_only(source: str) -> None:
    corpus = dataclasses.replace(RECORD.corpus, sources=(source,))
    facts = rows(card_of(dataclasses.replace(RECORD, corpus=corpus)))
    assert facts["text"].startswith("moons, 12,345 characters")
    assert not facts.keys() & {"source", "licence of the text"}


def test_a_tied_output_is_told_and_a_record_without_a_version_is_no_obstacle() -> None:
    sizes = dataclasses.replace(RECORD.architecture, output="tied", layers=1, units=1234)
    told = card_of(dataclasses.replace(RECORD, architecture=sizes, versions={}))
    assert "made with charrnn of an unknown version." in told
    assert rows(told)["network"] == (
        "LSTM, 1 layer of 1,234 units, embedding of 3 for 6 tokens, output tied to the embedding; "
        f"{sizes.parameters:,} weights"
    )
