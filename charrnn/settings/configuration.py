"""All defaults, limits and help texts of corpus, model, training and sampling.

Each field of a configuration carries a `Setting`, which validates values from Python and defines
the option of the command line. A default of `None` means off or chosen by charrnn, see
`Setting.unset`.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from charrnn.errors import ConfigurationError
from charrnn.settings.notation import (
    FAVOURS,
    LABELS,
    MIXTURE,
    SCHEDULE,
    parse_ban,
    parse_favours,
    parse_labels,
    parse_mixture,
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
Titles = Literal["first-line"]

LARGEST_SEED: Final = 2**63 - 1

LONGEST_POEM: Final = 2_000
"""Default length limit of a poem, for networks that do not end poems themselves."""

LENGTH_OF_TEXT: Final = 500
"""Default length of continuous text, in characters."""

STRENGTH: Final = Setting(
    help="Weight of the contrasted network.", minimum=0, maximum=10, kind=float
)

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
        "Layout of the text: one continuous text, poems as blocks between blank lines, or one poem "
        "per line.",
    )
    stanzas: bool | None = setting(
        None,
        "Single blank lines separate the stanzas of a poem, and longer gaps poems; or all blank "
        "lines separate poems.",
        unset="detected",
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
    labels: str | None = setting(
        None,
        "Fields whose values are learned as labels of poems, such as author,form. With a directory of "
        "texts, the one name of what its subdirectories or files stand for.",
        unset="none",
    )
    title_field: str | None = setting(
        None, "Field whose values are learned as titles of poems.", unset="none"
    )
    titles: Titles | None = setting(
        None, "Where plain texts have the titles of their poems.", unset="none"
    )
    min_poems: int = setting(10, "Labels of fewer poems are learned as the label other.", minimum=1)
    validation_fraction: float = setting(
        0.1, "Share of the text held out for validation.", above=0, maximum=0.5
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(Configuration):
    """The network; `charrnn.training.defaults` fills in what is None."""

    cell: Cell = setting("lstm", "Kind of recurrent layer.")
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
    activation: Activation = setting("tanh", "Activation of a simple_rnn layer.")
    output: Output | None = setting(
        None,
        "Output layer: weights of its own, or tied to the embedding.",
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
        "Passes over the text.",
        above=0,
        maximum=1_000_000,
        unset="by corpus size; at most 3 where another network is begun with",
    )
    steps: int | None = setting(
        None, "Training steps.", minimum=1, maximum=10**12, unset="by epochs"
    )
    minutes: float | None = setting(
        None,
        "Minutes of training, without the time to start and to compile the network.",
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
        None, "Peak of the learning rate.", above=0, maximum=1, unset="by units"
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
        "Share of the vocabulary that a sequence does not see in one step.",
        minimum=0,
        below=1,
    )
    label_dropout: float = setting(
        0.2,
        "Share of the readings of a poem in which each of its labels, and its title, is left out, so "
        "that the network also writes without them.",
        minimum=0,
        maximum=1,
    )
    name_augmentation: float | None = setting(
        None,
        "Share of streams whose names are replaced by made-up ones in each epoch, until late in "
        "the run, so that the network learns to continue after unknown names.",
        minimum=0,
        maximum=1,
        unset="0.5 for continuous text, else 0",
    )
    clip_norm: float = setting(1.0, "Gradients are clipped to this global norm.", above=0)
    ema_decay: float = setting(
        0.99,
        "Decay of the exponential moving average of the weights, which is evaluated and saved; 0 "
        "keeps none.",
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
        unset="bfloat16 if the processor has it",
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
    def shortest_split(self) -> int:
        """The window or its default: each split holds at least one more character."""
        return self.window or SHORT_WINDOW


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingConfig(Configuration):
    """How text is written with a network."""

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
        "Exclude characters below this share of the highest probability.",
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
        None,
        "No run of this many characters occurs twice in a poem. Marks and white space do not count.",
        minimum=1,
        unset="off",
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
    by: str | None = setting(
        None,
        "Write in the manner of an author that the network has learned; of several together with "
        "weights: 李白=0.5,杜甫=0.5.",
        unset="any",
        notation=Notation("NAME", MIXTURE, parse_mixture),
    )
    label: str | None = setting(
        None,
        "Write with other labels that the network has learned.",
        unset="any",
        notation=Notation("FIELD=VALUE,...", LABELS, parse_labels),
    )
    title: str | None = setting(
        None, "Write under a title, if the network has learned titles.", unset="none"
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
        given = self.changed(("best_of", "top_k", "top_p", "min_p", "typical_p"))
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
