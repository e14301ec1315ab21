"""A long run of the exporter against simulated zones, with everything going wrong at random; then the account.

Exporter and zones share one process and event loop, so that whatever either leaves behind is seen. The
seed is printed: with it, the same things are done again in the same order.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from prometheus_client.openmetrics.parser import text_string_to_metric_families as untyped_parse

from exporter import log
from exporter.app import Exporter
from exporter.operations import OPERATIONS
from exporter.operations.operation import Cadence
from exporter.reasons import CERTIFICATE_REASONS, Reason
from exporter.settings import load
from exporter.simulator import INSTANT, Authority, SimulatedZone, Trouble
from exporter.targets import Route

_MEBIBYTE = 2**20
_EVERY_ROUND = tuple(each.name for each in OPERATIONS if each.cadence is Cadence.ROUND)
# What the process opens once, on first use (the event loop's threads, the resolver), however long it runs.
_OPENED_ONCE = 4
_STORM_SHARE = 0.6
_parse: Callable[[str], Iterator[object]] = untyped_parse
_PAGES = ("/", "/metrics", "/targets/zone-0", "/targets/%00", "/api/v1/targets", "/api/v1/sd", "/-/ready")
_ODD_PAGES = (
    "/nothing",
    "/metrics?name[]=%ff",
    "/probe",
    "/probe?target=https://x",
    "/targets/" + "x" * 4000,
)
# A request that failed so may never have reached the zone.
_WITHOUT_AN_ANSWER = CERTIFICATE_REASONS | {
    Reason.RESOLVE,
    Reason.CONNECTION_REFUSED,
    Reason.CONNECT_TIMEOUT,
    Reason.CONNECT,
    Reason.TLS_HANDSHAKE,
    Reason.TIMEOUT,
    Reason.CONNECTION_LOST,
    Reason.INVALID_BODY,
    Reason.TOO_LARGE,
}


@dataclass(frozen=True)
class Figures:
    """What the process holds at one moment."""

    mebibytes: float
    descriptors: int
    tasks: int

    @classmethod
    def now(cls) -> Figures:
        """Those of this process."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        size = pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE
        return cls(size, len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks()))

    def __str__(self) -> str:
        return f"{self.mebibytes:.1f} MiB, {self.descriptors} descriptors, {self.tasks} tasks"


