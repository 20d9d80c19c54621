"""The settings of charrnn: the one home of every default, limit and help text.

Each configuration is a frozen dataclass whose fields carry a `Setting`. The same description
validates a value given from Python and makes the option of the command line. A field whose
default is `None` is chosen by charrnn, or off; its `Setting` says which.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from charrnn.errors import ConfigurationError
from charrnn.settings.notation import (
    FAVOURS,
    SCHEDULE,
    parse_ban,
    parse_favours,
    parse_schedule,
)
from charrnn.settings.setting import Configuration, Notation, Setting, setting
from charrnn.wording import listed

Cell = Literal["lstm", "gru", "simple_rnn", "peephole_lstm"]
Activation = Literal["tanh", "relu"]
Output = Literal["own", "tied"]
EndOfPoem = Literal["corpus", "model"]
Precision = Literal["float32", "bfloat16"]
Layout = Literal["auto", "text", "blocks", "lines"]

LARGEST_SEED: Final = 2**63 - 1

LONGEST_POEM: Final = 2_000
"""Most characters of a poem unless a length is given, for a network that never ends one."""

LENGTH_OF_TEXT: Final = 500
"""Characters written of a continuous text unless a length is given; it has no end of its own."""

STRENGTH: Final = Setting(
    help="Weight of the contrasted network.", minimum=0, maximum=10, kind=float
)

DEFAULT_STRENGTH: Final = 0.5
"""Strength of a contrast unless another is given."""

SHORT_WINDOW: Final = 64
"""Characters of a window unless others are given, or a run is long enough to profit from more."""

DEVICE_NAME: Final = re.compile(r"auto|cpu|gpu(?::(\d+))?")
"""What a device can be called; "gpu:1" is the second GPU."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusConfig(Configuration):
    """How a text is read and divided."""

    layout: Layout = setting(
        "auto",
        "Layout of the text: one continuous text, poems as blocks between blank lines, or one poem "
        "per line.",
    )
    encoding: str | None = setting(
        None, "Encoding of the text, such as utf-8, gb18030 or big5.", unset="detected"
    )
    min_count: int | None = setting(
        None,
        "Characters that occur fewer times are learned as unknown.",
        minimum=1,
        unset="1, or 2 for a large vocabulary",
    )
    validation_fraction: float = setting(
        0.1, "Share of the text held out for validation.", above=0, maximum=0.5
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(Configuration):
    """The network that is asked for; `charrnn.training.defaults` chooses what is left open."""

    cell: Cell = setting("lstm", "Kind of recurrent layer.")
    layers: int | None = setting(
        None, "Recurrent layers, stacked.", minimum=1, maximum=16, unset="by corpus size"
    )
    units: int | None = setting(
        None, "Units of each recurrent layer.", minimum=1, maximum=16384, unset="by corpus size"
    )
    embedding: int | None = setting(
        None, "Size of the embedding.", minimum=1, maximum=16384, unset="by vocabulary size"
    )
    dropout: float | None = setting(
        None, "Dropout of each layer's output.", minimum=0, below=1, unset="by corpus size"
    )
    activation: Activation = setting("tanh", "Activation of a simple_rnn layer.")
    output: Output | None = setting(
        None,
        "Output layer: weights of its own, or tied to the embedding.",
        unset="by vocabulary size",
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, and an activation that the cell does not take."""
        Configuration.__post_init__(self)
        if self.activation != "tanh" and self.cell != "simple_rnn":
            raise ConfigurationError(
                f"activation {self.activation} goes with cell simple_rnn only. "
                f"Received: cell {self.cell}."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig(Configuration):
    """How the network learns. At most one of `epochs`, `steps` and `minutes` is given."""

    epochs: float | None = setting(
        None, "Passes over the text.", above=0, maximum=1_000_000, unset="by corpus size"
    )
    steps: int | None = setting(
        None, "Training steps.", minimum=1, maximum=10**12, unset="by epochs"
    )
    minutes: float | None = setting(
        None,
        "Minutes of the whole run, from start to finish.",
        above=0,
        maximum=100_000,
        unset="by epochs",
    )
    batch_size: int | None = setting(
        None, "Sequences in one batch.", minimum=1, unset="by corpus size"
    )
    window: int | None = setting(
        None,
        "Characters of each sequence in one step.",
        minimum=2,
        maximum=4096,
        unset="64, or 256 for continuous text that is read often",
    )
    learning_rate: float | None = setting(
        None, "Peak of the learning rate.", above=0, maximum=1, unset="by units"
    )
    weight_decay: float = setting(0.01, "Weight decay of AdamW.", minimum=0, maximum=1)
    weight_dropout: float | None = setting(
        None,
        "Dropout of the recurrent weights.",
        minimum=0,
        below=1,
        unset="by corpus size and budget",
    )
    embedding_dropout: float = setting(
        0.0,
        "Share of the vocabulary that a sequence does not see in one step.",
        minimum=0,
        below=1,
    )
    name_augmentation: float | None = setting(
        None,
        "Share of the sequences whose names are replaced by random ones in each epoch, until late "
        "in the run. The network then knows how to go on after a name it has not seen.",
        minimum=0,
        maximum=1,
        unset="0.5 for continuous text, else 0",
    )
    clip_norm: float = setting(1.0, "Gradients are clipped to this global norm.", above=0)
    ema_decay: float = setting(
        0.99,
        "Decay of the moving average of the weights, which is evaluated and saved; 0 is off.",
        minimum=0,
        below=1,
    )
    patience: int | None = setting(
        None,
        "Evaluations without a better loss before training stops, counted when name augmentation "
        "has ended; 0 never stops.",
        minimum=0,
        unset="two fifths of them",
    )
    precision: Precision | None = setting(
        None,
        "Precision of matrix products in training on a CPU.",
        unset="bfloat16 where the processor has it",
    )
    evaluate_every: int | None = setting(
        None, "Steps between evaluations.", minimum=1, unset="20 to a run"
    )
    seed: int = setting(0, "Seed of all random choices.", minimum=0, maximum=LARGEST_SEED)

    def __post_init__(self) -> None:
        """Refuse values out of range, and two budgets at once."""
        Configuration.__post_init__(self)
        budgets = self.changed(("epochs", "steps", "minutes"))
        if len(budgets) > 1:
            raise ConfigurationError(
                f"a run has one budget: give {listed(budgets, 'or')}, not both."
            )

    @property
    def shortest_part(self) -> int:
        """Least characters of each part of the text; the part holds one more to predict."""
        return self.window or SHORT_WINDOW


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingConfig(Configuration):
    """How characters are drawn from the network's predictions."""

    temperature: float | str = setting(
        0.8,
        "Below 1 is safer, above 1 is bolder, 0 always takes the likeliest character. 1.0:0.6 "
        "changes from the first to the second as the poem grows.",
        minimum=0,
        notation=Notation("X[:Y]", SCHEDULE, parse_schedule),
    )
    top_k: int | None = setting(
        None, "Draw only from the K likeliest characters.", minimum=1, unset="all"
    )
    top_p: float = setting(
        1.0,
        "Draw only from the likeliest characters that together have this probability.",
        above=0,
        maximum=1,
    )
    min_p: float = setting(
        0.0,
        "Leave out characters less likely than this share of the likeliest.",
        minimum=0,
        maximum=1,
    )
    typical_p: float = setting(
        1.0,
        "Draw only from the most typical characters that together have this probability.",
        above=0,
        maximum=1,
    )
    repetition_penalty: float = setting(
        1.0, "Above 1 makes recent characters less likely.", minimum=1, maximum=1_000_000
    )
    repetition_window: int = setting(64, "Characters that count as recent.", minimum=1)
    no_repeat_ngram_size: int | None = setting(
        None, "No run of this many characters occurs twice in a poem.", minimum=1, unset="off"
    )
    favour: str | None = setting(
        None,
        "Make characters likelier, or rarer with numbers below 0, in nats: 月=2,花=-1.5.",
        unset="none",
        notation=Notation("C=X,...", FAVOURS, parse_favours),
    )
    ban: str | None = setting(None, "Characters that are never written.", unset="none")
    max_copy: int | None = setting(
        None,
        "Longest run of characters that may be copied from the training text; 0 allows any.",
        minimum=0,
        unset="25, or 7 in Chinese",
    )
    best_of: int = setting(1, "Drafts of each poem; the best is shown.", minimum=1, maximum=1024)
    beam: int | None = setting(
        None,
        "Search for the likeliest poem with a beam of this width, instead of drawing.",
        minimum=1,
        maximum=64,
        unset="draw",
    )
    end_of_poem: EndOfPoem = setting(
        "corpus",
        "Where a poem ends: after as many lines as poems of the corpus have, or where the model "
        "ends it.",
    )
    length: int | None = setting(
        None, "Most characters to write.", minimum=1, unset="until the poem ends"
    )
    seed: int | None = setting(
        None,
        "Seed of the draw; the same seed writes the same poem.",
        minimum=0,
        maximum=LARGEST_SEED,
        unset="a new one",
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, and settings that contradict one another."""
        Configuration.__post_init__(self)
        self._check_search()
        if self.best_of > 1 and self._never_draws:
            raise ConfigurationError(
                "best-of chooses among drafts that differ, and at temperature 0 all are alike. "
                "Give a temperature above 0, or leave best-of out."
            )
        both = parse_ban(self.ban or "") & parse_favours(self.favour).keys() if self.favour else ()
        if both:
            raise ConfigurationError(
                "a character is favoured or banned, not both. "
                f"Received in favour and in ban: {' '.join(sorted(both))}."
            )

    def _check_search(self) -> None:
        """Refuse filters of a draw beside a beam search, which draws nothing."""
        drawing = ("best_of", "top_k", "top_p", "min_p", "typical_p")
        given = self.changed(drawing)
        if self.beam is not None and given:
            raise ConfigurationError(
                "a beam search finds one poem and draws nothing. Leave out beam, or "
                f"{listed(given)}."
            )

    @property
    def _never_draws(self) -> bool:
        if isinstance(self.temperature, str):
            return not any(parse_schedule(self.temperature))
        return self.temperature == 0


def seed_after(seed: int, count: int = 1) -> int:
    """The seed so many after another one; the largest is followed by 0."""
    return (seed + count) % (LARGEST_SEED + 1)
