import dataclasses
from pathlib import Path
from typing import Any

import pytest

import charrnn
from charrnn.checkpoint.directory import SOUNDS_FILE, WORDS_FILE
from charrnn.decoding.ensembles import product_of_experts
from charrnn.errors import CheckpointError, ConfigurationError, FormConflictError, FormError
from charrnn.forms.chinese import rhyme_books
from charrnn.forms.chinese.sounds import LearnedSounds
from charrnn.forms.core.compile import compile_form
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.language import table_to_json
from charrnn.forms.english import lexicon
from charrnn.forms.english.words import LearnedWords
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import reciter
from tests.forms.core.runs import WORDS, open_run, save_verse_runs

PLAIN = SamplingConfig(seed=1)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two networks; of dictionaries there is none but that of a test."""
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    save_verse_runs(tmp_path)
    return tmp_path


@pytest.fixture
def tonal(runs: Path) -> FormConfig:
    return FormConfig(form=str(runs / "toy.toml"), rhymes=str(runs / "sounds.txt"))


@pytest.fixture
def couplet(runs: Path) -> FormConfig:
    return FormConfig(
        lines=2, syllables="4", rhyme="AA", metre="iambic", lexicon=str(runs / "lexicon.txt")
    )


def test_a_chinese_form_is_bound_and_written_in(runs: Path, tonal: FormConfig) -> None:
    writer = open_run(runs, "yun")
    compiled = compile_form(
        writer, dataclasses.replace(tonal, acrostic="看雨", must=("水",)), PLAIN
    )
    for seed in range(5):
        poem = str(compiled.write(sampling=SamplingConfig(seed=seed)))
        first, second = poem.replace("，", "。").replace("\n", "").rstrip("。").split("。")
        assert (first[0], second[0], "水" in poem) == ("看", "雨", True)
        assert compiled.rules.verify(poem).passes


def test_an_english_form_is_bound_and_written_in_words_that_were_learned(
    runs: Path, couplet: FormConfig
) -> None:
    writer = open_run(runs, "moons")
    compiled = compile_form(writer, dataclasses.replace(couplet, must=("time",)), PLAIN)
    assert set(compiled.rules.words) == set(WORDS)
    assert (compiled.settings.words, compiled.settings.rhymes) == ("learned", "perfect")
    poem = str(compiled.write(sampling=PLAIN)).lower()
    assert "time" in poem
    assert compiled.rules.verify(poem).passes


def test_what_was_left_open_is_settled(runs: Path, couplet: FormConfig) -> None:
    writer = open_run(runs, "moons")
    settled = compile_form(writer, couplet, PLAIN).settings
    assert settled == dataclasses.replace(couplet, words="learned", rhymes="perfect")
    assert compile_form(writer, settled, PLAIN).settings == settled
    any_word = compile_form(
        writer, dataclasses.replace(couplet, words="any", rhymes="slant"), PLAIN
    )
    assert (any_word.settings.words, any_word.settings.rhymes) == ("any", "slant")
    assert "eternity" in any_word.rules.words
    (runs / "moons" / WORDS_FILE).unlink()
    writer = open_run(runs, "moons")
    assert compile_form(writer, couplet, PLAIN).settings.words == "any"
    with pytest.raises(ConfigurationError, match="the words that this network has learned"):
        compile_form(writer, dataclasses.replace(couplet, words="learned"), PLAIN)


def test_learned_sounds_are_those_of_the_first_network_that_has_any(
    runs: Path, tonal: FormConfig
) -> None:
    asked = dataclasses.replace(tonal, rhymes=None)
    writer = open_run(runs, "yun")
    with pytest.raises(FormError, match="no learned sounds"):
        compile_form(writer, dataclasses.replace(asked, rhymes="learned"), PLAIN)
    learned = LearnedSounds(
        poems=100,
        places={**dict.fromkeys("云江花春", (9, 0)), **dict.fromkeys("月夜雨水", (0, 9))},
        classes={"平": ("云江花春",), "仄": ()},
        corpus="0" * 64,
    )
    (runs / "yun" / SOUNDS_FILE).write_text(table_to_json(learned), encoding="utf-8")
    writer = open_run(runs, "yun")
    compiled = compile_form(writer, asked, PLAIN)
    assert compiled.settings.rhymes == "learned"
    assert str(compiled.write(sampling=PLAIN)).rstrip("\n。")[-1] in "云江花春"
    second = open_run(runs, "yun")
    (runs / "yun" / SOUNDS_FILE).write_text("damaged", encoding="utf-8")
    with pytest.raises(CheckpointError, match="charrnn forms sounds"):
        compile_form(second, asked, PLAIN)


def test_networks_that_write_together_have_learned_the_words_of_each(
    runs: Path, couplet: FormConfig, tmp_path: Path
) -> None:
    save_verse_runs(tmp_path / "more")
    words = LearnedWords({"grieve": 2, "eternity": 1}, "0" * 64)
    (tmp_path / "more" / "moons" / WORDS_FILE).write_text(table_to_json(words), encoding="utf-8")
    pair = [open_run(runs, "moons"), open_run(tmp_path / "more", "moons")]
    compiled = compile_form(product_of_experts(pair, [0.3, 0.7]), couplet, PLAIN)
    assert set(compiled.rules.words) == {*WORDS, "eternity"}


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("moons", {"form": "qijue"}, "is a form of Chinese verse, and this network knows no"),
        ("yun", {"form": "sonnet"}, "sonnet is a form of English verse, and this network knows no"),
        ("yun", {"lines": 4}, r"the lines of a form have lengths: .* such as characters 7\."),
        ("moons", {"lines": 4}, r"such as syllables 8,6,8,6\."),
        ("moons", {"form": "haiku", "rhyme_with": "moon"}, "rhyme-with goes with a form that"),
        ("moons", {}, "no form was given"),
    ],
)
def test_what_does_not_go_together_is_refused(
    runs: Path, name: str, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        compile_form(open_run(runs, name), FormConfig(**settings), PLAIN)


def test_a_demand_that_cannot_be_kept_is_told_with_what_would_work(
    runs: Path, tonal: FormConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rhyme_books, "_book", _missing)
    writer = open_run(runs, "yun")
    with pytest.raises(FormConflictError) as conflict:
        compile_form(writer, dataclasses.replace(tonal, acrostic="云云", must=("月",)), PLAIN)
    assert str(conflict.value) == (
        "no poem in the form toy can be written with acrostic 云云: 云 is 平, and line 2 begins with "
        "仄. What would work: profile 246; or without acrostic 云云."
    )


def _missing(*_: object) -> None:
    raise FormError("the extra chinese is not installed.")


def test_what_is_banned_is_never_written(runs: Path, tonal: FormConfig) -> None:
    writer = open_run(runs, "yun")
    banned = SamplingConfig(ban="东中空红山间还颜天年边前云江花春重看", seed=1)
    compiled = compile_form(writer, tonal, banned)
    assert str(compiled.write(sampling=banned)).rstrip("\n。").endswith("风")
    nothing = dataclasses.replace(banned, ban="东风中空红山间还颜天年边前云江花春重看")
    with pytest.raises(FormConflictError, match="can be written with ban 东风"):
        compile_form(writer, tonal, nothing)


def test_poems_are_drawn_as_the_form_was_compiled(runs: Path, tonal: FormConfig) -> None:
    sampling = SamplingConfig(temperature=0.05, seed=7, top_k=3)
    writer = charrnn.compile_form(open_run(runs, "yun"), tonal, sampling)
    poem = writer.write()
    assert poem.settings == sampling
    assert writer.write(sampling=sampling) == poem
    assert "".join(line.text for line in writer.stream()) == poem.text
    other = SamplingConfig(seed=8)
    assert writer.write(sampling=other).settings == other


def test_a_ban_is_compiled_and_another_one_is_refused(runs: Path, tonal: FormConfig) -> None:
    writer = charrnn.compile_form(open_run(runs, "yun"), tonal, SamplingConfig(ban="月夜", seed=1))
    assert not set("月夜") & set(str(writer.write()))
    writer.write(sampling=SamplingConfig(ban="夜月", seed=2))
    for ban, told in (("风", "风"), (None, "none")):
        with pytest.raises(
            ConfigurationError,
            match=f"compiled with ban 月夜, and cannot be written with ban {told}",
        ):
            writer.write(sampling=SamplingConfig(ban=ban))
        with pytest.raises(ConfigurationError, match="Compile it again"):
            next(writer.stream(sampling=SamplingConfig(ban=ban)))


def test_a_network_that_was_not_saved_has_learned_nothing(couplet: FormConfig) -> None:
    free = FormConfig(lines=2, syllables="1", lexicon=couplet.lexicon, words="learned")
    with pytest.raises(ConfigurationError, match="were not kept"):
        compile_form(reciter(), free, PLAIN)
