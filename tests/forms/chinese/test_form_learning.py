import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.corpus.loading import read_corpus
from charrnn.corpus.splitting import poems_at
from charrnn.errors import FormError
from charrnn.forms.chinese.learning import learn_chinese_form, usual_book
from charrnn.forms.chinese.sound_learning import learn_sounds
from charrnn.forms.chinese.sounds import Reading, SoundTable, verse_lines
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import find_form
from charrnn.forms.core.learning import FEWEST_POEMS

LEVEL = {
    name: f"{name}{more}"
    for name, more in (("东", "风中空红同"), ("删", "山间还颜关"), ("先", "天年边前烟"))
}
OBLIQUE = {
    name: f"{name}{more}"
    for name, more in (("月", "发越歇没阙"), ("送", "梦凤弄洞动"), ("翰", "乱断岸散旦"))
}
SOUNDS = SoundTable(
    "toy",
    {one: frozenset({Reading("平", name)}) for name, members in LEVEL.items() for one in members}
    | {
        one: frozenset({Reading("仄", name)})
        for name, members in OBLIQUE.items()
        for one in members
    },
)


def poem(lines: tuple[Line, ...], draw: random.Random) -> str:
    """A poem without a sense that keeps a template."""
    classes = {
        tone: draw.sample(sorted(of.values()), 3) for tone, of in (("平", LEVEL), ("仄", OBLIQUE))
    }
    groups = {
        letter: number for number, letter in enumerate(sorted({line.rhyme for line in lines}))
    }
    rhymes = {
        (tone, letter): draw.sample(classes[tone][number % 3], 6)
        for tone in classes
        for letter, number in groups.items()
    }
    written = []
    for line in lines:
        marks = [draw.choice("平仄") if mark == "中" else mark for mark in line.patterns[0]]
        text = "".join(
            draw.choice("".join((LEVEL if mark == "平" else OBLIQUE).values())) for mark in marks
        )
        if line.rhyme:
            text = text[:-1] + rhymes[marks[-1], line.rhyme].pop()
        written.append(text)
    return "，".join(written) + "。"


def shape(lines: tuple[Line, ...]) -> tuple[tuple[str, str], ...]:
    """The first pattern and the rhyme of each line."""
    return tuple((line.patterns[0], line.rhyme) for line in lines)


def poems(form: Form, count: int) -> list[str]:
    draw = random.Random(11)
    return [poem(draw.choice(form.variants), draw) for _ in range(count)]


@pytest.mark.parametrize("name", ["huanxisha", "rumengling", "zhegutian", "busuanzi", "pusaman"])
def test_a_tune_is_found_again(name: str) -> None:
    form = find_form(name)
    if len(form.variants) > 1 or any("|" in line.pattern for line in form.variants[0]):
        pytest.skip("it has several patterns")
    learned = learn_chinese_form(poems(form, 200), SOUNDS, "mine")
    assert [line.pattern for line in learned.form.variants[0]] == [
        line.pattern for line in form.variants[0]
    ]
    assert [line.lengths for line in learned.form.variants[0]] == [
        line.lengths for line in form.variants[0]
    ]
    assert learned.form.name == "mine"
    assert learned.form.variant_names == ("mine",)
    assert learned.following == (200,)
    assert learned.keeping == 200


def test_the_rhymes_of_a_tune_are_found_again() -> None:
    form = find_form("huanxisha")
    learned = learn_chinese_form(poems(form, 100), SOUNDS, "mine")
    assert [line.rhyme for line in learned.form.variants[0]] == [
        line.rhyme for line in form.variants[0]
    ]
    assert all(share > 0.9 for _, _, share in learned.rhyming)
    assert {pair[:2] for pair in learned.rhyming} == {
        (1, 2),
        (1, 3),
        (1, 5),
        (1, 6),
        (2, 3),
        (2, 5),
        (2, 6),
        (3, 5),
        (3, 6),
        (5, 6),
    }


def test_the_templates_of_regular_verse_are_found_again() -> None:
    form = find_form("wujue")
    learned = learn_chinese_form(poems(form, 800), SOUNDS, "mine")
    assert {shape(variant) for variant in learned.form.variants} == set(map(shape, form.variants))
    assert learned.form.variant_names == tuple(f"template {number}" for number in (1, 2, 3, 4))
    assert sum(learned.following) == learned.keeping == 800


@pytest.mark.parametrize("length", [5, 7])
def test_the_four_templates_of_quatrains_are_found_in_the_corpus_that_comes_with_charrnn(
    length: int,
) -> None:
    corpus = read_corpus(["jueju"])
    quatrains = list(poems_at(corpus, corpus.spans))
    learned = learn_chinese_form(quatrains, learn_sounds(quatrains).sounds(), "mine", (length,) * 4)
    known = find_form({5: "wujue", 7: "qijue"}[length])
    decisive = [place for place in (1, 3, 5) if place < length]

    def kind(lines: tuple[Line, ...]) -> list[str]:
        marks = [
            [*(line.patterns[0][place] for place in decisive), line.patterns[0][-1]]
            for line in lines
        ]
        return ["".join([*of_line, line.rhyme]) for of_line, line in zip(marks, lines, strict=True)]

    assert sorted(map(kind, learned.form.variants)) == sorted(map(kind, known.variants))
    assert sum(learned.following) == learned.considered == 400


