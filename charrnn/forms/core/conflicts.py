"""Requirements that no poem can keep together: which, why, and what would help."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar, cast

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.prompts import shown
from charrnn.errors import CharrnnError, FormConflictError
from charrnn.forms.core.config import FormConfig, Requirement
from charrnn.forms.core.form import Form
from charrnn.forms.core.language import FormRules
from charrnn.settings.configuration import SamplingConfig
from charrnn.wording import listed

MOST_ADVICE: Final = 4
"""Most suggestions in an error message."""

MOST_SUBSETS: Final = 64
"""Most subsets that are tried for a smaller conflict."""

CanKeep = Callable[[FormConfig, SamplingConfig], bool]
"""Whether any poem keeps the form under these settings."""

One = TypeVar("One")


class Relaxation(NamedTuple):
    """Weaker settings, and what was changed in words."""

    words: str
    config: FormConfig
    sampling: SamplingConfig


def smallest_conflict(
    items: Sequence[One], fits: Callable[[Sequence[One]], bool]
) -> tuple[One, ...]:
    """A smallest set of conflicting requirements, in their order.

    Unneeded requirements are removed one by one; then up to `MOST_SUBSETS` smaller subsets are
    tried. `fits` tells whether a subset can be kept.
    """
    needed = list(items)
    for one in reversed(items):
        others = [other for other in needed if other is not one]
        if not fits(others):
            needed = others
    smaller = (
        chosen for size in range(1, len(needed)) for chosen in itertools.combinations(items, size)
    )
    for chosen in itertools.islice(smaller, MOST_SUBSETS):
        if not fits(chosen):
            return chosen
    return tuple(needed)


def conflict_error(
    rules: FormRules,
    vocabulary: Vocabulary,
    config: FormConfig,
    sampling: SamplingConfig,
    can_keep: CanKeep,
) -> FormConflictError:
    """The error for requirements that cannot be kept; `can_keep` decides about other settings."""
    requirements = requirements_of(config, sampling)
    conflicting = smallest_conflict(
        requirements, lambda some: can_keep(*with_only(some, config, sampling))
    )
    title = rules.form.title if config.form is None else f"the form {rules.form.title}"
    if conflicting:
        together = " and ".join(map(str, conflicting))
        what = f"no poem in {title} can be written with {together}"
    else:
        what = f"no poem in {title} can be written with this network's alphabet"
    at_end = config.acrostic_at == "end"
    why = reason(conflicting, rules, vocabulary, at_end=at_end)
    advice = _advice(rules, (config, sampling), conflicting, can_keep)
    return FormConflictError(f"{what}{f': {why}' if why else ''}.{advice}")


def requirements_of(config: FormConfig, sampling: SamplingConfig) -> list[Requirement]:
    """All requirements in the settings."""
    single = [
        Requirement(setting, value)
        for setting in ("first_line", "acrostic", "rhyme_with")
        if (value := getattr(config, setting))
    ]
    words = [Requirement("must", word) for word in dict.fromkeys(config.must or ())]
    constraints = [
        Requirement(setting, str(value))
        for setting in ("ban", "no_repeat_ngram_size", "max_copy")
        if (value := getattr(sampling, setting))
    ]
    return [*single, *words, *constraints]


def with_only(
    requirements: Sequence[Requirement], config: FormConfig, sampling: SamplingConfig
) -> tuple[FormConfig, SamplingConfig]:
    """The settings with only these requirements."""
    given = {one.setting: one.value for one in requirements}
    words = tuple(one.value for one in requirements if one.setting == "must")
    run = given.get("no_repeat_ngram_size")
    return (
        dataclasses.replace(
            config,
            first_line=given.get("first_line"),
            acrostic=given.get("acrostic"),
            acrostic_at=config.acrostic_at if "acrostic" in given else "start",
            rhyme_with=given.get("rhyme_with"),
            must=words or None,
        ),
        dataclasses.replace(
            sampling,
            ban=given.get("ban"),
            no_repeat_ngram_size=None if run is None else int(run),
            max_copy=int(given.get("max_copy", 0)) if sampling.max_copy else sampling.max_copy,
        ),
    )


def _advice(
    rules: FormRules,
    asked: tuple[FormConfig, SamplingConfig],
    conflicting: Sequence[Requirement],
    can_keep: CanKeep,
) -> str:
    """The sentence that says what would work, or what would help if nothing else conflicted."""
    ways = _ways_out(rules, asked, conflicting, can_keep)
    if ways:
        return f" What would work: {'; or '.join(ways)}."
    ways = _ways_out(rules, with_only(conflicting, *asked), conflicting, can_keep)
    if not ways:
        return ""
    return f" What would help: {'; or '.join(ways)}. But then other requirements conflict."


def _ways_out(
    rules: FormRules,
    asked: tuple[FormConfig, SamplingConfig],
    conflicting: Sequence[Requirement],
    can_keep: CanKeep,
) -> list[str]:
    ways = (
        next((step.words for step in steps if _works(step, can_keep)), "")
        for steps in _relaxations(rules, *asked, conflicting)
    )
    return list(itertools.islice(filter(None, ways), MOST_ADVICE))


def _works(step: Relaxation, can_keep: CanKeep) -> bool:
    try:
        return can_keep(step.config, step.sampling)
    except CharrnnError:
        return False  # such as a rhyme book that is not installed


def _relaxations(
    rules: FormRules,
    config: FormConfig,
    sampling: SamplingConfig,
    conflicting: Sequence[Requirement],
) -> Iterator[Sequence[Relaxation]]:
    def changed(settings: Mapping[str, Any]) -> Relaxation:
        words = " and ".join(
            name if value is True else f"{name} {value}" for name, value in settings.items()
        )
        return Relaxation(words, dataclasses.replace(config, **settings), sampling)

    if not any(one.setting in _OF_CONSTRAINTS for one in conflicting):
        # Otherwise nobody knows what would work; see charrnn.forms.core.promises.
        for steps in rules.relaxations(config):
            yield list(map(changed, steps))
    requirements = requirements_of(config, sampling)
    for one in conflicting:
        others = [other for other in requirements if other != one]
        words = "max-copy 0" if one.setting == "max_copy" else f"without {one}"
        yield [Relaxation(words, *with_only(others, config, sampling))]


def reason(
    requirements: Sequence[Requirement],
    rules: FormRules,
    vocabulary: Vocabulary,
    *,
    at_end: bool = False,
) -> str:
    """Why a smallest conflict cannot be kept; "" if it is not obvious."""
    ban = next((one.value for one in requirements if one.setting == "ban"), "")
    others = [one for one in requirements if one.setting != "ban"]
    constraints = [one for one in others if one.setting in _OF_CONSTRAINTS]
    if constraints:
        alone = len(others) == 1
        return _MORE_THAN_LETTERS if alone else _OF_CONSTRAINTS[constraints[-1].setting]
    if ban:
        wanted = "".join(one.value for one in others if one.setting != "rhyme_with")
        both = [one for one in dict.fromkeys(wanted) if one in ban and not one.isspace()]
        return f"{listed(both)} {_is(both)} banned" if both else ""
    if len(others) != 1:
        return ""
    (only,) = others
    if only.setting != "rhyme_with":
        unknown = [
            one
            for one in dict.fromkeys(only.value)
            if one.isalpha() and not any(like in vocabulary for like in rules.spellings(one))
        ]
        if unknown:
            return f"{listed(map(shown, unknown))} {_is(unknown)} not in this model's alphabet"
    if only.setting == "first_line":
        first = _of_first_lines(rules.form)
        judged = dataclasses.replace(cast("Any", rules), form=first).verify(only.value)
        return next((fault.message for fault in judged.faults), "")
    return next(rules.reasons(only, at_end=at_end), "")


_MORE_THAN_LETTERS: Final = "it has more letters than the alphabet has to write each once"

_OF_CONSTRAINTS: Final = {
    "no_repeat_ngram_size": "what is required repeats a run itself",
    "max_copy": "what is required stands in the training text",
}
"""Why requirements conflict with a constraint of sampling."""


def _of_first_lines(form: Form) -> Form:
    lines = {
        variant[0]: name for variant, name in zip(form.variants, form.variant_names, strict=True)
    }
    return dataclasses.replace(
        form,
        variants=tuple((line,) for line in lines),
        variant_names=tuple(lines.values()),
        stanzas=(1,),
    )


def _is(parts: Sequence[str]) -> str:
    return "is" if len(parts) == 1 else "are"
