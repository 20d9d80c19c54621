"""Writing poems with a trained network, character by character."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from charrnn.checkpoint import Checkpoint
from charrnn.config import LENGTH_OF_TEXT, LONGEST_POEM, Layout, SamplingConfig
from charrnn.corpus.variants import Substitution
from charrnn.corpus.vocabulary import BREAK, SPECIAL, UNKNOWN, Vocabulary
from charrnn.errors import CheckpointError
from charrnn.generation.ending import LINE_END, Ending, LineCount
from charrnn.generation.engine import Logits, NumpyEngine, State, StepModel
from charrnn.generation.growing_text import GrowingText
from charrnn.generation.prompts import poems_in, read_prompt
from charrnn.generation.sampling import Mask, draw, log_softmax, prepare
from charrnn.generation.weights import NetworkWeights, read_weights
from charrnn.record import RunRecord

LONGEST_READING: Final = 256
"""Characters of a prompt read at once, so that the logits after each of them fit in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A poem as far as it is written. A value: to rewind or to branch is to keep an old one.

    Attributes:
        written: What was typed and what was written, as it is shown.
        state: What the network remembers of it.
        logits: `(vocabulary,)` float32, the network's prediction of the next symbol.
        lines: The lines of the poem so far.
        ended: Whether the network has ended the poem.
        substitutions: Characters typed that the network does not know, each once.
    """

    written: GrowingText
    state: State
    logits: Logits
    lines: LineCount
    ended: bool = False
    substitutions: tuple[Substitution, ...] = ()

    @property
    def text(self) -> str:
        """What is written, put together; ask for it at the end, not at each character."""
        return str(self.written)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of writing.

    Attributes:
        character: What was written; empty when the step was to end the poem.
        log_probability: How likely the network held it, in nats: under its own prediction,
            before temperature, penalties and filters, so that poems of different settings can
            be compared.
        draft: The poem with it.
    """

    character: str
    log_probability: float
    draft: Draft


@dataclass(frozen=True, kw_only=True, slots=True)
class Poem:
    """A poem, and all that is needed to write it again.

    Attributes:
        prompt: What was typed.
        text: What was written after it, white space at its end included.
        settings: How characters were drawn, the seed filled in.
        log_probabilities: In nats, one for each character of `text`; see `Step`.
        ended: Whether the network ended the poem; else it was stopped at its length.
        substitutions: Characters of the prompt that the network does not know, each once.
    """

    prompt: str
    text: str
    settings: SamplingConfig
    log_probabilities: tuple[float, ...]
    ended: bool
    substitutions: tuple[Substitution, ...]

    @property
    def seed(self) -> int | None:
        """The number that the draw followed."""
        return self.settings.seed

    def __str__(self) -> str:
        """The whole poem, without white space after it."""
        return (self.prompt + self.text).rstrip()


