"""Linting a corpus: its sizes, and issues that harm training, with examples."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from charrnn.corpus.chinese_script import HAN, only_simplified, only_traditional
from charrnn.corpus.layout import Spans, neighbours
from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import Split, split_corpus
from charrnn.corpus.store import as_array, blocks, whole_lines
from charrnn.corpus.vocabulary import Vocabulary, character_counts
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig, ResolvedLayout, TrainingConfig

_RAREST_SHOWN: Final = 10
_MOST_EXAMPLES: Final = 3
_CONTEXT: Final = 12
_MARKUP: Final = re.compile(
    r"</?[a-zA-Z][^<>\n]{0,80}>|&(?:[a-zA-Z]{2,8}|#\d{1,6});|\[[^\[\]\n]{1,40}\]|（[^（）\n]{1,80}）"
    r"|〖[^〖〗\n]{1,40}〗|\*\*\w|https?://|(?<!\w)_\w[^_\n]{0,80}_|^#{1,6} ",
    re.MULTILINE,
)
_GUTENBERG: Final = re.compile("Project Gutenberg", re.IGNORECASE)
_MISSING: Final = re.compile(f"[□\ufffd]|(?<=[{HAN}])[○●?](?=[{HAN}])")
_HALF_WIDTH: Final = re.compile(f"(?<=[{HAN}])[,.;:?!]")
_FULL_WIDTH: Final = re.compile(f"(?<=[{HAN}])[，。；：？！、]")
_VERSE_END: Final = re.compile("[\n，。；？！]| / ")
_HAN_CHARACTER: Final = re.compile(f"[{HAN}]")
_SHORTEST_HAN_VERSE: Final = 5
_SHORTEST_VERSE: Final = 20
_FEWEST_FOREIGN: Final = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One occurrence of an issue with some context, and the number of the poem, from 1."""

    poem: int
    text: str


@dataclass(frozen=True, slots=True)
class LintIssue:
    """One kind of issue in a corpus: what is wrong, how often, the first examples, what to do."""

    kind: str
    count: int
    examples: tuple[Example, ...]
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LintReport:
    """A description of a corpus and its issues.

    Attributes:
        stanzas: Whether one blank line separates stanzas and two or more separate poems.
        poems: Number of poems; 1 for continuous text.
        seen_once: Number of characters that occur once.
        vocabulary_size: Token ids of a network with default settings.
        rarest: The rarest characters and their counts, rarest first.
        training_poems: None, like the sizes of the validation split, if the corpus is too short.
        too_short: Why the corpus cannot be split; None if it can.
        notes: What was detected or chosen when the corpus was read.
    """

    name: str
    sources: tuple[str, ...]
    encoding: str
    layout: ResolvedLayout
    stanzas: bool
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
    """Describe a corpus and find its issues, split as a training run would with `config`."""
    config = config or CorpusConfig()
    counts = character_counts(corpus.text)
    points = np.flatnonzero(counts)
    rarest = points[np.argsort(counts[points], kind="stable")][:_RAREST_SHOWN]
    split, too_short, validation_characters = None, None, None
    try:
        split = split_corpus(corpus, config.validation_fraction, TrainingConfig().shortest_split)
    except CorpusError as error:
        too_short = str(error)
    else:
        validation_characters = sum(
            int((rows[:, 1] - rows[:, 0]).sum()) for rows in blocks(split.validation)
        )
    return LintReport(
        name=corpus.name,
        sources=corpus.sources,
        encoding=corpus.encoding,
        layout=corpus.layout,
        stanzas=corpus.stanzas,
        poems=corpus.poems,
        characters=len(corpus.text),
        distinct_characters=len(points),
        seen_once=int(np.count_nonzero(counts == 1)),
        vocabulary_size=Vocabulary.of_text(corpus.text, config.min_count).size,
        rarest=tuple((chr(point), int(counts[point])) for point in rarest.tolist()),
        training_poems=None if split is None else len(split.training),
        validation_poems=None if split is None else len(split.validation),
        validation_characters=validation_characters,
        too_short=too_short,
        notes=corpus.notes,
        issues=tuple(issue for issue in _issues(corpus, split) if issue is not None),
    )


