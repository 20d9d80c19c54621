"""What all tests share."""

import signal
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from hypothesis import settings

# No test depends on how fast the machine is.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write tests/golden anew, to be looked at"
    )


def pytest_configure() -> None:
    # A suite begun in the background or under nohup ignores these, and so would what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    settings.register_profile("patient", deadline=None)  # A busy machine is no fault.
    settings.load_profile("patient")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/golden, to the letter."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--rewrite-golden"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(autouse=True)
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory in place of the networks that come with charrnn."""
    directory = tmp_path / "installed" / "bundled"
    monkeypatch.setattr("charrnn.checkpoint.lookup.BUNDLED", directory)
    return directory


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep every test away from the files and the wishes of whoever runs it."""
    for name in (
        "COLUMNS",
        "FORCE_COLOR",
        "NO_COLOR",
        "CHARRNN_CACHE",
        "CHARRNN_CHECKPOINTS",
        "CHARRNN_DEBUG",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
