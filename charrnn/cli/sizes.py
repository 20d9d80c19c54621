"""Numbers of bytes, as people say them."""


def size_in_words(size: int) -> str:
    """A number of bytes in words: "8 bytes", "1.4 kB", "129 kB", "1.1 MB"."""
    if size < 1_000:
        return f"{size} bytes"
    if size < 9_950:
        return f"{size / 1e3:.1f} kB"
    if size < 999_500:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:,.1f} MB"