class TextGenerator:
    """Writes with a network.

    Args:
        model: The network.
        vocabulary: The characters it reads and writes.
        layout: How poems stood in the text it learned.
        stanzas: Whether one blank line parted stanzas there, and only a longer gap poems.
        poems_by_lines: How many of the poems it learned have 1, 2, 3 ... lines; empty where
            that is not known.
        checkpoint: Where it came from; None when it has not been saved.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        layout: Layout,
        *,
        stanzas: bool = False,
        poems_by_lines: Sequence[int] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.layout = layout
        self.stanzas = stanzas
        self.checkpoint = checkpoint
        line_end = vocabulary.id_of(LINE_END)
        counted = sum(poems_by_lines) > 0 and line_end != UNKNOWN
        self._ending = Ending(poems_by_lines, line_end) if counted else None
        unending = {BREAK} if layout == "text" else set()
        self._never_written = _symbols(vocabulary, {UNKNOWN} | unending)
        blank = {vocabulary.id_of(one) for one in vocabulary.characters if one.isspace()}
        self._never_first = _symbols(vocabulary, {BREAK, UNKNOWN} | blank)
        if self._never_first.all():
            raise CheckpointError("the vocabulary holds nothing but white space.")

    @classmethod
    def open(cls, source: Path | Checkpoint) -> "TextGenerator":
        """Open the network of a checkpoint; needs no TensorFlow.

        Args:
            source: A checkpoint, or its directory.

        Raises:
            CheckpointError: It is missing, unfinished, damaged, or does not fit together.
        """
        checkpoint = source if isinstance(source, Checkpoint) else Checkpoint.open(source)
        weights = read_weights(checkpoint.model_path, checkpoint.record.architecture)
        try:
            return cls.of_weights(weights, checkpoint.record, checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f"{checkpoint.directory} cannot be used: {error}") from error

    @classmethod
    def of_weights(
        cls, weights: NetworkWeights, record: RunRecord, checkpoint: Checkpoint | None = None
    ) -> "TextGenerator":
        """Write with the weights of a run, saved or still learning.

        Args:
            weights: The arrays of its network.
            record: What is known of the run.
            checkpoint: Where they came from; None when they have not been saved.

        Raises:
            CheckpointError: The network and the vocabulary do not fit together.
        """
        try:
            vocabulary = Vocabulary(record.vocabulary)
        except ValueError as error:
            raise CheckpointError(str(error)) from error
        symbols = record.architecture.vocabulary_size
        if vocabulary.size != symbols:
            raise CheckpointError(
                f"its network has {symbols} symbols and its vocabulary {vocabulary.size}."
            )
        model = NumpyEngine(weights, record.architecture)
        corpus = record.corpus
        return cls(
            model,
            vocabulary,
            corpus.layout,
            stanzas=corpus.stanzas,
            poems_by_lines=corpus.poems_by_lines,
            checkpoint=checkpoint,
        )

    def begin(self, prompt: str = "") -> Draft:
        """Begin a poem.

        Args:
            prompt: Its first characters; none lets the network begin.
        """
        context = self.vocabulary.id_of(LINE_END) if self.layout == "text" else BREAK
        state = self.model.initial_state(1)
        logits, state = self._read([BREAK if context == UNKNOWN else context], state)
        draft = Draft(GrowingText(), state, logits, LineCount())
        if self.layout == "text":
            return self.extend(draft, prompt)
        # Poems are learned without the white space before them.
        draft = self.extend(draft, prompt.lstrip())
        return dataclasses.replace(draft, written=GrowingText().followed_by(prompt))

    def extend(self, draft: Draft, text: str) -> Draft:
        """Add characters that the network did not write; a poem that has ended goes on."""
        ids, substitutions = read_prompt(text, self.vocabulary, self.layout, stanzas=self.stanzas)
        logits, state = draft.logits, draft.state
        for start in range(0, len(ids), LONGEST_READING):
            logits, state = self._read(ids[start : start + LONGEST_READING], state)
        known = tuple(dict.fromkeys(draft.substitutions + substitutions))
        lines = self._lines_after(LineCount() if draft.ended else draft.lines, text)
        return Draft(draft.written.followed_by(text), state, logits, lines, substitutions=known)

    def stream(
        self,
        draft: Draft,
        config: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """Go on with a poem, one character at a time.

        Args:
            draft: Where to go on; nothing follows one that has ended.
            config: How characters are drawn.
            generator: Draws the random numbers, one for each step; None makes one from the seed
                of the settings, or from the system when they hold none.

        Yields:
            The characters as they are written. The last step is empty when the network ends the
            poem. At most `config.length` characters; when it is None `LONGEST_POEM`, or
            `LENGTH_OF_TEXT` of a continuous text.
        """
        config = config or SamplingConfig()
        generator = generator or np.random.default_rng(config.seed)
        length = config.length
        if length is None:
            length = LENGTH_OF_TEXT if self.layout == "text" else LONGEST_POEM
        for _ in range(length):
            if draft.ended:
                return
            step = self._step(draft, config, generator.random())
            draft = step.draft
            yield step

    def write(self, prompt: str = "", config: SamplingConfig | None = None) -> Poem:
        """Write one poem.

        Args:
            prompt: Its first characters; none lets the network begin.
            config: How characters are drawn; without a seed, one is drawn and reported.
        """
        settings = with_seed(config or SamplingConfig())
        end = draft = self.begin(prompt)
        characters, log_probabilities = [], []
        for step in self.stream(draft, settings):
            end = step.draft
            if step.character:
                characters.append(step.character)
                log_probabilities.append(step.log_probability)
        return Poem(
            prompt=prompt,
            text="".join(characters),
            settings=settings,
            log_probabilities=tuple(log_probabilities),
            ended=end.ended,
            substitutions=draft.substitutions,
        )

    def _step(self, draft: Draft, config: SamplingConfig, uniform: float) -> Step:
        recent = None
        if config.repetition_penalty != 1:
            last = draft.written.last(config.repetition_window)
            recent = _symbols(self.vocabulary, set(map(self.vocabulary.id_of, last)))
        barred = self._never_first if draft.written.blank else self._never_written
        logits = draft.logits
        if self._ending is not None and config.lines == "corpus":
            logits = self._ending.weigh(logits, draft.lines)
        drawn = int(draw(prepare(logits, config, recent, barred), uniform))
        log_probability = float(log_softmax(draft.logits)[drawn])
        if drawn == BREAK:
            return Step("", log_probability, dataclasses.replace(draft, ended=True))
        character = self.vocabulary.characters[drawn - SPECIAL]
        after, state = self.model.step(np.array([drawn]), draft.state)
        grown = dataclasses.replace(
            draft,
            written=draft.written.followed_by(character),
            state=state,
            logits=after[0],
            lines=draft.lines.followed_by(character),
        )
        return Step(character, log_probability, grown)

    def _lines_after(self, lines: LineCount, text: str) -> LineCount:
        """The lines of the poem that a text goes on with, which may end it and begin another."""
        *whole, last = poems_in(text, self.layout, stanzas=self.stanzas)
        return (LineCount() if whole else lines).followed_by(last)

    def _read(self, ids: list[int], state: State) -> tuple[Logits, State]:
        """Read on; the logits are those after the last of the ids, `(vocabulary,)`."""
        logits, state = self.model.read(np.array([ids]), state)
        return logits[0, -1].copy(), state


def with_seed(config: SamplingConfig) -> SamplingConfig:
    """The settings with a seed; one short enough to type is drawn when they hold none."""
    if config.seed is not None:
        return config
    return dataclasses.replace(config, seed=int.from_bytes(os.urandom(4)))


def _symbols(vocabulary: Vocabulary, ids: set[int]) -> Mask:
    """A mask `(vocabulary,)` that is true for the given ids."""
    mask = np.zeros(vocabulary.size, np.bool_)
    mask[list(ids)] = True
    return mask
