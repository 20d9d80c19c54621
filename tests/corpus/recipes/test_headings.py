import pytest

from charrnn.corpus.recipes.headings import attribution, clean_author, clean_titles


@pytest.mark.parametrize(
    ("printed", "author"),
    [
        ("Millay, Edna St. Vincent", "Edna St. Vincent Millay"),
        ("Service, Robert W. (Robert William)", "Robert W. Service"),
        ("Byron, George Gordon Byron, Baron", "Lord Byron"),
        ("Tennyson, Alfred Tennyson, Baron", "Alfred Tennyson"),
        ("Hemans, Mrs.", "Felicia Hemans"),
        ("Yeats, W. B. (William Butler)", "W. B. Yeats"),
        ("Sir Philip Sidney.", "Philip Sidney"),
        ("Isaac Watts", "Isaac Watts"),
        ("Homer, tr. Pope", ""),
        ("Denham, John, Sir; Waller, Edmund", ""),
        ("Anonymous.", ""),
        ("various", ""),
        ("", ""),
    ],
)
def test_authors_are_named_as_readers_know_them(printed, author):
    assert clean_author(printed) == author


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Robert Herrick", "Robert Herrick"),
        ("-- JOHN KEATS.", "John Keats"),
        ("                    Walter de la Mare [1873-", ""),
        ("Sir Walter Scott [1771-1832]", "Walter Scott"),
        ("by the river", ""),
        ("Herrick", ""),
        ("What are we, and whence came we?", ""),
    ],
)
def test_a_line_names_an_author_if_it_is_a_name_and_nothing_else(line, author):
    assert attribution(line) == author


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("THE LAMP OF THE HARBOUR.", "The Lamp of the Harbour"),
        ("The Lamp", "The Lamp"),
        ("STAR-TALK", "Star-Talk"),
        ("XII. A MOTH AT DUSK", "A Moth at Dusk"),
        ("4) Frost", "Frost"),
        ("_To the Owl_", "To the Owl"),
        *((dropped, "") for dropped in ("XII.", "BOOK II", "Sonnets", "CANTO IV.")),
        ("LINES OF 7 MAY", ""),
        ("Written in 1817", ""),
        ("Herrick", ""),
        ("ROBERT HERRICK", ""),
        ("(Air.)", ""),
        ("of the harbour", ""),
        ("Café", ""),
        ("* * * 9 - -", ""),
        ("Harbour " * 8, ""),
        ("One / Two", ""),
        ("", ""),
    ],
)
def test_a_heading_becomes_a_title_or_nothing(heading, title):
    assert clean_titles([heading], ["Robert Herrick"]) == [title]


def test_a_heading_of_more_than_three_poems_is_no_title():
    assert clean_titles(["SEA SONGS"] * 3, [""] * 3) == ["Sea Songs"] * 3
    assert clean_titles([*["SEA SONGS"] * 3, "Sea songs", "Dawn"], [""] * 5) == [*[""] * 4, "Dawn"]
