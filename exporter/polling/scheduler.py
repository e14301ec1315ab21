"""When to look: every target at a fixed rate, spread over the interval, never two rounds of one at once.

Knows neither HTTP nor metrics. Times are seconds of the event loop's monotonic clock.
"""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from exporter.targets import Target
from exporter.tasks import ReportBug, supervise

_FIRST_ROUNDS_PER_SECOND = 100
_SHARE_FOR_SLOW = 0.75


class _Waiter(NamedTuple):
    """One that waits for slots. `number` counts those who came."""

    number: int
    slots: int
    admitted: asyncio.Future[None]


class Slots:
    """Limits how many connections are open at once, first come first served, in two lanes.

    A target whose last round was slow may use only a share of the slots, and while others wait no more than
    one of the slow ones gets in, so that many hanging targets cannot starve those that answer, however many
    slots these want; nor can these starve the slow ones.
    """

    def __init__(self, total: int) -> None:
        self._used = 0
        self._used_by_slow = 0
        self._numbers = itertools.count()
        self._waiting: dict[bool, deque[_Waiter]] = {False: deque(), True: deque()}
        self.resize(total)

    def resize(self, total: int) -> None:
        """Have another number of slots from now on; those in use stay in use until they are given back."""
        self._total = total
        self._limits = {False: total, True: max(1, min(int(total * _SHARE_FOR_SLOW), total - 1))}
        self._admit()

    @asynccontextmanager
    async def take(self, wanted: int, *, slow: bool) -> AsyncIterator[None]:
        """Hold slots for as many connections; more than there are means all of the lane's."""
        count = min(wanted, self._limits[slow])
        waiter = _Waiter(next(self._numbers), count, asyncio.get_running_loop().create_future())
        self._waiting[slow].append(waiter)
        self._admit()
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            self._give_up(waiter, slow)
            raise
        try:
            yield
        finally:
            self._release(count, slow)

    def _admit(self) -> None:
        while True:
            quick, slow = self._first(slow=False), self._first(slow=True)
            is_slow = slow is not None and (
                quick is None or (not self._used_by_slow and slow.number < quick.number)
            )
            waiter = slow if is_slow else quick
            if waiter is None or not self._fits(waiter.slots, is_slow):
                return
            self._waiting[is_slow].popleft()
            self._used += waiter.slots
            self._used_by_slow += waiter.slots if is_slow else 0
            waiter.admitted.set_result(None)

    def _first(self, *, slow: bool) -> _Waiter | None:
        """Who waits longest in a lane, but for those who were cancelled and have not come to say so yet."""
        queue = self._waiting[slow]
        while queue and queue[0].admitted.cancelled():
            queue.popleft()
        return queue[0] if queue else None

    def _fits(self, count: int, slow: bool) -> bool:  # noqa: FBT001 - the lane
        """Whether there is room; an empty lane has room for all, who may have come when there were more slots."""
        if slow and self._used_by_slow and self._used_by_slow + count > self._limits[True]:
            return False
        return not self._used or self._used + count <= self._total

    def _release(self, count: int, slow: bool) -> None:  # noqa: FBT001 - the lane
        self._used -= count
        self._used_by_slow -= count if slow else 0
        self._admit()

    def _give_up(self, waiter: _Waiter, slow: bool) -> None:  # noqa: FBT001 - the lane
        if waiter.admitted.done() and not waiter.admitted.cancelled():
            self._release(waiter.slots, slow)
        else:
            with suppress(ValueError):  # it may have been passed over already
                self._waiting[slow].remove(waiter)
            self._admit()


@dataclass(frozen=True, slots=True)
class PollPlan:
    """How often a target is looked at (seconds), and how many connections that takes at once.

    `unhurried` rounds are always taken in the lane for slow targets.
    """

    interval: Callable[[Target], float]
    connections: Callable[[Target], int]
    unhurried: bool = False


ROUNDS = PollPlan(lambda target: target.schedule.interval, lambda target: len(target.routes))
DETAILS = PollPlan(lambda target: target.schedule.details_interval, lambda _target: 1, unhurried=True)


class Scheduler:
    """Calls `look` for every target at its interval, until stopped.

    `look` must not raise for what a target does; what it raises is a bug, told to `report_bug`, and
    costs that round only. `skipped` is told of rounds left out because the one before still ran.
    `slots` may be shared with other pollers.
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
        slow = await self._round(target, slow=False)
        while True:
            # A timer may go off a little early: a quick round is over before its place, and not due there again.
            place = max(int((clock() - shift) // interval) + 1, earliest)
            for _ in range(place - last - 1):
                self._skipped(target)
            last, earliest = place, place + 1
            await asyncio.sleep(shift + place * interval - clock())
            slow = await self._round(target, slow=slow)

    async def _round(self, target: Target, *, slow: bool) -> bool:
        """One round; returns whether it was slow, which is when a request used up its time."""
        loop = asyncio.get_running_loop()
        async with self._slots.take(self._plan.connections(target), slow=slow or self._plan.unhurried):
            began = loop.time()
            try:
                await self._poll_target(target)
            except Exception as error:  # noqa: BLE001 - a bug costs this round, not the polling
                self._report_bug("poller", error)
            return loop.time() - began > 0.9 * target.schedule.timeout


def offset(name: str, interval: float) -> float:
    """The stable place of a target within the interval, so that rounds are spread evenly."""
    return zlib.crc32(name.encode()) / 2**32 * interval
