"""A long run of the exporter against simulated zones, with everything going wrong at random; then the account.

The exporter is the real command in a process of its own (`tools/soaked.py`), and so is the hostile part of its targets
(`tools/hostile_fleet.py`); the zones, and the tasks that query and disturb it, are in this one. The seed is printed:
with it, the same things are done again in the same order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from exporter.exposition.table import ALL_METRICS
from exporter.operations import OPERATIONS
from exporter.operations.operation import Cadence
from exporter.reasons import CERTIFICATE_REASONS, Reason
from exporter.simulator import INSTANT, Authority, Fault, SimulatedZone
from exporter.state.history import HISTORY_ROUNDS
from exporter.targets import AccessPath
from tools.hostile_fleet import HostileFleet
from tools.soaked import Figures, Page, SoakedExporter

_EVERY_ROUND = tuple(each.name for each in OPERATIONS if each.cadence is Cadence.ROUND)
# What the process opens once, on first use (the client of /probe, its resolver), however long it runs.
_OPENED_ONCE = 4
_STORM_SHARE = 0.7
# Amid the run everything has been of use once, but in a short one not all rounds are remembered yet that will be.
_GROWTH, _GROWTH_MEBIBYTES = 1.1, 4.0
_MEBIBYTES_A_ROUND = 12 / 1024  # of a round unlike the one before it
# Of CPU, between two turns of the loop: 0.05 s were measured with 16 targets. A hostile one has held it for 2 s.
_LONGEST_WORK_SECONDS = 0.25
_WORK_SECONDS_A_TARGET = 0.001  # of a reload that changes all, and of a full garbage collection
_IDLE_SECONDS = 60.0  # until connections that nobody uses any more are closed
_FAMILIES = [metric.name for metric in ALL_METRICS]
_REQUESTS = "onedata_onepanel_requests_total"
_POLLS = "onedata_polls_total"
_PACE = (_POLLS, "onedata_polls_skipped_total")
_MISSED_SHARE, _TICK_SECONDS = 0.05, 0.1
_FAILURES = "onedata_onepanel_request_failures_total"
_REFUSED = "configuration rejected"
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


@dataclass
class Soak:
    """One run. `steady` zones stay configured all the time; every fifth zone is never troubled, nor changed.

    `hostile` are the targets beside the zones, as the configuration has them.
    """

    zones: list[SimulatedZone]
    config_file: Path
    ca_file: Path
    interval: float
    chance: random.Random
    hostile: list[dict[str, object]]
    done: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def steady(self) -> range:
        """The numbers of the zones that are never removed: the first half."""
        return range((len(self.zones) + 1) // 2)

    @property
    def peaceful(self) -> list[int]:
        """The numbers of the zones that are never removed, troubled or changed: their counters are exact."""
        return [number for number in self.steady if _is_peaceful(number)]

    def write_config(self, numbers: list[int], site: str = "here", *, hostile: bool = True) -> None:
        """Configure these zones, and the hostile targets."""
        targets: list[dict[str, object]] = [
            {
                "name": f"zone-{number}",
                "url": self.zones[number].proxy_url,
                "direct_url": self.zones[number].direct_url,
                "labels": {"site": "here" if _is_peaceful(number) else site},
            }
            for number in numbers
        ]
        targets += self.hostile if hostile else []
        document = {
            "poll": {
                "interval": self.interval,
                "details_interval": 2 * self.interval,
                "timeout": 0.7 * self.interval,
            },
            "web": {"listen_addresses": ["127.0.0.1:0"], "enable_lifecycle": True},
            "defaults": {"tls": {"ca_file": str(self.ca_file)}},
            "targets": targets,
        }
        self.config_file.write_text(json.dumps(document), encoding="utf-8")

    async def switch_a_fault(self) -> None:
        """Give one zone other faults, or none."""
        number = self.chance.randrange(len(self.zones))
        if _is_peaceful(number):
            return
        await self.zones[number].only(*self.chance.sample(list(Fault), self.chance.randrange(3)))
        self.done["faults switched"] += 1

    async def reload(self, exporter: SoakedExporter) -> None:
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

    async def scrape(self, exporter: SoakedExporter) -> None:
        """One scrape of everything, and a few families read by a parser, which takes its time."""
        if not (await exporter.metrics()).endswith("\n# EOF\n"):
            self.problems.append("a page without its end")
        Page(await exporter.metrics(*self.chance.sample(_FAMILIES, 2)))
        self.done["scrapes"] += 1

    async def flood(self, exporter: SoakedExporter) -> None:
        """Many requests at once, some of them senseless, and some rounds beside those of the polling."""
        # The last zone's counters are not compared.
        probe = f"/probe?target=zone-{len(self.zones) - 1}"
        pages = self.chance.choices((*_PAGES, *_ODD_PAGES, probe), k=30)

        async def ask(page: str) -> None:
            async with exporter.session.get(page) as answer:
                await answer.read()
                if answer.status == 500:  # noqa: PLR2004 - a bug
                    self.problems.append(f"{page[:40]} answered 500")
                self.done["pages"] += 1

        await asyncio.gather(*(ask(page) for page in pages))

    async def storm(self, exporter: SoakedExporter, seconds: float) -> None:
        """Everything at once, for so long."""
        pauses: dict[Callable[[], Awaitable[None]], float] = {
            self.switch_a_fault: self.interval / len(self.zones),
            lambda: self.reload(exporter): self.interval,
            lambda: self.scrape(exporter): self.interval / 2,
            lambda: self.flood(exporter): self.interval / 2,
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

    async def calm(self, exporter: SoakedExporter, seconds: float) -> None:
        """Return all faults end; every target must be found well in time."""
        for zone in self.zones:
            await zone.only()
        self.write_config(list(range(len(self.zones))))
        await exporter.reload()
        if not await _within(seconds, lambda: _all_healthy(exporter)):
            self.problems.append(f"not healthy again: {', '.join(await exporter.unhealthy())}")

    async def check_pace(self, exporter: SoakedExporter, act: Awaitable[None]) -> None:
        """Do something, during which the peaceful zones must be polled in time, but for what the machine was late."""
        clock = asyncio.get_running_loop().time
        began, before = clock(), Page(await exporter.metrics(*_PACE))
        lag = Lag()
        measuring = asyncio.ensure_future(lag.measure())
        await act
        measuring.cancel()
        seconds, after = clock() - began, Page(await exporter.metrics(*_PACE))
        expected, missed_share = seconds / self.interval, _MISSED_SHARE + lag.total / seconds
        self.done["% of the time that the machine was late"] = round(100 * lag.total / seconds)
        for number in self.peaceful:
            rounds, skipped = (
                after.total(name, f"zone-{number}") - before.total(name, f"zone-{number}") for name in _PACE
            )
            self.done["rounds of peaceful zones"] += int(rounds)
            # One may fall just before and just after.
            if rounds < (1 - missed_share) * expected - 2 or skipped > missed_share * expected:
                self.problems.append(
                    f"zone-{number}: {rounds:g} rounds, {skipped:g} skipped, {expected:.1f} expected"
                )

    async def meet_the_hostile(self, exporter: SoakedExporter) -> None:
        """Add the hostile targets to all zones."""
        self.write_config(list(range(len(self.zones))))
        if not await exporter.reload():
            self.problems.append("the hostile targets were refused")

    async def part_with_the_hostile(self, exporter: SoakedExporter) -> None:
        """Remove the hostile targets, which must have been polled: nothing of them may stay."""
        page = Page(await exporter.metrics(_POLLS))
        for each in self.hostile:
            rounds = page.total(_POLLS, str(each["name"]))
            self.done["rounds of hostile targets"] += int(rounds)
            if not rounds:
                self.problems.append(f"{each['name']} was never polled")
        self.write_config(list(range(len(self.zones))), hostile=False)
        await exporter.reload()

    async def rounds_remembered(self, exporter: SoakedExporter) -> int:
        """Return how many rounds are remembered of every target that has been there all the time."""
        page = Page(await exporter.metrics(_POLLS))
        return min(HISTORY_ROUNDS, *(int(page.total(_POLLS, f"zone-{number}")) for number in self.steady))

    async def check_counters(self, exporter: SoakedExporter) -> None:
        """Compare what the exporter has counted with what the zones have served by then."""
        text = await exporter.metrics(_POLLS, _REQUESTS, _FAILURES)
        served = {
            (number, path, operation): self.zones[number].request_logs[path].count(f"/onepanel/{operation}")
            for number in self.steady
            for path in AccessPath
            for operation in _EVERY_ROUND
        }
        page = Page(text)
        for (number, path, operation), count in served.items():
            self.check(page, number, {"path": path.value, "operation": operation}, count)

    def check(self, page: Page, number: int, of: dict[str, str], served: int) -> None:
        """Compare one counter: each request that was sent is counted, also of a round that a reload ended.

        The zone may not have finished a request of such a round. One more may be under way when the page is made.
        No reload ends a round of a peaceful zone, which has served as many as were counted.
        """
        name = f"zone-{number}"
        rounds, asked = page.total(_POLLS, name), page.total(_REQUESTS, name, **of)
        lost = sum(page.total(_FAILURES, name, reason=reason, **of) for reason in _WITHOUT_AN_ANSWER)
        is_each_counted = 0 < rounds <= asked <= rounds + self.done["reloads"] + 1
        least = asked - 1 if _is_peaceful(number) else rounds
        if not is_each_counted or not least - lost <= served <= asked + 1:
            self.problems.append(
                f"{name} {of}: {rounds:g} rounds, asked {asked:g}, lost {lost:g}, served {served}"
            )
        self.done["counters compared"] += 1


class Lag:
    """How late this process was in all, in seconds: the zones are in it, and the exporter shares the machine."""

    def __init__(self) -> None:
        self.total = 0.0

    async def measure(self) -> None:
        """Measure until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self.total += clock() - due


