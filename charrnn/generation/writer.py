"""Writing poems with a trained network."""

import dataclasses
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain
from math import inf
from operator import attrgetter
from pathlib import Path
from typing import Final

import numpy as np

from charrnn.checkpoint import Checkpoint
from charrnn.config import Layout, SamplingConfig
from charrnn.corpus.passages import PassageIndex
from charrnn.corpus.vocabulary import BREAK, UNKNOWN, Vocabulary
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.generation.batch import Sheet, Writing, of_seed, write_in_order
from charrnn.generation.compiled import LoopingModel, write_in_loop
from charrnn.generation.constraint import Constraint, NoRepeat, states_after
from charrnn.generation.copying import copy_guards, open_passages
from charrnn.generation.draft import Draft, Poem, Step
from charrnn.generation.ending import LINE_END, Ending, LineCount
from charrnn.generation.engine import Engine, NumpyEngine, State, StepModel
from charrnn.generation.growing_text import GrowingText
from charrnn.generation.next_symbols import NextSymbols
from charrnn.generation.pen import Pen
from charrnn.generation.prompts import poems_in, read_prompt
from charrnn.generation.ranking import Score, score
from charrnn.generation.reading import Reading, gather
from charrnn.generation.weights import NetworkWeights, stored_weights
from charrnn.generation.wishes import wishes
from charrnn.record import RunRecord
from charrnn.setting import settings_of

LONGEST_READING: Final = 256
"""Characters of a prompt read at once, so that the logits after each of them fit in memory."""

_BUT_FOR_THE_SEED: Final = attrgetter(*(set(settings_of(SamplingConfig)) - {"seed"}))


