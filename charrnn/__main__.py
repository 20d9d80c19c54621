"""The program: `charrnn`, or `python -m charrnn`."""

import sys

from charrnn import signals


def main() -> None:
    """Run a command line; a signal ends it quietly from here on."""
    try:
        signals.note_signals()
        from charrnn.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
