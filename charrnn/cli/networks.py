"""The networks that write a poem: one, several in agreement, or one against the ways of another."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from charrnn.checkpoint.directory import Checkpoint, find_checkpoint, is_bundled
from charrnn.cli.options import SettingType
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.configuration import DEFAULT_STRENGTH, STRENGTH
from charrnn.settings.notation import parse_blend
from charrnn.wording import listed

if TYPE_CHECKING:
    from charrnn.decoding.writer import TextGenerator

CAME_ALONG: Final = (
    "Nothing was trained here yet, so this is {}, which came along. charrnn train makes one of "
    "your own."
)

DEAD_END: Final = "The poem stops here: the settings (no-repeat-ngram-size, max-copy) leave no character to follow."

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Networks:
    """Checkpoints that write together. They are there; whether they can be used is not known yet.

    Attributes:
        weights: The directory of each, and how much say it has.
        unlike: Directory of the network whose ways are avoided; None when there is none.
        strength: How much they are.
    """

    weights: tuple[tuple[Path, float], ...]
    unlike: Path | None = None
    strength: float = DEFAULT_STRENGTH

    @property
    def name(self) -> str:
        """What they are called."""
        together = listed(directory.name for directory, _ in self.weights)
        return together if self.unlike is None else f"{together}, unlike {self.unlike.name}"

    @property
    def arguments(self) -> list[str]:
        """The words of a command line that name them."""
        names = [_argument(directory) for directory, _ in self.weights]
        words = names[:1]
        if len(names) > 1:
            pairs = zip(names, self.weights, strict=True)
            words = ["--blend", ",".join(f"{name}={weight}" for name, (_, weight) in pairs)]
        if self.unlike is not None:
            words += ["--unlike", _argument(self.unlike), "--strength", str(self.strength)]
        return words

    def open(self, *, reads_only: bool = False) -> "OpenedNetworks":
        """Open them all.

        Args:
            reads_only: Whether they score a text and write none; see `product_of_experts`.

        Raises:
            CheckpointError: One cannot be used.
            ConfigurationError: They cannot be used together.
        """
        from charrnn.decoding.writer import TextGenerator

        found = [Checkpoint.open(directory) for directory, _ in self.weights]
        weights = [weight for _, weight in self.weights]
        writers = [TextGenerator.open(checkpoint) for checkpoint in found]
        writer = writers[0]
        facts = _facts(found[0])
        if len(found) > 1:
            from charrnn.decoding.ensembles import product_of_experts

            writer = product_of_experts(writers, weights, reads_only=reads_only)
            pairs = zip(found, weights, strict=True)
            facts = {"blend": [_facts(one) | {"weight": weight} for one, weight in pairs]}
        if self.unlike is not None:
            from charrnn.decoding.ensembles import contrastive_decoding

            other = Checkpoint.open(self.unlike)
            writer = contrastive_decoding(writer, TextGenerator.open(other), self.strength)
            facts["unlike"] = _facts(other) | {"strength": self.strength}
        return OpenedNetworks(writer, facts, self.arguments)


@dataclass(frozen=True, slots=True)
class OpenedNetworks:
    """Networks that are ready to write.

    Attributes:
        writer: Writes with them.
        facts: Which they are, for JSON.
        arguments: The words of a command line that name them.
    """

    writer: "TextGenerator"
    facts: dict[str, Any]
    arguments: list[str]

    @property
    def sha256(self) -> str:
        """The digest of the network; of several, that of all their digests together."""
        parts = list(self.facts.get("blend") or [self.facts])
        digests = [part["model"] for part in (*parts, self.facts.get("unlike")) if part]
        if len(digests) == 1:
            return str(digests[0])
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()

    def refuse_others(self, expected: str) -> None:
        """Refuse to write where other networks are expected.

        Args:
            expected: The first digits of their `sha256`.

        Raises:
            CheckpointError: These are others.
        """
        if not self.sha256.startswith(expected):
            raise CheckpointError(
                f"the poem was written by another network: its SHA-256 begins with {expected}, and "
                f"that of {' '.join(self.arguments)} with {self.sha256[: len(expected)]}. Name the "
                "network that wrote it; a run that was trained further has another one now."
            )


blend_option = click.option(
    "--blend",
    metavar="NAME=X,...",
    help="Several networks in place of CHECKPOINT, as one, each with a weight: moons=0.7,rivers=0.3.",
)
"""Add `--blend`, to be handed to `find_networks`."""


def networks_options(command: Command) -> Command:
    """Add `--blend`, `--unlike` and `--strength`, to be handed to `find_networks`."""
    for option in (
        click.option(
            "--strength",
            type=SettingType(STRENGTH),
            help="How much the other network is avoided.  "
            f"[default: {DEFAULT_STRENGTH}; {STRENGTH.range()}]",
        ),
        click.option(
            "--unlike",
            metavar="CHECKPOINT",
            help="Prefer what the network holds likelier than this other one does.",
        ),
        blend_option,
    ):
        command = option(command)
    return command


def find_networks(
    checkpoint: str | None,
    checkpoints: Path,
    *,
    blend: str | None = None,
    unlike: str | None = None,
    strength: float | None = None,
) -> Networks:
    """Find the networks that were asked for.

    Args:
        checkpoint: Name or path of one; None for the newest, or where a blend is given.
        checkpoints: The directory that runs are kept in.
        blend: Names or paths with weights.
        unlike: Name or path of the one to avoid.
        strength: How much it is avoided; None for the usual.

    Raises:
        ConfigurationError: They contradict one another.
        CheckpointError: One is not there.
    """
    if blend is not None and checkpoint is not None:
        raise ConfigurationError(
            "--blend names all the networks that write; leave out CHECKPOINT, or --blend."
        )
    if strength is not None and unlike is None:
        raise ConfigurationError("--strength goes with --unlike CHECKPOINT; give both, or neither.")
    avoided = None if unlike is None else find_checkpoint(unlike, checkpoints)
    return Networks(
        _weights(checkpoint, blend, checkpoints),
        avoided,
        DEFAULT_STRENGTH if strength is None else strength,
    )


def find_named(name: str, checkpoints: Path) -> Networks:
    """Find one network by its name or path, or several by a blend such as "moons=0.7,rivers=0.3".

    Raises:
        CheckpointError: One is not there.
        ConfigurationError: It is no blend.
    """
    try:
        return find_networks(name, checkpoints)
    except CheckpointError:
        if "=" not in name:
            raise
        return find_networks(None, checkpoints, blend=name)


def _weights(
    checkpoint: str | None, blend: str | None, checkpoints: Path
) -> tuple[tuple[Path, float], ...]:
    if blend is None:
        directory = find_checkpoint(checkpoint, checkpoints)
        if checkpoint is None and is_bundled(directory):
            click.echo(CAME_ALONG.format(directory.name), err=True)
        return ((directory, 1.0),)
    weights = parse_blend(blend)
    return tuple(
        (find_checkpoint(name, checkpoints), weight) for name, weight in weights.items() if weight
    )


def _argument(directory: Path) -> str:
    """What names a network on a command line, and is not taken for an option."""
    if is_bundled(directory):
        return directory.name
    name = str(directory)
    return f"./{name}" if name.startswith("-") else name


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"checkpoint": str(checkpoint.directory), "model": checkpoint.model.sha256}
