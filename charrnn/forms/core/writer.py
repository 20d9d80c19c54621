"""Writes poems that keep a form, each checked by the verifier."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from charrnn.corpus.variants import Substitution
from charrnn.decoding.batch import generators_for, with_seed
from charrnn.decoding.conditioning import Condition
from charrnn.decoding.hypothesis import Hypothesis, Poem
from charrnn.decoding.ranking import HypothesisScore
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError, FormConflictError, FormGivenUpError
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.config import FormConfig, Requirements
from charrnn.forms.core.form import Form
from charrnn.forms.core.language import FormRules
from charrnn.forms.core.smc_decoder import SMCDecoder, WrittenLine
from charrnn.settings.arguments import check_type, takes
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_ban


class FormWriter:
    """Writes poems in a form; `charrnn.compile_form` makes it.

    Args:
        network: The network, under the labels that it writes with.
        automaton: The form and the requirements over the tokens of the network.
        rules: Judges every poem, independently of the automaton.
        settings: The settings with defaults filled in. `particles` hypotheses of each line are
            written at once. `choose="weight"` draws one by weight, a sample of the network given
            the form; "best" takes that of the best score, more probable and less varied.
        sampling: The default sampling settings; their ban is part of the automaton.
        substitutions: Characters of the requirements that were read as others.
    """

    def __init__(
        self,
        network: TextGenerator,
        automaton: Automaton,
        rules: FormRules,
        settings: FormConfig,
        sampling: SamplingConfig,
        *,
        substitutions: tuple[Substitution, ...] = (),
    ) -> None:
        self.substitutions = substitutions
        self.rules = rules
        self.settings = settings
        self.sampling = sampling
        self.network = network
        self._automaton = automaton
        self._generators = partial(generators_for, kind=_kind(rules.form))

    @takes(prompt=str)
    def begin(self, prompt: str = "") -> Hypothesis:
        """A poem that consists of the prompt."""
        return self._decoder(self.sampling, prompt).prompt_hypothesis

    @takes(prompt=str)
    def notes(self, prompt: str = "") -> tuple[str, ...]:
        """What the requirements or the prompt take from the rules of the form, in sentences."""
        return tuple(self.rules.notes(self.settings, prompt))

    @takes(prompt=str)
    def check_prompt(self, prompt: str) -> None:
        """Raise FormConflictError if no poem in the form begins with a prompt."""
        self._decoder(self.sampling, prompt).check_prompt()

    @takes(prompt=str, sampling=SamplingConfig | None, generator=np.random.Generator | None)
    def stream(
        self,
        prompt: str = "",
        sampling: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[WrittenLine]:
        """Write a poem line by line.

        Args:
            prompt: The beginning of the poem.
            sampling: None takes the default settings. With best-of, all poems are ranked first.
            generator: Random numbers; None makes a generator from the seed of the settings, if any.

        Raises:
            ConfigurationError: The settings do not suit the network or a form.
            FormConflictError: No poem in the form begins with the prompt.
            FormGivenUpError: A line could not be finished, or the verifier found a fault; the last
                line is not yielded then.
        """
        sampling = sampling or self.sampling
        decoder = self._decoder(sampling, prompt)
        generators = self._generators(sampling, generator)
        if len(generators) == 1:
            yield from self._verified(decoder, generators[0])
        else:
            lines, _ = self._ranked(decoder, generators)
            yield from lines

    @takes(prompt=str, sampling=SamplingConfig | None)
    def write(self, prompt: str = "", sampling: SamplingConfig | None = None) -> Poem:
        """Write a poem, as `stream` does; without a seed, one is drawn and reported."""
        (poem,) = self.write_many(prompt, [sampling or self.sampling])
        return poem

    @takes(prompt=str, settings=Iterable)
    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write poems with these settings each; missing seeds are drawn. Errors as in `stream`."""
        decoders: dict[SamplingConfig, SMCDecoder] = {}
        for one in settings:
            check_type("the settings of a poem", one, SamplingConfig)
            sampling = with_seed(one)
            but_for_the_seed = dataclasses.replace(sampling, seed=None)
            if but_for_the_seed not in decoders:
                decoders = {but_for_the_seed: self._decoder(sampling, prompt)}
            decoder = decoders[but_for_the_seed]
            lines, scores = self._ranked(decoder, self._generators(sampling))
            yield Poem(
                prompt=decoder.prompt,
                text="".join(line.text for line in lines),
                settings=sampling,
                log_probabilities=_log_probabilities(lines),
                ended=True,
                substitutions=decoder.prompt_hypothesis.substitutions,
                scores=scores,
            )

    def _decoder(self, sampling: SamplingConfig, prompt: str) -> SMCDecoder:
        # A ban decides which poems are possible, so it is compiled into the automaton.
        compiled, asked = self.sampling.ban, sampling.ban
        if parse_ban(compiled or "") != parse_ban(asked or ""):
            raise ConfigurationError(
                f"this form was compiled with ban {compiled or 'none'}, and cannot be written with "
                f"ban {asked or 'none'}. Compile it again with the ban that is wanted."
            )
        if Condition.of(self.sampling) != Condition.of(sampling):
            raise ConfigurationError(
                "this form was compiled with another author, label or title. Compile it again with "
                "those that are wanted."
            )
        return SMCDecoder(
            self.network,
            self._automaton,
            self.rules.form.lines,
            sampling,
            prompt,
            particles=self.settings.particles,
            choose=self.settings.choose,
        )

    def _reason(self, prompt: str) -> str:
        """The first fault that the verifier finds at a place of a prompt."""
        faults = self.rules.verify(prompt).faults
        placed = (fault.message for fault in faults if fault.position is not None)
        return next((f" By the form, {message}." for message in placed), "")

    def _ranked(
        self, decoder: SMCDecoder, generators: Sequence[np.random.Generator]
    ) -> tuple[Sequence[WrittenLine], tuple[HypothesisScore, ...]]:
        """The lines of the best poem, and the scores of all, best first; no scores for one poem."""
        poems = [list(self._verified(decoder, generator)) for generator in generators]
        if len(poems) == 1:
            return poems[0], ()
        scored = sorted(
            ((self._score(decoder, lines), lines) for lines in poems),
            key=lambda pair: pair[0].total,
            reverse=True,
        )
        return scored[0][1], tuple(score for score, _ in scored)

    def _score(self, decoder: SMCDecoder, lines: Sequence[WrittenLine]) -> HypothesisScore:
        text = "".join(line.text for line in lines)
        return self.network.score(decoder.prompt, text, _log_probabilities(lines))

    def _verified(
        self, decoder: SMCDecoder, generator: np.random.Generator
    ) -> Iterator[WrittenLine]:
        """The lines of a poem; the poem is verified before the last one."""
        try:
            for line in decoder.lines(generator):
                if line.last:
                    self._check(line.hypothesis.text, decoder.prompt)
                yield line
        except FormConflictError as error:
            raise FormConflictError(f"{error}{self._reason(decoder.prompt)}") from error

    def _check(self, text: str, prompt: str) -> None:
        judgement = self.rules.verify(text)
        given = "".join((*Requirements.of(self.settings).texts, prompt))
        faults = [
            *judgement.faults,
            *(
                remark
                for remark in judgement.remarks
                if text.count(one := judgement.unit_of(remark)) > max(1, given.count(one))
            ),
        ]
        if faults:
            raise FormGivenUpError(
                "a poem was written that does not keep the form, so it is not shown. This is a "
                "bug of charrnn; please report it. The verifier says: "
                f"{'; '.join(fault.message for fault in faults)}. The poem:\n{text}"
            )


def _log_probabilities(lines: Sequence[WrittenLine]) -> tuple[float, ...]:
    return tuple(one for line in lines for one in line.log_probabilities)


def _kind(form: Form) -> str:
    """What sets the poems of a form apart from others of the same seed: its name and its lines."""
    lines = (f"{max(line.lengths)}{line.rhyme}" for line in form.variants[0])
    return f"{form.name} {' '.join(lines)}"
