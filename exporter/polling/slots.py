"""A limit on the connections of all rounds, shared by three lanes so that none starves another."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum


class Lane(Enum):
    """What a round is expected to be like; the value is the share of all slots that the lane may use."""

    QUICK = 1.0
    SLOW = 0.5
    DETAILS = 0.25


@dataclass(slots=True, eq=False)
class Hold:
    """Slots that a round waits for or holds. `number` counts the rounds that came."""

    number: int
    count: int
    lane: Lane
    admitted: asyncio.Future[None]


class Slots:
    """Limits how many connections are open at once, in lanes; within a lane first come, first served.

    Quick rounds go first and may use all slots. Slow rounds and details have a share each: however many of
    them wait, the rest is left to quick rounds. A lane of which nothing runs gets its turn all the same.
    A round that turns out to be slow moves to the slow lane while it runs (`become_slow`).
    """

    def __init__(self, total: int) -> None:
        self._used = dict.fromkeys(Lane, 0)
        self._numbers = itertools.count()
        self._waiting: dict[Lane, deque[Hold]] = {lane: deque() for lane in Lane}
        self._contended = asyncio.Event()
        self.resize(total)

    def resize(self, total: int) -> None:
        """Have another number of slots from now on; those in use stay in use until they are given back."""
        self._total = total
        self._limits = {lane: max(1, min(int(total * lane.value), total)) for lane in Lane}
        if total > 1:
            self._limits[Lane.SLOW] = min(self._limits[Lane.SLOW], total - 1)
        self._admit()

    @asynccontextmanager
    async def take(self, wanted: int, lane: Lane) -> AsyncIterator[Hold]:
        """Hold slots for as many connections; more than the lane has means all of the lane's."""
        count = min(wanted, self._limits[lane])
        hold = Hold(next(self._numbers), count, lane, asyncio.get_running_loop().create_future())
        self._waiting[lane].append(hold)
        self._admit()
        try:
            await hold.admitted
        except asyncio.CancelledError:
            self._give_up(hold)
            raise
        try:
            yield hold
        finally:
            self._release(hold)

    def become_slow(self, hold: Hold) -> bool:
        """Move a running quick round to the slow priority; return whether there was room."""
        if not self._has_room(Lane.SLOW, hold.count):
            return False
        self._used[hold.lane] -= hold.count
        hold.lane = Lane.SLOW
        self._used[hold.lane] += hold.count
        return True

    async def contention(self) -> None:
        """Wait until a quick round waits for slots."""
        await self._contended.wait()

    def _admit(self) -> None:
        while (hold := self._next()) is not None:
            self._waiting[hold.lane].popleft()
            self._used[hold.lane] += hold.count
            hold.admitted.set_result(None)
        if self._first(Lane.QUICK) is None:
            self._contended.clear()
        else:
            self._contended.set()

    def _next(self) -> Hold | None:
        """Return the round to admit; None if the next one does not fit. A smaller round does not pass it."""
        first = next(self._by_precedence(), None)
        used = sum(self._used.values())
        return first if first is not None and (not used or used + first.count <= self._total) else None

    def _by_precedence(self) -> Iterator[Hold]:
        """Yield the first round of each priority with room, in the order of admission."""
        waiting = [hold for lane in Lane if (hold := self._first(lane)) and self._has_room(lane, hold.count)]
        quick = next((hold for hold in waiting if hold.lane is Lane.QUICK), None)
        others = sorted(
            (hold for hold in waiting if hold.lane is not Lane.QUICK), key=lambda hold: hold.number
        )
        yield from (
            hold for hold in others if quick and not self._used[hold.lane] and hold.number < quick.number
        )
        if quick is not None:
            yield quick
        yield from others

    def _has_room(self, lane: Lane, count: int) -> bool:
        """Return whether a priority has room. Without rounds it has room for any: it may have been larger before."""
        return not self._used[lane] or self._used[lane] + count <= self._limits[lane]

    def _first(self, lane: Lane) -> Hold | None:
        """Return the longest-waiting round of a priority, except for cancelled ones."""
        queue = self._waiting[lane]
        while queue and queue[0].admitted.cancelled():
            queue.popleft()
        return queue[0] if queue else None

    def _release(self, hold: Hold) -> None:
        self._used[hold.lane] -= hold.count
        self._admit()

    def _give_up(self, hold: Hold) -> None:
        if hold.admitted.done() and not hold.admitted.cancelled():
            self._release(hold)
        else:
            with suppress(ValueError):  # it may have been passed over already
                self._waiting[hold.lane].remove(hold)
            self._admit()
