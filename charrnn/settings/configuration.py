"""All defaults, limits and help texts of corpus, model, training and sampling.

Each field of a configuration carries a `Setting`, which validates values from Python and defines the
option of the command line. A default of `None` means off or chosen by charrnn; see `Setting.unset`.
"""

import re
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
ResolvedLayout = Literal["text", "blocks", "lines"]

LARGEST_SEED: Final = 2**63 - 1

LONGEST_POEM: Final = 2_000
"""Default length limit of a poem, for networks that do not end poems themselves."""

LENGTH_OF_TEXT: Final = 500
"""Default length of continuous text, in characters."""

PLAUSIBLE_SHARE: Final = 0.1
"""In contrastive decoding, tokens below this share of the highest probability are suppressed
(Li et al., 2023, section 3.3)."""

STRENGTH: Final = Setting(help="Weight of the network to avoid.", minimum=0, maximum=10, kind=float)

DEFAULT_STRENGTH: Final = 0.5

SHORT_WINDOW: Final = 64
"""Default window, in characters."""

DEVICE_NAME: Final = re.compile(r"auto|cpu|gpu(?::(\d+))?")
"""Names of devices; "gpu:1" is the second GPU."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusConfig(Configuration):
    """How a text is read and split."""

    layout: Layout = setting(
        "auto",
        "Arrangement of the poems: one continuous text, blocks separated by blank lines, or one "
        "poem per line.",
        choices=get_args(Layout),
    )
    encoding: str | None = setting(
        None, "Encoding of the text, such as utf-8, gb18030 or big5.", unset="detected"
    )
    min_count: int | None = setting(
        None,
        "Least count of a character in the vocabulary; rarer characters become unknown.",
        minimum=1,
        unset="1, or 2 for a large vocabulary",
    )
    validation_fraction: float = setting(
        0.1, "Share of the text held out for validation.", above=0, maximum=0.5
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(Configuration):
    """The network; `charrnn.training.defaults` fills in what is None."""

    cell: Cell = setting("lstm", "Kind of recurrent layer.", choices=get_args(Cell))
    layers: int | None = setting(
        None, "Number of recurrent layers.", minimum=1, maximum=16, unset="by corpus size"
    )
    units: int | None = setting(
        None, "Units of each recurrent layer.", minimum=1, maximum=16384, unset="by corpus size"
    )
    embedding: int | None = setting(
        None,
        "Length of the embedding vector of a character.",
        minimum=1,
        maximum=16384,
        unset="by vocabulary size",
    )
    dropout: float | None = setting(
        None,
        "Share of each layer's outputs dropped in training.",
        minimum=0,
        below=1,
        unset="by corpus size",
    )
    activation: Activation = setting(
        "tanh", "Activation of simple_rnn layers.", choices=get_args(Activation)
    )
    output: Output | None = setting(
        None,
        "Output layer: weights of its own, or tied to the embedding.",
        choices=get_args(Output),
        unset="by vocabulary size",
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, and an activation that the cell does not have."""
        Configuration.__post_init__(self)
        if self.activation != "tanh" and self.cell != "simple_rnn":
            raise ConfigurationError(
                f"activation {self.activation} needs cell simple_rnn. Received: cell {self.cell}."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig(Configuration):
    """How a network is trained. At most one of `epochs`, `steps` and `minutes` is given."""

    epochs: float | None = setting(
        None,
        "Passes over the text in training.",
        above=0,
        maximum=1_000_000,
        unset="by corpus size",
    )
    steps: int | None = setting(
        None, "Training steps.", minimum=1, maximum=10**12, unset="by epochs"
    )
    minutes: float | None = setting(
        None,
        "Minutes of training, start-up included.",
        above=0,
        maximum=100_000,
        unset="by epochs",
    )
    batch_size: int | None = setting(
        None, "Sequences in one batch.", minimum=1, unset="by corpus size"
    )
    window: int | None = setting(
        None,
        "Characters read in one step.",
        minimum=2,
        maximum=4096,
        unset="64, or 256 for continuous text with many epochs",
    )
    learning_rate: float | None = setting(
        None, "Peak learning rate of the schedule.", above=0, maximum=1, unset="by units"
    )
    weight_decay: float = setting(0.01, "Weight decay of AdamW.", minimum=0, maximum=1)
    weight_dropout: float | None = setting(
        None,
        "Share of recurrent weights dropped in each step (DropConnect).",
        minimum=0,
        below=1,
        unset="by corpus size and budget",
    )
    embedding_dropout: float = setting(
        0.0,
        "Share of the vocabulary dropped from the input of each sequence in a step.",
        minimum=0,
        below=1,
    )
    name_augmentation: float | None = setting(
        None,
        "Share of streams whose names are replaced by made-up ones in each epoch, until late in "
        "the run.",
        minimum=0,
        maximum=1,
        unset="0.5 for continuous text, else 0",
    )
    clip_norm: float = setting(1.0, "Gradients are clipped to this norm.", above=0)
    ema_decay: float = setting(
        0.99,
        "Decay of the exponential moving average of the weights, which is evaluated and saved; 0 "
        "keeps none.",
        minimum=0,
        below=1,
    )
    patience: int | None = setting(
        None,
        "Evaluations without improvement before training stops, not counting those during name "
        "augmentation; 0 never stops.",
        minimum=0,
        unset="two fifths of them",
    )
    precision: Precision | None = setting(
        None,
        "Precision of matrix products on a CPU.",
        choices=get_args(Precision),
        unset="bfloat16 if the processor has it",
    )
    evaluate_every: int | None = setting(
        None, "Steps between evaluations.", minimum=1, unset="20 evaluations in a run"
    )
    seed: int = setting(0, "Seed of every random choice.", minimum=0, maximum=LARGEST_SEED)

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
        """The window, or its default: each split holds at least one more character."""
        return self.window or SHORT_WINDOW


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingConfig(Configuration):
    """How text is written with a network."""

    temperature: float | str = setting(
        0.8,
        "Randomness: below 1 is safer, above 1 bolder, 0 always takes the likeliest character; "
        "1.0:0.6 moves from one value to the other as the poem grows.",
        minimum=0,
        notation=Notation("X[:Y]", SCHEDULE, parse_schedule),
    )
    top_k: int | None = setting(
        None, "Sample from the K likeliest characters only.", minimum=1, unset="all"
    )
    top_p: float = setting(
        1.0,
        "Sample from the likeliest characters that together have this probability.",
        above=0,
        maximum=1,
    )
    min_p: float = setting(
        0.0,
        "Exclude characters below this share of the highest probability.",
        minimum=0,
        maximum=1,
    )
    typical_p: float = setting(
        1.0,
        "Sample from the characters of the most typical surprisal that together have this "
        "probability.",
        above=0,
        maximum=1,
    )
    repetition_penalty: float = setting(
        1.0, "Above 1, recent characters are less likely.", minimum=1, maximum=1_000_000
    )
    repetition_window: int = setting(64, "Number of characters that are recent.", minimum=1)
    no_repeat_ngram_size: int | None = setting(
        None,
        "Length of character sequences that may not occur twice in a poem.",
        minimum=1,
        unset="any may",
    )
    favour: str | None = setting(
        None,
        "Characters made likelier by these amounts, in nats, or less likely by negative ones: "
        "月=2,花=-1.5.",
        unset="none",
        notation=Notation("C=X,...", FAVOURS, parse_favours),
    )
    ban: str | None = setting(None, "Characters that are never written.", unset="none")
    max_copy: int | None = setting(
        None,
        "Most characters in a row copied from the training text; 0 sets no limit.",
        minimum=0,
        unset="chosen for poems, off for other texts",
    )
    best_of: int = setting(
        1, "Drafts of each poem; the best one is shown.", minimum=1, maximum=1024
    )
    beam: int | None = setting(
        None,
        "Beam width: search for the likeliest poem instead of sampling.",
        minimum=1,
        maximum=64,
        unset="sample",
    )
    end_of_poem: EndOfPoem = setting(
        "corpus",
        "End of a poem: after as many lines as poems of the corpus have, or chosen by the model.",
        choices=get_args(EndOfPoem),
    )
    length: int | None = setting(
        None, "Most characters to write.", minimum=1, unset="until the poem ends"
    )
    seed: int | None = setting(
        None,
        "Seed; the same seed writes the same poem.",
        minimum=0,
        maximum=LARGEST_SEED,
        unset="a new one",
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, and settings that contradict one another."""
        Configuration.__post_init__(self)
        self._check_beam()
        if self.best_of > 1 and self._is_greedy:
            raise ConfigurationError(
                "best-of compares different drafts, but at temperature 0 all drafts are equal. "
                "Give a temperature above 0, or omit best-of."
            )
        both = parse_ban(self.ban or "") & parse_favours(self.favour).keys() if self.favour else ()
        if both:
            raise ConfigurationError(
                "a character cannot be in both favour and ban. "
                f"Received in both: {' '.join(sorted(both))}."
            )

    def _check_beam(self) -> None:
        """Refuse settings for sampling beside a beam search."""
        for_sampling = {
            "best-of": self.best_of > 1,
            "top-k": self.top_k is not None,
            "top-p": self.top_p < 1,
            "min-p": self.min_p > 0,
            "typical-p": self.typical_p < 1,
        }
        given = [name for name, is_given in for_sampling.items() if is_given]
        if self.beam is not None and given:
            raise ConfigurationError(
                f"beam search does not sample. Omit beam, or omit {listed(given)}."
            )

    @property
    def _is_greedy(self) -> bool:
        if isinstance(self.temperature, str):
            return not any(parse_schedule(self.temperature))
        return self.temperature == 0


def seed_after(seed: int, count: int = 1) -> int:
    """The seed that is `count` higher; 0 follows the largest seed."""
    return (seed + count) % (LARGEST_SEED + 1)
