import pytest

from charrnn.wording import size_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (128_814, "129 kB"),
        (999_499, "999 kB"),
        (999_501, "1.0 MB"),
        (1_234_567_890, "1,234.6 MB"),
    ],
)
def test_bytes_are_told_in_two_or_three_figures(size: int, words: str) -> None:
    assert size_in_words(size) == words
