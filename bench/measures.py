"""What is measured. Every measure returns figures by name; repetitions are made by `bench.__main__`."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import re
import statistics
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from prometheus_client import generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from bench.contestants import (
    Contestant,
    FarmProcess,
    address_of,
    bare_loop,
    blackbox,
    exporter,
    probe_paths,
    write_blackbox_config,
    write_exporter_config,
)
from bench.machine import measured, peak_mib
from exporter.polling.scheduler import offset

Figures: TypeAlias = dict[str, float]

PATHS = 2
_ROUNDS_PER_SECOND = 40
_TARGETS = 80
_AT_ONCE = 50
# 80 targets of four checks each: 6,400 a second, which nobody makes on one core.
_RUSH_SECONDS = 0.05
_MANY = 1000
_USUAL_INTERVAL = 15.0
# Leaves little else to do while a scrape is measured.
_LONG_INTERVAL = 60.0
_SCRAPES = 20
_SCRAPE_SECONDS = 5.0
_HISTORY_ROUNDS = 21


@dataclass(frozen=True, slots=True)
class Ground:
    """The place of a measurement, how long one lasts, and whether it is repeated often enough to be published."""

    farm: FarmProcess
    rsa_farm: FarmProcess
    folder: Path
    seconds: float
    thorough: bool

    @property
    def with_rsa(self) -> Ground:
        """The same ground, with clusters whose certificates have RSA keys."""
        return replace(self, farm=self.rsa_farm)

    def exporter_config(self, targets: int, interval: float, **poll: float) -> Path:
        """Return a configuration file of so many targets."""
        return write_exporter_config(self.folder / "exporter.yml", self.farm, targets, interval, **poll)

    def blackbox_config(self) -> Path:
        """Return a configuration file with the same checks."""
        return write_blackbox_config(self.folder / "blackbox.yml", self.farm.ca_file)


async def cost_of_exporter(ground: Ground, operations: int) -> Figures:
    """CPU of a check at a moderate rate, scraped as Prometheus does; and what the exporter adds to latencies."""
    interval = _TARGETS / _ROUNDS_PER_SECOND
    config = ground.exporter_config(_TARGETS, interval, details_interval=3600)
    async with exporter(config, operations) as contestant:
        await asyncio.sleep(interval + 1.0)
        await ground.farm.record()
        before = await _seen_seconds(contestant)
        with measured(contestant.pid) as span:
            await _scrape_for(contestant, ground.seconds)
        record = await ground.farm.record()
        seen = await _seen_seconds(contestant)
    checks = record["requests"]
    added = (seen[1] - before[1]) / (seen[0] - before[0]) - record["seconds"] / checks
    return {"check_ms": 1e3 * span.cpu / checks, "added_ms": 1e3 * added, "checks": checks / span.seconds}


async def _scrape_for(contestant: Contestant, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        await asyncio.sleep(min(_SCRAPE_SECONDS, left))
        await contestant.get("/metrics")


async def _seen_seconds(contestant: Contestant) -> tuple[float, float]:
    """Of the requests that the exporter has timed: how many, and how long they took in all."""
    page = await contestant.get("/metrics?name[]=onedata_onepanel_request_duration_seconds", plain=True)
    sums = [
        sum(float(value) for value in re.findall(rf"_seconds_{end}{{.*}} (\S+)", page.decode()))
        for end in ("count", "sum")
    ]
    return sums[0], sums[1]


async def cost_of_blackbox(ground: Ground) -> Figures:
    """CPU of a check of blackbox_exporter, asked at the rate at which the exporter makes its checks."""
    rate = _ROUNDS_PER_SECOND * PATHS * 2
    async with blackbox(ground.blackbox_config()) as contestant:
        paths = itertools.cycle(probe_paths(ground.farm, _TARGETS))
        await _probe(contestant, paths, rate, 1.0)
        with measured(contestant.pid) as span:
            checks = await _probe(contestant, paths, rate, ground.seconds)
        return {"check_ms": 1e3 * span.cpu / checks, "checks": checks / span.seconds}


async def cost_of_bare_loop(ground: Ground) -> Figures:
    """CPU of a check of a loop of aiohttp and uvloop that does nothing else, at the same rate."""
    async with bare_loop(ground.farm, _TARGETS, _ROUNDS_PER_SECOND * PATHS) as process:
        await asyncio.sleep(2.0)
        await ground.farm.record()
        with measured(process.pid) as span:
            await asyncio.sleep(ground.seconds)
        checks = (await ground.farm.record())["requests"]
    return {"check_ms": 1e3 * span.cpu / checks, "checks": checks / span.seconds}


async def _probe(contestant: Contestant, paths: Iterable[str], rate: float, seconds: float) -> int:
    """Ask for probes at a steady rate, like Prometheus; returns how many. Raises when one finds something wrong."""
    began = time.monotonic()
    count = int(rate * seconds)
    async with asyncio.TaskGroup() as group:
        for number, path in zip(range(count), paths, strict=False):
            await asyncio.sleep(began + number / rate - time.monotonic())
            group.create_task(_one_probe(contestant, path))
    return count


async def _one_probe(contestant: Contestant, path: str) -> None:
    body = gzip.decompress(await contestant.get(path))
    if b"\nprobe_success 1\n" not in body:
        raise RuntimeError(f"blackbox_exporter finds something wrong: {path}\n{body.decode()}")


async def saturation_of_exporter(ground: Ground, operations: int) -> Figures:
    """As many checks as it makes when it is to make more than it can."""
    config = ground.exporter_config(_TARGETS, _RUSH_SECONDS, details_interval=3600, max_concurrency=_AT_ONCE)
    async with exporter(config, operations) as contestant:
        await asyncio.sleep(2.0)
        await ground.farm.record()
        with measured(contestant.pid) as span:
            await asyncio.sleep(ground.seconds)
        record = await ground.farm.record()
    return {"checks": record["requests"] / span.seconds, "checks_of_core": record["requests"] / span.cpu}


async def saturation_of_blackbox(ground: Ground) -> Figures:
    """As many checks as it makes for clients that ask again at once."""
    async with blackbox(ground.blackbox_config()) as contestant:
        paths = itertools.cycle(probe_paths(ground.farm, _TARGETS))
        ends = time.monotonic() + ground.seconds
        counts = [0] * _AT_ONCE

        async def ask(client: int) -> None:
            while time.monotonic() < ends:
                await _one_probe(contestant, next(paths))
                counts[client] += 1

        with measured(contestant.pid) as span:
            await asyncio.gather(*(ask(client) for client in range(_AT_ONCE)))
        return {"checks": sum(counts) / span.seconds, "checks_of_core": sum(counts) / span.cpu}


async def small(ground: Ground, targets: int) -> Figures:
    """Start, and memory once the history is full; CPU of a round."""
    interval = 1.0 if targets > 1 else 0.5
    async with exporter(ground.exporter_config(targets, interval)) as contestant:
        await asyncio.sleep(2.0)
        await ground.farm.record()
        with measured(contestant.pid) as span:
            await _scrape_for(contestant, _HISTORY_ROUNDS * interval if ground.thorough else 3.0)
        record = await ground.farm.record()
        rounds = record["requests"] / (PATHS * 2)
        return {
            "start_cpu": contestant.start_cpu,
            "peak_mib": peak_mib(contestant.pid),
            "round_ms": 1e3 * span.cpu / rounds,
        }


async def many(ground: Ground) -> Figures:
    """Return a thousand targets at the usual interval: CPU, punctuality, memory, and waits during a scrape."""
    async with exporter(ground.exporter_config(_MANY, _USUAL_INTERVAL)) as contestant:
        await asyncio.sleep(_USUAL_INTERVAL + 3.0)
        await contestant.get("/metrics")
        await ground.farm.record()
        with measured(contestant.pid) as span:
            await asyncio.sleep(2 * _USUAL_INTERVAL if ground.thorough else _USUAL_INTERVAL)
        record = await ground.farm.record()
        delays = sorted(_delays(record["arrivals"], ground.farm.direct))
        rounds = len(delays)  # a round connects to the direct path once
        waits = await _waits(contestant, 5 if ground.thorough else 2)
        return {
            "start_cpu": contestant.start_cpu,
            "share": span.share,
            "late_p99_ms": 1e3 * delays[int(0.99 * len(delays))],
            "rounds_per_target": rounds / _MANY / (span.seconds / _USUAL_INTERVAL),
            "round_ms": 1e3 * span.cpu / rounds,
            "peak_mib": peak_mib(contestant.pid),
            **waits,
        }


def _delays(arrivals: Iterable[tuple[str, int, float]], direct: int) -> list[float]:
    """Return how long after its moment on the grid each direct path was connected to, handshake included.

    Both paths are connected to at the same time: one of them is enough.
    """
    shifts = {address_of(index): offset(f"zone-{index:04}", _USUAL_INTERVAL) for index in range(_MANY)}
    half = _USUAL_INTERVAL / 2  # timers may be a little early
    return [
        (timestamp - shifts[address] + half) % _USUAL_INTERVAL - half
        for address, port, timestamp in arrivals
        if port == direct
    ]


async def _waits(contestant: Contestant, scrapes: int) -> Figures:
    """Return how long other pages wait, with a scrape and without, and how long the scrape takes."""
    stalls, quiet, seconds = [], [], []
    for _ in range(scrapes):
        quiet.append(await _longest_stall(contestant, asyncio.sleep(1.0)))
        stalls.append(await _longest_stall(contestant, contestant.get("/metrics")))
        await asyncio.sleep(_USUAL_INTERVAL / 3)
        began = time.monotonic()
        await contestant.get("/metrics")
        seconds.append(time.monotonic() - began)
    return {
        "page_seconds": statistics.median(seconds),
        "stall_ms": 1e3 * statistics.median(stalls),
        "quiet_ms": 1e3 * statistics.median(quiet),
    }


async def page(ground: Ground) -> Figures:
    """Return what `/metrics` of a thousand targets costs beside the polling, and how large it is."""
    config = ground.exporter_config(_MANY, _LONG_INTERVAL, details_interval=3600)
    async with exporter(config) as contestant:
        await asyncio.sleep(_LONG_INTERVAL + _USUAL_INTERVAL)
        costs = [await _cost_of_page(contestant) for _ in range(3 if ground.thorough else 1)]
        wire = await contestant.get("/metrics")
        body = await contestant.get("/metrics", plain=True)
        return {
            "series": sum(not line.startswith(b"#") for line in body.splitlines()),
            "page_mb": len(body) / 1e6,
            "wire_mb": len(wire) / 1e6,
            "page_cpu": statistics.median(costs),
            "reference_cpu": _reference_cpu(body.decode()),
        }


async def _cost_of_page(contestant: Contestant) -> float:
    """Return the CPU of a scrape: of many, less what polling takes in as much time."""
    with measured(contestant.pid) as polling:
        await asyncio.sleep(_USUAL_INTERVAL)
    with measured(contestant.pid) as span:
        for _ in range(_SCRAPES):
            await contestant.get("/metrics")
    return (span.cpu - polling.share * span.seconds) / _SCRAPES


async def _longest_stall(contestant: Contestant, meanwhile: Coroutine[Any, Any, object]) -> float:
    """Return the longest that a page without any content took to answer while something else was running."""
    task = asyncio.ensure_future(meanwhile)
    longest = 0.0
    while not task.done():
        began = time.perf_counter()
        await contestant.get("/-/healthy")
        longest = max(longest, time.perf_counter() - began)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 0.002)
    await task
    return longest


def _reference_cpu(page: str) -> float:
    """Return the CPU that prometheus_client's generate_latest takes for the same samples."""
    families = list(text_string_to_metric_families(page))

    class Registry:
        def collect(self) -> list[Family]:
            return families

    costs = []
    for _ in range(3):
        began = time.process_time()
        generate_latest(Registry())
        costs.append(time.process_time() - began)
    return statistics.median(costs)
