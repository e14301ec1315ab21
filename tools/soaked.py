"""The exporter that is soaked: the real command in a process of its own, so that what is measured is its own.

Run as a module this is that command, with one thing more: on SIGUSR1 it prints how many tasks it has, and how long
it has worked at most between two turns of the event loop since the last time.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from prometheus_client.openmetrics.parser import text_string_to_metric_families as untyped_parse

from exporter.__main__ import main
from tests.support.own_work import OwnWork

_MEBIBYTE = 2**20
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_SAMPLES, _PAUSE_SECONDS = 10, 0.2
_parse: Callable[[str], Iterator[Any]] = untyped_parse


@dataclass(frozen=True)
class Figures:
    """What the process holds."""

    mebibytes: float
    descriptors: int
    sockets: int
    tasks: int

    def __str__(self) -> str:
        return (
            f"{self.mebibytes:6.1f} MiB, {self.descriptors} descriptors, "
            f"{self.sockets} of them sockets, {self.tasks} tasks"
        )


class Page:
    """One answer of /metrics: the samples by name of series and target."""

    def __init__(self, text: str) -> None:
        self._samples: dict[tuple[str, str], list[tuple[dict[str, str], float]]] = defaultdict(list)
        for family in _parse(text):
            for sample in family.samples:
                key = (sample.name, sample.labels.get("target", ""))
                self._samples[key].append((sample.labels, sample.value))

    def total(self, name: str, target: str = "", **labels: str) -> float:
        """Return the sum of all series of this name and target with (at least) these labels."""
        found = self._samples.get((name, target), [])
        return sum(value for has, value in found if labels.items() <= has.items())


class SoakedExporter:
    """A running exporter; an asynchronous context manager. `session` asks for its pages; `log` has its errors."""

    def __init__(self, config_file: Path) -> None:
        self._config_file = config_file
        self._longest_work = 0.0
        self.log: list[str] = []

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tools.soaked", f"--config.file={self._config_file}"),
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                address = await self._listening()
        except BaseException:
            self._process.kill()
            await self._process.wait()
            raise
        self._reading = asyncio.ensure_future(self._read_log())
        self.session = aiohttp.ClientSession(f"http://{address}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _listening(self) -> str:
        """Return where it listens, from its log."""
        while line := await self._next_line():
            if "msg=listening" in line:
                return line.rpartition("address=")[2]
        raise OSError("the exporter ended: " + "\n".join(self.log))

    async def _read_log(self) -> None:
        while await self._next_line():
            pass

    async def _next_line(self) -> str:
        line = (await self._process.stderr.readline()).decode().rstrip("\n")  # type: ignore[union-attr]  # a pipe
        if "level=error" in line and "diagnosis changed" not in line:
            self.log.append(line)
        return line

    async def metrics(self, *families: str) -> str:
        """Return its /metrics of now, whole or of these families alone."""
        accept = {"Accept": "application/openmetrics-text"}
        wanted = [("name[]", family) for family in families]
        async with self.session.get("/metrics", headers=accept, params=wanted) as answer:
            return await answer.text()

    async def unhealthy(self) -> list[str]:
        """Return the unhealthy zones, each with its diagnosis."""
        async with self.session.get("/api/v1/targets") as answer:
            targets = (await answer.json())["targets"]
        return [
            f"{each['name']} ({each['diagnosis']})"
            for each in targets
            if each["name"].startswith("zone-") and each["diagnosis"] != "ok"
        ]

    async def reload(self) -> bool:
        """Return whether it takes its configuration over again."""
        async with self.session.post("/-/reload") as answer:
            return answer.status == 200  # noqa: PLR2004 - taken over

    async def figures(self) -> Figures:
        """Return the least that it holds within two seconds, without what rounds and requests hold for a moment."""
        samples = []
        for _ in range(_SAMPLES):
            samples.append(await self._sample())
            await asyncio.sleep(_PAUSE_SECONDS)
        return Figures(*(min(kind) for kind in zip(*samples, strict=True)))

    async def longest_work(self) -> float:
        """Return how many seconds of CPU it has worked at most between two turns of its loop since the last call."""
        await self._sample()
        longest, self._longest_work = self._longest_work, 0.0
        return longest

    async def _sample(self) -> tuple[float, int, int, int]:
        self._process.send_signal(signal.SIGUSR1)
        line = await self._process.stdout.readline()  # type: ignore[union-attr]  # a pipe
        tasks, longest_work = line.split()
        self._longest_work = max(self._longest_work, float(longest_work))
        folder = Path("/proc", str(self._process.pid))
        pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
        opened = list(_opened(folder / "fd"))
        sockets = sum(each.startswith("socket:") for each in opened)
        return pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE, len(opened), sockets, int(tasks)

    async def stop(self) -> int:
        """Its exit code, after the signal to stop."""
        self._process.terminate()
        async with asyncio.timeout(_STOP_SECONDS):
            return await self._process.wait()


def _opened(folder: Path) -> Iterator[str]:
    for each in folder.iterdir():
        try:
            yield os.readlink(each)  # noqa: PTH115 - a Path would look for the file
        except OSError:
            continue  # closed in the meantime


def _give_back() -> None:
    """Return free memory to the system: what bursts have left in the heap is not held by anything."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc
        trim(0)


class _Meter:
    """Prints figures of this process on a signal; begins to measure the work of the loop with the first one."""

    def __init__(self) -> None:
        self._work = OwnWork()
        self._measuring: asyncio.Task[None] | None = None

    def report(self, *_signal: object) -> None:
        """Print the number of tasks, but for its own one, and the longest work since the last time."""
        if self._measuring is None:
            self._measuring = asyncio.get_running_loop().create_task(self._work.measure())
        gc.collect()
        _give_back()
        print(len(asyncio.all_tasks()) - 1, self._work.longest, flush=True)
        self._work.longest = 0.0
        self._work.skip()


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _Meter().report)
    sys.exit(main())
