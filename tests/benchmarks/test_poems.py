"""What is measured of poems, on poems whose figures can be told by hand."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.poems import __main__ as command
from benchmarks.poems import copies, couplets, distances, intervals, measures, peers
from benchmarks.poems.discriminator import accuracy
from benchmarks.poems.intervals import Part
from benchmarks.poems.pieces import Piece, Source, halves, pieces_of, read_sources
from benchmarks.poems.writers import collected
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.form import Judgement
from charrnn.forms.core.known_forms import find_form, requested_form
from charrnn.forms.core.language import FormRules, open_rules
from charrnn.forms.english import lexicon
from tests.forms.core.runs import save_verse_runs

KEPT = Judgement(form=find_form("quatrain"), variant="only", lines=(), faults=())


def piece(text: str, poem: int = 0, author: str = "") -> Piece:
    lines = tuple(tuple(line.split()) for line in text.lower().splitlines())
    return Piece(text, poem, author, lines, KEPT)


def write_poems(file: Path, texts: Sequence[str]) -> None:
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FormRules:
    save_verse_runs(tmp_path)
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    monkeypatch.chdir(tmp_path)
    config = FormConfig(form="toy.toml", rhymes="sounds.txt")
    return open_rules(requested_form(config), config)


def test_a_share_is_a_ratio_of_sums() -> None:
    found = intervals.share([Part(1, 2), Part(0, 1), Part(3, 3)], [0, 1, 2], seed=0)
    assert found is not None
    assert found.value == pytest.approx(4 / 6)
    assert 0 <= found.low < found.value < found.high <= 1
    assert found == intervals.share([Part(1, 2), Part(0, 1), Part(3, 3)], [0, 1, 2], seed=0)
    assert intervals.share([Part(0, 0)], [0], seed=0) is None


def test_stanzas_of_one_poem_are_drawn_together() -> None:
    values = [1.0] * 50 + [0.0] * 50
    apart = intervals.mean(values, range(100), seed=0)
    together = intervals.mean(values, [number // 10 for number in range(100)], seed=0)
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_poems_are_cut_to_what_has_the_lines_of_a_form(toy: FormRules) -> None:
    sources = [Source("月山水，雨日东。\n\n月山水，雨东东。\n\n云。"), Source("月山，雨日东。")]
    found = list(pieces_of([*sources, Source("月山水，雨日东。", "李白")], toy))
    assert [(one.text, one.poem, one.author) for one in found] == [
        ("月山水，雨日东。", 0, ""),
        ("月山水，雨东东。", 0, ""),
        ("月山水，雨日东。", 2, "李白"),
    ]
    assert found[0].lines == (("月", "山", "水"), ("雨", "日", "东"))
    assert [one.judged.passes for one in found] == [True, False, True]


def test_two_groups_of_people_share_no_poem() -> None:
    pieces = [piece("x", poem) for poem in (0, 0, 1, 1, 1, 2, 3)]
    first, second = halves(pieces, 3)
    assert [one.poem for one in first] == [0, 0, 1]
    assert [one.poem for one in second] == [2, 3]
    assert halves([], 3) == ([], [])


def test_poems_are_taken_by_their_part(tmp_path: Path) -> None:
    rows = [{"text": f"poem {part}", "author": "A", "split": part} for part in ("train", "test")]
    file = tmp_path / "poems.json"
    file.write_text(json.dumps([*rows, {"text": "poem of none"}]), encoding="utf-8")
    assert [one.text for one in read_sources(file, ("test",))] == ["poem test", "poem of none"]
    assert len(read_sources(file, None)) == 3


def test_reading_poems_stops_when_there_are_enough(toy: FormRules) -> None:
    written = collected(["云。", "月山水，雨日东。", "月山水，雨东东。", "云。"], toy, 2)
    assert (len(written.pieces), written.poems) == (2, 3)


def test_words_are_real_that_the_training_part_has() -> None:
    known = frozenset({"the", "moon", "o'er", "'tis"})
    assert measures.real_words(piece("'Tis the Moon\nO'er xpxet"), known, "english") == Part(4, 5)
    pairs = measures.known_words(["明月光，月落"], "chinese")
    assert pairs == {"明月", "月光", "月落"}
    assert measures.real_words(piece("明月光，光月"), pairs, "chinese") == Part(2, 3)


def test_endings_and_repetition_are_counted() -> None:
    poem = piece("the sea and the\nsky of stone and of\nstone")
    assert measures.repeated(poem) == Part(4, 10)
    assert measures.weak_endings(poem) == Part(2, 3)
    ends = ("a.", "a!”", "a?'", "a;", "a", "月。", "月？")
    assert [measures.ends_a_sentence(piece(end)).amount for end in ends] == [1, 1, 1, 0, 0, 1, 1]


def test_the_longest_copy_is_found_exactly() -> None:
    training = ["the moon is low", "a cold wind"]
    poems = ["a moon is high", "zzz", "cold wind a", "the moon is low and"]
    assert copies.longest_copies(poems, training) == [9, 0, 9, 15]
    assert copies.longest_copies([], training) == []
    assert copies.longest_copies(["ab"], []) == [0]
    assert copies.comparable("月光 ，\n雪", "chinese") == "月光，雪"
    assert copies.comparable("a \n b", "english") == "a b"


def test_the_longest_copy_agrees_with_searching() -> None:
    random = np.random.default_rng(3)
    text = "".join(random.choice(list("abc"), 500))
    poems = ["".join(random.choice(list("abc"), 30)) for _ in range(20)]
    searched = [
        max(
            stop - start
            for start in range(len(poem))
            for stop in range(start, len(poem) + 1)
            if poem[start:stop] in text
        )
        for poem in poems
    ]
    assert copies.longest_copies(poems, [text]) == searched


def test_divergences_and_distances_have_their_known_values() -> None:
    row = np.array
    assert distances.jensen_shannon(row([1, 1]), row([5, 5])) == 0
    assert distances.jensen_shannon(row([2, 0]), row([0, 3])) == 1
    half = 1 - 0.75 * math.log2(3) + 0.5  # Of (1, 0) and (1/2, 1/2), by hand: 0.3113.
    assert distances.jensen_shannon(row([1, 0]), row([1, 1])) == pytest.approx(half)
    assert distances.wasserstein(row([0, 0, 4]), row([2, 0, 0])) == 2
    assert distances.wasserstein(row([1, 0, 1]), row([0, 1, 0])) == 1


def test_groups_of_the_same_poems_are_not_apart() -> None:
    same = [piece("the sea is wide\nthe sky is low", number) for number in range(4)]
    found = distances.distances(same, same, seed=0)
    assert set(found) == {
        "distance of line lengths",
        *(f"divergence of {name}" for name in distances.FREQUENCIES),
    }
    assert {estimate.value for estimate in found.values()} == {0.0}
    other = [piece("no bird\nno bird", number) for number in range(4)]
    away = distances.distances(other, same, seed=0)
    assert away["distance of line lengths"].value == 7.5
    assert away["divergence of opening words"].value == 1
    assert distances.distances([], same, seed=0) == {}


def test_distinct_grams_stay_within_lines() -> None:
    poems = [piece("a b\na b"), piece("a b\nb a", 1)]
    one, two = (distances.distinct(poems, n, seed=0) for n in (1, 2))
    assert one is not None
    assert two is not None
    assert (one.value, two.value) == (2 / 8, 2 / 4)
    assert distances.distinct([piece("a")], 2, seed=0) is None


def two_couplets(first: str, second: str) -> Sequence[Sequence[str]]:
    return ("x", *first), ("y", *first), ("u", *second), ("v", *second)


def test_couplets_are_in_order_where_their_joint_is_known() -> None:
    known = [(f"poet {number}", two_couplets("ab", "cd")) for number in range(40)]
    other = [(f"poet {number}", two_couplets("cd", "ef")) for number in range(40)]
    judges = couplets.learn_halves([*known, *other])

    def order(lines: Sequence[Sequence[str]]) -> Part:
        made = piece("")._replace(lines=tuple(map(tuple, lines)), author="poet 1")
        (found,) = couplets.in_order([made], judges, seed=0)
        return found

    assert order(two_couplets("ab", "cd")) == Part(1, 1)
    assert order(two_couplets("cd", "ab")) == Part(0, 1)
    assert order(two_couplets("zz", "zz")) == Part(0.5, 1)
    assert order(two_couplets("ab", "cd")[:3]) == Part(0, 0)


def test_no_poet_is_judged_by_own_poems() -> None:
    lines, others = two_couplets("ab", "cd"), two_couplets("ef", "gh")
    judges = couplets.learn_halves([("poet", lines), ("poet", others)] * 3)
    half = couplets.half_of("poet", lines)
    own, other = (
        judge.score(couplets.couplets_of(lines)) for judge in (judges[half], judges[1 - half])
    )
    assert own == 0
    assert other > 0.1


def test_a_discriminator_tells_apart_what_differs() -> None:
    pytest.importorskip("sklearn")
    random = np.random.default_rng(0)

    def group(letters: str) -> list[Piece]:
        return [piece("".join(random.choice(list(letters), 40)), number) for number in range(40)]

    alike = accuracy(group("abcd"), group("abcd"), seed=0)
    apart = accuracy(group("abcd"), group("efgh"), seed=0)
    assert apart is not None
    assert alike is not None
    assert apart.value == 1
    assert alike.low < 0.5 < alike.high
    assert accuracy(group("abcd")[:4], group("abcd"), seed=0) is None


def test_a_peer_is_read_to_between_its_breaks() -> None:
    text = peers.text_of(["ab\nba", "bb"], "english")
    assert text.alphabet == "\nab"
    # It always writes the character after the last one of the alphabet: a poem is "ab".
    peer = peers.Peer(lambda ids: 1e6 * np.eye(3)[(ids[:, -1] + 1) % 3], 2)
    written = peers.continued(peer, text, 9, np.random.default_rng(0))
    assert len(written) == peers.STREAMS
    assert all(row in "\nab" * 4 for row in written)
    poems = list(peers.poems_by(peer, text, "chinese", 0))[:3]
    assert poems == ["ab", "ab", "ab"]


def test_what_a_network_writes_stands_beside_people(
    tmp_path: Path, toy: FormRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert toy.form.lines == 2
    write_poems(tmp_path / "people.jsonl", ["月山水，雨日东。", "月山水，雨东东。"] * 6)
    write_poems(tmp_path / "read.jsonl", ["月山水，雨日东。", "云山水，雨日东。"] * 3)

    def no_torch(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(peers, "PEERS", {"another": no_torch})
    asked = (
        "--network yun --form toy.toml --rhymes sounds.txt --people people.jsonl --training read.jsonl "
        "--count 4 --seed 5 --checkpoints . --peer-minutes 1 --json found.json"
    )
    result = CliRunner().invoke(command.main, asked.split(), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "found.json").read_text("utf-8"))
    rows = {row["name"]: row for row in document["rows"]}
    assert list(rows) == ["people", "free", "in form", "another"]
    assert (rows["people"]["poems"], rows["people"]["pieces"]) == (12, 4)
    assert rows["in form"]["figures"]["keeps the form"] == [1, 1, 1]
    assert rows["people"]["figures"]["longest copy of all"][0] == 8
    assert "torch is not installed" in rows["another"]["missing"]
    assert "| real words |" in result.stdout


def test_a_network_without_a_form_is_refused(tmp_path: Path, toy: FormRules) -> None:
    assert toy.form.lines == 2
    write_poems(tmp_path / "people.jsonl", ["月山水，雨日东。"] * 6)
    asked = "--network yun --people people.jsonl --training people.jsonl --checkpoints ."
    result = CliRunner().invoke(command.main, asked.split())
    assert result.exit_code == 2
    assert "give --form" in result.stderr
