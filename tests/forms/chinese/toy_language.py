"""The poems that keep a Chinese form, found by looking at every text there is."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.forms.chinese.automaton import ChineseAutomaton
from charrnn.forms.chinese.sounds import ChineseSounds, is_han, rhymes, verse_lines
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.automaton import Automaton, OutputTokens
from charrnn.forms.core.config import Readings, Requirements
from charrnn.forms.core.form import Form, Line

TONES = {"平": "平", "仄": "仄", "level": "平", "oblique": "仄"}

Follows = dict[str, set[str]]
"""What may follow each beginning of a poem; nothing follows a whole one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked(Requirements):
    """What is asked of a poem, and how strictly characters are read."""

    readings: Readings = "any"


def form(*variants: Sequence[Line]) -> Form:
    return Form(
        name="toy",
        title="toy",
        language="chinese",
        variants=tuple(map(tuple, variants)),
        variant_names=tuple(f"variant {number}" for number in range(len(variants))),
        stanzas=(len(variants[0]),),
    )


def vocabulary_of(characters: str) -> Vocabulary:
    return Vocabulary(tuple(sorted(set(characters))))


def automaton_of(
    wanted: Form, sounds: ChineseSounds, characters: str, asked: Asked, banned: str = ""
) -> ChineseAutomaton:
    vocabulary = vocabulary_of(characters)
    writable = np.ones(vocabulary.size, np.bool_)
    writable[[END_OF_POEM, UNKNOWN, *map(vocabulary.id_of, banned)]] = False
    tokens = OutputTokens(vocabulary, writable, END_OF_POEM)
    return ChineseAutomaton(wanted, sounds, tokens, asked, asked.readings)


def keeps(lines: Sequence[str], wanted: Form, sounds: ChineseSounds, asked: Asked) -> bool:
    """Whether lines keep a form and what is demanded."""
    place = 0 if asked.acrostic_at == "start" else -1
    return (
        all(line[place] == one for line, one in zip(lines, asked.acrostic, strict=False))
        and all(any(word in line for line in lines) for word in asked.must)
        and (not asked.first_line or verse_lines(asked.first_line) == [lines[0]])
        and any(_keeps_variant(lines, variant, sounds, asked) for variant in wanted.variants)
    )


def _keeps_variant(
    lines: Sequence[str], variant: Sequence[Line], sounds: ChineseSounds, asked: Asked
) -> bool:
    if not verify_chinese("，".join(lines), form(variant), sounds, asked.readings).passes:
        return False
    groups: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for text, line in zip(lines, variant, strict=True):
        if line.rhyme:
            ends = {TONES.get(pattern[-1:]) for pattern in line.patterns}
            tone = ends.pop() if len(ends) == 1 else None
            groups[line.rhyme].append((text[-1], tone or TONES.get(line.ending)))
    if any(len(dict(group)) < len(group) for group in groups.values()):
        return False
    if not asked.rhyme_with:
        return True
    first = next(iter(groups.values()), [])
    shared = [rhymes(sounds, end, tone) or rhymes(sounds, end) for end, tone in first]
    asked = [rhymes(sounds, asked.rhyme_with[-1], tone) for _, tone in first]
    return bool(frozenset().union(*asked).intersection(*shared))


def poems_of(
    wanted: Form,
    sounds: ChineseSounds,
    characters: str,
    asked: Asked,
    *,
    parting: Sequence[str],
    closing: Sequence[str],
) -> set[str]:
    """Every poem that keeps a form and what is demanded.

    Between lines there is each of the parting strings, and after the last each of the closing ones.
    A poem that another one begins with is none, for the poem was whole before.
    """
    written = [one for one in dict.fromkeys(characters) if is_han(one)]
    longest = [
        max(length for variant in wanted.variants for length in variant[number].lengths)
        for number in range(wanted.lines)
    ]
    possible = [
        ["".join(line) for n in range(1, most + 1) for line in itertools.product(written, repeat=n)]
        for most in longest
    ]
    poems = {
        "".join(itertools.chain(*zip(lines, breaks, strict=True)))
        for lines in itertools.product(*possible)
        if keeps(lines, wanted, sounds, asked)
        for breaks in itertools.product(*([parting] * (wanted.lines - 1)), closing)
    }
    return {poem for poem in poems if not any(poem[:n] in poems for n in range(len(poem)))}


def follows(poems: Iterable[str]) -> Follows:
    """What may follow each beginning of some poems."""
    found: Follows = defaultdict(set)
    for poem in poems:
        for length, character in enumerate(poem):
            found[poem[:length]].add(character)
        assert not found[poem]
    return dict(found)


def walked(automaton: Automaton, vocabulary: Vocabulary, start: Hashable) -> Follows:
    """What an automaton says may follow each beginning that it allows."""
    found: Follows = {}
    waiting = [("", start)]
    while waiting:
        text, state = waiting.pop()
        tokens = np.flatnonzero(automaton.allowed_tokens(state)).tolist()
        found[text] = {vocabulary.decode([token]) for token in tokens}
        assert END_OF_POEM not in tokens
        assert UNKNOWN not in tokens
        assert automaton.is_final(state) == (not tokens)
        waiting += [
            (text + vocabulary.decode([token]), automaton.next_state(state, token))
            for token in tokens
        ]
    return found


def words_placed(poems: Iterable[str], placed: Iterable[tuple[str, int, int]]) -> Iterator[str]:
    """The poems in which words stand where they are said to: a word, its line and its place."""
    for poem in poems:
        lines = verse_lines(poem)
        if all(lines[line].startswith(word, start) for word, line, start in placed):
            yield poem
