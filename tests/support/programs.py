"""The real programs that tests run: skipped where they cannot be installed, but never in CI."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
# Programs that packages bring into the virtual environment, then those that `make tools` fetches, then the system's.
_PLACES = os.pathsep.join(
    (str(Path(sys.executable).parent), str(_ROOT / "build" / "tools"), os.environ["PATH"])
)


def program(name: str) -> str:
    """The full path of a program; skips the test (fails it in CI) when it is not installed."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        message = f"{name} is not installed (`make tools` installs it: helm by npm, others as root on Debian)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
