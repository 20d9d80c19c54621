"""The networks of a command: one, an ensemble, or one contrasted with another."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from charrnn.checkpoint.directory import Checkpoint, read_record
from charrnn.checkpoint.lookup import find_checkpoint, is_bundled
from charrnn.cli.options import SettingType
from charrnn.cli.process import tell
from charrnn.cli.writing_defaults import check_writing
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.configuration import DEFAULT_STRENGTH, STRENGTH
from charrnn.settings.notation import parse_blend
from charrnn.wording import listed, printable

if TYPE_CHECKING:
    from charrnn.decoding.writer import TextGenerator

BUNDLED_IS_USED: Final = (
    "You have trained no network yet, so {}, which comes with charrnn, is used. charrnn train makes "
    "your own."
)

DEAD_END: Final = "The poem stops here: no-repeat-ngram-size or max-copy allows no next character."

CUT: Final = "The poem had not ended, and is cut here."

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Networks:
    """The directories of checkpoints that are not opened yet, each with its weight.

    `unlike` is the network for contrastive decoding.
    """

    weights: tuple[tuple[Path, float], ...]
    unlike: Path | None = None
    strength: float = DEFAULT_STRENGTH

    @property
    def name(self) -> str:
        """Their name for messages."""
        together = listed(printable(directory.name) for directory, _ in self.weights)
        return together if self.unlike is None else f"{together}, unlike {self.unlike.name}"

    @property
    def arguments(self) -> list[str]:
        """The words of a command line that select them."""
        names = [_argument(directory) for directory, _ in self.weights]
        words = names[:1]
        if len(names) > 1:
            pairs = zip(names, self.weights, strict=True)
            words = ["--blend", ",".join(f"{name}={weight}" for name, (_, weight) in pairs)]
        if self.unlike is not None:
            words += ["--unlike", _argument(self.unlike), "--strength", str(self.strength)]
        return words

    @property
    def writing(self) -> dict[str, str]:
        """The settings that the network brings along for writing; a blend brings none.

        Raises:
            CheckpointError: Its record cannot be read, or they are not valid.
        """
        (directory, _), *others = self.weights
        writing = {} if others else read_record(directory).writing
        try:
            check_writing(writing)
        except ConfigurationError as error:
            raise CheckpointError(
                f"{directory} cannot be used: its settings for writing are not valid: {error}"
            ) from error
        return writing

    def open(self, *, reads_only: bool = False) -> "OpenedNetworks":
        """Open them all; for `reads_only`, see `product_of_experts`.

        Raises:
            CheckpointError: One cannot be used.
            ConfigurationError: They cannot be used together.
        """
        from charrnn.decoding.writer import TextGenerator

        found = [Checkpoint.open(directory) for directory, _ in self.weights]
        weights = [weight for _, weight in self.weights]
        writer, *_ = writers = [TextGenerator.open(checkpoint) for checkpoint in found]
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
            found.append(other)
        digest, *others = digests = [checkpoint.model.sha256 for checkpoint in found]
        if others:
            digest = hashlib.sha256("\n".join(digests).encode()).hexdigest()
        return OpenedNetworks(writer, facts, self.arguments, digest)


@dataclass(frozen=True, slots=True)
class OpenedNetworks:
    """Networks that are ready to use.

    Attributes:
        writer: Writes with them.
        facts: Their paths and digests, for JSON.
        arguments: The words of a command line that select them.
        sha256: The digest of the network; with several, the digest of all their digests.
    """

    writer: "TextGenerator"
    facts: dict[str, Any]
    arguments: list[str]
    sha256: str

    def expect(self, digest: str) -> None:
        """Refuse networks whose `sha256` does not begin with a digest; raises CheckpointError."""
        if not self.sha256.startswith(digest):
            raise CheckpointError(
                f"the poem was written by another network: its SHA-256 begins with {digest}, and "
                f"that of {' '.join(self.arguments)} with {self.sha256[: len(digest)]}. Name the "
                "network that wrote it. More training changes the SHA-256 of a network."
            )


blend_option = click.option(
    "--blend",
    metavar="NAME=X,...",
    help="Blend several networks, each with a weight, instead of CHECKPOINT: moons=0.7,rivers=0.3.",
)
"""Adds `--blend`, for `find_networks`."""


def networks_options(command: Command) -> Command:
    """Add `--blend`, `--unlike` and `--strength`, for `find_networks`."""
    strength = click.option(
        "--strength",
        type=SettingType(STRENGTH),
        help=f"{STRENGTH.help}  [default: {DEFAULT_STRENGTH}; {STRENGTH.range()}]",
    )
    unlike = click.option(
        "--unlike",
        metavar="CHECKPOINT",
        help="Prefer what this other network finds less likely (contrastive decoding).",
    )
    return blend_option(unlike(strength(command)))


def find_networks(
    checkpoint: str | None,
    checkpoints: Path,
    *,
    blend: str | None = None,
    unlike: str | None = None,
    strength: float | None = None,
) -> Networks:
    """Find the networks that the options name; without a name or a blend, the newest.

    Raises:
        ConfigurationError: The options contradict one another.
        CheckpointError: A checkpoint does not exist.
    """
    if blend is not None and checkpoint is not None:
        raise ConfigurationError("--blend names all networks; leave out CHECKPOINT, or --blend.")
    if strength is not None and unlike is None:
        raise ConfigurationError("--strength goes with --unlike CHECKPOINT; give both, or neither.")
    return Networks(
        _weights(checkpoint, blend, checkpoints),
        None if unlike is None else find_checkpoint(unlike, checkpoints),
        DEFAULT_STRENGTH if strength is None else strength,
    )


def find_named(name: str, checkpoints: Path) -> Networks:
    """Find a network by name or path, or a blend such as "moons=0.7,rivers=0.3"."""
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
            tell(BUNDLED_IS_USED.format(directory.name))
        return ((directory, 1.0),)
    weights = parse_blend(blend)
    return tuple(
        (find_checkpoint(name, checkpoints), weight) for name, weight in weights.items() if weight
    )


def _argument(directory: Path) -> str:
    """The name of a network on a command line, which must not look like an option."""
    if is_bundled(directory):
        return directory.name
    name = str(directory)
    return f"./{name}" if name.startswith("-") else name


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"checkpoint": str(checkpoint.directory), "model": checkpoint.model.sha256}
