"""Many targets, half of which accept connections and then hang for good: the others do not notice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.support.processes import ExporterProcess, target_of, write_config
from tests.support.servers import LOOPBACK, ScriptedServer, silent
from tests.support.waiting import eventually

_ANSWER_SECONDS = 0.5
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Polls:
    """The counters of finished and skipped rounds, by target, and how long it took to get them.

    Read with a regular expression: a parser would take seconds for the metrics of hundreds of targets,
    in which the simulated zones of this process could not answer.
    """

    finished: dict[str, float]
    skipped: dict[str, float]
    seconds: float

    @classmethod
    async def read(cls, exporter: ExporterProcess) -> Self:
        clock = asyncio.get_running_loop().time
        began = clock()
        status, text = await exporter.get("/metrics", {"Accept-Encoding": "identity"})
        seconds = clock() - began
        assert status == 200
        finished, skipped = (
            {
                name: float(value)
                for name, value in re.findall(rf'^{family}{{target="(.+)"}} (\S+)$', text, re.MULTILINE)
            }
            for family in ("onedata_polls_total", "onedata_polls_skipped_total")
        )
        return cls(finished, skipped, seconds)


@asynccontextmanager
async def half_hanging(
    config_file: Path, authority: Authority, count: int, interval: float
) -> AsyncIterator[ExporterProcess]:
    """An exporter with `count` targets: half of them `healthy-N`, half of them `hanging-N`."""
    async with AsyncExitStack() as stack:
        ca_file = authority.write_ca_file(config_file.with_name("ca.pem"))
        hanging = await stack.enter_async_context(ScriptedServer(silent))
        targets = [
            {"name": f"hanging-{n}", "url": f"https://{LOOPBACK}:{hanging.port}"} for n in range(count // 2)
        ]
        for n in range(count // 2):
            zone = await stack.enter_async_context(SimulatedZone(authority=authority, timing=INSTANT))
            targets.append(target_of(zone, f"healthy-{n}"))
        config = write_config(config_file, targets, ca_file, interval)
        yield await stack.enter_async_context(ExporterProcess(config))


async def until_all(exporter: ExporterProcess, prefix: str, rounds: float, seconds: float) -> Polls:
    """Wait until all targets of this kind have finished so many rounds; looks once a second."""
    async with asyncio.timeout(seconds):
        while True:
            polls = await Polls.read(exporter)
            if all(count >= rounds for name, count in polls.finished.items() if name.startswith(prefix)):
                return polls
            await asyncio.sleep(1.0)


async def faults_of_the_healthy(exporter: ExporterProcess, interval: float, intervals: int) -> list[str]:
    """What is wrong with the healthy targets and with `/metrics` within so many intervals; empty without a fault."""
    loop = asyncio.get_running_loop()
    before = after = await Polls.read(exporter)
    answers = []
    end = loop.time() + intervals * interval
    while loop.time() < end:
        await asyncio.sleep(0.5)
        after = await Polls.read(exporter)
        answers.append(after.seconds)
    healthy = [name for name in before.finished if name.startswith("healthy")]
    grown = sorted(after.finished[name] - before.finished[name] for name in healthy)
    skipped = sum(after.skipped[name] - before.skipped[name] for name in healthy)
    quick = sorted(answers)[len(answers) // 4]
    found = {
        f"{grown[0]:g} to {grown[-1]:g} rounds of {len(healthy)}": len(healthy) == 100
        # a round may fall just before and just after
        and grown[0] >= intervals - 2
        and grown[-1] <= intervals + 1,
        f"{skipped} rounds skipped": skipped <= 0.05 * intervals * len(healthy),
        # Of megabytes of text: not every answer is quick, but many are.
        f"a quarter of the answers took longer than {quick} s": quick < _ANSWER_SECONDS,
    }
    return [what for what, is_well in found.items() if not is_well]


@pytest.mark.long
async def test_a_hundred_hanging_targets_do_not_hold_up_a_hundred_others(
    config_file: Path, authority: Authority
) -> None:
    interval, intervals = 4.0, 4
    async with half_hanging(config_file, authority, 200, interval) as exporter:
        await until_all(exporter, "hanging", 1, seconds=60)
        # The machine may have better things to do for a while.
        await eventually(
            lambda: faults_of_the_healthy(exporter, interval, intervals), lambda found: not found, 80.0
        )


@pytest.mark.slow
async def test_memory_does_not_grow_over_a_hundred_rounds(config_file: Path, authority: Authority) -> None:
    interval, warm_up_rounds, rounds = 0.25, 30, 100  # the history is full after 20
    async with half_hanging(config_file, authority, 16, interval) as exporter:
        await until_all(exporter, "", warm_up_rounds, seconds=60)
        before = exporter.resident_bytes()
        await until_all(exporter, "", warm_up_rounds + rounds, seconds=120)
        growth = exporter.resident_bytes() - before
    assert growth < 6 * _MEGABYTE  # connections kept would be forty and more, checkups kept would be eight
