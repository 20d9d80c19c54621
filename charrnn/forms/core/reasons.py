"""Why a demand cannot be kept, in words, where that can be seen without writing anything."""

import dataclasses
from collections.abc import Iterator, Sequence

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.chinese.reasons import reasons_in_chinese
from charrnn.forms.core.form import Form
from charrnn.forms.core.rules import ChineseStandard, EnglishStandard, Standard
from charrnn.forms.core.wish import Wish
from charrnn.forms.english.reasons import reasons_in_english
from charrnn.generation.prompts import shown


@dataclasses.dataclass(frozen=True, slots=True)
class Circumstances:
    """Under what a poem is to be written.

    Attributes:
        standard: What it is held to.
        vocabulary: What the network writes.
        acrostic_at_end: Whether the characters of an acrostic end their lines.
    """

    standard: Standard
    vocabulary: Vocabulary
    acrostic_at_end: bool = False


def reason(wishes: Sequence[Wish], circumstances: Circumstances) -> str:
    """Why some demands cannot be kept together; "" where it takes more than a look to see.

    Args:
        wishes: The fewest demands that conflict.
        circumstances: Under what they would have to be kept.
    """
    ban = next((wish.value for wish in wishes if wish.setting == "ban"), "")
    others = [wish for wish in wishes if wish.setting != "ban"]
    if ban:
        wanted = "".join(wish.value for wish in others if wish.setting != "rhyme_with")
        both = [one for one in dict.fromkeys(wanted) if one in ban and not one.isspace()]
        return f"{_listed(both)} {_is(both)} banned" if both else ""
    if len(others) != 1:
        return ""
    (wish,) = others
    if wish.setting != "rhyme_with":
        unknown = [
            one
            for one in dict.fromkeys(wish.value)
            if one.isalpha() and not _can_be_written(one, circumstances)
        ]
        if unknown:
            return f"{_listed(map(shown, unknown))} {_is(unknown)} not in this model's alphabet"
    return next(_reasons(wish, circumstances), "")


def _can_be_written(character: str, circumstances: Circumstances) -> bool:
    """Whether the network has a letter, in either case in English."""
    forms = {character}
    if isinstance(circumstances.standard, EnglishStandard):
        forms |= {character.lower(), character.upper()}
    return any(one in circumstances.vocabulary for one in forms)


def _reasons(wish: Wish, circumstances: Circumstances) -> Iterator[str]:
    standard = circumstances.standard
    if wish.setting == "first_line":
        yield from _of_first_line(wish.value, standard)
    elif isinstance(standard, ChineseStandard):
        yield from reasons_in_chinese(wish, standard, at_end=circumstances.acrostic_at_end)
    else:
        yield from reasons_in_english(wish, standard)


def _of_first_line(text: str, standard: Standard) -> Iterator[str]:
    """What the verifier says of the first line by itself."""
    form = _of_first_lines(standard.form)
    judged = dataclasses.replace(standard, form=form).judge(text)
    yield from (fault.message for fault in judged.faults)


def _of_first_lines(form: Form) -> Form:
    """A form of one line, as the first of the form."""
    lines = {
        variant[0]: name for variant, name in zip(form.variants, form.variant_names, strict=True)
    }
    return dataclasses.replace(
        form,
        variants=tuple((line,) for line in lines),
        variant_names=tuple(lines.values()),
        stanzas=(1,),
    )


def _listed(parts: "Iterator[str] | Sequence[str]") -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _is(parts: Sequence[str]) -> str:
    return "is" if len(parts) == 1 else "are"
