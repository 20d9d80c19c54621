"""The model card of an exported network: what it is, what it learned, how, and how well, in Markdown."""

import math
from collections.abc import Mapping
from typing import Final

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import RunRecord
from charrnn.settings.architecture import CELL_NAMES
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.settings.setting import settings_of

CARD_FILE: Final = "README.md"

NOT_OF_THE_RECIPE: Final = frozenset({"evaluate_every", "patience"})
"""Settings that have no say in what a network learns."""


def model_card(
    checkpoint: Checkpoint, before: float | None, sample: str, text: Mapping[str, str]
) -> str:
    """The model card of a network.

    Args:
        checkpoint: The network, its loss measured with the weights that it has.
        before: Its loss before they were rounded; None where that is not known.
        sample: Something that it wrote.
        text: What is known of the text that it learned, by name: its source, its licence.
    """
    record, model = checkpoint.record, checkpoint.model
    name = checkpoint.directory.name
    rounded = "" if before is None else f"; {_loss(before)} before its weights were rounded"
    facts = {
        "network": _network(record),
        **text,
        "learned": f"{model.epoch:.3g} epochs in {model.step:,} steps, on {record.device}",
        **_origin(record),
        "recipe": _recipe(record),
        "loss": f"{_loss(model.validation_loss)} on the validation split "
        f"({record.corpus_config.validation_fraction:.3g} of the text){rounded}",
        "weights": "float16 on disk, float32 when they are used; `model.keras` opens with plain "
        "Keras",
    }
    rows = "\n".join(f"| {what} | {value} |" for what, value in facts.items())
    quoted = sample.strip().replace("\n", "\n    ")
    version = record.versions.get("charrnn", "of an unknown version")
    return (
        f"# {name}\n\nA network that writes, character by character, made with charrnn "
        f"{version}.\n\n| | |\n|---|---|\n{rows}\n\n## What it writes\n\n"
        f"    {quoted}\n\nMore of it: `charrnn generate {name}`. To begin with it on a text of "
        f"your own: `charrnn train poems.txt --from {name}`.\n"
    )


def _loss(nats: float) -> str:
    return f"{nats:.4f} nats ({nats / math.log(2):.4f} bits) per character"


def _network(record: RunRecord) -> str:
    sizes = record.architecture
    layers = f"{sizes.layers} layer{'s' if sizes.layers > 1 else ''} of {sizes.units:,} units"
    output = ", its output tied to them" if sizes.output == "tied" else ""
    return (
        f"{CELL_NAMES[sizes.cell]}, {layers}, vectors of {sizes.embedding} for "
        f"{sizes.vocabulary_size:,} tokens{output}; {sizes.parameters:,} weights"
    )


def _origin(record: RunRecord) -> dict[str, str]:
    """The network it began with, whose text has a part in it."""
    if record.origin is None:
        return {}
    return {
        "began with": f"{record.origin.name} (`model.keras` with SHA-256 `{record.origin.sha256}`)"
    }


def _recipe(record: RunRecord) -> str:
    """The settings of the run, as `charrnn train` takes them."""
    settings = {
        name: getattr(settled, name)
        for configuration, settled in (
            (CorpusConfig, record.corpus_config),
            (ModelConfig, record.architecture),
            (TrainingConfig, record.training),
        )
        for name in settings_of(configuration)
        if name not in NOT_OF_THE_RECIPE and getattr(settled, name) is not None
    }
    return (
        "`"
        + " ".join(f"--{name.replace('_', '-')} {value}" for name, value in settings.items())
        + "`"
    )
