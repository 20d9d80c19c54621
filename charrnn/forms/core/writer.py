"""Writes poems that keep a form, and hands over none that does not."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from charrnn.decoding.batch import generators_for
from charrnn.decoding.hypothesis import Hypothesis, Poem
from charrnn.decoding.ranking import HypothesisScore
from charrnn.decoding.writer import TextGenerator, with_seed
from charrnn.errors import ConfigurationError, FormGivenUpError
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.language import FormRules
from charrnn.forms.core.smc_decoder import SMCDecoder, WrittenLine
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_ban


class FormWriter:
    """Writes poems in a form; `charrnn.compile_form` makes it.

    Each line is written in many drafts at once (`charrnn.forms.core.smc_decoder`). When all of them
    have it whole, one is chosen, and all go on from it.

    Args:
        network: The network that writes.
        automaton: The form, with what is required on top of it, over the tokens of the network.
        rules: What poems are held to. They know nothing of the automaton, and no poem is finished
            that they find fault with.
        settings: What was asked for, with what charrnn chose filled in. How many drafts of a line
            are written at once, `particles`; and how one of them is taken, `choose`: with "weight",
            drawn by their weights, it is a sample of what the network writes there when it happens
            to keep the form; with "best" it is the draft of the best score
            (`charrnn.decoding.ranking`): likelier, and less various.
        sampling: How characters are drawn unless a call tells otherwise. What it bans is part of
            the automaton.

    Attributes:
        rules: What poems are held to.
        settings: What was asked for, with what charrnn chose filled in.
        sampling: How characters are drawn unless a call tells otherwise.
    """

    def __init__(
        self,
        network: TextGenerator,
        automaton: Automaton,
        rules: FormRules,
        settings: FormConfig,
        sampling: SamplingConfig,
    ) -> None:
        self.rules = rules
        self.settings = settings
        self.sampling = sampling
        self._network = network
        self._automaton = automaton

    def begin(self, prompt: str = "") -> Hypothesis:
        """A poem that is begun with a prompt; the form knows it as the network reads it."""
        return self._decoder(self.sampling, prompt).begun

    def stream(
        self,
        prompt: str = "",
        sampling: SamplingConfig | None = None,
        generator: np.random.Generator | None = None,
    ) -> Iterator[WrittenLine]:
        """Write a poem, one line at a time.

        Args:
            prompt: What the poem begins with.
            sampling: How characters are drawn; None draws them as the form was compiled. Where the
                best of several poems is asked for, its lines come when it is found.
            generator: Draws the random numbers; None makes one from the seed of the settings, or
                from the system when they hold none.

        Yields:
            The lines as they become final; nothing when the prompt is the whole poem.

        Raises:
            ConfigurationError: The settings cannot be kept with this network, or in a form.
            FormConflictError: No poem in the form begins with the prompt.
            FormGivenUpError: A line could not be finished, or the verifier finds fault with the poem,
                whose last line is then kept back.
        """
        sampling = sampling or self.sampling
        decoder = self._decoder(sampling, prompt)
        generators = generators_for(sampling, generator)
        if len(generators) == 1:
            yield from self._verified(decoder, generators[0])
        else:
            lines, _ = self._ranked(decoder, generators)
            yield from lines

    def write(self, prompt: str = "", sampling: SamplingConfig | None = None) -> Poem:
        """Write a poem, the same that `stream` does; without a seed, one is drawn and reported."""
        (poem,) = self.write_many(prompt, [sampling or self.sampling])
        return poem

    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write poems, one after the other.

        Args:
            prompt: What they begin with.
            settings: How the characters of each are drawn; without a seed, one is drawn and
                reported.

        Raises:
            ConfigurationError: The settings cannot be kept with this network, or in a form.
            FormConflictError: No poem in the form begins with the prompt.
            FormGivenUpError: A line could not be finished, or the verifier finds fault with a poem.
        """
        decoders: dict[SamplingConfig, SMCDecoder] = {}
        for one in settings:
            sampling = with_seed(one)
            but_for_the_seed = dataclasses.replace(sampling, seed=None)
            if but_for_the_seed not in decoders:
                decoders = {but_for_the_seed: self._decoder(sampling, prompt)}
            decoder = decoders[but_for_the_seed]
            lines, scores = self._ranked(decoder, generators_for(sampling))
            yield Poem(
                prompt=decoder.prompt,
                text="".join(line.text for line in lines),
                settings=sampling,
                log_probabilities=_log_probabilities(lines),
                ended=True,
                substitutions=decoder.begun.substitutions,
                scores=scores,
            )

    def _decoder(self, sampling: SamplingConfig, prompt: str) -> SMCDecoder:
        self._refuse_another_ban(sampling)
        return SMCDecoder(
            self._network,
            self._automaton,
            self.rules.form.lines,
            sampling,
            prompt,
            particles=self.settings.particles,
            choose=self.settings.choose,
        )

    def _refuse_another_ban(self, sampling: SamplingConfig) -> None:
        """What is banned decides which poems there are, so the form is compiled with it."""
        compiled, asked = self.sampling.ban, sampling.ban
        if parse_ban(compiled or "") != parse_ban(asked or ""):
            raise ConfigurationError(
                f"this form was compiled with ban {compiled or 'none'}, and cannot be written with "
                f"ban {asked or 'none'}. Compile it again with the ban that is wanted."
            )

    def _ranked(
        self, decoder: SMCDecoder, generators: Sequence[np.random.Generator]
    ) -> tuple[Sequence[WrittenLine], tuple[HypothesisScore, ...]]:
        """The best of some poems, and the scores of all, its own first; none of a single one."""
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
        return self._network.score(decoder.prompt, text, _log_probabilities(lines))

    def _verified(
        self, decoder: SMCDecoder, generator: np.random.Generator
    ) -> Iterator[WrittenLine]:
        """The lines of a poem; the last one when the whole has passed."""
        for line in decoder.lines(generator):
            if line.last:
                self._check(line.hypothesis.text)
            yield line

    def _check(self, text: str) -> None:
        faults = self.rules.verify(text).faults
        if faults:
            raise FormGivenUpError(
                "a poem was written that does not keep the form, and is kept back. This is a "
                "mistake of charrnn's own; please report it. What the verifier says: "
                f"{'; '.join(fault.message for fault in faults)}. The poem:\n{text}"
            )


def _log_probabilities(lines: Sequence[WrittenLine]) -> tuple[float, ...]:
    return tuple(one for line in lines for one in line.log_probabilities)
