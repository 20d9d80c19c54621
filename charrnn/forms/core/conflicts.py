"""Demands that no poem can keep together: the fewest of them, why, and what would help."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar, get_args

from charrnn.config import FormConfig, SamplingConfig
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.errors import CharrnnError, FormConflictError
from charrnn.forms.chinese.learned_sounds import LEARNED
from charrnn.forms.core.form import Book
from charrnn.forms.core.reasons import Circumstances, reason
from charrnn.forms.core.rules import ChineseStandard, Standard
from charrnn.forms.core.wish import Wish

MOST_ADVICE: Final = 4
"""Ways out that are named at most."""

MOST_SUBSETS: Final = 64
"""Sets of demands tried for a smaller one than the first that was found."""

BOOKS: Final = (LEARNED, *get_args(Book))
"""Sounds that are tried in the place of others."""

CanKeep = Callable[[FormConfig, SamplingConfig], bool]
"""Whether any poem keeps the form under these settings."""

One = TypeVar("One")


class Relaxation(NamedTuple):
    """Settings that ask for less.

    Attributes:
        words: What is changed.
        config: The form with what is left.
        sampling: How characters are drawn.
    """

    words: str
    config: FormConfig
    sampling: SamplingConfig


def smallest_conflict(
    demands: Sequence[One], fits: Callable[[Sequence[One]], bool]
) -> tuple[One, ...]:
    """The fewest demands that cannot be kept together.

    First one demand after the other is left out that is not needed for the conflict; then smaller
    sets are tried, as long as they are not too many.

    Args:
        demands: All of them, which cannot be kept together.
        fits: Whether some of them can; fewer demands are never harder to keep.

    Returns:
        Demands in the order in which they were given; none where nothing at all can be kept.
    """
    needed = list(demands)
    for one in reversed(demands):
        others = [other for other in needed if other is not one]
        if not fits(others):
            needed = others
    smaller = (
        chosen for size in range(1, len(needed)) for chosen in itertools.combinations(demands, size)
    )
    for chosen in itertools.islice(smaller, MOST_SUBSETS):
        if not fits(chosen):
            return chosen
    return tuple(needed)


def conflict(
    standard: Standard,
    vocabulary: Vocabulary,
    config: FormConfig,
    sampling: SamplingConfig,
    can_keep: CanKeep,
) -> FormConflictError:
    """The error that tells of demands which cannot be kept.

    Args:
        standard: What poems are held to.
        vocabulary: What the network writes.
        config: The form with all that is demanded of it.
        sampling: How characters are drawn; what is banned is a demand too.
        can_keep: Whether any poem keeps the form under settings that ask for less.
    """
    wishes = wishes_of(config, sampling)
    conflicting = smallest_conflict(
        wishes, lambda some: can_keep(*with_only(some, config, sampling))
    )
    title = standard.form.title if config.form is None else f"the form {standard.form.title}"
    if conflicting:
        together = " and ".join(map(str, conflicting))
        what = f"no poem in {title} can be written with {together}"
    else:
        what = f"no poem in {title} can be written with this network's alphabet"
    at_end = config.acrostic_at == "end"
    why = reason(conflicting, Circumstances(standard, vocabulary, at_end))
    advice = _advice(standard, (config, sampling), conflicting, can_keep)
    return FormConflictError(f"{what}{f': {why}' if why else ''}.{advice}")


def wishes_of(config: FormConfig, sampling: SamplingConfig) -> list[Wish]:
    """All that is demanded of a poem on top of its form."""
    single = [
        Wish(setting, value)
        for setting in ("first_line", "acrostic", "rhyme_with")
        if (value := getattr(config, setting))
    ]
    words = [Wish("must", word) for word in dict.fromkeys(config.must or ())]
    return [*single, *words, *([Wish("ban", sampling.ban)] if sampling.ban else [])]


def with_only(
    wishes: Sequence[Wish], config: FormConfig, sampling: SamplingConfig
) -> tuple[FormConfig, SamplingConfig]:
    """The settings with some of their wishes, and without the others."""
    given = {wish.setting: wish.value for wish in wishes}
    words = tuple(wish.value for wish in wishes if wish.setting == "must")
    return (
        dataclasses.replace(
            config,
            first_line=given.get("first_line"),
            acrostic=given.get("acrostic"),
            acrostic_at=config.acrostic_at if "acrostic" in given else "start",
            rhyme_with=given.get("rhyme_with"),
            must=words or None,
        ),
        dataclasses.replace(sampling, ban=given.get("ban")),
    )


def _advice(
    standard: Standard,
    asked: tuple[FormConfig, SamplingConfig],
    conflicting: Sequence[Wish],
    can_keep: CanKeep,
) -> str:
    """The sentence that tells what would work, or would where nothing else were in the way."""
    ways = _ways_out(standard, asked, conflicting, can_keep)
    if ways:
        return f" What would work: {'; or '.join(ways)}."
    ways = _ways_out(standard, with_only(conflicting, *asked), conflicting, can_keep)
    if not ways:
        return ""
    return f" What would help: {'; or '.join(ways)}. But then other demands conflict."


def _ways_out(
    standard: Standard,
    asked: tuple[FormConfig, SamplingConfig],
    conflicting: Sequence[Wish],
    can_keep: CanKeep,
) -> list[str]:
    """What would work, the nearest first; each has been tried."""
    ways = _ways_that_work(_relaxations(standard, *asked, conflicting), can_keep)
    return list(itertools.islice(ways, MOST_ADVICE))


def _ways_that_work(ways: Iterable[Sequence[Relaxation]], can_keep: CanKeep) -> Iterator[str]:
    for steps in ways:
        # Of the steps on one way, the shortest that suffices.
        for step in steps:
            if _works(step, can_keep):
                yield step.words
                break


def _works(step: Relaxation, can_keep: CanKeep) -> bool:
    try:
        return can_keep(step.config, step.sampling)
    except CharrnnError:
        return False  # such as a rhyme book that is not installed


def _relaxations(
    standard: Standard,
    config: FormConfig,
    sampling: SamplingConfig,
    conflicting: Sequence[Wish],
) -> Iterator[Sequence[Relaxation]]:
    """Ways to ask for less, each in steps from the least to the most."""

    def changed(**settings: Any) -> Relaxation:
        words = " and ".join(f"{name} {value}" for name, value in settings.items())
        return Relaxation(words, dataclasses.replace(config, **settings), sampling)

    if isinstance(standard, ChineseStandard):
        if config.readings == "strict":
            yield [changed(readings="any")]
        profiles = {"strict": ("246", "rhyme-only"), "246": ("rhyme-only",)}
        yield [changed(profile=one) for one in profiles.get(config.profile, ())]
        yield [changed(rhymes=book) for book in BOOKS if book != standard.rhymes]
    else:
        if config.words != "any":
            yield [changed(words="any")]
        if standard.rhymes == "perfect":
            yield [changed(rhymes="slant")]
    wishes = wishes_of(config, sampling)
    for wish in conflicting:
        others = [other for other in wishes if other != wish]
        yield [Relaxation(f"without {wish}", *with_only(others, config, sampling))]
