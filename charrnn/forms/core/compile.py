"""Compiling a form for a network: what it may write, and what its poems are held to."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.hypothesis import LINE_END
from charrnn.decoding.logits_processors import token_wishes
from charrnn.decoding.sampling import Mask
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError
from charrnn.forms.core.automaton import Automaton, OutputTokens
from charrnn.forms.core.config import FormConfig, refuse_sampling_outside_a_form
from charrnn.forms.core.form import Form
from charrnn.forms.core.known_forms import asked_form
from charrnn.forms.core.language import FormRules, all_languages, language_of, open_rules
from charrnn.forms.core.learned_tables import LearnedTable
from charrnn.settings.configuration import SamplingConfig

if TYPE_CHECKING:
    from charrnn.forms.core.writer import FormWriter


def compile_form(
    network: TextGenerator, form: FormConfig, sampling: SamplingConfig | None = None
) -> "FormWriter":
    """Compile a form of verse for a network.

    Args:
        network: The network, as `charrnn.open` gives it.
        form: The form, and what is required of a poem:
            `FormConfig(form="qijue", acrostic="春江花月")`.
        sampling: How characters will be drawn unless `write` is told otherwise. What it bans is
            part of what is compiled.

    Returns:
        Writes poems that keep the form: `write(prompt, sampling)`, `stream(prompt, sampling)`.

    Raises:
        ConfigurationError: Settings contradict one another, or the network cannot write the
            language of the form.
        FormError: There is no such form, or the sounds that it is judged by are not at hand.
        FormConflictError: No poem keeps the form with all that is required of it.
        CheckpointError: What was learned of sounds or words is damaged.
    """
    if not form.asked:
        raise ConfigurationError("no form was asked for.")
    if form.form is form.syllables is form.characters is None:
        raise ConfigurationError(_lengths_wanted(network.vocabulary))
    sampling = sampling or SamplingConfig()
    asked = asked_form(form)
    if form.rhyme_with is not None and not asked.rhymes:
        raise ConfigurationError(
            f"rhyme-with goes with a form that rhymes, and {asked.name} does not."
        )
    refuse_sampling_outside_a_form(sampling)
    compiler = _Compiler(network, asked)
    rules, automaton = compiler.compile(form, sampling)
    if not can_be_kept(automaton):
        from charrnn.forms.core.conflicts import conflict_error

        raise conflict_error(rules, network.vocabulary, form, sampling, compiler.can_keep)
    from charrnn.forms.core.writer import FormWriter

    return FormWriter(network, automaton, rules, rules.settled(form), sampling)


def can_be_kept(automaton: Automaton) -> bool:
    """Whether any poem keeps a form with what is required of it."""
    return len(automaton.initial_states(np.random.default_rng(0), 1)) > 0


class _Compiler:
    """Compiles a form under changing requirements; what does not change is read once.

    Args:
        network: The network.
        form: The form as it is written.
    """

    def __init__(self, network: TextGenerator, form: Form) -> None:
        self._network = network
        self._form = form
        self._language = language_of(form)
        if not any(map(self._language.writes, network.vocabulary.characters)):
            raise ConfigurationError(
                f"{form.title} is a form of {form.language.capitalize()} verse, and this network "
                f"knows no {self._language.letters}. charrnn forms lists the forms of both "
                "languages."
            )

    def compile(self, config: FormConfig, sampling: SamplingConfig) -> tuple[FormRules, Automaton]:
        """What poems are held to and written by, whether any poem keeps it or not."""
        rules = open_rules(self._form, config, lambda: self._learned)
        tokens = OutputTokens(self._network.vocabulary, self._writable(sampling), self._end)
        return rules, rules.automaton(config, tokens)

    def can_keep(self, config: FormConfig, sampling: SamplingConfig) -> bool:
        """Whether any poem keeps the form under these requirements."""
        _, automaton = self.compile(config, sampling)
        return can_be_kept(automaton)

    @cached_property
    def _learned(self) -> tuple[LearnedTable, ...]:
        """What the poems of the networks taught that write, of those that have a table."""
        tables = map(self._language.open_table, self._network.checkpoints)
        return tuple(table for table in tables if table is not None)

    @property
    def _end(self) -> int | None:
        """The token that ends a poem; None where nothing does."""
        if self._network.layout != "text":
            return END_OF_POEM
        line_end = self._network.vocabulary.id_of(LINE_END)
        return None if line_end == UNKNOWN else line_end

    def _writable(self, sampling: SamplingConfig) -> Mask:
        """`(vocabulary,)`, true for the characters that are not banned."""
        vocabulary = self._network.vocabulary
        writable: Mask = np.ones(vocabulary.size, np.bool_)
        writable[[END_OF_POEM, UNKNOWN, *token_wishes(sampling, vocabulary).suppressed]] = False
        return writable


def _lengths_wanted(vocabulary: Vocabulary) -> str:
    """What to say where lines are asked for and not how long they are."""
    languages = all_languages().values()
    wanted = next(
        (one for one in languages if any(map(one.writes, vocabulary.characters))), None
    ) or next(iter(languages))
    return (
        "the lines of a form have lengths: give them for each line, or one for all, such as "
        f"{wanted.example_of_lengths}."
    )
