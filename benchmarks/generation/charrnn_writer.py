"""charrnn: `TextGenerator.write` and `write_many`, with the draw and all that goes with it."""

from pathlib import Path

from benchmarks.generation.contestants import TEMPERATURE, Write
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.configuration import SamplingConfig


def open_writer(checkpoint: Path) -> Write:
    """Load the network of a checkpoint."""
    generator = TextGenerator.open(checkpoint)

    def write(poems: int, characters: int) -> list[str]:
        settings = [
            SamplingConfig(temperature=TEMPERATURE, length=characters, seed=seed)
            for seed in range(poems)
        ]
        if poems == 1:
            return [generator.write("", settings[0]).text]
        return [poem.text for poem in generator.write_many("", settings)]

    return write
