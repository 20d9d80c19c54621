"""Compiling a form for the vocabulary of a network."""

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.constraints import usual_limit
from charrnn.decoding.hypothesis import LINE_END
from charrnn.decoding.logits_processors import token_wishes
from charrnn.decoding.sampling import Mask
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError
from charrnn.forms.core.automaton import Automaton, OutputTokens
from charrnn.forms.core.config import FormConfig, refuse_sampling_outside_a_form
from charrnn.forms.core.fitting import fitted_requirements
from charrnn.forms.core.form import Form
from charrnn.forms.core.known_forms import requested_form
from charrnn.forms.core.language import (
    FormRules,
    LearnedTable,
    language_named,
    language_written,
    main_language,
    open_rules,
    open_table,
)
from charrnn.forms.core.promises import leaves_a_way
from charrnn.settings.arguments import takes
from charrnn.settings.configuration import SamplingConfig

if TYPE_CHECKING:
    from charrnn.corpus.variants import Substitution
    from charrnn.forms.core.writer import FormWriter


@takes(network=TextGenerator, form=FormConfig, sampling=SamplingConfig | None)
def compile_form(
    network: TextGenerator, form: FormConfig, sampling: SamplingConfig | None = None
) -> "FormWriter":
    """Compile a form of verse for a network.

    Args:
        network: The network, as `charrnn.open` returns it.
        form: The form and the requirements: `FormConfig(form="qijue", acrostic="春江花月")`.
        sampling: The default sampling settings of the writer; its `ban` is compiled in.

    Returns:
        A writer of poems that keep the form.

    Raises:
        ConfigurationError: Settings contradict one another, or the network lacks the language.
        FormError: There is no such form, or its rhyme book or dictionary is missing.
        FormConflictError: No poem keeps the form and all requirements.
        CheckpointError: The learned sounds or words are damaged.
    """
    if not form.asked:
        raise ConfigurationError("no form was given.")
    if form.form is form.syllables is form.characters is None:
        raise ConfigurationError(_lengths_wanted(network.vocabulary))
    sampling = sampling or SamplingConfig()
    asked = requested_form(form)
    if form.rhyme_with is not None and not asked.rhymes:
        raise ConfigurationError(
            f"rhyme-with goes with a form that rhymes, and {asked.name} does not."
        )
    refuse_sampling_outside_a_form(sampling)
    network = network.conditioned(sampling, asked.name)
    substitutions: tuple[Substitution, ...] = ()
    if asked.language == "chinese":
        form, substitutions = fitted_requirements(form, network.vocabulary)
    compiler = _Compiler(network, asked)
    rules, automaton = compiler.compile(form, sampling)
    if not compiler.is_satisfiable(rules, automaton, form, sampling):
        from charrnn.forms.core.conflicts import conflict_error

        limits = [usual_limit(known.n) for known in network.ngram_filters]
        if sampling.max_copy is None and limits:
            sampling = dataclasses.replace(sampling, max_copy=max(limits))
        raise conflict_error(rules, network.vocabulary, form, sampling, compiler.can_keep)
    from charrnn.forms.core.writer import FormWriter

    return FormWriter(
        network, automaton, rules, rules.resolved(form), sampling, substitutions=substitutions
    )


class _Compiler:
    """Compiles a form under changing requirements; the learned tables are read once."""

    def __init__(self, network: TextGenerator, form: Form) -> None:
        self._network = network
        self._form = form
        self._language = language_written(form, network.vocabulary.characters)

    def compile(self, config: FormConfig, sampling: SamplingConfig) -> tuple[FormRules, Automaton]:
        """The rules and the automaton, whether any poem keeps them or not."""
        rules = open_rules(self._form, config, lambda: self._learned)
        tokens = OutputTokens(self._network.vocabulary, self._writable(sampling), self._end)
        return rules, rules.automaton(config, tokens)

    def can_keep(self, config: FormConfig, sampling: SamplingConfig) -> bool:
        """Whether any poem keeps the form under these requirements, as far as can be known."""
        rules, automaton = self.compile(config, sampling)
        return self.is_satisfiable(rules, automaton, config, sampling)

    def is_satisfiable(
        self, rules: FormRules, automaton: Automaton, config: FormConfig, sampling: SamplingConfig
    ) -> bool:
        """Whether any poem keeps a compiled form, and the constraints of sampling may be kept."""
        return len(automaton.initial_states(np.random.default_rng(0), 1)) > 0 and leaves_a_way(
            rules,
            config,
            self._network.constraints(sampling),
            self._network.vocabulary,
            self._writable(sampling),
        )

    @cached_property
    def _learned(self) -> tuple[LearnedTable, ...]:
        file, kind = self._language.table_file, self._language.table_kind
        tables = [open_table(one, file, kind) for one in self._network.checkpoints]
        return tuple(table for table in tables if table is not None)

    @property
    def _end(self) -> int | None:
        if self._network.layout != "text":
            return END_OF_POEM
        line_end = self._network.vocabulary.id_of(LINE_END)
        return None if line_end == UNKNOWN else line_end

    def _writable(self, sampling: SamplingConfig) -> Mask:
        """`(vocabulary,)`, true for characters that are not banned."""
        vocabulary = self._network.vocabulary
        writable: Mask = np.ones(vocabulary.size, np.bool_)
        writable[[END_OF_POEM, UNKNOWN, *token_wishes(sampling, vocabulary).suppressed]] = False
        return writable


def _lengths_wanted(vocabulary: Vocabulary) -> str:
    language = language_named(main_language(vocabulary.characters))
    return (
        "the lines of a form have lengths: give them for each line, or one for all, such as "
        f"{language.example_of_lengths}."
    )
