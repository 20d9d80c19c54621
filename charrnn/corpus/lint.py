"""Linting a corpus: what it is made of, and what may be wrong with it, shown by example."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from charrnn.corpus.catalogue import HAN
from charrnn.corpus.chinese_script import only_simplified, only_traditional
from charrnn.corpus.layout import ResolvedLayout, Spans, neighbours
from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import Split, split_corpus
from charrnn.corpus.store import as_array, blocks, whole_lines
from charrnn.corpus.vocabulary import Vocabulary, character_counts
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig, TrainingConfig

_RAREST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One place where a fault was seen.

    Attributes:
        poem: Number of the poem, from 1.
        text: What stands there.
    """

    poem: int
    text: str


@dataclass(frozen=True, slots=True)
class LintIssue:
    """One kind of fault in a corpus.

    Attributes:
        kind: What it is.
        count: How often it occurs.
        examples: The first few places.
        advice: What to do about it.
    """

    kind: str
    count: int
    examples: tuple[Example, ...]
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LintReport:
    """What was found out about a corpus.

    Attributes:
        name: What the corpus is called.
        sources: Where it was read from.
        encoding: The encoding or encodings it was read in.
        layout: How its poems stand in it.
        poems: Number of poems; 1 for continuous text.
        characters: Length of the text.
        distinct_characters: Different characters in it.
        seen_once: How many of them occur only once.
        vocabulary_size: Ids that a network would learn by default.
        rarest: The rarest characters with their occurrences, the rarest first.
        training_poems: Poems of the training split; None when it is too short.
        validation_poems: Poems of the validation split; None when it is too short.
        validation_characters: Characters of the validation split; None when it is too short.
        too_short: Why it cannot be learned as it is; None when it can.
        notes: What was detected or chosen while reading.
        issues: What may be wrong with it.
    """

    name: str
    sources: tuple[str, ...]
    encoding: str
    layout: ResolvedLayout
    poems: int
    characters: int
    distinct_characters: int
    seen_once: int
    vocabulary_size: int
    rarest: tuple[tuple[str, int], ...]
    training_poems: int | None
    validation_poems: int | None
    validation_characters: int | None
    too_short: str | None
    notes: tuple[str, ...]
    issues: tuple[LintIssue, ...]


def check_corpus(corpus: Corpus, config: CorpusConfig | None = None) -> LintReport:
    """Examine a corpus.

    Args:
        corpus: The corpus.
        config: Its fraction for validation and least count are those of a training run.

    Returns:
        The findings; a clean corpus has no issues.
    """
    config = config or CorpusConfig()
    counts = character_counts(corpus.text)
    points = np.flatnonzero(counts)
    rarest = points[np.argsort(counts[points], kind="stable")][:_RAREST_SHOWN]
    split, too_short = _split(corpus, config)
    return LintReport(
        name=corpus.name,
        sources=corpus.sources,
        encoding=corpus.encoding,
        layout=corpus.layout,
        poems=corpus.poems,
        characters=len(corpus.text),
        distinct_characters=len(points),
        seen_once=int(np.count_nonzero(counts == 1)),
        vocabulary_size=Vocabulary.of_text(corpus.text, config.min_count).size,
        rarest=tuple((chr(point), int(counts[point])) for point in rarest.tolist()),
        training_poems=None if split is None else len(split.training),
        validation_poems=None if split is None else len(split.validation),
        validation_characters=None
        if split is None
        else sum(int((rows[:, 1] - rows[:, 0]).sum()) for rows in blocks(split.validation)),
        too_short=too_short,
        notes=corpus.notes,
        issues=tuple(find_issues(corpus, split)),
    )


def _split(corpus: Corpus, config: CorpusConfig) -> tuple[Split | None, str | None]:
    try:
        return split_corpus(
            corpus, config.validation_fraction, TrainingConfig().shortest_part
        ), None
    except CorpusError as error:
        return None, str(error)


_MOST_EXAMPLES: Final = 3
_CONTEXT: Final = 12
_MARKUP: Final = re.compile(
    r"</?[a-zA-Z][^<>\n]{0,80}>|&(?:[a-zA-Z]{2,8}|#\d{1,6});|\[[^\[\]\n]{1,40}\]|（[^（）\n]{1,80}）"
    r"|〖[^〖〗\n]{1,40}〗|\*\*\w|https?://|(?<!\w)_\w[^_\n]{0,80}_|^#{1,6} ",
    re.MULTILINE,
)
_HOLES: Final = re.compile(f"[□\ufffd]|(?<=[{HAN}])[○●?](?=[{HAN}])")
_HALF_WIDTH: Final = re.compile(f"(?<=[{HAN}])[,.;:?!]")
_FULL_WIDTH: Final = re.compile(f"(?<=[{HAN}])[，。；：？！、]")
_VERSE_END: Final = re.compile("[\n，。；？！]| / ")
_HAN_CHARACTER: Final = re.compile(f"[{HAN}]")
_SHORTEST_HAN_VERSE: Final = 5
_SHORTEST_VERSE: Final = 20
_FEWEST_FOREIGN: Final = 3


def find_issues(corpus: Corpus, split: Split | None) -> list[LintIssue]:
    """Look for everything that spoils what is learned from a corpus.

    Args:
        corpus: The corpus.
        split: Its two parts; None when it is too short to be divided.

    Returns:
        The kinds of fault that were found.
    """
    found = [search(corpus) for search in _SEARCHES]
    if split is not None:
        found.append(_overlap(corpus, split))
    return [issue for issue in found if issue is not None]


class _Stretch(NamedTuple):
    """A poem, or some lines of one too long to look at as a whole."""

    poem: int
    span: tuple[int, int]
    start: int
    text: str


