"""Requirements of a form, read in the characters that a network knows, as prompts are."""

import dataclasses
from typing import Any, Final

from charrnn.corpus.variants import Substitution, fit_to_vocabulary
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.core.config import FormConfig

_WRITTEN: Final = ("acrostic", "must", "first_line")
"""Requirements whose characters stand in the poem."""


def fitted_requirements(
    form: FormConfig, vocabulary: Vocabulary
) -> tuple[FormConfig, tuple[Substitution, ...]]:
    """The settings with characters that the network knows, and what was read as something else.

    風 becomes 风 for a network of simplified Chinese. What has no variant stays as it is.
    """
    made: dict[str, Substitution] = {}

    def fitted(text: str) -> str:
        read, substitutions = fit_to_vocabulary(text, vocabulary)
        made.update((one.original, one) for one in substitutions if one.replacement is not None)
        return read

    changes: dict[str, Any] = {}
    for name in _WRITTEN:
        value = getattr(form, name)
        if value is not None:
            changes[name] = fitted(value) if isinstance(value, str) else tuple(map(fitted, value))
    return dataclasses.replace(form, **changes), tuple(made.values())
