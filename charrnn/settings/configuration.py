"""The settings of charrnn: the one home of every default, limit and help text.

Each configuration is a frozen dataclass whose fields carry a `Setting`. The same description
validates a value given from Python and makes the option of the command line. A field whose
default is `None` is chosen by charrnn, or off; its `Setting` says which.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

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
"""Characters after which a poem is stopped when no length was asked for.

A poem ends by itself; this ends one of a network that has not learned where poems end.
"""

LENGTH_OF_TEXT: Final = 500
"""Characters written of a continuous text, which has no end of its own, unless others are asked."""

PLAUSIBLE_SHARE: Final = 0.1
"""Share of the likeliest character's probability below which none is plausible where networks are
contrasted (Li et al., 2023, section 3.3)."""

STRENGTH: Final = Setting(
    help="How much the network that is contrasted counts.", minimum=0, maximum=10, kind=float
)

DEFAULT_STRENGTH: Final = 0.5
"""Strength of a contrast unless another is asked."""

SHORT_WINDOW: Final = 64
"""Characters of a window unless others are asked for, or a run is so long that more pay."""

DEVICE_NAME: Final = re.compile(r"auto|cpu|gpu(?::(\d+))?")
"""What a device can be called; "gpu:1" is the second GPU."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusConfig(Configuration):
    """How a text is read and taken apart."""

    layout: Layout = setting(
        "auto",
        "How poems stand in the text: one continuous text, blocks apart by blank lines, or a "
        "poem a line.",
        choices=get_args(Layout),
    )
    encoding: str | None = setting(
        None, "Encoding of the text, such as utf-8, gb18030 or big5.", unset="detected"
    )
    min_count: int | None = setting(
        None,
        "Characters seen fewer times are learned as unknown.",
        minimum=1,
        unset="1, or 2 for a large vocabulary",
    )
    validation_fraction: float = setting(
        0.1,
        "Part of the text for validation: it is not learned, but measured with.",
        above=0,
        maximum=0.5,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(Configuration):
    """The network that is asked for; `charrnn.training.defaults` settles what is left open."""

    cell: Cell = setting("lstm", "Kind of recurrent layer.", choices=get_args(Cell))
    layers: int | None = setting(
        None, "Recurrent layers, one upon another.", minimum=1, maximum=16, unset="by corpus size"
    )
    units: int | None = setting(
        None, "Units of each recurrent layer.", minimum=1, maximum=16384, unset="by corpus size"
    )
    embedding: int | None = setting(
        None,
        "Length of the vector that stands for a character.",
        minimum=1,
        maximum=16384,
        unset="by vocabulary size",
    )
    dropout: float | None = setting(
        None,
        "Share of each layer's output left out in training.",
        minimum=0,
        below=1,
        unset="by corpus size",
    )
    activation: Activation = setting(
        "tanh", "Activation of a simple_rnn layer.", choices=get_args(Activation)
    )
    output: Output | None = setting(
        None,
        "Whether the output has weights of its own, or is tied to the vectors of the characters.",
        choices=get_args(Output),
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
        None,
        "Train for this many readings of the text.",
        above=0,
        maximum=1_000_000,
        unset="by corpus size",
    )
    steps: int | None = setting(
        None, "Train for this many steps.", minimum=1, maximum=10**12, unset="by epochs"
    )
    minutes: float | None = setting(
        None,
        "Train for this long by the clock, start-up included.",
        above=0,
        maximum=100_000,
        unset="by epochs",
    )
    batch_size: int | None = setting(
        None, "Places of the text read side by side.", minimum=1, unset="by corpus size"
    )
    window: int | None = setting(
        None,
        "Characters read in one step at each place.",
        minimum=2,
        maximum=4096,
        unset="64, or 256 for continuous text that is read often",
    )
    learning_rate: float | None = setting(
        None, "Highest rate of the schedule.", above=0, maximum=1, unset="by units"
    )
    weight_decay: float = setting(
        0.01, "AdamW's pull of the weights towards zero.", minimum=0, maximum=1
    )
    weight_dropout: float | None = setting(
        None,
        "Share of the recurrent weights left out in each step.",
        minimum=0,
        below=1,
        unset="by corpus size and budget",
    )
    embedding_dropout: float = setting(
        0.0,
        "Share of the characters that each place of the text does not see in a step.",
        minimum=0,
        below=1,
    )
    name_augmentation: float | None = setting(
        None,
        "Share of the text's places whose names are spelled anew in each reading, until late in the "
        "run, so that the network is not taken aback by new ones.",
        minimum=0,
        maximum=1,
        unset="0.5 for continuous text, else 0",
    )
    clip_norm: float = setting(1.0, "Longer gradients are scaled down to this norm.", above=0)
    ema_decay: float = setting(
        0.99,
        "Momentum of the average of weights that is measured and saved; 0 averages nothing.",
        minimum=0,
        below=1,
    )
    patience: int | None = setting(
        None,
        "Stop after this many evaluations without a better loss, those before --name-augmentation ends not "
        "counted; 0 never stops.",
        minimum=0,
        unset="two fifths of them",
    )
    precision: Precision | None = setting(
        None,
        "Numbers that are multiplied in training on a CPU.",
        choices=get_args(Precision),
        unset="bfloat16 where the processor has it",
    )
    evaluate_every: int | None = setting(
        None, "Steps between evaluations.", minimum=1, unset="20 to a run"
    )
    seed: int = setting(
        0, "Number that every random choice follows.", minimum=0, maximum=LARGEST_SEED
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, and two budgets at once."""
        Configuration.__post_init__(self)
        budgets = [
            name for name in ("epochs", "steps", "minutes") if getattr(self, name) is not None
        ]
        if len(budgets) > 1:
            raise ConfigurationError(
                f"a run has one budget: give {listed(budgets, 'or')}, not both."
            )

    @property
    def shortest_part(self) -> int:
        """Characters that each part of a divided text holds at least, and one more."""
        return self.window or SHORT_WINDOW


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingConfig(Configuration):
    """How characters are drawn from the network's predictions."""

    temperature: float | str = setting(
        0.8,
        "Below 1 plays safe, above 1 takes risks; 0 takes the likeliest; 1.0:0.6 goes from the one "
        "to the other as the poem grows.",
        minimum=0,
        notation=Notation("X[:Y]", SCHEDULE, parse_schedule),
    )
    top_k: int | None = setting(
        None, "Draw from the K likeliest characters only.", minimum=1, unset="all"
    )
    top_p: float = setting(
        1.0, "Draw from the likeliest characters that hold this probability.", above=0, maximum=1
    )
    min_p: float = setting(
        0.0,
        "Leave out characters less likely than this share of the likeliest.",
        minimum=0,
        maximum=1,
    )
    typical_p: float = setting(
        1.0,
        "Draw from the characters of the most usual surprise that hold this probability.",
        above=0,
        maximum=1,
    )
    repetition_penalty: float = setting(
        1.0,
        "Above 1 makes characters written a moment ago less likely.",
        minimum=1,
        maximum=1_000_000,
    )
    repetition_window: int = setting(64, "Characters that count as a moment ago.", minimum=1)
    no_repeat: int | None = setting(
        None,
        "Let no run of this many characters stand twice in a poem.",
        minimum=1,
        unset="any may",
    )
    favour: str | None = setting(
        None,
        "Make characters likelier by so many nats, or rarer by numbers below 0: 月=2,花=-1.5.",
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
    best_of: int = setting(
        1, "Drafts to write of each poem, of which the best is shown.", minimum=1, maximum=1024
    )
    beam: int | None = setting(
        None,
        "Search for the likeliest poem instead of drawing one, with this many side by side.",
        minimum=1,
        maximum=64,
        unset="draw",
    )
    end_of_poem: EndOfPoem = setting(
        "corpus",
        "Where a poem ends: after as many lines as the poems learned have, or where the network "
        "ends it.",
        choices=get_args(EndOfPoem),
    )
    length: int | None = setting(
        None, "Most characters to write.", minimum=1, unset="until the poem ends"
    )
    seed: int | None = setting(
        None,
        "Number that the draw follows; the same seed writes the same poem.",
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
        """A beam search draws nothing, so what tells how to draw contradicts it."""
        drawing = {
            "best-of": self.best_of > 1,
            "top-k": self.top_k is not None,
            "top-p": self.top_p < 1,
            "min-p": self.min_p > 0,
            "typical-p": self.typical_p < 1,
        }
        given = [name for name, is_given in drawing.items() if is_given]
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


def _options(settings: Iterable[str]) -> str:
    """Settings as they are spelled: "acrostic, must and first-line"."""
    return listed(name.replace("_", "-") for name in settings)