def _is_peaceful(number: int) -> bool:
    return number % 5 == 0


async def _all_healthy(exporter: SoakedExporter) -> bool:
    return not await exporter.unhealthy()


async def _within(seconds: float, holds: Callable[[], Awaitable[bool]]) -> bool:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.5)
    return True


@asynccontextmanager
async def _zones(count: int, authority: Authority) -> AsyncIterator[list[SimulatedZone]]:
    async with AsyncExitStack() as stack:
        made = [SimulatedZone(authority=authority, timing=INSTANT) for _ in range(count)]
        for zone in made:
            await stack.enter_async_context(zone)
        yield made


async def _run(soak: Soak, seconds: float) -> None:
    soak.write_config(list(range(len(soak.zones))), hostile=False)
    async with SoakedExporter(soak.config_file) as exporter:
        if not await _within(seconds * 0.3, lambda: _all_healthy(exporter)):
            soak.problems.append("not all targets were found well at the beginning")
        before = await exporter.figures()
        work_alone = await exporter.longest_work()
        await soak.meet_the_hostile(exporter)
        await soak.storm(exporter, seconds * _STORM_SHARE / 2)
        amid, remembered = await exporter.figures(), await soak.rounds_remembered(exporter)
        work_amid = await exporter.longest_work()
        await soak.check_pace(exporter, soak.storm(exporter, seconds * _STORM_SHARE / 2))
        work_after = await exporter.longest_work()
        await soak.calm(exporter, max(30.0, seconds * 0.3))
        await soak.check_counters(exporter)
        after = await exporter.figures()
        await soak.part_with_the_hostile(exporter)
        if not await _within(_IDLE_SECONDS, lambda: _is_flat(exporter, before, len(soak.zones) // 10)):
            soak.problems.append("descriptors or tasks were left behind")
        alone = await exporter.figures()
        code = await exporter.stop()
    print(
        f"before: {before}\namid:   {amid}, {remembered} of {HISTORY_ROUNDS} rounds remembered\n"
        f"after:  {after}\nalone:  {alone}\n"
        f"longest work of the loop: {work_alone:.3f} s before, {work_amid:.3f} s and {work_after:.3f} s in storms"
    )
    to_come = (HISTORY_ROUNDS - remembered) * len(soak.zones) * _MEBIBYTES_A_ROUND
    if after.mebibytes > _GROWTH * amid.mebibytes + _GROWTH_MEBIBYTES + to_come:
        soak.problems.append("memory has grown")
    most_work = _LONGEST_WORK_SECONDS + _WORK_SECONDS_A_TARGET * (len(soak.zones) + len(soak.hostile))
    if max(work_amid, work_after) > most_work:
        soak.problems.append("the loop was held for too long")
    if code != 0:
        soak.problems.append(f"it ended with {code}")
    soak.problems += [line for line in exporter.log if _REFUSED not in line]


async def _is_flat(exporter: SoakedExporter, before: Figures, under_way: int) -> bool:
    """Return whether no more is held than before, but for what as many rounds hold that may be under way."""
    now = await exporter.figures()
    more_descriptors, more_tasks = now.descriptors - before.descriptors, now.tasks - before.tasks
    return more_descriptors <= _OPENED_ONCE + under_way and more_tasks <= under_way


async def _main(options: Any) -> int:
    hostile = options.targets // 10 if options.hostile is None else options.hostile
    count = options.targets - hostile
    print(f"seed {options.seed}: {count} zones and {hostile} hostile targets, {options.seconds:g} s")
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority()
        ca_file = authority.write_ca_file(Path(folder) / "ca.pem")
        chance = random.Random(options.seed)  # noqa: S311 - to be repeatable
        async with (
            _zones(count, authority) as zones,
            HostileFleet(hostile, Path(folder) / "hostile.pem") as fleet,
        ):
            soak = Soak(zones, Path(folder) / "config.yml", ca_file, options.interval, chance, fleet.targets)
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
    parser.add_argument("--hostile", type=int, help="how many of the targets are hostile; default: a tenth")
    parser.add_argument("--interval", type=float, default=8.0, help="of the polls, in seconds")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # the zones break many connections off
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The zones need most of them.
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_main(options))


if __name__ == "__main__":
    sys.exit(main())
