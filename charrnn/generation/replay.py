"""Writing a poem again, to the letter, or finding out why it comes out otherwise."""

import dataclasses
import hashlib
import itertools
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from charrnn.errors import ReplayError
from charrnn.generation.copying import sensible_limit
from charrnn.generation.draft import Poem
from charrnn.generation.recipe import FormRecipe, Recipe, TextMark, Tools
from charrnn.generation.replay_code import DIGEST_BYTES
from charrnn.generation.writer import TextGenerator
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, SamplingConfig, seed_after

_PROCESSOR: Final = Path("/proc/cpuinfo")
_PROCESSOR_BYTES: Final = 2


class Author(Protocol):
    """Something that writes poems: a network, or one that keeps to a form."""

    def write_many(self, prompt: str, settings: Iterable[SamplingConfig]) -> Iterator[Poem]:
        """Write a poem for each of the settings."""
        ...


def recipe_of(
    writer: TextGenerator,
    networks: Sequence[tuple[str, float]],
    unlike: tuple[str, float] | None = None,
    *,
    prompt: str,
    settings: SamplingConfig,
    text: str,
    first_seed: int | None = None,
    together: int = 1,
    device: str = "cpu",
    form: FormRecipe | None = None,
) -> Recipe:
    """All that is needed to write a poem again.

    Args:
        writer: Wrote it.
        networks: The SHA-256 (hexadecimal) and the weight of each network of the writer.
        unlike: The same of the network it avoided, and how much; None when there is none.
        prompt: What was typed.
        settings: How the characters were drawn, the seed filled in.
        text: What was written after the prompt.
        first_seed: The seed of the first of the poems that were written together; None when this
            one is the first.
        together: How many there were.
        device: What computed the networks.
        form: The form that the poem keeps; None where it keeps none.
    """
    digits = 2 * DIGEST_BYTES
    seed = settings.seed or 0
    return Recipe(
        networks=tuple((digest[:digits], weight) for digest, weight in networks),
        unlike=None if unlike is None else (unlike[0][:digits], unlike[1]),
        prompt=prompt,
        settings=settled(writer, settings, in_a_form=form is not None),
        place=0 if first_seed is None else seed_after(seed, -first_seed),
        together=together,
        drafts_judged_by=_judges(writer, settings, form),
        mark=TextMark.of(text),
        device=device,
        tools=tools(),
        form=form,
    )


def settled(
    writer: TextGenerator, settings: SamplingConfig, *, in_a_form: bool = False
) -> SamplingConfig:
    """The settings with what charrnn chose by itself filled in; they write the same.

    Some choices stay open. Where several texts were learned, each may have a limit of its own for
    what is copied. A schedule of temperatures goes by lines when no length is given, and a form
    tells by itself how long a poem is.
    """
    length, max_copy = settings.length, settings.max_copy
    if length is None and not in_a_form and not isinstance(settings.temperature, str):
        length = LENGTH_OF_TEXT if writer.layout == "text" else LONGEST_POEM
    if max_copy is None:
        filters = writer.ngram_filters if writer.layout != "text" else ()
        limits = {sensible_limit(one.n) for one in filters} or {0}
        if len(limits) == 1:
            max_copy = limits.pop()
    return dataclasses.replace(settings, length=length, max_copy=max_copy)


def write_again(
    writer: TextGenerator,
    recipe: Recipe,
    author: Author | None = None,
    differing: Sequence[str] = (),
) -> Poem:
    """Write a poem again.

    It is written alone first. Poems that are written together are advanced in one product, whose
    sums may be rounded otherwise, and now and then that turns a draw; so when it comes out
    otherwise, the poems it was written with are written again too.

    Args:
        writer: Writes with the networks of the recipe.
        recipe: That of the poem.
        author: Writes with them in the form of the recipe; None where it has none.
        differing: What of the form is known to be otherwise, in words.

    Raises:
        ReplayError: It comes out otherwise; the sentence tells what differs, as far as it is known.
        ConfigurationError: The settings cannot be kept with these networks.
    """
    author = author or writer
    poem = next(author.write_many(recipe.prompt, [recipe.settings]))
    if recipe.mark.fits(poem.text):
        return poem
    if recipe.together > 1 and recipe.form is None:
        poems = author.write_many(recipe.prompt, _together(recipe))
        poem = next(itertools.islice(poems, recipe.place, None))
        if recipe.mark.fits(poem.text):
            return poem
    raise ReplayError(" ".join(_differences(writer, recipe, poem, differing)))


def tools() -> Tools:
    """What poems are written with here."""
    processor = f"{platform.machine()} {_model_of_processor()}".encode()
    return Tools(
        version("charrnn"),
        np.__version__,
        hashlib.sha256(processor).hexdigest()[: 2 * _PROCESSOR_BYTES],
    )


def _together(recipe: Recipe) -> Iterator[SamplingConfig]:
    """The settings of all the poems that were written together."""
    seed = recipe.settings.seed
    assert seed is not None, "a recipe has a seed"
    for number in range(recipe.together):
        yield dataclasses.replace(recipe.settings, seed=seed_after(seed, number - recipe.place))


def _judges(writer: TextGenerator, settings: SamplingConfig, form: FormRecipe | None) -> int:
    judged = settings.best_of > 1 or (form is not None and form.settings.choose == "best")
    return len(writer.ngram_filters) if judged else 0


def _differences(
    writer: TextGenerator, recipe: Recipe, poem: Poem, known: Sequence[str]
) -> Iterator[str]:
    """Sentences about a poem that came out otherwise than it was."""
    first, last = recipe.mark.parting(poem.text)
    where = f"at character {first}" if first == last else f"between characters {first} and {last}"
    yield f"the poem comes out otherwise: the two part {where} of what was written."
    here = tools()
    differing = list(known)
    differing += [
        f"{name} {now} instead of {then}"
        for name, now, then in (
            ("charrnn", here.charrnn, recipe.tools.charrnn),
            ("NumPy", here.numpy, recipe.tools.numpy),
        )
        if now != then
    ]
    if here.processor != recipe.tools.processor:
        differing.append("another processor")
    judges = _judges(writer, recipe.settings, recipe.form)
    if judges != recipe.drafts_judged_by:
        differing.append(
            f"{judges} instead of {recipe.drafts_judged_by} indices of texts learned, by which "
            "the best draft was chosen"
        )
    if differing:
        yield f"What differs: {'; '.join(differing)}."
        return
    yield (
        "The networks, the versions of charrnn and NumPy, and the kind of processor are the same. "
        "The number of threads that NumPy computes with (OPENBLAS_NUM_THREADS) may differ."
    )


def _model_of_processor() -> str:
    """What the processor calls itself, as far as the system tells."""
    try:
        lines = _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
