import json

import pytest

from charrnn.corpus.recipes.chinese_poetry import tang, tangsong
from charrnn.corpus.recipes.source_file import SourceFile
from charrnn.errors import CorpusError

HERON = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
HERON_SIMPLIFIED = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def tang_of(*bodies):
    return tang([source_of([{"paragraphs": [body]} for body in bodies])])


def source_of(records, name="poet.json"):
    return SourceFile(name, json.dumps(records).encode())


def test_a_record_becomes_a_line_of_simplified_text():
    records = [{"paragraphs": [HERON[:12], HERON[12:]], "title": "登鸛雀樓"}]
    assert tang([source_of(records)]) == HERON_SIMPLIFIED + "\n"


@pytest.mark.parametrize(
    "body",
    [
        "白日依山（一作峯）盡，黃河入海流。欲窮千里目，更上一層樓。(見全唐詩)",
        "白日依[山]盡，黃河入海流。欲窮千里目〖1〗，更上一層樓。",
        "“白日依山盡，　黃河入海流。。欲窮千里目，更上一層樓。”",
    ],
)
def test_notes_quotes_and_doubled_marks_go(body):
    assert tang_of(body) == HERON_SIMPLIFIED + "\n"


@pytest.mark.parametrize(
    "body",
    [
        HERON.replace("黃", "□"),
        HERON.replace("黃", "○"),
        HERON.replace("。", "．"),
        HERON[:-1],
        "，" + HERON,
        HERON[:12],
        "<b>" + HERON,
    ],
)
def test_fragments_and_poems_with_gaps_are_dropped(body):
    other = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
    assert tang_of(body, other) == "床前明月光，疑是地上霜。举头望明月，低头思故乡。\n"


def test_a_poem_that_shares_half_of_its_verses_with_one_before_is_dropped():
    half = "白日依山盡，黃河入海流。床前明月光，疑是地上霜。"
    quarter = "白日依山盡，疑是地上霜。舉頭望明月，低頭思故鄉。"
    assert tang_of(HERON, HERON, half, quarter).count("\n") == 2


def test_a_file_of_another_shape_is_refused():
    with pytest.raises(CorpusError, match=r"poet\.json does not have the expected records"):
        tang([SourceFile("poet.json", b'{"poems": []}')])


def test_a_poem_is_as_long_as_its_characters_without_marks():
    assert tang_of("通玄峰頂，不是人門。心外無法，滿目青山。", HERON) == HERON_SIMPLIFIED + "\n"


def poem(title, *lines, author="王之渙"):
    return {"title": title, "author": author, "paragraphs": list(lines)}


def lines_of(*sources):
    return [json.loads(line) for line in tangsong(sources).splitlines()]


def test_fields_are_kept_with_the_poem_in_simplified_script():
    records = [poem("登鸛雀樓", HERON), poem("題壁", "東風不管山家事，" * 4 + "吹得梨雲落滿蓑。")]
    tang_poem, song_poem = lines_of(
        source_of(records[:1], "poet.tang.0.json"), source_of(records[1:], "poet.song.1000.json")
    )
    assert tang_poem == {
        "title": "登鹳雀楼",
        "author": "王之涣",
        "dynasty": "tang",
        "form": "wujue",
        "text": HERON_SIMPLIFIED,
    }
    assert (song_poem["dynasty"], song_poem["title"]) == ("song", "题壁")
    assert "form" not in song_poem


def test_a_song_poem_that_tang_has_is_dropped():
    twin = [poem("登樓", HERON[:12] + "床前明月光，疑是地上霜。")]
    sources = source_of([poem("登鸛雀樓", HERON)], "poet.tang.0.json"), source_of(twin, "p.song.0")
    assert [found["title"] for found in lines_of(*sources)] == ["登鹳雀楼"]


def test_a_longer_poem_with_half_of_an_earlier_one_is_dropped_from_tang_and_song_alone():
    longer = HERON[:12] + "床前明月光，疑是地上霜。" + "春眠不覺曉，處處聞啼鳥。" * 2
    sources = source_of([poem("登鸛雀樓", HERON), poem("登樓", longer)], "poet.tang.0.json")
    assert [found["title"] for found in lines_of(sources)] == ["登鹳雀楼"]
    assert len(tang([sources]).splitlines()) == 2


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("帝京篇十首 一", "帝京篇十首"),
        ("雜詩四首  其二", "杂诗四首"),
        ("雜詩 其一百二十", "杂诗"),
        ("金陵覽古 新亭", "金陵览古 新亭"),
        ("決絕[詞]三首（一作決絕） 三", "决绝词三首"),
        ("其二", "其二"),
        ("題" * 41, None),
        ("", None),
    ],
)
def test_titles_lose_notes_and_serial_numbers(printed, title):
    (found,) = lines_of(source_of([poem(printed, HERON)]))
    assert found.get("title") == title


@pytest.mark.parametrize(
    ("verse", "count", "form"),
    [
        ("白日依山盡", 4, "wujue"),
        ("東風不管山家事", 4, "qijue"),
        ("白日依山盡", 8, "wulv"),
        ("東風不管山家事", 8, "qilv"),
        ("風吹白日依山", 4, "liujue"),
        ("白日依山盡", 6, None),
        ("東風不管山家事", 10, None),
    ],
)
def test_a_form_is_told_by_shape_alone(verse, count, form):
    body = "".join(verse[1:] + verse[0] + "，。"[number % 2] for number in range(count))
    (found,) = lines_of(source_of([poem("", body)]))
    assert found.get("form") == form
