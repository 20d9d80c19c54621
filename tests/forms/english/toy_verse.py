"""English verse small enough to write out all of it, for tests of what writes it."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.forms.core.automaton import Automaton, OutputTokens
from charrnn.forms.core.config import Requirements
from charrnn.forms.core.form import Form, Line, Metre
from charrnn.forms.english.automaton import EnglishAutomaton
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.metre import WordShape
from charrnn.forms.english.pronunciation import Grade, Rhymes, grade
from charrnn.forms.english.verify import verify_english
from charrnn.forms.english.words import words_of

LEXICON = Lexicon(
    {
        "a": ("AH0", "EY1"),
        "an": ("AE1 N",),
        "ate": ("EY1 T",),
        "eat": ("IY1 T",),
        "entreat": ("EH0 N T R IY1 T",),
        "ere": ("EH1 R",),
        "errant": ("EH1 R AH0 N T",),
        "narrate": ("N EH1 R EY0 T", "N AH0 R EY1 T"),
        "near": ("N IH1 R",),
        "neat": ("N IY1 T",),
        "net": ("N EH1 T",),
        "ran": ("R AE1 N",),
        "rare": ("R EH1 R",),
        "rat": ("R AE1 T",),
        "rate": ("R EY1 T",),
        "retreat": ("R IY0 T R IY1 T",),
        "t'": ("T",),
        "tan": ("T AE1 N",),
        "tear": ("T EH1 R", "T IH1 R"),
        "treat": ("T R IY1 T",),
        "tea": ("T IY1",),
        "'tan": ("T AE1 N",),
    }
)

PLAIN = "\n aenrt"
"""The characters of the words, with what parts them."""


def form_of(
    *lengths: int | tuple[int, ...],
    rhyme: str = "",
    patterns: Sequence[str] = (),
    metre: Metre = "",
    further: Sequence[str] = (),
) -> Form:
    """A form of a few lines; further variants differ in their rhyme."""
    schemes = [rhyme or " " * len(lengths), *further]
    return Form(
        name="toy",
        title="toy",
        language="english",
        variants=tuple(
            tuple(
                Line(
                    lengths=length if isinstance(length, tuple) else (length,),
                    pattern=patterns[number] if patterns else "",
                    rhyme=scheme[number].strip(),
                )
                for number, length in enumerate(lengths)
            )
            for scheme in schemes
        ),
        variant_names=tuple(schemes),
        stanzas=(len(lengths),),
        metre=metre,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked(Requirements):
    """What is asked of a poem, and the least that counts as a rhyme."""

    rhymes: Rhymes = "perfect"


def automaton_of(
    form: Form,
    words: Collection[str],
    *,
    characters: str = PLAIN,
    ban: str = "",
    lexicon: Lexicon = LEXICON,
    asked: Asked | None = None,
    enjambment: bool = True,
) -> tuple[EnglishAutomaton, Vocabulary]:
    """The automaton of a form over some characters; poems end with the poem break."""
    vocabulary = Vocabulary(tuple(sorted(characters)))
    writable = np.ones(vocabulary.size, np.bool_)
    writable[[END_OF_POEM, UNKNOWN, *(vocabulary.id_of(one) for one in ban)]] = False
    asked = asked or Asked()
    tokens = OutputTokens(vocabulary, writable, END_OF_POEM)
    automaton = EnglishAutomaton(
        form, lexicon, words, tokens, asked, rhymes=asked.rhymes, enjambment=enjambment
    )
    return automaton, vocabulary


def language_of(automaton: Automaton, vocabulary: Vocabulary, starts: int = 1) -> set[str]:
    """Every poem that an automaton allows from some of its starts; none of them is stranded."""
    poems: set[str] = set()
    for start in dict.fromkeys(automaton.initial_states(np.random.default_rng(0), starts)):
        waiting = [(start, "")]
        while waiting:
            state, text = waiting.pop()
            allowed = np.flatnonzero(automaton.allowed_tokens(state))
            assert bool(len(allowed)) is not automaton.is_final(state), text
            if automaton.is_final(state):
                poems.add(text)
            for token in allowed.tolist():
                character = "" if token == END_OF_POEM else vocabulary.decode([token])
                waiting.append((automaton.next_state(state, token), text + character))
    return poems


def poems_of(
    form: Form,
    words: Iterable[str],
    *,
    joints: Sequence[str] = (" ",),
    marks: Sequence[str] = ("",),
    last_marks: Sequence[str] = ("",),
    lexicon: Lexicon = LEXICON,
    asked: Asked | None = None,
) -> set[str]:
    """Every poem of some words that the verifier passes, and that has what is demanded.

    Args:
        form: The form.
        words: What lines are made of, save a first line that is demanded.
        joints: What may stand between two words of a line.
        marks: What may stand at the end of a line.
        last_marks: What may stand at the end of the last line.
        lexicon: How the words are said.
        asked: What is demanded.
    """
    wanted = asked or Asked()
    lines = [
        list(_lines(number, form, sorted(words), joints, lexicon)) for number in range(form.lines)
    ]
    if wanted.first_line:
        lines[0] = [wanted.first_line]
    poems = set()
    for texts in itertools.product(*lines):
        if not keeps(list(texts), form, wanted, lexicon):
            continue
        *first, last = texts
        ended = [[line + mark for mark in marks] for line in first]
        ended.append([last + mark for mark in last_marks])
        poems |= {"\n".join(one) for one in itertools.product(*ended)}
    return poems


def keeps(lines: Sequence[str], form: Form, asked: Asked, lexicon: Lexicon = LEXICON) -> bool:
    """Whether lines keep a form, and have what is demanded."""
    text = "\n".join(lines)
    keys = [[word.key for word in words_of(line, lexicon)] for line in lines]
    place = 0 if asked.acrostic_at == "start" else -1
    return (
        all(
            line[place].lower() == letter
            for line, letter in zip(lines, asked.acrostic.lower(), strict=False)
        )
        and all(any(word.lower() in line for line in keys) for word in asked.must)
        and asked.first_line in {"", lines[0]}
        and (not asked.rhyme_with or _rhymes(keys, form, asked, lexicon))
        and verify_english(text, form, lexicon, rhymes=asked.rhymes).passes
    )


def write(
    automaton: Automaton,
    vocabulary: Vocabulary,
    generator: np.random.Generator,
    likeliest: npt.NDArray[np.float64] | None = None,
) -> str | None:
    """Write a poem by chance, or always with the least likely token; None where none is possible.

    Args:
        automaton: Says what may follow.
        vocabulary: What the tokens stand for.
        generator: Draws the tokens.
        likeliest: `(vocabulary,)` how likely each token is, of which the least likely is written.
    """
    states = automaton.initial_states(generator, 1)
    if not states:
        return None
    (state,) = states
    tokens: list[int] = []
    while not automaton.is_final(state):
        allowed = np.flatnonzero(automaton.allowed_tokens(state))
        assert len(allowed), vocabulary.decode(tokens)
        if likeliest is None:
            tokens.append(int(generator.choice(allowed)))
        else:
            tokens.append(int(allowed[likeliest[allowed].argmin()]))
        state = automaton.next_state(state, tokens[-1])
    return vocabulary.decode([token for token in tokens if token != END_OF_POEM])


def fit(words: Sequence[WordShape], template: str, *, rhyming: bool = False) -> bool:
    """Whether words make a line, each said in one way, that a template takes."""
    if rhyming:
        last = words[-1]
        if (
            last.rhyming is None
            or template[-last.syllables :][last.rhyming : last.rhyming + 1] == "u"
        ):
            return False
    place = 0
    for shape in words:
        marks = template[place : place + shape.syllables]
        if len(marks) < shape.syllables or any(marks[one] == "u" for one in shape.stressed):
            return False
        place += shape.syllables
    return place == len(template)


def _lines(
    number: int, form: Form, words: Sequence[str], joints: Sequence[str], lexicon: Lexicon
) -> Iterator[str]:
    """All lines that can be said in a length that one line of the form may have."""
    lengths = {length for variant in form.variants for length in variant[number].lengths}
    for count in range(1, max(lengths) + 1):
        for chosen in itertools.product(words, repeat=count):
            ways = [lexicon.sound(word).pronunciations for word in chosen]
            said = {sum(way.syllables for way in one) for one in itertools.product(*ways)}
            if not said & lengths:
                continue
            for between in itertools.product(joints, repeat=count - 1):
                yield "".join(map("".join, itertools.zip_longest(chosen, between, fillvalue="")))


def _rhymes(keys: Sequence[Sequence[str]], form: Form, asked: Asked, lexicon: Lexicon) -> bool:
    """Whether some variant's first rhyme is one with what it has to rhyme with."""
    target = words_of(asked.rhyme_with, lexicon)[-1].key
    least = {"perfect": Grade.PERFECT, "slant": Grade.SLANT}[asked.rhymes]
    for variant in form.variants:
        letters = [line.rhyme for line in variant]
        first = next(filter(None, letters), None)
        ends = [key[-1] for key, letter in zip(keys, letters, strict=True) if letter == first]
        if first and all(
            end != target
            and any(
                grade(one, other) >= least
                for one in lexicon.sound(end).pronunciations
                for other in lexicon.sound(target).pronunciations
            )
            for end in ends
        ):
            return True
    return False
