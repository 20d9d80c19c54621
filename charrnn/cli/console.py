"""Tables and colours on the standard streams, drawn with Rich."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from charrnn.cli.streams import KEPT, unguarded
from charrnn.wording import printable


class SafeConsole(Console):
    """A console on which text of any origin is printable."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments; control segments are Rich's own."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else printable(segment.text, KEPT)
            yield segment._replace(text=text)

    def on_broken_pipe(self) -> None:
        """Let the command end as it does without Rich, called where the error was caught."""
        raise  # noqa: PLE0704


def safe_console(*, stderr: bool = False, **options: Any) -> Console:
    """A console on a standard stream; text is not searched for markup, numbers or emoji."""
    return SafeConsole(
        file=unguarded(stderr=stderr), markup=False, highlight=False, emoji=False, **options
    )
