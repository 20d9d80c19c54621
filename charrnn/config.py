"""The settings of charrnn: the one home of every default, limit and help text.

Each configuration is a frozen dataclass whose fields carry a `Setting`. The same description
validates a value given from Python and makes the option of the command line. A field whose
default is `None` is chosen by charrnn, or off; its `Setting` says which.
"""

import dataclasses
import re
from dataclasses import dataclass
from numbers import Integral, Real
from types import NoneType
from typing import Any, Final, Literal, Self, get_args, get_origin

from charrnn.errors import ConfigurationError
from charrnn.typecheck import is_finite

Cell = Literal["lstm", "gru", "simple_rnn", "peephole_lstm"]
Activation = Literal["tanh", "relu"]
Lines = Literal["corpus", "any"]
Precision = Literal["float32", "bfloat16"]
Split = Literal["units", "rows"]
Layout = Literal["auto", "text", "blocks", "lines"]

LARGEST_SEED: Final = 2**63 - 1

LONGEST_POEM: Final = 2_000
"""Characters after which a poem is stopped when no length was asked for.

A poem ends by itself; this ends one of a network that has not learned where poems end.
"""

LENGTH_OF_TEXT: Final = 500
"""Characters written of a continuous text, which has no end of its own, unless others are asked."""

DEVICE_NAME: Final = re.compile(r"auto|cpu|gpu(?::(\d+))?")
"""What a device can be called; "gpu:1" is the second GPU."""

AUTO: Final = "auto"
"""The word that leaves a setting to charrnn, where `None` has a meaning."""

