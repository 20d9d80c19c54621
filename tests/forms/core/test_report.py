import pytest

from charrnn.corpus.passages import PassageIndex
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.report import Row, Sample, has_shape, report
from charrnn.forms.english.verify import verify_english
from tests.forms.chinese.toy_sounds import TOY
from tests.forms.english.toy_lexicon import LEXICON

COUPLET = Form(
    name="pair",
    title="pair",
    language="chinese",
    variants=(
        (
            Line(lengths=(3,), pattern="中仄平", rhyme="A"),
            Line(lengths=(3,), pattern="平中平|仄中平", rhyme="A"),
        ),
    ),
    variant_names=("pair",),
    stanzas=(2,),
)

KEPT = "云月东，江夜风。"
TONES = "云云东，江夜风。"
RHYME = "云月东，江夜山。"
LENGTH = "云月东，江夜水风。"


def sample(name: str, *poems: str, **changes: object) -> Sample:
    values: dict[str, object] = {
        "name": name,
        "poems": poems,
        "judgements": [verify_chinese(poem, COUPLET, TOY) for poem in poems],
        "log_probabilities": [[-1.0] * len(poem) for poem in poems],
    }
    return Sample(**values | changes)  # type: ignore[arg-type]


def rows(*samples: Sample, index: PassageIndex | None = None) -> list[Row]:
    return report(samples, COUPLET, index)


def test_how_well_a_form_is_kept() -> None:
    (row,) = rows(sample("human", KEPT, TONES, RHYME, LENGTH))
    assert (row.name, row.poems, row.given_up) == ("human", 4, 0)
    assert row.shaped == 3 / 4
    assert row.rhyming == 2 / 3
    # Each poem of the right shape has four places with a tone, and one of them is wrong.
    assert row.sounding == 11 / 12
    assert row.passing == 1 / 4


def test_poems_of_another_shape_have_neither_rhymes_nor_tones() -> None:
    (row,) = rows(sample("free", LENGTH, "云。", ""))
    assert (row.shaped, row.rhyming, row.sounding, row.passing) == (0, None, None, 0)
    assert row.shaped_log_probability is None


def test_the_shape_is_a_matter_of_lines_and_lengths_alone() -> None:
    shaped = {
        poem: has_shape(verify_chinese(poem, COUPLET, TOY))
        for poem in (KEPT, TONES, RHYME, LENGTH, "云云云", "")
    }
    assert shaped == {
        KEPT: True,
        TONES: True,
        RHYME: True,
        LENGTH: False,
        "云云云": False,
        "": False,
    }


def test_a_sample_without_poems_is_a_row_of_nothing() -> None:
    row, other = rows(sample("in form", given_up=3), sample("free", KEPT, KEPT))
    assert (row.poems, row.given_up, row.shaped, row.passing) == (0, 3, None, None)
    assert (row.distinct_1, row.self_bleu, row.log_probability, row.seconds) == (None,) * 4
    assert other.distinct_1 == 6 / 12
    assert other.self_bleu == pytest.approx(1)


def test_as_many_tokens_and_poems_are_compared_in_every_row() -> None:
    many, few = rows(sample("free", KEPT, KEPT, RHYME), sample("in form", KEPT, TONES))
    # Twelve characters of each count: of KEPT twice, and of both poems.
    assert many.distinct_1 == 6 / 12
    assert few.distinct_1 == 6 / 12
    # Five pairs in each poem; 云云 and 云东 are new in the second one.
    assert many.distinct_2 == 5 / 10
    assert few.distinct_2 == 7 / 10
    assert many.self_bleu == pytest.approx(1)
    assert few.self_bleu is not None
    assert few.self_bleu < 1


def test_what_was_copied_is_told_where_the_text_is_known() -> None:
    index = PassageIndex.build(["云月东江，夜风。"], corpus="x")
    (row,) = rows(sample("free", "云月东江。", KEPT), index=index)
    assert row.copied == 1 / 1
    assert row.longest_run == (4 + 3) / 2
    assert row.longest_run_of_all == 4
    (unknown,) = rows(sample("free", KEPT))
    assert (unknown.copied, unknown.longest_run, unknown.longest_run_of_all) == (None, None, None)


def test_probabilities_are_those_of_characters_and_seconds_those_of_poems() -> None:
    (row,) = rows(
        sample(
            "free", KEPT, LENGTH, log_probabilities=[[-1.0, -2.0], [-4.0, -5.0, -6.0]], seconds=3.0
        )
    )
    assert row.log_probability == -18 / 5
    assert row.shaped_log_probability == -3 / 2
    assert row.seconds == 1.5


ENGLISH = Form(
    name="pair",
    title="pair",
    language="english",
    variants=(
        (
            Line(lengths=(4,), pattern="u/u/", rhyme="A"),
            Line(lengths=(4,), pattern="u/u/", rhyme="A"),
        ),
    ),
    variant_names=("pair",),
    stanzas=(2,),
    metre="iambic",
)


def test_english_lines_are_in_metre_or_not() -> None:
    poems = [
        "again the light\nand see the night",
        "silver and light\nand see the night",
    ]
    judgements = [verify_english(poem, ENGLISH, LEXICON) for poem in poems]
    english = sample("human", *poems, judgements=judgements)
    (row,) = report([english], ENGLISH, None)
    assert row.shaped == 1
    assert row.sounding == 3 / 4
    assert row.rhyming == 1
    assert row.passing == 1 / 2
