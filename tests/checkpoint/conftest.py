import os
from pathlib import Path

import pytest

from charrnn.checkpoint.record import RECORD_FILE
from tests.fakes import write_run


@pytest.fixture
def three_runs(tmp_path: Path) -> Path:
    for age, name in enumerate(("new", "middle", "old")):
        write_run(tmp_path / name)
        os.utime(tmp_path / name / RECORD_FILE, (10**9 - age, 10**9 - age))
    return tmp_path