def _issues(corpus: Corpus, split: Split | None) -> Iterator[LintIssue | None]:
    yield _duplicates(corpus)
    yield _issue(
        "leftover markup and notes",
        _matches(corpus, _MARKUP),
        "Delete tags, footnote marks and bracketed notes: the network would learn to write them.",
    )
    yield _issue(
        "notes of Project Gutenberg",
        _matches(corpus, _GUTENBERG),
        "Delete the header, the licence and the notes: the network would learn to write them.",
    )
    yield _issue(
        "missing characters",
        _matches(corpus, _MISSING),
        "Fill in the missing characters, or delete these poems.",
    )
    yield _mixed_scripts(corpus)
    yield _mixed_punctuation(corpus)
    if corpus.removed:
        advice = "They were removed. Many of them are a sign of a damaged or binary file."
        yield LintIssue("control characters", corpus.removed, (), advice)
    if split is not None:
        yield _overlap(corpus, split)


class _Passage(NamedTuple):
    """A poem or some of its lines: its number from 1, its span, and the start of the text here."""

    poem: int
    span: tuple[int, int]
    start: int
    text: str


def _passages(corpus: Corpus, spans: Spans) -> Iterator[_Passage]:
    """The passages of all poems with some spans, in order."""
    poem = 0
    for group in neighbours(spans):
        begin, end = int(group[0, 0]), int(group[-1, 1])
        if len(group) == 1:
            poem, start = poem + 1, begin
            for lines in whole_lines(corpus.text, begin, end):
                yield _Passage(poem, (begin, end), start, lines)
                start += len(lines)
            continue
        text = corpus.text[begin:end]
        for start, stop in group.tolist():
            poem += 1
            yield _Passage(poem, (start, stop), start, text[start - begin : stop - begin])


def _issue(kind: str, examples: Iterable[Example], advice: str) -> LintIssue | None:
    shown: list[Example] = []
    count = 0
    for example in examples:
        count += 1
        if len(shown) < _MOST_EXAMPLES:
            shown.append(example)
    return LintIssue(kind, count, tuple(shown), advice) if count else None


def _matches(corpus: Corpus, pattern: re.Pattern[str]) -> Iterator[Example]:
    for passage in _passages(corpus, corpus.spans):
        for match in pattern.finditer(passage.text):
            start = max(passage.span[0], passage.start + match.start() - _CONTEXT)
            stop = min(passage.span[1], passage.start + match.end() + _CONTEXT)
            yield Example(passage.poem, " ".join(corpus.text[start:stop].split()))


def _duplicates(corpus: Corpus) -> LintIssue | None:
    def repetitions() -> Iterator[Example]:
        first: dict[int, int] = {}
        words: list[str] = []
        for passage in _passages(corpus, corpus.spans):
            start, stop = passage.span
            words += passage.text.split()
            if passage.start + len(passage.text) < stop:
                continue
            earlier = first.setdefault(hash(" ".join(words)), passage.poem)
            words = []
            if earlier != passage.poem:
                verse = next(whole_lines(corpus.text, start, stop)).splitlines()[0].rstrip()
                yield Example(passage.poem, f"repeats poem {earlier:,}: {verse}")

    if corpus.poems == 1:
        return None
    return _issue(
        "duplicate poems",
        repetitions(),
        "Delete the duplicates: the network learns them twice, and copies them.",
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
        _matches(corpus, re.compile(f"[{''.join(rarer)}]")),
        f"Convert the whole text to one script; most of it is {other}.",
    )


def _mixed_punctuation(corpus: Corpus) -> LintIssue | None:
    half, full = (
        sum(len(pattern.findall(passage.text)) for passage in _passages(corpus, corpus.spans))
        for pattern in (_HALF_WIDTH, _FULL_WIDTH)
    )
    if not half or not full:
        return None
    name, pattern = ("half-width", _HALF_WIDTH) if half <= full else ("full-width", _FULL_WIDTH)
    return _issue(
        f"{name} punctuation among the other width",
        _matches(corpus, pattern),
        "Use one width: ， and , are two different characters for the network.",
    )


def _overlap(corpus: Corpus, split: Split) -> LintIssue | None:
    learned = {
        hash(verse)
        for passage in _passages(corpus, split.training)
        for verse in _long_verses(passage.text)
    }
    starts = as_array(corpus.spans)[:, 0]
    examples = (
        Example(int(np.searchsorted(starts, passage.span[0], "right")), verse)
        for passage in _passages(corpus, split.validation)
        for verse in _long_verses(passage.text)
        if hash(verse) in learned
    )
    return _issue(
        "verses of the validation split that are also in the training split",
        examples,
        "Delete near copies, unless these are refrains: the validation loss is too optimistic.",
    )


def _long_verses(text: str) -> Iterator[str]:
    """Verses that are too long to be equal by chance."""
    for verse in map(str.strip, _VERSE_END.split(text)):
        shortest = _SHORTEST_HAN_VERSE if _HAN_CHARACTER.match(verse) else _SHORTEST_VERSE
        if len(verse) >= shortest:
            yield verse
