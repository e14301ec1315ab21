"""When targets are polled: each at a fixed rate, spread over the interval, never two rounds of one at once.

Knows neither HTTP nor metrics. Times are seconds of the event loop's monotonic clock.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from exporter.polling.slots import Hold, Priority, Slots
from exporter.targets import Target
from exporter.tasks import ReportBug, supervise

_FIRST_ROUNDS_PER_SECOND = 100
_FIRST_QUICK_SECONDS = 1.0
_LEAST_QUICK_SECONDS = 0.5


async def _always(_target: Target) -> None:
    """Allow every round: this plan's rounds depend on nothing else."""


@dataclass(frozen=True, slots=True)
class PollPlan:
    """How often a target is polled (seconds), with which priority, and how many connections that takes at once.

    `ready` returns once a round can begin: a round waits for it before it takes slots.
    """

    interval: Callable[[Target], float]
    connections: Callable[[Target], int]
    priority: Priority = Priority.QUICK
    ready: Callable[[Target], Awaitable[None]] = _always


ROUNDS = PollPlan(lambda target: target.schedule.interval, lambda target: len(target.routes))
DETAILS = PollPlan(lambda target: target.schedule.details_interval, lambda _target: 1, Priority.DETAILS)

DISCOVERY = PollPlan(
    lambda zone: zone.discovery.interval if zone.discovery else math.inf, lambda _zone: 8, Priority.DETAILS
)


class Scheduler:
    """Calls `poll` for every target at its interval, until stopped.

    `poll` must not raise for what a target does. What it raises is a bug, goes to `report_bug`, and costs that
    round only. `skipped` gets the target of each round that is left out because the one before still ran.
    Schedulers may share `slots`.
    """

    def __init__(
        self,
        poll: Callable[[Target], Awaitable[None]],
        plan: PollPlan,
        slots: Slots,
        skipped: Callable[[Target], None],
        report_bug: ReportBug,
    ) -> None:
        self._poll_target = poll
        self._plan = plan
        self._slots = slots
        self._skipped = skipped
        self._report_bug = report_bug
        self._tasks: dict[Target, asyncio.Task[None]] = {}

    def set_targets(self, targets: Iterable[Target]) -> None:
        """Poll these targets from now on. Equal ones keep their schedule, the others' rounds are ended."""
        wanted = list(targets)
        for target in set(self._tasks).difference(wanted):
            self._tasks.pop(target).cancel()
        for index, target in enumerate(wanted):
            if target not in self._tasks:
                delay = min(index / _FIRST_ROUNDS_PER_SECOND, self._plan.interval(target))
                self._tasks[target] = asyncio.create_task(
                    supervise(partial(self._poll, target, delay), "poller", self._report_bug),
                    name=f"poll {target.name}",
                )

    @property
    def dead(self) -> int:
        """Return how many targets have no running task, which none should."""
        return sum(task.done() for task in self._tasks.values())

    async def stop(self) -> None:
        """End all rounds at once, and wait until they have ended."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, target: Target, delay: float) -> None:
        clock = asyncio.get_running_loop().time
        interval = self._plan.interval(target)
        shift = offset(target.name, interval)
        await asyncio.sleep(delay)
        # The first round, which comes early, stands for the place that it leads up to.
        last = earliest = int((clock() - shift) // interval) + 1
        seconds = await self._round(target, None)
        while True:
            # A timer may expire a little early: a quick round has ended before its place, and is not due there again.
            place = max(int((clock() - shift) // interval) + 1, earliest)
            for _ in range(place - last - 1):
                self._skipped(target)
            last, earliest = place, place + 1
            await asyncio.sleep(shift + place * interval - clock())
            seconds = await self._round(target, seconds)

    async def _round(self, target: Target, before: float | None) -> float:
        """Run one round; return how long it took. `before` is the same of the round before, None at first.

        A round that used up its time last time begins as a slow one. One that takes much longer than last
        time becomes slow. If there is no room for it and quick rounds wait, the round is cut, and begins
        again as a slow one.
        """
        await self._plan.ready(target)
        is_slow = before is not None and before > _share_of_timeout(target)
        priority = Priority.SLOW if is_slow and self._plan.priority is Priority.QUICK else self._plan.priority
        clock = asyncio.get_running_loop().time
        async with self._slots.take(self._plan.connections(target), priority) as hold:
            began = clock()
            is_cut = await self._run(target, hold, _quick_seconds(target, before))
            seconds = clock() - began
        return await self._round(target, target.schedule.timeout) if is_cut else seconds

    async def _run(self, target: Target, hold: Hold, quick_seconds: float) -> bool:
        """Run one round within slots; return whether it was cut."""
        running = asyncio.create_task(self._poll_once(target))
        try:
            await asyncio.wait({running}, timeout=quick_seconds)
            is_late = not running.done() and hold.priority is Priority.QUICK
            if is_late and not self._slots.become_slow(hold) and await self._contended(running):
                return True
            await running
        finally:
            running.cancel()
            await asyncio.wait({running})
        return False

    async def _contended(self, running: asyncio.Task[None]) -> bool:
        """Wait until the round has ended, or others wait for its slots; return whether they do."""
        contention = asyncio.create_task(self._slots.contention())
        try:
            await asyncio.wait({running, contention}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            contention.cancel()
        return not running.done()

    async def _poll_once(self, target: Target) -> None:
        try:
            await self._poll_target(target)
        except Exception as error:  # noqa: BLE001 - a bug costs this round, not the polling
            self._report_bug("poller", error)


def _share_of_timeout(target: Target) -> float:
    """Return how long a round with a timed-out request takes at least."""
    return 0.9 * target.schedule.timeout


def _quick_seconds(target: Target, before: float | None) -> float:
    """Return how long a round may take before it counts as slow."""
    quick_seconds = _FIRST_QUICK_SECONDS if before is None else max(_LEAST_QUICK_SECONDS, 2 * before)
    return min(quick_seconds, _share_of_timeout(target))


def offset(name: str, interval: float) -> float:
    """Return the stable place of a target within the interval, so that rounds are spread evenly."""
    return zlib.crc32(name.encode()) / 2**32 * interval
