"""How a run is named to someone who will type the name."""

import os
import re
import shlex
from pathlib import Path
from typing import Final

DEFAULT_CHECKPOINTS: Final = Path("checkpoints")
"""Directory that runs are kept in, unless the user names another one."""

CHECKPOINTS_VARIABLE: Final = "CHARRNN_CHECKPOINTS"
"""Environment variable that names another one."""

BUNDLED: Final = Path(__file__).parent.parent / "bundled"
"""Directory of the networks that come with charrnn; their names are known everywhere."""

_PLAIN: Final = re.compile(r"[\w./:~+,@%=-]+")
"""What no shell reads otherwise; letters of all scripts are plain."""


def spoken_name(directory: Path) -> str:
    """What to type for a run, where commands take its name or its path.

    Args:
        directory: The run's.

    Returns:
        Its bare name where every command will look for it, else its path; in quotes where a shell
        would take it apart.
    """
    at_home = directory.parent == BUNDLED or (
        directory.parent == DEFAULT_CHECKPOINTS and not os.environ.get(CHECKPOINTS_VARIABLE)
    )
    name = directory.name if at_home else str(directory)
    return name if _PLAIN.fullmatch(name) else shlex.quote(name)
