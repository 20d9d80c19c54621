import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.poem_files import PoemRecord, read_poem_file
from charrnn.errors import CorpusError

TIDE = PoemRecord("the tide\nthe sea", {"author": "Ann", "title": "Tide"})
MOON = PoemRecord("the moon", {"title": "Moon"})


@pytest.mark.parametrize(
    "content",
    [
        (
            '[{"title": "Tide", "author": "Ann", "text": "the tide\\nthe sea"},'
            ' {"title": "Moon", "author": null, "text": "the moon"}]'
        ),
        (
            '{"title": "Tide", "author": "Ann", "lines": ["the tide", "the sea"]}\n\n'
            '{"title": "Moon", "lines": ["the moon"]}\n'
        ),
        (
            '{"poems": [{"title": "Tide", "author": "Ann", "poem": "the tide\\nthe sea"},'
            ' {"title": "Moon", "author": "", "poem": "the moon"}]}'
        ),
        'title,author,Text\nTide,Ann,"the tide\nthe sea"\nMoon,,the moon\n',
        'title\tauthor\tbody\nTide\tAnn\t"the tide\nthe sea"\nMoon\t\tthe moon\n',
        '\ufefftitle;author;poem\nTide; Ann ;"the tide\nthe sea"\nMoon;;the moon\n',
    ],
)
def test_poems_are_read_from_json_and_tables(content):
    assert read_poem_file(content, "poems") == [TIDE, MOON]


def test_couplets_of_a_chinese_poem_stand_in_one_line():
    content = json.dumps(
        [
            {
                "author": "李白",
                "paragraphs": ["床前明月光，疑是地上霜。", "举头望明月，低头思故乡。"],
            },
            {
                "rhythmic": "如梦令",
                "tags": ["词", "宋"],
                "paragraphs": ["常记溪亭日暮", "沉醉不知归路"],
            },
        ]
    )
    poems = read_poem_file(content, "tang.json")
    assert poems[0].text == "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
    assert poems[1] == PoemRecord(
        "常记溪亭日暮\n沉醉不知归路", {"rhythmic": "如梦令", "tags": "词, 宋"}
    )


def test_a_poem_without_text_is_left_out():
    content = (
        '[{"text": "", "title": "Lost"}, {"text": "the moon", "title": "Moon"}, {"title": "x"}]'
    )
    assert read_poem_file(content, "poems") == [MOON]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            '[{"title": "Tide"}]',
            r"has no field with the text of the poems: name it text\. Received: 'title'",
        ),
        ("[1, 2]", r"poem 1 must be an object .* Received: int"),
        ("[]", "it is JSON without a list of objects"),
        ('[{"text": 7}]', r"poem 1: text must be the text of a poem, .* Received: a number"),
        ('[{"text": ["a", 7]}]', "Received: a list of other things"),
        ('[{"text": {"a": 1}}]', "Received: an object"),
        ('[{"text": ""}]', "its field text is empty everywhere"),
        ('[{"text": "a"}', r"poems is not valid JSON \("),
        ('{"text": "a"}\n{"text": \n', r"poems, line 2 is not valid JSON \("),
        ("title,text\nTide\n", "line 2 has 1 cells, and its heading has 2"),
        ("title,text\n", "it has a heading and no rows"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_what_holds_no_poems_is_refused(content, told):
    with pytest.raises(CorpusError, match=told):
        read_poem_file(content, "poems")


@given(
    st.lists(st.dictionaries(st.sampled_from(["author", "title", "year"]), st.text()), max_size=4)
)
def test_whatever_the_fields_hold_the_poems_come_back(fields):
    rows = [{"text": "the moon"} | one for one in fields] or [{"text": "the moon"}]
    lines = "\n".join(map(json.dumps, rows))
    assert read_poem_file(json.dumps(rows), "poems") == read_poem_file(lines, "poems")
    assert [poem.text for poem in read_poem_file(lines, "poems")] == ["the moon"] * len(rows)
