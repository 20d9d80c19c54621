import json
from pathlib import Path

import pytest

from charrnn.errors import FormError
from charrnn.forms.english import lexicon
from charrnn.forms.english.lexicon import (
    Lexicon,
    installed_dictionary,
    open_lexicon,
    read_pronunciations,
)
from charrnn.forms.english.pronunciation import parse_pronunciation
from tests.forms.english.toy_lexicon import LEXICON


def said(word: str, words: Lexicon) -> list[str]:
    return [str(way) for way in words.sound(word).pronunciations]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dictionary of the extra, of four words."""
    path = tmp_path / "CMU_dict.json"
    entries = {
        "heaven": ["hh eh1 v ah0 n"],
        "desire": ["d ih0 z ay1 er0"],
        "permit": ["p er0 m ih1 t", "p er1 m ih2 t"],
        "doth": ["d ao1 th"],
        "us": ["ah1 s", "y uw1 eh1 s"],
        "prism": ["p r ih1 z ah0 m", "p r ih1 s ah0 m"],
    }
    path.write_text(json.dumps(entries), encoding="utf-8")
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: path)
    return path


def test_letters_without_a_vowel_are_spelt_out() -> None:
    words = Lexicon({"b": ["B IY1"], "c": ["S IY1"], "s": ["EH1 S"], "h": ["EY1 CH"]})
    assert said("bbc", words) == ["B IY1 B IY1 S IY1"]
    assert said("bbc's", words) == ["B IY1 B IY1 S IY1 Z"]
    assert said("shh", words) == ["SH AH1"]


def test_a_sound_says_where_it_comes_from() -> None:
    assert LEXICON.sound("moon").origin == "dictionary"
    assert LEXICON.sound("moon's").origin == "derived"
    assert LEXICON.sound("bolingbroke").origin == "guessed"
    assert LEXICON.sound("bolingbroke's").origin == "guessed"
    assert said("bolingbroke's", LEXICON)[0] == said("bolingbroke", LEXICON)[0] + " S"


def test_only_words_of_the_lexicon_itself_are_in_it() -> None:
    assert "moon" in LEXICON
    assert "moon's" not in LEXICON
    assert LEXICON.pronunciations("moon's") == ()


def test_power_may_lose_a_syllable_in_a_metre_and_desire_anywhere() -> None:
    words = Lexicon(
        {"desire": ("d ih0 z ay1 er0",), "player": ("P L EY1 ER0",), "power": ("P AW1 ER0",)}
    )
    assert said("power", words) == ["P AW1 ER0", "P AW1 R"]
    assert said("power", words.without_elisions) == ["P AW1 ER0"]
    for either in (words, words.without_elisions):
        assert said("desire", either) == ["D IH0 Z AY1 ER0", "D IH0 Z AY1 R"]
        assert said("player", either) == ["P L EY1 ER0"]


@pytest.mark.usefixtures("installed")
def test_speech_has_no_elisions() -> None:
    words = open_lexicon()
    assert said("heaven's", words) == ["HH EH1 V AH0 N Z", "HH EH1 V N Z"]
    assert said("heaven's", words.without_elisions) == ["HH EH1 V AH0 N Z"]
    assert said("prithee", words.without_elisions) == ["P R IH1 DH IY0"]
    assert "heaven" in words.without_elisions


@pytest.mark.skipif(installed_dictionary() is None, reason="needs the extra english")
def test_every_elision_is_shorter_than_what_the_dictionary_has() -> None:
    words = open_lexicon()
    for word, ways in read_pronunciations(lexicon._ELISIONS).items():
        shortest = min(way.syllables for way in words.without_elisions.pronunciations(word))
        assert all(parse_pronunciation(way).syllables < shortest for way in ways), word


@pytest.mark.usefixtures("installed")
def test_words_of_old_verse_join_the_installed_dictionary() -> None:
    words = open_lexicon()
    assert said("permit", words) == ["P ER0 M IH1 T", "P ER1 M IH2 T"]
    assert said("heaven", words) == ["HH EH1 V AH0 N", "HH EH1 V N"]
    assert said("doth", words) == ["D AO1 TH", "D AH1 TH"]
    assert said("prithee", words) == ["P R IH1 DH IY0"]


@pytest.mark.usefixtures("installed")
def test_a_file_of_the_users_goes_before_all_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.dict"
    path.write_text(
        ";;; mine\nHEAVEN  HH EH1 B IH0 N\nHEAVEN(2)  HH EH1 V N # short\n\nglorp G L AO1 R P\n",
        encoding="utf-8",
    )
    words = open_lexicon(path)
    assert said("heaven", words) == ["HH EH1 B IH0 N", "HH EH1 V N"]
    assert said("glorp", words) == ["G L AO1 R P"]
    assert said("desire", words) == ["D IH0 Z AY1 ER0", "D IH0 Z AY1 R"]


@pytest.mark.usefixtures("installed")
def test_words_are_not_said_as_abbreviations() -> None:
    words = open_lexicon()
    assert said("us", words) == ["AH1 S"]
    assert len(said("prism", words)) == 2


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    with pytest.raises(FormError, match=r"pip install 'charrnn\[english\]'.*--lexicon FILE"):
        open_lexicon()


def test_without_the_extra_a_file_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    path = tmp_path / "mine.dict"
    path.write_bytes("caf\xe9 K AH0 F EY1".encode("latin-1"))
    assert said("caf\xe9", open_lexicon(path)) == ["K AH0 F EY1"]


def test_the_extra_is_found_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_DICTIONARY", ("no_such_package", "words.json"))
    assert installed_dictionary() is None
    monkeypatch.setattr(lexicon, "_DICTIONARY", ("charrnn", "forms", "english", "archaic.txt"))
    found = installed_dictionary()
    assert found is not None
    assert found.name == "archaic.txt"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hello HH AH0 L OW1\nworld W ER L D\n", r"line 2: world should .* not by ER\.$"),
        ("hello\n", r"line 1: hello should .* not by nothing\.$"),
        (";;; nothing\n", "has no words"),
    ],
)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.dict"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormError, match=message):
        read_pronunciations(path)


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormError, match=r"none\.dict cannot be read: No such file"):
        read_pronunciations(tmp_path / "none.dict")


def test_a_damaged_dictionary_of_the_extra_gets_a_sentence(installed: Path) -> None:
    installed.write_text("[1, 2", encoding="utf-8")
    with pytest.raises(FormError, match="force-reinstall eng-to-ipa"):
        open_lexicon()


def test_every_word_of_old_verse_can_be_said() -> None:
    words = read_pronunciations(lexicon._SUPPLEMENT)
    assert len(words) > 300
    assert all(
        any(vowel.isdigit() for way in ways for vowel in way)
        for word, ways in words.items()
        if word not in {"th'", "t'"}
    )
    assert words["o'er"] == ("AO1 R",)
