import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.couplets import couplets_apart, couplets_joined

POEM = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
LINES = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。"

sentences = st.builds(
    lambda first, second, mark: f"{first}，{second}{mark}",
    *[st.text("春江花月夜", min_size=3, max_size=7)] * 2,
    st.sampled_from(["。", "！", "？", "。”"]),
)
poems = st.lists(st.lists(sentences, min_size=2, max_size=8).map("".join), min_size=1, max_size=3)


def test_a_poem_is_shown_a_couplet_a_line():
    assert couplets_apart(POEM) == LINES
    assert couplets_apart("问君能有几多愁？") == "问君能有几多愁？"
    assert couplets_apart("“吾谁与归？”笑矣。") == "“吾谁与归？”\n笑矣。"


def test_it_is_shown_character_by_character_as_at_once():
    shown = "".join(couplets_apart(one, POEM[:place]) for place, one in enumerate(POEM))
    assert shown == LINES


@given(poems)
def test_what_is_shown_is_read_again(texts):
    shown = "\n\n".join(map(couplets_apart, texts)) + "\n"
    assert couplets_joined(shown) == "\n".join(texts) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        POEM,
        f"{POEM}\n{POEM}\n",
        "the moon.\nthe sea.",
        "床前明月光，疑是地上霜。\n",
        "床前明月光，疑是地上霜。\n举头望明月，",
        "床前明月光，疑是地上霜。\n" * 100,
        "",
        "\n\n",
    ],
)
def test_any_other_text_stays_as_it_is(text):
    assert couplets_joined(text) == text
