"""Which build this is."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

from exporter import __version__

PYTHON_VERSION = platform.python_version()

__all__ = ["PYTHON_VERSION", "__version__", "revision"]


@cache
def revision() -> str:
    """Return the source revision that the distribution was built from; `unknown` in a source checkout."""
    try:
        return (Path(__file__).parent / "REVISION").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
