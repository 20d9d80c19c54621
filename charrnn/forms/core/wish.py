"""One thing that is demanded of a poem on top of its form."""

from typing import NamedTuple


class Wish(NamedTuple):
    """One thing that is demanded of a poem on top of its form.

    Attributes:
        setting: Its setting: "acrostic".
        value: What was given.
    """

    setting: str
    value: str

    def __str__(self) -> str:
        """As it was asked for: "acrostic 春江花月"."""
        return f"{self.setting.replace('_', '-')} {self.value}"