@dataclass
class Soak:
    """One run. `steady` zones stay configured all the time; the last of them are never troubled."""

    zones: list[SimulatedZone]
    config_file: Path
    ca_file: Path
    interval: float
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    switched: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def steady(self) -> range:
        """The numbers of the zones that are never removed: the first half."""
        return range((len(self.zones) + 1) // 2)

    def write_config(self, numbers: list[int], site: str = "here") -> None:
        """Configure these zones."""
        targets = [
            {
                "name": f"zone-{number}",
                "url": self.zones[number].proxy_url,
                "direct_url": self.zones[number].direct_url,
                "labels": {"site": site},
            }
            for number in numbers
        ]
        document = {
            "poll": {
                "interval": self.interval,
                "details_interval": 2 * self.interval,
                "timeout": 0.7 * self.interval,
            },
            "web": {"listen_addresses": ["127.0.0.1:0"]},
            "defaults": {"tls": {"ca_file": str(self.ca_file)}},
            "targets": targets,
        }
        self.config_file.write_text(json.dumps(document), encoding="utf-8")

    async def switch_a_fault(self) -> None:
        """Give one zone other troubles, or none."""
        number = self.chance.randrange(len(self.zones))
        if number % 5 == 0:
            return  # every fifth is left in peace, so that its counters must be exact
        self.switched[number] += 1
        await self.zones[number].only(*self.chance.sample(list(Trouble), self.chance.randrange(3)))
        self.done["faults switched"] += 1

    async def reload(self, exporter: Exporter) -> None:
        """Remove and add some targets, change labels of others; now and then with a bad file."""
        if self.chance.random() < 0.2:  # noqa: PLR2004 - one in five
            self.config_file.write_text("targets: [{url: 1}]", encoding="utf-8")
            if await exporter.reload():
                self.problems.append("a bad configuration was taken over")
            self.done["bad configurations refused"] += 1
            return
        others = [n for n in range(len(self.zones)) if n not in self.steady and self.chance.random() < 0.8]  # noqa: PLR2004 - most
        self.write_config([*self.steady, *others], self.chance.choice(["here", "there"]))
        if not await exporter.reload():
            self.problems.append("a good configuration was refused")
        self.done["reloads"] += 1

    async def scrape(self, session: aiohttp.ClientSession) -> None:
        """One scrape, read by a parser."""
        async with session.get("/metrics", headers={"Accept": "application/openmetrics-text"}) as answer:
            page = await answer.text()
        for _family in _parse(page):
            await asyncio.sleep(0)
        self.done["scrapes"] += 1

    async def flood(self, session: aiohttp.ClientSession) -> None:
        """Many requests at once, some of them senseless."""
        pages = self.chance.choices(_PAGES + _ODD_PAGES, k=30)

        async def ask(page: str) -> None:
            async with session.get(page) as answer:
                await answer.read()
                if answer.status == 500:  # noqa: PLR2004 - a bug
                    self.problems.append(f"{page[:40]} answered 500")
                self.done["pages"] += 1

        await asyncio.gather(*(ask(page) for page in pages))

    async def storm(self, exporter: Exporter, session: aiohttp.ClientSession, seconds: float) -> None:
        """Everything at once, for so long."""
        pauses: dict[Callable[[], Awaitable[None]], float] = {
            self.switch_a_fault: self.interval / len(self.zones),
            lambda: self.reload(exporter): self.interval,
            lambda: self.scrape(session): self.interval / 2,
            lambda: self.flood(session): self.interval / 2,
        }

        async def again_and_again(act: Callable[[], Awaitable[None]], pause: float) -> None:
            while True:
                await asyncio.sleep(pause)
                await act()

        tasks = [asyncio.ensure_future(again_and_again(act, pause)) for act, pause in pauses.items()]
        ended, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.problems += [f"the storm broke off: {task.exception()!r}" for task in ended]

    async def calm(self, exporter: Exporter, seconds: float) -> None:
        """All troubles end; every target must be found well in time."""
        for zone in self.zones:
            await zone.only()
        self.write_config(list(range(len(self.zones))))
        await exporter.reload()
        if not await _within(seconds, lambda: not list(_sick(exporter))):
            self.problems.append(f"not well again: {', '.join(_sick(exporter))}")

    def check_counters(self, exporter: Exporter) -> None:
        """Compare what the exporter counted with what the zones counted."""
        for number in self.steady:
            state = exporter.store.state(f"zone-{number}")
            if state is None:
                self.problems.append(f"zone-{number} is gone")
                continue
            for route, tally in state.tallies.items():
                for operation in _EVERY_ROUND:
                    asked = tally.requests[operation]
                    lost = sum(tally.failures[operation, reason] for reason in _WITHOUT_AN_ANSWER)
                    self.check(number, route, operation, asked, lost)
                    if asked != state.polls:
                        self.problems.append(
                            f"zone-{number}: {state.polls} rounds, {asked} times {operation}"
                        )

    def check(self, number: int, route: Route, operation: str, asked: int, lost: int) -> None:
        """Compare one counter. A zone that was troubled may have been asked again, or in vain."""
        served = self.zones[number].journals[route.path].count(f"/onepanel/{operation}")
        # One round may have been cut off when the exporter was stopped.
        if not asked - lost <= served <= asked + self.switched[number] + 1:
            self.problems.append(
                f"zone-{number} {route.path} {operation}: asked {asked}, lost {lost}, served {served}"
            )
        self.done["counters compared"] += 1


def _sick(exporter: Exporter) -> Iterator[str]:
    for state in exporter.store.states:
        if state.checkup is None or state.checkup.worst.value != "ok":
            yield f"{state.target.name} ({state.checkup.worst if state.checkup else 'not seen'})"


async def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = asyncio.get_running_loop().time() + seconds
    while not holds():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True


@asynccontextmanager
async def _zones(count: int, authority: Authority) -> AsyncIterator[list[SimulatedZone]]:
    async with AsyncExitStack() as stack:
        made = [SimulatedZone(authority=authority, pace=INSTANT) for _ in range(count)]
        for zone in made:
            await stack.enter_async_context(zone)
        yield made


async def _run(soak: Soak, seconds: float) -> None:
    soak.write_config(list(range(len(soak.zones))))
    before = Figures.now()
    async with Exporter(load(soak.config_file), lambda: load(soak.config_file)) as exporter:
        host, port = exporter.addresses[0]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            if not await _within(seconds * 0.3, lambda: not list(_sick(exporter))):
                soak.problems.append("not all targets were found well at the beginning")
            await soak.storm(exporter, session, seconds * _STORM_SHARE / 2)
            amid = Figures.now()
            await soak.storm(exporter, session, seconds * _STORM_SHARE / 2)
        await soak.calm(exporter, max(30.0, seconds * 0.3))
        after = Figures.now()
    unhandled = dict(exporter.store.unhandled_errors)
    soak.check_counters(exporter)
    flat = await _within(10.0, lambda: _is_as_before(Figures.now(), before))
    print(f"before: {before}\namid:   {amid}\nafter:  {after}\nclosed: {Figures.now()}")
    if not flat:
        soak.problems.append("descriptors or tasks were left behind")
    if after.mebibytes > 1.2 * amid.mebibytes + 16:
        soak.problems.append("memory has grown")
    if unhandled:
        soak.problems.append(f"unhandled errors: {unhandled}")


def _is_as_before(now: Figures, before: Figures) -> bool:
    return now.descriptors <= before.descriptors + _OPENED_ONCE and now.tasks <= before.tasks


async def _main(options: Any) -> int:
    print(f"seed {options.seed}: {options.targets} targets, {options.seconds:g} s")
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority()
        ca_file = authority.write_ca_file(Path(folder) / "ca.pem")
        async with _zones(options.targets, authority) as zones:
            chance = random.Random(options.seed)  # noqa: S311 - to be repeatable
            soak = Soak(zones, Path(folder) / "config.yml", ca_file, options.interval, chance)
            await _run(soak, options.seconds)
    print(", ".join(f"{number} {what}" for what, number in sorted(soak.done.items())))
    for problem in soak.problems:
        print(f"PROBLEM: {problem}")
    return 1 if soak.problems else 0


def main() -> int:
    """Run it; 1 when there was a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=540.0, help="about how long it takes")
    parser.add_argument("--targets", type=int, default=500)
    parser.add_argument("--interval", type=float, default=15.0, help="of the polls, in seconds")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    log.configure("error", "logfmt")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Five a target are needed, of which most are the zones' own.
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_main(options))


if __name__ == "__main__":
    sys.exit(main())
