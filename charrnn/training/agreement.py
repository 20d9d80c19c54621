"""What all workers of a run must have in common, and a sentence where they differ."""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import keras
import tensorflow as tf

from charrnn.corpus.loading import Corpus
from charrnn.errors import WorkersError
from charrnn.settings.setting import AUTO, Configuration, settings_of

Facts = dict[str, Any]
"""What one worker says of itself, as JSON has it."""


def versions() -> dict[str, str]:
    """Versions of charrnn, Python and the packages that matter."""
    return {
        "charrnn": metadata.version("charrnn"),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def named_settings(*configurations: Configuration) -> dict[str, Any]:
    """All settings of some configurations, by name."""
    return {
        name: getattr(configuration, name)
        for configuration in configurations
        for name in settings_of(type(configuration))
    }


def facts(corpus: Corpus, settings: Mapping[str, Any], devices: str) -> Facts:
    """What a worker says of itself before training begins.

    Args:
        corpus: The text it has read.
        settings: The settings it was started with, by name.
        devices: How many devices it trains on, and of which kind.
    """
    return {
        "settings": {name.replace("_", "-"): value for name, value in settings.items()},
        "text": {"digest": corpus.digest, "name": corpus.name, "characters": len(corpus.text)},
        "devices": devices,
    }


def refuse_other_versions(worker: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Refuse a worker whose packages may compute something else; raises WorkersError."""
    for package in ours.keys() - {"python"}:
        if theirs.get(package) != ours[package]:
            raise WorkersError(
                f"{worker} has {package} {theirs.get(package)}, and the chief {ours[package]}. "
                "Install the same on all of them."
            )


def refuse_other_facts(worker: str, theirs: Facts, ours: Facts) -> None:
    """Refuse a worker that would train something else; raises WorkersError."""
    if theirs["text"]["digest"] != ours["text"]["digest"]:
        raise WorkersError(
            f"{worker} has another text ({_described(theirs['text'])}) than the chief "
            f"({_described(ours['text'])}). Give all of them the same text."
        )
    for name in sorted(theirs["settings"].keys() | ours["settings"].keys()):
        their_value, our_value = theirs["settings"].get(name), ours["settings"].get(name)
        if their_value != our_value:
            raise WorkersError(
                f"{worker} was started with {name} {_spelled(their_value)}, and the chief with "
                f"{name} {_spelled(our_value)}. Start all of them with the same settings."
            )
    if theirs["devices"] != ours["devices"]:
        raise WorkersError(
            f"{worker} trains on {theirs['devices']}, and the chief on {ours['devices']}. Give "
            "all of them the same number of devices of one kind, with --device."
        )


def _described(text: Mapping[str, Any]) -> str:
    return f"{text['name']}, {text['characters']:,} characters"


def _spelled(value: Any) -> str:
    return AUTO if value is None else str(value)