def _stretches(corpus: Corpus, spans: Spans) -> Iterator[_Stretch]:
    """All poems that stand at some spans, in order, counted from 1."""
    poem = 0
    for group in neighbours(spans):
        begin, end = int(group[0, 0]), int(group[-1, 1])
        if len(group) == 1:
            poem, start = poem + 1, begin
            for lines in whole_lines(corpus.text, begin, end):
                yield _Stretch(poem, (begin, end), start, lines)
                start += len(lines)
            continue
        text = corpus.text[begin:end]
        for start, stop in group.tolist():
            poem += 1
            yield _Stretch(poem, (start, stop), start, text[start - begin : stop - begin])


def _issue(kind: str, examples: Iterable[Example], advice: str) -> LintIssue | None:
    shown: list[Example] = []
    count = 0
    for example in examples:
        count += 1
        if len(shown) < _MOST_EXAMPLES:
            shown.append(example)
    return LintIssue(kind, count, tuple(shown), advice) if count else None


def _places(corpus: Corpus, pattern: re.Pattern[str]) -> Iterator[Example]:
    for stretch in _stretches(corpus, corpus.spans):
        for match in pattern.finditer(stretch.text):
            start = max(stretch.span[0], stretch.start + match.start() - _CONTEXT)
            stop = min(stretch.span[1], stretch.start + match.end() + _CONTEXT)
            yield Example(stretch.poem, " ".join(corpus.text[start:stop].split()))


def _duplicates(corpus: Corpus) -> LintIssue | None:
    def repetitions() -> Iterator[Example]:
        first: dict[int, int] = {}
        words: list[str] = []
        for stretch in _stretches(corpus, corpus.spans):
            start, stop = stretch.span
            words += stretch.text.split()
            if stretch.start + len(stretch.text) < stop:
                continue
            earlier = first.setdefault(hash(" ".join(words)), stretch.poem)
            words = []
            if earlier != stretch.poem:
                verse = next(whole_lines(corpus.text, start, stop)).splitlines()[0].rstrip()
                yield Example(stretch.poem, f"repeats poem {earlier:,}: {verse}")

    if corpus.poems == 1:
        return None
    return _issue(
        "duplicate poems",
        repetitions(),
        "Delete the repetitions: what stands twice is learned twice as hard, and copied.",
    )


def _markup(corpus: Corpus) -> LintIssue | None:
    return _issue(
        "leftover markup and notes",
        _places(corpus, _MARKUP),
        "Delete tags, footnote marks and bracketed notes: the network would learn to write them.",
    )


def _holes(corpus: Corpus) -> LintIssue | None:
    return _issue(
        "holes",
        _places(corpus, _HOLES),
        "Fill the lost characters in, or delete the poems that lack some.",
    )


def _mixed_scripts(corpus: Corpus) -> LintIssue | None:
    counts = character_counts(corpus.text)
    characters = [chr(point) for point in np.flatnonzero(counts)]
    simplified = list(filter(only_simplified, characters))
    traditional = list(filter(only_traditional, characters))
    if min(len(simplified), len(traditional)) < _FEWEST_FOREIGN:
        return None
    rarer = min(simplified, traditional, key=lambda script: sum(counts[ord(one)] for one in script))
    name, other = (
        ("simplified", "traditional") if rarer is simplified else ("traditional", "simplified")
    )
    return _issue(
        f"{name} characters in {other} text",
        _places(corpus, re.compile(f"[{''.join(rarer)}]")),
        f"Put the whole text into one script; most of it is {other}.",
    )


def _mixed_punctuation(corpus: Corpus) -> LintIssue | None:
    half, full = (
        sum(len(pattern.findall(stretch.text)) for stretch in _stretches(corpus, corpus.spans))
        for pattern in (_HALF_WIDTH, _FULL_WIDTH)
    )
    if not half or not full:
        return None
    name, pattern = ("half-width", _HALF_WIDTH) if half <= full else ("full-width", _FULL_WIDTH)
    return _issue(
        f"{name} punctuation among the other width",
        _places(corpus, pattern),
        "Use one width for all: ， and , are two characters to the network.",
    )


def _removed_controls(corpus: Corpus) -> LintIssue | None:
    if not corpus.removed:
        return None
    return LintIssue(
        "control characters",
        corpus.removed,
        (),
        "They were taken out. Many of them mean that the file is damaged or not plain text.",
    )


def _overlap(corpus: Corpus, split: Split) -> LintIssue | None:
    learned = {
        hash(verse)
        for stretch in _stretches(corpus, split.training)
        for verse in _long_verses(stretch.text)
    }
    starts = as_array(corpus.spans)[:, 0]
    examples = (
        Example(int(np.searchsorted(starts, stretch.span[0], "right")), verse)
        for stretch in _stretches(corpus, split.validation)
        for verse in _long_verses(stretch.text)
        if hash(verse) in learned
    )
    return _issue(
        "verses of the validation part that are learned too",
        examples,
        "If these are more than refrains, delete near copies: the validation loss looks too good.",
    )


def _long_verses(text: str) -> Iterator[str]:
    """Verses long enough that two alike are no chance."""
    for verse in map(str.strip, _VERSE_END.split(text)):
        shortest = _SHORTEST_HAN_VERSE if _HAN_CHARACTER.match(verse) else _SHORTEST_VERSE
        if len(verse) >= shortest:
            yield verse


_SEARCHES: Final[tuple[Callable[[Corpus], LintIssue | None], ...]] = (
    _duplicates,
    _markup,
    _holes,
    _mixed_scripts,
    _mixed_punctuation,
    _removed_controls,
)