_KINDS: Final[dict[type, tuple[Any, str]]] = {
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: (str, "text"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What is known of one field of a configuration.

    Attributes:
        help: One line for the command line, without the default.
        minimum: Least value allowed.
        maximum: Greatest value allowed.
        above: The value must be greater than this.
        below: The value must be less than this.
        choices: The only values allowed.
        unset: What `None` means, in a word or two for the help text ("chosen for the corpus").
        kind: int, float or str; `settings_of` takes it from the annotation of the field.
    """

    help: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] | None = None
    unset: str | None = None
    kind: type = str

    def range(self) -> str:
        """The limits in words: "at least 0", "from 1 to 16", "above 0 and at most 1"."""
        if self.minimum is not None and self.maximum is not None:
            return f"from {_spelled(self.minimum)} to {_spelled(self.maximum)}"
        words = (
            ("at least", self.minimum),
            ("above", self.above),
            ("at most", self.maximum),
            ("below", self.below),
        )
        return " and ".join(
            f"{text} {_spelled(limit)}" for text, limit in words if limit is not None
        )

    def allowed(self) -> str:
        """The values allowed, in words: "a whole number at least 1", "one of tanh, relu"."""
        if self.choices is not None:
            return f"one of {', '.join(self.choices)}"
        return f"{_KINDS[self.kind][1]} {self.range()}".rstrip()

    def spelled(self, value: Any) -> str:
        """A value of the setting in words; `None` as what it means."""
        return str(self.unset if value is None else value)

    def parse(self, text: str) -> Any:
        """The value that was typed, where "auto" stands for `None`.

        Raises:
            ConfigurationError: It is not a value of the setting.
        """
        if text == AUTO and self.unset is not None:
            return None
        try:
            value = self.kind(text)
        except ValueError:
            value = text
        if not self.allows(value):
            raise ConfigurationError(f"it must be {self.allowed()}. Received: {text}.")
        return value

    def allows(self, value: Any) -> bool:
        """Whether a value is of the kind and keeps the limits; `None` where it has a meaning."""
        if value is None:
            return self.unset is not None
        if isinstance(value, bool) or not isinstance(value, _KINDS[self.kind][0]):
            return False
        if self.kind is str:
            return self.choices is None or value in self.choices
        return (
            is_finite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def _spelled(limit: float) -> str:
    return "2^63 - 1" if limit == LARGEST_SEED else f"{limit:,}"


def setting(default: Any, help: str, **limits: Any) -> Any:  # noqa: A002 (Click's word for it)
    """A dataclass field with its description; `limits` are those of `Setting`."""
    return dataclasses.field(default=default, metadata={"setting": Setting(help=help, **limits)})


def settings_of(configuration: type["Configuration"]) -> dict[str, Setting]:
    """The description of every field of a configuration, in the order of the class."""
    return {
        field.name: dataclasses.replace(field.metadata["setting"], kind=_kind_of(field.type))
        for field in dataclasses.fields(configuration)
    }


def _kind_of(annotation: Any) -> Any:
    """The plain type of a field: int for `int | None`, str for a Literal."""
    if get_origin(annotation) is Literal:
        return str
    members = [kind for kind in get_args(annotation) if kind is not NoneType]
    return _kind_of(members[0]) if members else annotation


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """A set of settings that checks itself when it is made."""

    def __post_init__(self) -> None:
        """Refuse a value outside its limits, with a ConfigurationError."""
        for name, description in settings_of(type(self)).items():
            value = getattr(self, name)
            if not description.allows(value):
                raise ConfigurationError(
                    f"{name.replace('_', '-')} must be {description.allowed()}. Received: {value}."
                )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The configuration that `dataclasses.asdict` wrote down.

        Raises:
            ConfigurationError: A name is not a setting, or a value is out of range.
        """
        unknown = sorted(values.keys() - settings_of(cls).keys())
        if unknown:
            raise ConfigurationError(f"{cls.__name__} has no setting named {', '.join(unknown)}.")
        return cls(**values)


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
        0.1, "Part of the text kept aside to measure what was learned.", above=0, maximum=0.5
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(Configuration):
    """The network that is asked for; `charrnn.training.plan` settles what is left open."""

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
    window: int = setting(64, "Characters read in one step at each place.", minimum=2, maximum=4096)
    learning_rate: float | None = setting(
        None, "Highest rate of the schedule.", above=0, maximum=1, unset="by units"
    )
    weight_decay: float = setting(
        0.01, "AdamW's pull of the weights towards zero.", minimum=0, maximum=1
    )
    gradient_norm: float = setting(1.0, "Longer gradients are scaled down to this norm.", above=0)
    averaging: float = setting(
        0.99,
        "Momentum of the average of weights that is measured and saved; 0 averages nothing.",
        minimum=0,
        below=1,
    )
    patience: int | None = setting(
        None,
        "Stop after this many evaluations without a better loss; 0 never stops.",
        minimum=0,
        unset="two fifths of them",
    )
    precision: Precision | None = setting(
        None,
        "Numbers that are multiplied in training on a CPU.",
        choices=get_args(Precision),
        unset="measured",
    )
    parts: int | None = setting(
        None,
        "Parts computed side by side on a CPU; 0 computes Keras's own layers.",
        minimum=0,
        maximum=1024,
        unset="measured",
    )
    split: Split | None = setting(
        None,
        "What is dealt to the parts: the units of each layer, or the rows of a batch.",
        choices=get_args(Split),
        unset="measured",
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
                f"a run has one budget: give {' or '.join(budgets)}, not both."
            )
        if self.parts == 0 and (self.precision == "bfloat16" or self.split == "rows"):
            asked = "precision bfloat16" if self.precision == "bfloat16" else "split rows"
            raise ConfigurationError(
                "Keras's own layers (parts 0) are trained in float32 and in one piece. Give parts 1 "
                f"or more for {asked}, or leave one of them out."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingConfig(Configuration):
    """How characters are drawn from the network's predictions."""

    temperature: float = setting(
        0.8, "Below 1 plays safe, above 1 takes risks; 0 takes the likeliest.", minimum=0
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
    repetition_penalty: float = setting(
        1.0, "Above 1 makes characters written a moment ago less likely.", minimum=1
    )
    repetition_window: int = setting(64, "Characters that count as a moment ago.", minimum=1)
    lines: Lines = setting(
        "corpus",
        "Lines of a poem: as many as the poems learned have, or any number.",
        choices=get_args(Lines),
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


def seed_after(seed: int, count: int = 1) -> int:
    """The seed so many after another one; the largest is followed by 0."""
    return (seed + count) % (LARGEST_SEED + 1)
