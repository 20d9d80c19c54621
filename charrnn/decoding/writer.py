"""Reads prompts and writes poems with a trained network."""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.ngram_filter import NgramFilter
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.batch import Draft, generators_for, like, write_in_order
from charrnn.decoding.conditioning import Condition, headers_for
from charrnn.decoding.constraints import (
    Constraint,
    NoRepeat,
    copy_guards,
    lost_filter_note,
    open_ngram_filter,
    refuse_endless,
    states_after,
)
from charrnn.decoding.decoder import Decoder
from charrnn.decoding.engine import NumpyEngine, State, StepModel
from charrnn.decoding.headers import HeadedModel
from charrnn.decoding.hypothesis import (
    LINE_END,
    NO_TOKENS,
    DecoderState,
    GrowingText,
    Hypothesis,
    LineCount,
    Poem,
    Step,
    gather,
)
from charrnn.decoding.logits_processors import LineCountPrior, token_wishes
from charrnn.decoding.prompts import line_ends_within, normalised, poems_in, read_prompt
from charrnn.decoding.ranking import HypothesisScore, score
from charrnn.decoding.weights import NetworkWeights
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.arguments import check_type, takes
from charrnn.settings.configuration import Layout, SamplingConfig
from charrnn.settings.setting import parsed_settings

LONGEST_PREFILL: Final = 256
"""Characters of a prompt read at once, so that the logits after each of them fit in memory."""


