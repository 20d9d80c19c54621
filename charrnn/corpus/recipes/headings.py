"""Headings of poems in books: which of them are titles, and which are names of authors."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_LONGEST_TITLE: Final = 60
_MOST_POEMS: Final = 3
"""Poems that may share a title; a heading of more is the name of a section or a kind."""

_LEAST_LETTERS: Final = 0.6
_SMALL_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "her",
        "his",
        "in",
        "my",
        "of",
        "on",
        "or",
        "the",
        "to",
        "upon",
        "with",
    ]
)
_ROMAN: Final = re.compile(r"[IVXLCDM]+\.?")
_NUMBERED: Final = re.compile(r"^(?:[IVXLCDM]+|\d+)(?:[.:)](?:--)?|--) *")
_SECTION: Final = re.compile(
    r"(?:act|ballads?|book|canto|chapter|contents|fytte|index|lyrics|miscellan\w+|notes?|odes?|part"
    r"|poems?|scene|section|songs?|sonnets?|stanza)\b[ .]*[IVXLCDM\d]*\.?",
    re.IGNORECASE,
)
_LONG_NUMBER: Final = re.compile(r"\d{2}")
_NOT_A_TITLE_AROUND: Final = " ._*-[]\"'"

_BY: Final = re.compile(r"^(?:by\b|--|-)\s*", re.IGNORECASE)
_HONORIFIC: Final = re.compile(r"\b(?:sir|lord|lady|mrs|miss|mr|rev|dr)\b\.?\s*", re.IGNORECASE)
_TRANSLATOR: Final = re.compile(r"\b(?:tr|trans|translated|translation)\b.*", re.IGNORECASE)
_IN_BRACKETS: Final = re.compile(r"[(\[][^)\]]*[)\]]")
_NAME_WORD: Final = r"(?:[A-Z][a-z]+(?:[A-Z][a-z]+)?(?:-[A-Z][a-z]+)?|[A-Z]\.)"
_NAME: Final = re.compile(rf"{_NAME_WORD}(?: (?:{_NAME_WORD}|de|la|le|of|van|von)){{1,4}}")
_NOT_NAMES: Final = frozenset({"anonymous", "unknown", "various"})
_KNOWN_AS: Final = {
    "George Gordon Byron": "Lord Byron",
    "Byron": "Lord Byron",
    "Hemans": "Felicia Hemans",
    "William Butler Yeats": "W. B. Yeats",
}


def clean_author(name: str) -> str:
    """The name of an author as readers know it: "Last, First" and titles of rank resolved.

    Returns:
        For example "Lord Byron" for "Byron, George Gordon Byron, Baron"; empty for a translation,
        and for what names nobody.
    """
    if _TRANSLATOR.search(name) or ";" in name:
        return ""
    name = _HONORIFIC.sub("", _IN_BRACKETS.sub("", _BY.sub("", name.strip())))
    last, *others = (part.strip() for part in name.split(","))
    first = others[0] if others else ""
    # A peer's title stands behind his first names again: Tennyson, Alfred Tennyson.
    name = f"{first.removesuffix(last).strip()} {last}"
    name = " ".join(name.split()).strip(" ,")
    name = name if re.search(r"\b[A-Z]\.$", name) else name.rstrip(".")
    return "" if name.lower() in _NOT_NAMES else _KNOWN_AS.get(name, name)


def attribution(line: str) -> str:
    """The author that a line beside a poem names, as in "By Robert Herrick" or "JOHN KEATS."."""
    bare = _HONORIFIC.sub("", _BY.sub("", _IN_BRACKETS.sub("", line).strip())).strip().rstrip(".")
    bare = bare.title() if bare.isupper() else bare
    return clean_author(bare) if _NAME.fullmatch(bare) else ""


def is_byline(line: str) -> bool:
    """Whether a line begins as lines do that name an author: "by", or a dash."""
    return bool(_BY.match(line.strip()))


def clean_titles(headings: Sequence[str], authors: Sequence[str]) -> list[str]:
    """The titles that headings of poems are; empty where one is none.

    Dropped are the headings of more than three poems, names of sections and authors, numbers, what
    is too long, and what does not begin like a title. Words in capitals are put in title case.

    Args:
        headings: The heading of each poem, empty if it has none.
        authors: The author of each poem, empty if not known.
    """
    counts = Counter(heading.strip().lower() for heading in headings)
    names = {author.lower() for author in authors if author}
    names |= {name.split()[-1] for name in names}
    return [
        title
        if counts[heading.strip().lower()] <= _MOST_POEMS and title.lower() not in names
        else ""
        for heading in headings
        for title in (_title(heading),)
    ]


def _title(heading: str) -> str:
    bare = " ".join(heading.split()).strip(_NOT_A_TITLE_AROUND)
    in_capitals_with_number = bare.isupper() and any(map(str.isdigit, bare))
    if in_capitals_with_number or _LONG_NUMBER.search(bare) or _SECTION.fullmatch(bare):
        return ""
    bare = _NUMBERED.sub("", bare).strip()
    if not 2 <= len(bare) <= _LONGEST_TITLE or _ROMAN.fullmatch(bare) or " / " in bare:
        return ""
    if not bare.isascii() or sum(map(str.isalpha, bare)) < _LEAST_LETTERS * len(bare):
        return ""
    title = _title_case(bare) if bare.isupper() else bare
    return title if title[0].isalnum() and not title.split()[0].islower() else ""


def _title_case(heading: str) -> str:
    words = heading.lower().split()
    return " ".join(
        word if number and word in _SMALL_WORDS else _capitalised(word)
        for number, word in enumerate(words)
    )


def _capitalised(word: str) -> str:
    """A word with its first letter, and those behind hyphens and marks, large."""
    return re.sub(r"(?:^|(?<=[-\"(]))\W*[a-z]", lambda found: found.group().upper(), word)
