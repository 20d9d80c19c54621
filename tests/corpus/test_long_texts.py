"""Long texts, read in small pieces from files, against the plain way: all at once, in memory."""

import contextlib
import hashlib
import io
import re
import unicodedata
from collections import Counter
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from charrnn.corpus import encoding, layout, store
from charrnn.corpus.lint import check_corpus
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.splitting import encode_split, split_corpus
from charrnn.corpus.store import as_array
from charrnn.corpus.text_formats import structured_format
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig
from charrnn.training.data import TrainingStreams, unigram_entropy, xz_entropy
from tests.corpora import corpus_from_text

SEPARATORS = {
    ("blocks", False): re.compile(r"\n(?:[^\S\n]*\n)+"),
    ("blocks", True): re.compile(r"\n(?:[^\S\n]*\n){2,}"),
    ("lines", False): re.compile(r"\n"),
}
PIECES = (
    "a",
    "bc",
    " ",
    "\n",
    "\n\n",
    "\n \n",
    "\n\n\n",
    "\u3000",
    "诗",
    "é",
    "𠀀",
    "\t",
    "\r\n",
    "\0",
)

texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
words = st.text("abcdé诗𠀀", min_size=1, max_size=4)
gaps = st.sampled_from([" ", "\n", "\n", "\n\n", "\n\n", "\n \n", "\n\n\n", "\r\n\r\n"])
poems_of_words = st.lists(st.tuples(words, gaps), min_size=12, max_size=50).map(
    lambda parts: "".join(map("".join, parts))
)
sizes = st.integers(1, 9)
layouts = st.sampled_from(["text", "blocks", "lines"])


@contextlib.contextmanager
def in_pieces_of(size):
    """Treat every text as a long one, and look at so many characters at a time."""
    with (
        mock.patch.object(store, "LONG", 1),
        mock.patch.object(store, "CHUNK", size),
        mock.patch.object(encoding, "_CHUNK", size),
        mock.patch.object(layout, "_BLOCK", size),
    ):
        yield


def plain_poems(text, corpus):
    """The poems by a regular expression, as a list."""
    if corpus.layout == "text":
        return [text]
    poems = SEPARATORS[corpus.layout, corpus.stanzas].split(text)
    return [poem.strip() for poem in poems if poem.strip()]


def plain_parts(poems, corpus, fraction):
    """The two parts by hash, or by length."""
    if corpus.layout == "text":
        border = int((1 - fraction) * len(poems[0]))
        return [poems[0][:border]], [poems[0][border:]]
    below, of = fraction.as_integer_ratio()
    parts = [], []
    for poem in poems:
        parts[int(hashlib.md5(poem.encode()).hexdigest(), 16) % of < below].append(poem)
    return parts


def plain_ids(poems, corpus, characters):
    if corpus.layout == "text":
        return [characters.index(character) + 2 for character in poems[0]]
    ids = [END_OF_POEM]
    for poem in poems:
        ids += [*(characters.index(character) + 2 for character in poem), END_OF_POEM]
    return ids


def spelled(corpus, spans):
    return [corpus.text[start:stop] for start, stop in as_array(spans).tolist()]


@given(texts, layouts, sizes)
@example("a\n\nb", "blocks", 1)
@example(" \n\n a \n \n b\n", "blocks", 2)
@example("a\n\n\nb\n\nc\n\n\nd", "blocks", 3)
def test_a_long_text_is_taken_apart_as_a_short_one(raw, chosen, size):
    assume(structured_format(raw) is None)  # Two columns with the heading 诗, for example.
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\0", ""))
    try:
        plain = corpus_from_text(raw, CorpusConfig(layout=chosen))
    except CorpusError as error:
        with in_pieces_of(size), pytest.raises(CorpusError, match=re.escape(str(error))):
            corpus_from_text(raw, CorpusConfig(layout=chosen))
        return
    with in_pieces_of(size):
        long = corpus_from_text(raw, CorpusConfig(layout=chosen))
        assert isinstance(long.text, str) == (len(text.encode()) <= 1)
        poems = plain_poems(text, plain)
        assert (long.text[:], plain.text) == (text, text)
        assert spelled(long, long.spans) == spelled(plain, plain.spans) == poems
        assert [long.poem(number) for number in range(long.poems)] == poems
        digest = hashlib.sha256(text.encode()).hexdigest()
        assert long.digest == plain.digest == digest
        assert long.record() == plain.record()
        if chosen == "blocks":
            lines = Counter(sum(bool(one.strip()) for one in poem.split("\n")) for poem in poems)
            assert dict(enumerate(plain.poems_by_lines, 1)) == {
                number: lines[number] for number in range(1, max(lines) + 1)
            }
        assert check_corpus(long) == check_corpus(plain)


def test_data_is_recognised_in_pieces_of_any_length():
    with in_pieces_of(1):
        assert corpus_from_text("诗\t人\n月\t白\n花\t甫\n").text[:] == "月\n花\n"


