"""How long the process has been running: a deadline of a command begins with its process."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STAT = Path("/proc/self/stat")
_START_TIME = 19  # of the fields after the name of the command: in clock ticks since the system was started
_imported_at = time.perf_counter()


def process_age() -> float:
    """Return for how many seconds the process has been running; where that is not known, since the import."""
    try:
        fields = _STAT.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        started_at = int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started_at)
    except (OSError, ValueError, IndexError, AttributeError):
        return time.perf_counter() - _imported_at
