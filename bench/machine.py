"""What the operating system reports: of a process its CPU and memory, of the machine what it is. Linux only."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_KIB_PER_MIB = 1024


def pin_to(core: int) -> None:
    """Let this process, and those it starts from now on, run on one core only."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that all threads of a process have used, those that have ended included."""
    # The clock of another process, as clock_getcpuclockid(3) makes it; /proc/PID/stat counts in hundredths.
    return time.clock_gettime((~pid << 3) | 2)


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has ever held."""
    return _status_mib(pid, "VmHWM")


def resident_mib(pid: int) -> float:
    """Return the memory that a process holds now."""
    return _status_mib(pid, "VmRSS")


def _status_mib(pid: int, key: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{key}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / _KIB_PER_MIB if found else float("nan")


@dataclass(slots=True)
class Span:
    """A stretch of time: what it took on the clock, and of a process's CPU."""

    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def share(self) -> float:
        """How much of one core that is."""
        return self.cpu / self.seconds


@contextmanager
def measured(pid: int) -> Iterator[Span]:
    """Measures what a process does while the block runs."""
    span = Span()
    began, cpu_before = time.monotonic(), cpu_seconds(pid)
    yield span
    span.seconds, span.cpu = time.monotonic() - began, cpu_seconds(pid) - cpu_before


def describe() -> str:
    """Return the machine in one line: processor, cores, system, and how busy it is."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return (
        f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"
    )