def test_the_commonest_shape_is_learned_or_the_one_that_was_asked_for() -> None:
    many, few = poems(find_form("wujue"), 60), poems(find_form("qijue"), 40)
    learned = learn_chinese_form([*many, *few, "东风。"], SOUNDS, "mine")
    assert learned.shape == (5, 5, 5, 5)
    assert learned.poems == 101
    assert learned.considered == 60
    assert learned.shapes == (((5,) * 4, 60), ((7,) * 4, 40), ((2,), 1))
    assert learn_chinese_form([*many, *few], SOUNDS, "mine", (7,) * 4).considered == 40
    with pytest.raises(FormError, match=r"101 poems, of which 1 are of 2\."):
        learn_chinese_form([*many, *few, "东风。"], SOUNDS, "mine", (2,))


def test_too_few_poems_are_told() -> None:
    form = find_form("wujue")
    assert learn_chinese_form(poems(form, FEWEST_POEMS), SOUNDS, "mine").considered == FEWEST_POEMS
    with pytest.raises(
        FormError, match=r"from at least 20 poems whose lines are alike\. Received: 19 poems"
    ):
        learn_chinese_form(poems(form, FEWEST_POEMS - 1), SOUNDS, "mine")
    with pytest.raises(FormError, match=r"Received: 0 poems, of which 0 are of no lines"):
        learn_chinese_form([], SOUNDS, "mine")


def test_a_form_has_the_first_poem_that_keeps_it_as_its_example() -> None:
    form = find_form("huanxisha")
    given = ["东，" * 6, *poems(form, 50)]
    learned = learn_chinese_form(given, SOUNDS, "mine")
    assert learned.form.example == given[1]


def test_stanzas_are_those_that_blank_lines_part() -> None:
    form = find_form("wujue")
    parted = []
    for text in poems(form, 40):
        lines = verse_lines(text)
        parted.append(f"{'，'.join(lines[:2])}。\n\n{'，'.join(lines[2:])}。")
    assert learn_chinese_form(parted, SOUNDS, "mine").form.stanzas == (2, 2)
    assert learn_chinese_form([*parted, *poems(form, 60)], SOUNDS, "mine").form.stanzas == (4,)


def test_a_form_names_the_book_it_was_learned_by() -> None:
    book = SoundTable("cilin", SOUNDS.table)
    form = find_form("huanxisha")
    assert learn_chinese_form(poems(form, 50), book, "mine").form.book == "cilin"
    assert learn_chinese_form(poems(form, 50), SOUNDS, "mine").form.book == ""


def test_sounds_that_are_not_known_leave_everything_open() -> None:
    nothing = SoundTable("nothing", {})
    learned = learn_chinese_form(poems(find_form("wujue"), 40), nothing, "mine")
    assert learned.form.variants == ((Line(lengths=(5,)),) * 4,)
    assert learned.keeping == 40


def test_lines_do_not_rhyme_by_a_reading_in_another_tone() -> None:
    both = {
        one: frozenset({Reading("平", one), Reading("仄", "same")})
        for one in ("看", "重", "传", "教")
    }
    sounds = SoundTable("toy", {**SOUNDS.table, **both})
    given = (
        ["东风东看，东风东重。"] * 40
        + ["东风东传，东风东教。"] * 40
        + ["东风东山，东风东年。"] * 20
    )
    (variant,) = learn_chinese_form(given, sounds, "mine").form.variants
    assert [(line.pattern, line.rhyme) for line in variant] == [("平平平平", "")] * 2


@pytest.mark.parametrize(
    ("lines", "shape", "book"),
    [
        ((5, 5, 5, 5), None, "pingshui"),
        ((7, 7), None, "pingshui"),
        ((5, 7), None, "cilin"),
        ((6, 6), None, "cilin"),
        ((6, 6), (5, 5), "pingshui"),
    ],
)
def test_regular_verse_goes_by_its_own_book(
    lines: tuple[int, ...], shape: tuple[int, ...] | None, book: str
) -> None:
    text = "，".join("东" * length for length in lines)
    assert usual_book([text, "abc"], shape) == book


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_template_with_enough_of_it_is_found_again(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(3, 7), min_size=2, max_size=6))
    lines = tuple(
        Line(
            lengths=(length,),
            pattern="".join(data.draw(st.sampled_from("平仄")) for _ in range(length)),
        )
        for length in lengths
    )
    draw = random.Random(data.draw(st.integers(0, 99)))
    learned = learn_chinese_form([poem(lines, draw) for _ in range(40)], SOUNDS, "mine")
    assert [(line.lengths, line.pattern) for line in learned.form.variants[0]] == [
        (line.lengths, line.pattern) for line in lines
    ]
