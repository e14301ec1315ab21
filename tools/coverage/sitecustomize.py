"""Coverage of pytest's own processes and their forks: Python imports this module at its start if it is on `PYTHONPATH`.

`make unit` sets `PYTHONPATH` and `COVERAGE_FOLDER`. A process that imports `exporter` writes a file into that folder
when it ends. `tools.coverage_report` adds these files up. Tracing (coverage.py) doubles the CPU time on Python 3.11.
SlipCover changes the bytecode instead, which takes half as much.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path

PACKAGE = "exporter"
_NEVER = 10**9


class _Beginning(MetaPathFinder):
    """The finder that begins to measure when the package is imported; most processes never do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        """Begin, and leave finding to the other finders."""
        if fullname == PACKAGE:
            sys.meta_path.remove(self)
            _measure(self._folder)


def _measure(folder: Path) -> None:
    try:
        slipcover = import_module("slipcover")
    except ImportError:  # another Python, which some tests start
        return
    source = [str(Path(__file__).parents[2] / PACKAGE)]
    # It never takes its probes out again: looking for all functions costs more than the probes do.
    measured = slipcover.Slipcover(branch=True, d_miss_threshold=_NEVER)
    slipcover.ImportManager(measured, slipcover.FileMatcher(sources=source)).__enter__()

    def write() -> None:
        (folder / f"{os.getpid()}-{os.urandom(4).hex()}.json").write_text(json.dumps(measured.get_coverage()))

    atexit.register(write)


if "COVERAGE_FOLDER" in os.environ:
    sys.meta_path.insert(0, _Beginning(Path(os.environ["COVERAGE_FOLDER"])))