class TextGenerator:
    """Reads prompts, and writes and scores poems, with a network.

    Args:
        model: The network; a `HeadedModel` where it has learned labels or titles.
        vocabulary: The characters that it reads and writes.
        layout: The layout of the training text.
        stanzas: Whether one blank line separates stanzas there, and only a longer gap poems.
        poems_by_lines: How many training poems have 1, 2, 3 ... lines; empty if unknown.
        poem_length: Mean length of a poem in characters; None if unknown, or for a continuous text.
        checkpoints: The checkpoints of the networks, the one of greatest weight first; none for a
            network that is not saved yet.
        open_ngram_filters: Opens the n-gram filters of the training texts on first use; None without
            filters.
        recondition: Makes a writer under a `Condition`, for several networks; None for one.

    Attributes:
        sampling: The settings that poems are written with where none are given.
        condition: What its poems are like: an author, labels, a title.
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
        checkpoints: Sequence[Checkpoint] = (),
        open_ngram_filters: Callable[[], Sequence[NgramFilter]] | None = None,
        recondition: "Callable[[Condition], TextGenerator] | None" = None,
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.layout = layout
        self.stanzas = stanzas
        self.poems_by_lines = poems_by_lines
        self.poem_length = poem_length
        self.checkpoints = tuple(checkpoints)
        self._open_ngram_filters = open_ngram_filters
        self.sampling = SamplingConfig()
        self.condition = Condition()
        self._recondition = recondition
        self._unconditioned: TextGenerator = self
        self._last_conditioned: TextGenerator = self
        if not "".join(vocabulary.characters).strip():
            raise CheckpointError("the vocabulary holds only white space.")

    @classmethod
    @takes(source=Path | Checkpoint)
    def open(cls, source: Path | Checkpoint) -> Self:
        """Open the network of a checkpoint, or of its directory; needs no TensorFlow.

        Raises:
            CheckpointError: It is missing, unfinished, damaged, or its parts do not fit together.
        """
        checkpoint = source if isinstance(source, Checkpoint) else Checkpoint.open(source)
        model = NumpyEngine.open(checkpoint.model_path, checkpoint.record.architecture)
        try:
            return cls._of_model(model, checkpoint.record, checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f"{checkpoint.directory} cannot be used: {error}") from error

    @classmethod
    def of_weights(cls, weights: NetworkWeights, record: RunRecord) -> Self:
        """Write with the weights of a run that is still training.

        Raises:
            CheckpointError: The network and the vocabulary do not fit together.
        """
        return cls._of_model(NumpyEngine(weights, record.architecture), record)

    @classmethod
    def _of_model(
        cls, model: StepModel, record: RunRecord, checkpoint: Checkpoint | None = None
    ) -> Self:
        try:
            vocabulary = Vocabulary.of_record(record.vocabulary, record.corpus)
        except ValueError as error:
            raise CheckpointError(str(error)) from error
        tokens = record.architecture.vocabulary_size
        if vocabulary.size != tokens:
            raise CheckpointError(
                f"its network has {tokens} tokens and its vocabulary {vocabulary.size}."
            )
        if vocabulary.has_headers:
            model = HeadedModel(model, vocabulary)
            vocabulary = Vocabulary(vocabulary.characters)
        corpus = record.corpus
        poem_length = round(corpus.characters / corpus.poems) if corpus.layout != "text" else None
        made = cls(
            model,
            vocabulary,
            corpus.layout,
            stanzas=corpus.stanzas,
            poems_by_lines=corpus.poems_by_lines,
            poem_length=poem_length,
            checkpoints=() if checkpoint is None else (checkpoint,),
            open_ngram_filters=None if checkpoint is None else partial(_filters_of, (checkpoint,)),
        )
        fields = {name.replace("-", "_"): text for name, text in record.writing.items()}
        try:
            made.sampling = SamplingConfig(**parsed_settings(SamplingConfig, fields))
        except ConfigurationError as error:
            raise CheckpointError(f"its settings for writing are not valid: {error}") from error
        return made

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the networks themselves, and the places of their n-gram filters."""
        checkpoints = tuple(
            dataclasses.replace(one, directory=one.directory.resolve()) for one in self.checkpoints
        )
        opened_later = {"ngram_filters", "_line_count_prior"}
        kept = {name: value for name, value in vars(self).items() if name not in opened_later}
        filters = self._open_ngram_filters and partial(_filters_of, checkpoints)
        return kept | {"checkpoints": checkpoints, "_open_ngram_filters": filters}

    @cached_property
    def ngram_filters(self) -> tuple[NgramFilter, ...]:
        """The n-gram filters of the training texts; empty if they were not kept."""
        return tuple(self._open_ngram_filters()) if self._open_ngram_filters is not None else ()

    @cached_property
    def _line_count_prior(self) -> LineCountPrior | None:
        line_end = self.vocabulary.id_of(LINE_END)
        counted = sum(self.poems_by_lines) > 0 and line_end != UNKNOWN
        return LineCountPrior(self.poems_by_lines, line_end) if counted else None

    @takes(config=SamplingConfig)
    def conditioned(self, config: SamplingConfig, form: str | None = None) -> "TextGenerator":
        """A writer whose poems are by an author, with labels and under a title.

        Args:
            config: Its `by`, `label` and `title`.
            form: The form that its poems are in, a label where the network knows it as one.

        Raises:
            ConfigurationError: The network has not learned such a label, or no titles.
        """
        return self.under(Condition.of(config, form))

    def under(self, condition: Condition) -> "TextGenerator":
        """A writer whose poems are like a condition says; raises as `conditioned` does."""
        whole = self._unconditioned
        if condition == whole.condition:
            return whole
        if condition != whole._last_conditioned.condition:
            whole._last_conditioned = whole._made_under(condition)
        return whole._last_conditioned

    @property
    def has_headers(self) -> bool:
        """Whether it has learned labels or titles."""
        return self._recondition is not None or isinstance(self.model, HeadedModel)

    def _made_under(self, condition: Condition) -> "TextGenerator":
        if self._recondition is not None:
            made = self._recondition(condition)
        elif isinstance(self.model, HeadedModel):
            made = self._headed(self.model, headers_for(condition, self.model.vocabulary))
        else:
            headers_for(condition, self.vocabulary)  # Refuses labels and titles.
            made = self._with(self.model)
        made.condition = condition
        made._unconditioned = self
        return made

    def _headed(
        self, model: HeadedModel, headers: Sequence[tuple[Sequence[int], float]]
    ) -> "TextGenerator":
        """A writer that reads a header before each poem, or several that predict together."""
        writers = [
            self._with(HeadedModel(model.model, model.vocabulary, header)) for header, _ in headers
        ]
        if len(writers) == 1:
            return writers[0]
        from charrnn.decoding.ensembles import product_of_experts

        made = product_of_experts(writers, [weight for _, weight in headers])
        # They are one network: what it knows of its text holds for all of them together.
        of_the_text = ("checkpoints", "poem_length", "poems_by_lines", "sampling")
        made.__dict__.update({name: getattr(self, name) for name in of_the_text})
        made._open_ngram_filters = self._open_ngram_filters
        return made

    def _with(self, model: StepModel) -> "TextGenerator":
        """The same writer with another model."""
        made = object.__new__(type(self))
        made.__dict__.update(vars(self), model=model)
        made._last_conditioned = made
        return made

    @takes(prompt=str)
    def begin(self, prompt: str = "") -> Hypothesis:
        """Begin a poem with a prompt, which may be empty."""
        prompt = normalised(prompt)
        context = self.vocabulary.id_of(LINE_END) if self.layout == "text" else END_OF_POEM
        first = [END_OF_POEM if context == UNKNOWN else context]
        decoder_state = self._prefill(first, self.model.initial_state(1))
        hypothesis = Hypothesis(GrowingText(), decoder_state, 0, LineCount())
        if self.layout == "text":
            return self.extend(hypothesis, prompt)
        # Training poems have no white space before them.
        hypothesis = self.extend(hypothesis, prompt.lstrip())
        return dataclasses.replace(hypothesis, written=GrowingText().followed_by(prompt))

    @takes(hypothesis=Hypothesis, text=str)
    def extend(self, hypothesis: Hypothesis, text: str) -> Hypothesis:
        """Add text that the network did not write; a poem that has ended goes on."""
        text = normalised(text)
        ids, substitutions = read_prompt(text, self.vocabulary, self.layout, stanzas=self.stanzas)
        decoder_state = gather([hypothesis])
        for start in range(0, len(ids), LONGEST_PREFILL):
            some = ids[start : start + LONGEST_PREFILL]
            decoder_state = self._prefill(some, decoder_state.state)
        known = tuple(dict.fromkeys(hypothesis.substitutions + substitutions))
        # The text may end the poem and begin another one.
        *whole, last = poems_in(text, self.layout, stanzas=self.stanzas)
        before = LineCount() if whole or hypothesis.ended else hypothesis.lines
        written = hypothesis.written.followed_by(text)
        return Hypothesis(written, decoder_state, 0, before.followed_by(last), substitutions=known)

    @takes(
        hypothesis=Hypothesis,
        config=SamplingConfig | None,
        generator=np.random.Generator | None,
    )
    def stream(
        self,
        hypothesis: Hypothesis,
        config: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """Continue a poem, one character at a time.

        Args:
            hypothesis: Where to go on; nothing follows one that has ended.
            config: The sampling settings; None takes the network's own. With `best_of` or `beam`, the characters come when the
                best continuation is found.
            generator: Draws one random number for each character that is tried; None makes one from
                the seed of the settings, or from the system.

        Returns:
            The steps, each when it is final. The last step is empty at the end of the poem, and at a
            dead end. At most `config.length` characters; None means `LONGEST_POEM`, or
            `LENGTH_OF_TEXT` for a continuous text.

        Raises:
            ConfigurationError: This network cannot keep the settings.
        """
        if hypothesis.ended:
            return iter(())
        config = config or self.sampling
        self._refuse_other_condition(config)
        decoder, start = self._prepared(hypothesis, config)
        if config.beam is not None or config.best_of > 1:
            return self._best(decoder, start, config, generator)
        return decoder.stream(
            decoder.sampler(start, generator or np.random.default_rng(config.seed))
        )

    @takes(prompt=str, config=SamplingConfig | None)
    def write(self, prompt: str = "", config: SamplingConfig | None = None) -> Poem:
        """Write one poem; `write_many` with one setting."""
        (poem,) = self.write_many(prompt, [config or self.sampling])
        return poem

    @takes(prompt=str, settings=Iterable)
    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write poems in batches of up to `MOST_TOGETHER`.

        Args:
            prompt: Their first characters; may be empty.
            settings: The settings of each poem, equal but for the seed, taken as there is room. A
                missing seed is drawn and reported.

        Yields:
            The poems in order, each when it and those before it are done. A poem is the same alone
            and in a batch, up to the rounding of sums. After Ctrl-C, the poems that are done, then
            the KeyboardInterrupt.

        Raises:
            ConfigurationError: This network cannot keep the settings, or they differ.
        """
        asked = iter(settings)
        first = next(asked, None)
        if first is None:
            return
        check_type("the settings of a poem", first, SamplingConfig)
        if not Condition.of(first).is_empty and self.condition.is_empty:
            yield from self.conditioned(first).write_many(prompt, chain([first], asked))
            return
        self._refuse_other_condition(first)
        decoder, start = self._prepared(self.begin(prompt), first)
        prompt = start.text
        alike = (like(first, one) for one in chain([first], asked))
        if first.beam is not None:
            yield from (self._searched(prompt, decoder, start, one) for one in alike)
            return
        for poem in write_in_order(decoder, start, alike, self._judge(prompt)):
            best = poem.drafts[0]
            yield Poem(
                prompt=prompt,
                text=best.text,
                settings=poem.settings,
                log_probabilities=tuple(best.log_probabilities),
                ended=best.ended,
                dead_end=best.dead_end,
                substitutions=start.substitutions,
                scores=tuple(poem.scores),
            )

    @takes(prompt=str, text=str, log_probabilities=Sequence)
    def score(self, prompt: str, text: str, log_probabilities: Sequence[float]) -> HypothesisScore:
        """Score a text that was written after a prompt; see `charrnn.decoding.ranking`."""
        return score(
            prompt,
            text,
            log_probabilities,
            tokens=self.vocabulary.size,
            ngram_filters=self.ngram_filters,
        )

    @takes(config=SamplingConfig)
    def notes(self, config: SamplingConfig) -> tuple[str, ...]:
        """Sentences about settings that this network can keep only in part."""
        guarded = self.checkpoints if config.max_copy is None else ()
        lost = filter(None, map(lost_filter_note, guarded))
        return (*token_wishes(config, self.vocabulary).notes, *lost)

    @takes(config=SamplingConfig)
    def constraints(self, config: SamplingConfig) -> list[Constraint]:
        """The constraints of these settings.

        Raises:
            ConfigurationError: A limit was asked for that cannot be kept.
        """
        constraints: list[Constraint] = []
        if config.no_repeat_ngram_size is not None:
            constraints.append(NoRepeat(config.no_repeat_ngram_size, self.vocabulary))
        if config.max_copy != 0:  # No filter is opened in vain.
            constraints += copy_guards(self.ngram_filters, self.vocabulary, config.max_copy)
        return constraints

    def _refuse_other_condition(self, config: SamplingConfig) -> None:
        asked = Condition.of(config)
        if not asked.is_empty and dataclasses.replace(self.condition, form=None) != asked:
            raise ConfigurationError(
                "the poem has begun with another author, label or title. Begin it with the writer "
                "that writer.conditioned(config) returns."
            )

    def _prepared(
        self, hypothesis: Hypothesis, config: SamplingConfig
    ) -> tuple[Decoder, Hypothesis]:
        """A decoder for these settings, and the hypothesis with the states of its constraints."""
        constraints = self.constraints(config)
        decoder = Decoder(
            self.model,
            self.vocabulary,
            self.layout,
            config,
            line_count_prior=self._line_count_prior,
            constraints=constraints,
            poem_length=self.poem_length,
            line_ends=line_ends_within(self.layout, stanzas=self.stanzas),
        )
        if self.layout == "text":
            refuse_endless(decoder.length, constraints)
        states: tuple[Hashable, ...] = ()
        if constraints:
            read = read_prompt(hypothesis.text, self.vocabulary, self.layout, stanzas=self.stanzas)
            states = states_after(constraints, read.ids)
        start = dataclasses.replace(
            hypothesis,
            constraint_states=states,
            generated=0,
            dead_end=False,
            suppressed=NO_TOKENS,
        )
        return decoder, start

    def _prefill(self, ids: list[int], state: State) -> DecoderState:
        logits, state = self.model.read(np.array([ids]), state)
        return DecoderState(logits[:, -1].copy(), state)

    def _judge(self, prompt: str) -> Callable[[Draft], HypothesisScore]:
        return lambda draft: self.score(prompt, draft.text, draft.log_probabilities)

    def _searched(
        self, prompt: str, decoder: Decoder, start: Hypothesis, config: SamplingConfig
    ) -> Poem:
        """The poem that a beam search finds."""
        steps = list(self._best(decoder, start, config))
        written = [step for step in steps if step.character]
        return Poem(
            prompt=prompt,
            text="".join(step.character for step in written),
            settings=config,
            log_probabilities=tuple(step.log_probability for step in written),
            ended=steps[-1].hypothesis.ended,
            dead_end=steps[-1].hypothesis.dead_end,
            substitutions=start.substitutions,
        )

    def _best(
        self,
        decoder: Decoder,
        start: Hypothesis,
        config: SamplingConfig,
        generator: np.random.Generator | None = None,
    ) -> Iterator[Step]:
        """The steps of the best continuation."""
        if config.beam is not None:
            from charrnn.decoding.beam import search

            found = search(decoder, start, config.beam)
            tokens, dead_end = list(found.tokens), found.hypothesis.dead_end
        else:
            (poem,) = write_in_order(
                decoder,
                start,
                [config],
                self._judge(start.text),
                generators=partial(generators_for, first=generator),
            )
            tokens, dead_end = poem.drafts[0].tokens, poem.drafts[0].dead_end
        hypothesis = start
        for step in decoder.retrace(start, tokens):
            hypothesis = step.hypothesis
            yield step
        if dead_end:
            yield Step("", -inf, hypothesis.at_a_dead_end())


def _filters_of(checkpoints: Sequence[Checkpoint]) -> list[NgramFilter]:
    found = map(open_ngram_filter, checkpoints)
    return [known for known in found if known is not None]
