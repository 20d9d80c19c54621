"""The program: `charrnn`, or `python -m charrnn`."""

# The core of `signal`, which itself imports `enum` and takes milliseconds.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys


def main() -> None:
    """Run a command line; a signal ends it quietly from here on."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        # Until the handlers can be imported; there is nothing to clean up yet.
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from charrnn.signals import note_signals

    note_signals()
    try:
        from charrnn.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        # After a Ctrl-C inside some `exec`, as of dataclasses, CPython kills itself at its exit,
        # whatever the exit code; the next `exec` makes it forget.
        exec("")  # noqa: S102


if __name__ == "__main__":
    main()
