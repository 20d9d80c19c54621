"""The networks that write, and what they cost to read from memory.

    python -m benchmarks.generation.networks 2x512 DIRECTORY

makes a checkpoint of one, with the weights that a network begins with: what it writes is noise,
and takes as long as poems do.
"""

import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEARNED: Final = 20_000
"""Characters of the text that a checkpoint is made from."""

ASCII: Final = (0x21, 200)
HAN: Final = (0x4E00, 20_000)
"""Where the characters of small and of large alphabets begin, and how many there are."""


@dataclass(frozen=True, slots=True)
class Network:
    """Two or more layers of an LSTM.

    Attributes:
        name: What the command line calls it.
        layers: Recurrent layers.
        units: Units of each.
        vocabulary_size: Tokens read and predicted.
        embedding: Length of a character's vector.
        wanted: Characters a second that charrnn wants to write on two cores, by the number of
            poems written at once.
    """

    name: str
    layers: int
    units: int
    vocabulary_size: int
    embedding: int
    wanted: dict[int, int]

    @property
    def title(self) -> str:
        """What a table calls it."""
        return f"LSTM {self.layers} x {self.units}, {self.vocabulary_size:,} tokens"

    @property
    def weights(self) -> int:
        """Weights that must be read to write a character.

        The first layer's product with an embedding can be looked up, so its kernel does not count.
        """
        recurrent = (2 * self.layers - 1) * 4 * self.units**2
        return recurrent + self.units * self.vocabulary_size

    @property
    def bytes_read(self) -> int:
        """Bytes of these weights in float32."""
        return 4 * self.weights


NETWORKS: Final = (
    Network("2x512", 2, 512, 65, 64, {1: 3_000, 64: 27_300}),
    Network("2x128", 2, 128, 65, 64, {1: 14_000}),
    Network("2x512-8000", 2, 512, 8_000, 256, {1: 1_500, 64: 11_000}),
)


def network_named(name: str) -> Network:
    """The network whose `name` this is."""
    return next(network for network in NETWORKS if network.name == name)


def text_of(network: Network) -> str:
    """A text of as many different characters as the network has tokens for."""
    # Two tokens stand for the poem break and for unknown characters.
    beside_line_end = network.vocabulary_size - 3
    first, count = ASCII if beside_line_end <= ASCII[1] else HAN
    assert beside_line_end <= count, "characters that normalising leaves as they are"
    alphabet = ["\n", *(chr(first + number) for number in range(beside_line_end))]
    # A character that stands once is not learned.
    return "".join((*alphabet, *alphabet, *random.Random(0).choices(alphabet, k=LEARNED)))


def make_checkpoint(network: Network, directory: Path) -> None:
    """Write a checkpoint of a network after one step of training."""
    from charrnn.cli.process import quiet_startup
    from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig

    with quiet_startup():
        from charrnn.training.run import train
    text = directory / f"{network.name}.txt"
    text.write_text(text_of(network), encoding="utf-8", newline="\n")
    train(
        text,
        name=network.name,
        checkpoints=directory,
        model=ModelConfig(layers=network.layers, units=network.units, embedding=network.embedding),
        training=TrainingConfig(steps=1, batch_size=4, evaluate_every=1, precision="float32"),
        corpus_config=CorpusConfig(layout="text"),
        device="cpu",
    )


if __name__ == "__main__":
    make_checkpoint(network_named(sys.argv[1]), Path(sys.argv[2]))