class TextGenerator:
    """Writes with a network.

    Args:
        model: The network.
        vocabulary: The characters it reads and writes.
        layout: How poems stood in the text it learned.
        stanzas: Whether one blank line parted stanzas there, and only a longer gap poems.
        poems_by_lines: How many of the poems it learned have 1, 2, 3 ... lines; empty where
            that is not known.
        poem_length: Characters of a usual one; None where that is not known, or the text is one.
        checkpoint: Where it came from; None when it has not been saved.
        open_passages: Opens the indices of the texts it learned, when they are first needed; None
            where there are none.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        layout: Layout,
        *,
        stanzas: bool = False,
        poems_by_lines: Sequence[int] = (),
        poem_length: int | None = None,
        checkpoint: Checkpoint | None = None,
        open_passages: Callable[[], Sequence[PassageIndex]] | None = None,
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.layout = layout
        self.stanzas = stanzas
        self.poems_by_lines = poems_by_lines
        self.poem_length = poem_length
        self.checkpoint = checkpoint
        self._open_passages = open_passages
        line_end = vocabulary.id_of(LINE_END)
        counted = sum(poems_by_lines) > 0 and line_end != UNKNOWN
        self._ending = Ending(poems_by_lines, line_end) if counted else None
        if not "".join(vocabulary.characters).strip():
            raise CheckpointError("the vocabulary holds nothing but white space.")

    @classmethod
    def open(cls, source: Path | Checkpoint, engine: Engine = NumpyEngine) -> "TextGenerator":
        """Open the network of a checkpoint; needs no TensorFlow.

        Args:
            source: A checkpoint, or its directory.
            engine: Makes what computes the network of its arrays.

        Raises:
            CheckpointError: It is missing, unfinished, damaged, or does not fit together.
        """
        checkpoint = source if isinstance(source, Checkpoint) else Checkpoint.open(source)
        architecture = checkpoint.record.architecture
        with stored_weights(checkpoint.model_path, architecture) as weights:
            model = engine(weights, architecture)
        try:
            return cls._of_model(model, checkpoint.record, checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f"{checkpoint.directory} cannot be used: {error}") from error

    @classmethod
    def of_weights(cls, weights: NetworkWeights, record: RunRecord) -> "TextGenerator":
        """Write with the weights of a run that is still learning.

        Args:
            weights: The arrays of its network.
            record: What is known of the run.

        Raises:
            CheckpointError: The network and the vocabulary do not fit together.
        """
        return cls._of_model(NumpyEngine(weights, record.architecture), record)

    @classmethod
    def _of_model(
        cls, model: StepModel, record: RunRecord, checkpoint: Checkpoint | None = None
    ) -> "TextGenerator":
        try:
            vocabulary = Vocabulary(record.vocabulary)
        except ValueError as error:
            raise CheckpointError(str(error)) from error
        symbols = record.architecture.vocabulary_size
        if vocabulary.size != symbols:
            raise CheckpointError(
                f"its network has {symbols} symbols and its vocabulary {vocabulary.size}."
            )
        corpus = record.corpus
        return cls(
            model,
            vocabulary,
            corpus.layout,
            stanzas=corpus.stanzas,
            poems_by_lines=corpus.poems_by_lines,
            poem_length=(
                None if corpus.layout == "text" else round(corpus.characters / corpus.poems)
            ),
            checkpoint=checkpoint,
            open_passages=None if checkpoint is None else partial(_passages_of, checkpoint),
        )

    @cached_property
    def passages(self) -> tuple[PassageIndex, ...]:
        """The indices of the texts that were learned; none where they were not kept."""
        return tuple(self._open_passages()) if self._open_passages is not None else ()

    def begin(self, prompt: str = "") -> Draft:
        """Begin a poem.

        Args:
            prompt: Its first characters; none lets the network begin.
        """
        context = self.vocabulary.id_of(LINE_END) if self.layout == "text" else BREAK
        first = [BREAK if context == UNKNOWN else context]
        draft = Draft(GrowingText(), self._read(first, self.model.initial_state(1)), 0, LineCount())
        if self.layout == "text":
            return self.extend(draft, prompt)
        # Poems are learned without the white space before them.
        draft = self.extend(draft, prompt.lstrip())
        return dataclasses.replace(draft, written=GrowingText().followed_by(prompt))

    def extend(self, draft: Draft, text: str) -> Draft:
        """Add characters that the network did not write; a poem that has ended goes on."""
        ids, substitutions = read_prompt(text, self.vocabulary, self.layout, stanzas=self.stanzas)
        reading = gather([draft])
        for start in range(0, len(ids), LONGEST_READING):
            reading = self._read(ids[start : start + LONGEST_READING], reading.state)
        known = tuple(dict.fromkeys(draft.substitutions + substitutions))
        lines = self._lines_after(LineCount() if draft.ended else draft.lines, text)
        return Draft(draft.written.followed_by(text), reading, 0, lines, substitutions=known)

    def stream(
        self,
        draft: Draft,
        config: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """Go on with a poem, one character at a time.

        Args:
            draft: Where to go on; nothing follows one that has ended.
            config: How characters are drawn. Where several drafts or a search are asked for, the
                characters of the best one come when it is found.
            generator: Draws the random numbers, one for each character that is tried; None makes
                one from the seed of the settings, or from the system when they hold none.

        Yields:
            The characters as they are written; under a constraint, when nothing can take them back
            any more. The last step is empty when the network ends the poem, and when no character
            is left that the constraints allow. At most `config.length` characters; when it is None
            `LONGEST_POEM`, or `LENGTH_OF_TEXT` of a continuous text.

        Raises:
            ConfigurationError: The settings cannot be kept with this network.
        """
        if draft.ended:
            return
        config = config or SamplingConfig()
        pen, start = self._prepared(draft, config)
        if config.beam is not None or config.best_of > 1:
            yield from self._chosen(pen, start, config, generator)
            return
        trail = pen.trail(start, generator or np.random.default_rng(config.seed))
        while not trail.over:
            pen.advance([trail])
            for _, step in trail.hand_out():
                yield step

    def write(self, prompt: str = "", config: SamplingConfig | None = None) -> Poem:
        """Write one poem.

        Args:
            prompt: Its first characters; none lets the network begin.
            config: How characters are drawn; without a seed, one is drawn and reported.

        Raises:
            ConfigurationError: The settings cannot be kept with this network.
        """
        (poem,) = self.write_many(prompt, [config or SamplingConfig()])
        return poem

    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write poems side by side, up to `MOST_TOGETHER` at once.

        Args:
            prompt: Their first characters; none lets the network begin.
            settings: How the characters of each are drawn, alike but for the seed; without a seed,
                one is drawn and reported. They are taken as there is room.

        Yields:
            The poems in order, each as soon as those before it are done too. A poem is the same
            alone and among others, up to the rounding of sums. After Ctrl-C the poems come that are
            done, then the KeyboardInterrupt.

        Raises:
            ConfigurationError: The settings cannot be kept with this network, or differ.
        """
        asked = iter(settings)
        first = next(asked, None)
        if first is None:
            return
        pen, start = self._prepared(self.begin(prompt), first)
        alike = (_like(first, one) for one in chain([first], asked))
        if first.beam is not None:
            for one in alike:
                steps = list(self._chosen(pen, start, one))
                written = [step for step in steps if step.character]
                yield Poem(
                    prompt=prompt,
                    text="".join(step.character for step in written),
                    settings=one,
                    log_probabilities=tuple(step.log_probability for step in written),
                    ended=steps[-1].draft.ended,
                    stranded=steps[-1].draft.stranded,
                    substitutions=start.substitutions,
                )
            return
        write = self._loop(first)
        for poem in write_in_order(pen, start, alike, self._judge(prompt), write=write):
            best = poem.sheets[0]
            yield Poem(
                prompt=prompt,
                text=best.text,
                settings=poem.settings,
                log_probabilities=tuple(best.log_probabilities),
                ended=best.ended,
                stranded=best.stranded,
                substitutions=start.substitutions,
                scores=tuple(poem.scores),
            )

    def score(self, prompt: str, text: str, log_probabilities: Sequence[float]) -> Score:
        """How good a text is that was written after a prompt; see `charrnn.generation.ranking`."""
        return score(
            prompt,
            text,
            log_probabilities,
            symbols=self.vocabulary.size,
            passages=self.passages,
        )

    def notes(self, config: SamplingConfig) -> tuple[str, ...]:
        """What the user should know of settings that this network can keep only in part."""
        return wishes(config, self.vocabulary).notes

    def _prepared(self, draft: Draft, config: SamplingConfig) -> tuple[Pen, Draft]:
        """What writes with these settings, and the draft as its constraints know it."""
        constraints = self._constraints(config)
        ahead = NextSymbols(
            config,
            self.vocabulary,
            self.layout,
            self._ending,
            constraints,
            poem_length=self.poem_length,
        )
        kept: tuple[Hashable, ...] = ()
        if constraints:
            read = read_prompt(draft.text, self.vocabulary, self.layout, stanzas=self.stanzas)
            kept = states_after(constraints, read.ids)
        start = dataclasses.replace(draft, kept=kept, stranded=False)
        return Pen(self.model, self.vocabulary, ahead, constraints), start

    def _constraints(self, config: SamplingConfig) -> list[Constraint]:
        """What a poem must keep to, whatever the network would like."""
        constraints: list[Constraint] = []
        if config.no_repeat is not None:
            constraints.append(NoRepeat(config.no_repeat, self.vocabulary.size))
        if config.max_copy != 0:
            constraints += copy_guards(self.passages, self.vocabulary, self.layout, config.max_copy)
        return constraints

    def _loop(self, config: SamplingConfig) -> Writing | None:
        """What writes many poems by itself; None where the network is asked for each symbol."""
        # Few poems are without a run that no-repeat forbids, so nearly all would be written twice.
        if isinstance(self.model, LoopingModel) and config.no_repeat is None:
            return partial(write_in_loop, self.model)
        return None

    def _judge(self, prompt: str) -> Callable[[Sheet], Score]:
        return lambda sheet: self.score(prompt, sheet.text, sheet.log_probabilities)

    def _chosen(
        self,
        pen: Pen,
        start: Draft,
        config: SamplingConfig,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """The steps of the continuation that is found to be the best of several."""
        if config.beam is not None:
            from charrnn.generation.beam import search

            best = search(pen, start, config.beam)
            symbols, stranded = list(best.symbols), best.draft.stranded
        else:
            (poem,) = write_in_order(
                pen,
                start,
                [config],
                self._judge(start.text),
                generators=partial(_generators, generator),
                write=self._loop(config),
            )
            symbols, stranded = poem.sheets[0].symbols, poem.sheets[0].stranded
        draft = start
        for step in pen.retrace(start, symbols):
            draft = step.draft
            yield step
        if stranded:
            yield Step("", -inf, draft.stranded_here())

    def _lines_after(self, lines: LineCount, text: str) -> LineCount:
        """The lines of the poem that a text goes on with, which may end it and begin another."""
        *whole, last = poems_in(text, self.layout, stanzas=self.stanzas)
        return (LineCount() if whole else lines).followed_by(last)

    def _read(self, ids: list[int], state: State) -> Reading:
        """Read on, in one text; the logits are those after the last of the ids."""
        logits, state = self.model.read(np.array([ids]), state)
        return Reading(logits[:, -1].copy(), state)


def with_seed(config: SamplingConfig) -> SamplingConfig:
    """The settings with a seed; one short enough to type is drawn when they hold none."""
    if config.seed is not None:
        return config
    return dataclasses.replace(config, seed=int.from_bytes(os.urandom(4)))


def _passages_of(checkpoint: Checkpoint) -> list[PassageIndex]:
    index = open_passages(checkpoint)
    return [] if index is None else [index]


def _generators(
    first: np.random.Generator | None, settings: SamplingConfig
) -> list[np.random.Generator]:
    """The random numbers of the drafts of a poem, of which the first may have been given."""
    return [first, *first.spawn(settings.best_of - 1)] if first else of_seed(settings)


def _like(first: SamplingConfig, other: SamplingConfig) -> SamplingConfig:
    """Settings with a seed, found to be those of the first but for it."""
    if _BUT_FOR_THE_SEED(other) != _BUT_FOR_THE_SEED(first):
        raise ConfigurationError(
            "poems that are written together have the same settings but for the seed."
        )
    return with_seed(other)