@given(poems_of_words, layouts, st.integers(1, 60), st.sampled_from([0.5, 0.25]), st.integers(1, 4))
def test_a_long_text_is_divided_and_encoded_as_a_short_one(raw, chosen, size, fraction, window):
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\0", ""))
    try:
        plain = corpus_from_text(raw, CorpusConfig(layout=chosen))
        short = split_corpus(plain, fraction, window)
    except CorpusError:
        return
    vocabulary = Vocabulary.of_text(plain.text)
    with in_pieces_of(size):
        long = corpus_from_text(raw, CorpusConfig(layout=chosen))
        assert Vocabulary.of_text(long.text) == vocabulary
        split = split_corpus(long, fraction, window)
        parts = [spelled(long, spans) for spans in (split.training, split.validation)]
        assert parts == [spelled(plain, spans) for spans in (short.training, short.validation)]
        by_hash = plain_parts(plain_poems(text, plain), plain, fraction)
        lengths = [sum(len(poem) + 1 for poem in part) + 1 for part in by_hash]
        if chosen == "text" or (min(lengths) > window and 2 * lengths[1] <= sum(lengths)):
            assert parts == [list(part) for part in by_hash]
        ids = [
            encode_split(long, spans, vocabulary) for spans in (split.training, split.validation)
        ]
        expected = [plain_ids(part, plain, vocabulary.characters) for part in parts]
        assert [as_array(some).tolist() for some in ids] == expected
        arrays = [np.array(some, vocabulary.id_type) for some in expected]
        assert ids[0].dtype == arrays[0].dtype
        assert unigram_entropy(*ids, vocabulary.size) == unigram_entropy(*arrays, vocabulary.size)
        assert xz_entropy(long.text) == xz_entropy(text)


@given(st.integers(30, 200), st.integers(1, 4), st.integers(2, 6), st.integers(1, 50))
def test_a_long_text_is_read_in_training_as_a_short_one(length, batch_size, window, ahead):
    raw = "".join(map(chr, range(0x4E00, 0x4E00 + length)))
    with (
        in_pieces_of(7),
        mock.patch("charrnn.training.data.READ_AHEAD", ahead * batch_size * window),
    ):
        corpus = corpus_from_text(raw, CorpusConfig(layout="text"))
        ids = encode_split(corpus, corpus.spans, Vocabulary.of_text(corpus.text, 1))
        assert not isinstance(ids, np.ndarray)
        streams = TrainingStreams(ids, batch_size, window, seed=3)
        for step in range(3 * streams.steps_per_epoch):
            epoch, position = divmod(step, streams.steps_per_epoch)
            offset = np.random.default_rng((3, epoch)).integers(length)
            starts = offset + length // batch_size * np.arange(batch_size) + position * window
            places = (starts[:, None] + np.arange(window + 1)) % length
            batch = streams.batch(step)
            np.testing.assert_array_equal(batch.inputs, as_array(ids)[places[:, :-1]])
            np.testing.assert_array_equal(batch.targets, as_array(ids)[places[:, 1:]])


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_files_of_any_encoding_are_read_in_pieces(tmp_path, codec, size):
    lines = (
        ["白日依山尽，黄河入海流。\r\n", "ABC\u3000\n"] if codec != "big5" else ["白日依山盡，\r\n"]
    )
    for number in range(3):
        text = "".join(lines) * 40 + f"{number}\n"
        (tmp_path / f"{number}.txt").write_bytes(text.encode(codec))
    (tmp_path / "empty.txt").write_bytes(b"\r\n \n" * 5)
    plain = read_corpus([str(tmp_path)])
    with in_pieces_of(size):
        long = read_corpus([str(tmp_path)])
        assert long.text[:] == plain.text
        assert (long.digest, long.notes, long.encoding) == (
            plain.digest,
            plain.notes,
            plain.encoding,
        )
        stream = io.BytesIO((tmp_path / "1.txt").read_bytes())
        assert read_corpus(["-"], standard_input=stream).text[:].endswith("\n1\n")


@given(
    st.binary(max_size=12).flatmap(
        lambda wild: st.sampled_from(["诗书é", "abc"]).map(
            lambda text: text.encode() + wild + text.encode()
        )
    ),
    st.sampled_from(["utf-8", "gb18030", "big5", "utf-16-le", "cp1252", "utf-32-be"]),
    sizes,
)
def test_a_byte_that_does_not_fit_is_named_as_by_python_itself(data, codec, size):
    try:
        data.decode(codec)
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1:,} of {len(data):,} (0x{data[error.start]:02x}) does"
        with (
            in_pieces_of(size),
            mock.patch.object(encoding, "_MARKS", ()),
            pytest.raises(CorpusError, match=re.escape(place)),
        ):
            encoding.find_encoding(io.BytesIO(data), "poems", codec)
        return
    with in_pieces_of(size), mock.patch.object(encoding, "_MARKS", ()):
        found = encoding.find_encoding(io.BytesIO(data), "poems", codec)
        assert "".join(encoding.decoded(io.BytesIO(data), found)) == data.decode(codec)


@given(st.lists(st.sampled_from(["a", "\n", "\r\n", "é", "诗诗", "\xa0"]), max_size=80), sizes)
def test_the_lines_that_tell_an_encoding_are_the_first_that_are_not_ascii(parts, size):
    data = "".join(parts).encode("utf-8")
    telling = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    with mock.patch.object(encoding, "_SAMPLE", size):
        found = encoding._non_ascii_lines(io.BytesIO(data))
    few = next((n for n in range(len(telling)) if len(b"".join(telling[:n])) >= size), len(telling))
    assert found.replace(b"\r", b"") == b"".join(telling[:few]).replace(b"\r", b"")


def test_the_doctor_sees_in_a_long_text_what_it_sees_in_a_short_one():
    faults = "<b>one</b>\n诗书门马风云鸟鱼，\n時間過,更上\n白日□山尽，黄河\n_word_ and &nbsp;\n"
    verses = "".join(f"and the tide goes out again {number % 30}\n\n" for number in range(60))
    for chosen in ("text", "blocks", "lines"):
        config = CorpusConfig(layout=chosen)
        plain = check_corpus(corpus_from_text(verses + faults, config), config)
        assert len(plain.issues) >= 5
        for size in (5, 64, 300):
            with in_pieces_of(size):
                assert check_corpus(corpus_from_text(verses + faults, config), config) == plain
