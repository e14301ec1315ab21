"""The real programs that tests run: skipped where they cannot be installed, but never in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str) -> str:
    """The full path of a program; skips the test (fails it in CI) when it is not installed."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not installed (`make tools` installs it, as root on Debian)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
