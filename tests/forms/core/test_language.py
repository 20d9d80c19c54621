import dataclasses
from pathlib import Path

import pytest

from charrnn.errors import CharrnnError, ConfigurationError, FormError
from charrnn.forms.chinese import language as chinese_language
from charrnn.forms.chinese.sounds import LearnedSounds
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.form import Form
from charrnn.forms.core.known_forms import form_from_toml, requested_form
from charrnn.forms.core.language import open_rules
from tests.forms.chinese.toy_sounds import TOY
from tests.forms.core.runs import TONAL, save_verse_runs


@pytest.fixture
def files(tmp_path: Path) -> Path:
    save_verse_runs(tmp_path)
    return tmp_path


def chinese(book: str = "", pattern: bool = True) -> Form:
    form = dataclasses.replace(form_from_toml(TONAL, "toy.toml"), book=book)
    if pattern:
        return form
    lines = tuple(dataclasses.replace(line, pattern="", rhyme="") for line in form.variants[0])
    return dataclasses.replace(form, variants=(lines,), variant_names=("free",))


def test_a_form_is_found_by_its_name_or_its_file(files: Path) -> None:
    assert requested_form(FormConfig(form="七绝")).name == "qijue"
    assert requested_form(FormConfig(form=str(files / "toy.toml"))).name == "toy"
    with pytest.raises(FormError, match="Did you mean qijue"):
        requested_form(FormConfig(form="qijeu"))


def test_a_form_is_put_together_of_its_lines() -> None:
    form = requested_form(FormConfig(lines=4, syllables="8,6,8,6", rhyme="abcb", metre="iambic"))
    (lines,) = form.variants
    assert [(line.lengths, line.rhyme) for line in lines] == [
        ((8,), ""),
        ((6,), "B"),
        ((8,), ""),
        ((6,), "B"),
    ]
    assert requested_form(FormConfig(characters="7", rhyme="AA")).language == "chinese"
    with pytest.raises(ConfigurationError, match="4 by its lines, 2 by its lengths"):
        requested_form(FormConfig(lines=4, syllables="8,6"))


def test_regular_verse_is_judged_by_what_was_learned_and_tunes_by_their_book(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        chinese_language,
        "find_sounds",
        lambda book: dataclasses.replace(TOY, name=f"book {book}"),
    )
    learned = LearnedSounds(100, {}, {"平": (), "仄": ()})

    def rhymes(form: Form, asked: str | None, taught: bool = True) -> str:
        config = FormConfig(form="toy", rhymes=asked)
        return open_rules(form, config, lambda: [learned] if taught else []).rhymes

    for book in ("", "pingshui"):
        assert rhymes(chinese(book), None) == "learned"
        assert rhymes(chinese(book), None, taught=False) == "book pingshui"
        assert rhymes(chinese(book), "xinyun") == "book xinyun"
    assert rhymes(chinese("cilin"), None) == "book cilin"
    assert rhymes(chinese("cilin"), "learned") == "learned"
    without_network = open_rules(chinese(), FormConfig(form="toy"))
    assert without_network.rhymes == "book pingshui"


def test_what_was_not_learned_cannot_be_asked_for() -> None:
    config = FormConfig(form="toy", rhymes="learned")
    with pytest.raises(FormError, match="this network has no learned sounds"):
        open_rules(chinese(), config, list)
    with pytest.raises(FormError, match=r"--rhymes checkpoints/NAME/sounds\.json"):
        open_rules(chinese(), config)


def test_a_form_without_tones_and_rhymes_needs_no_rhyme_book(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(_: str) -> None:
        raise FormError("the extra is not installed.")

    monkeypatch.setattr(chinese_language, "find_sounds", missing)
    free = open_rules(chinese(pattern=False), FormConfig(form="toy"))
    assert free.rhymes == "none"
    assert free.verify("雨云东，夜月红。").passes
    with pytest.raises(FormError, match=r"not installed\.$"):
        open_rules(chinese(), FormConfig(form="toy"))
    with pytest.raises(FormError, match=r"not installed\. Or let the network learn sounds"):
        open_rules(chinese(), FormConfig(form="toy"), list)
    with pytest.raises(FormError, match="not installed"):
        open_rules(chinese(pattern=False), FormConfig(form="toy", rhymes="pingshui"))


def test_a_poem_is_judged_as_strictly_as_was_asked(files: Path) -> None:
    poem = "雨云月，看雨东。"

    def faults(**settings: str) -> list[str]:
        config = FormConfig(form="toy", rhymes=str(files / "sounds.txt"), **settings)  # type: ignore[arg-type]
        return [fault.message for fault in open_rules(chinese(), config).verify(poem).faults]

    assert faults() == []
    assert faults(readings="strict") == [
        "line 2, character 1 can be 平 too where 仄 is required: 看"
    ]
    assert faults(readings="strict", profile="rhyme-only") == []


def test_english_verse_is_judged_by_a_lexicon_and_a_grade_of_rhyme(files: Path) -> None:
    lexicon = str(files / "lexicon.txt")
    config = FormConfig(syllables="2", rhyme="AA", lexicon=lexicon)
    poem = "the time\na mine\n"
    assert not open_rules(requested_form(config), config).verify(poem).passes
    slant = dataclasses.replace(config, rhymes="slant")
    assert open_rules(requested_form(config), slant).verify(poem).passes
    assert open_rules(requested_form(config), slant).rhymes == "slant"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (FormConfig(form="couplet", readings="strict"), "readings is for Chinese verse"),
        (FormConfig(form="couplet", profile="246"), "profile is for Chinese verse"),
        (FormConfig(form="qijue", lexicon="x"), "lexicon is for English verse, and qijue is"),
        (FormConfig(form="qijue", words="any"), "words is for English verse"),
        (FormConfig(form="couplet", rhymes="cilin"), r"perfect or slant\. Received: cilin\."),
    ],
)
def test_what_means_nothing_in_a_language_is_refused(config: FormConfig, sentence: str) -> None:
    with pytest.raises(CharrnnError, match=sentence):
        open_rules(requested_form(config), config, list)
