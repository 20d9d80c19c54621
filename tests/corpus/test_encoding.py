import codecs
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.encoding import Encoding, Normaliser, decoded, find_encoding
from charrnn.errors import CorpusError

SIMPLIFIED = "雨后陂塘满，新秧绿到门。\n斜阳牛背上，短笛过前村。\n"
TRADITIONAL = "白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。\n舉頭望明月，低頭思故鄉。\n"
CURLY = "Shall I compare thee to a summer’s day?\nThou art more lovely — “and more temperate”\n"
FRENCH = (
    "Les sanglots longs\nDes violons\nDe l'automne\nBlessent mon âme\nD'une langueur\n"
    "Monotone.\nTout suffocant\nEt blême, quand\nSonne l'heure,\nJe me souviens\n"
)


def read(data, wanted=None):
    file = io.BytesIO(data)
    encoding = find_encoding(file, "poems.txt", wanted)
    return encoding, "".join(decoded(file, encoding))


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_names_the_encoding_and_is_left_out(mark, codec):
    data = mark + SIMPLIFIED.encode(codec)
    assert read(data) == (Encoding(codec, len(mark)), SIMPLIFIED)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [SIMPLIFIED, CURLY, FRENCH, "一二三\n一一一\n"])
def test_utf_16_without_a_mark_is_told_by_its_zero_bytes(text, codec):
    encoding, found = read(text.encode(codec))
    assert (encoding.name, found) == (codec, text)
    assert codec in encoding.note


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED[:12], "gb18030"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL[:12], "big5"),
        (TRADITIONAL, "gb18030"),
        (CURLY, "cp1252"),
        (FRENCH, "latin-1"),
        (FRENCH + "x" * 70_000 + "\n" + FRENCH, "latin-1"),
    ],
)
def test_older_encodings_are_detected_and_told(text, codec):
    encoding, found = read(text.encode(codec))
    assert found == text
    assert encoding.name in encoding.note
    assert "--encoding" in encoding.note


def test_plain_utf_8_needs_no_note():
    assert read(CURLY.encode()) == (Encoding("utf-8"), CURLY)
    assert read(b"") == (Encoding("utf-8"), "")


def test_a_character_cut_by_a_piece_is_read_whole():
    text = "a" + "诗" * 700_000
    assert read(text.encode())[1] == text


def test_a_wanted_encoding_is_taken_whatever_the_text_looks_like():
    assert read("é".encode(), "latin-1")[1] == "Ã©"
    assert read(SIMPLIFIED.encode("utf-16"), "utf-16")[1] == SIMPLIFIED
    assert read(SIMPLIFIED.encode("utf-16-le"), "utf-16")[1] == SIMPLIFIED
    assert read(codecs.BOM_UTF8 + b"a", "utf-8")[1] == "a"


@pytest.mark.parametrize("wanted", ["klingon", "rot13"])
def test_an_encoding_that_does_not_exist_is_refused(wanted):
    with pytest.raises(CorpusError, match=f"no encoding named {wanted}"):
        read(b"abc", wanted)


def test_bytes_that_do_not_fit_are_named_by_their_place():
    with pytest.raises(CorpusError, match=r"not in utf-8: byte 4 of 5 \(0xff\)"):
        read(b"abc\xffd", "utf-8")


def test_damaged_utf_8_is_not_taken_for_something_else():
    data = SIMPLIFIED.encode()
    with pytest.raises(CorpusError, match=r"poems.txt is not in utf-8: byte 13"):
        read(data[:12] + b"\xff" + data[12:])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x03\x04rest", "a document of Word"),
        (b"\x89PNG\r\n", "a picture"),
        (bytes(range(256)) * 8, "zero bytes"),
        (b"poem\0with zero", "zero bytes"),
        ("诗中有空字\0节".encode(), "zero bytes"),
        (bytes(range(1, 32)) + b"\xff\xfe\xfd", "not text in UTF-8"),
    ],
)
def test_what_is_not_text_is_refused(data, kind):
    with pytest.raises(CorpusError, match=kind):
        read(data)


def normalise(*pieces):
    return "".join(Normaliser().normalise(pieces))


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\v", "\f", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_line_ends_become_one_kind(end):
    assert normalise(f"a{end}b{end}{end}c") == "a\nb\n\nc"


def test_a_line_end_cut_in_two_stays_one():
    assert normalise("a\r", "\nb\r", "c\r") == "a\nb\nc\n"


def test_composed_forms_are_used_even_where_the_pieces_part_them():
    assert normalise("e", "\u0301te\u0301") == "été"


def test_control_characters_go_and_are_counted():
    normaliser = Normaliser()
    text = "".join(normaliser.normalise(["\ufeffa\0b\x1b\tc\u200b\n", "d\ud800\x7f"]))
    assert (text, normaliser.removed) == ("ab\tc\nd", 6)


def test_joiners_that_spell_words_stay():
    assert normalise("می\u200cروم") == "می\u200cروم"


@given(st.lists(st.text("ae\u0301\r\n\0诗\u1100\u1161", max_size=5)))
def test_how_a_text_is_cut_into_pieces_makes_no_difference(pieces):
    whole = normalise("".join(pieces))
    assert normalise(*pieces) == whole
    assert unicodedata.is_normalized("NFC", whole)
