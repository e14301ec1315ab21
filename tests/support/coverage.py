"""Which processes measure their coverage: those of pytest, and the fork servers of their commands.

Other processes that tests start would each take two seconds of CPU to prepare the exporter for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_NAME = "COVERAGE_FOLDER"
_kept: dict[str, str] = {}


def measure_no_other_process() -> None:
    """Let no process that this one starts measure its coverage."""
    if _NAME in os.environ:
        _kept[_NAME] = os.environ.pop(_NAME)


@contextmanager
def measuring() -> Iterator[None]:
    """Let the processes that are started meanwhile measure theirs after all, if this one does."""
    os.environ.update(_kept)
    try:
        yield
    finally:
        for name in _kept:
            del os.environ[name]
