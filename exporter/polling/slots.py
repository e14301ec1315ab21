"""A limit on the connections of all rounds, shared by three priorities so that none starves another."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum


class Priority(Enum):
    """What a round is expected to be like; the value is the share of all slots that the priority may use."""

    QUICK = 1.0
    SLOW = 0.5
    DETAILS = 0.25


@dataclass(slots=True, eq=False)
class Hold:
    """Slots that a round waits for or holds. `number` counts the rounds that came."""

    number: int
    count: int
    priority: Priority
    admitted: asyncio.Future[None]


class Slots:
    """Limits how many connections are open at once, by priority; within a priority first come, first served.

    Quick rounds go first and may use all slots. Slow rounds and details have a share each: however many of
    them wait, the rest is left to quick rounds. A priority of which nothing runs gets its turn all the same.
    A round that turns out to be slow changes its priority while it runs (`become_slow`).
    """

    def __init__(self, total: int) -> None:
        self._used = dict.fromkeys(Priority, 0)
        self._numbers = itertools.count()
        self._waiting: dict[Priority, deque[Hold]] = {priority: deque() for priority in Priority}
        self._contended = asyncio.Event()
        self.resize(total)

    def resize(self, total: int) -> None:
        """Have another number of slots from now on; those in use stay in use until they are given back."""
        self._total = total
        self._limits = {priority: max(1, min(int(total * priority.value), total)) for priority in Priority}
        if total > 1:
            self._limits[Priority.SLOW] = min(self._limits[Priority.SLOW], total - 1)
        self._admit()

    @asynccontextmanager
    async def take(self, wanted: int, priority: Priority) -> AsyncIterator[Hold]:
        """Hold slots for as many connections; more than the priority has means all that it has."""
        count = min(wanted, self._limits[priority])
        hold = Hold(next(self._numbers), count, priority, asyncio.get_running_loop().create_future())
        self._waiting[priority].append(hold)
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
        if not self._has_room(Priority.SLOW, hold.count):
            return False
        self._used[hold.priority] -= hold.count
        hold.priority = Priority.SLOW
        self._used[hold.priority] += hold.count
        return True

    async def contention(self) -> None:
        """Wait until a quick round waits for slots."""
        await self._contended.wait()

    def _admit(self) -> None:
        while (hold := self._next()) is not None:
            self._waiting[hold.priority].popleft()
            self._used[hold.priority] += hold.count
            hold.admitted.set_result(None)
        if self._first(Priority.QUICK) is None:
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
        waiting = [
            hold
            for priority in Priority
            if (hold := self._first(priority)) and self._has_room(priority, hold.count)
        ]
        quick = next((hold for hold in waiting if hold.priority is Priority.QUICK), None)
        others = sorted(
            (hold for hold in waiting if hold.priority is not Priority.QUICK), key=lambda hold: hold.number
        )
        yield from (
            hold for hold in others if quick and not self._used[hold.priority] and hold.number < quick.number
        )
        if quick is not None:
            yield quick
        yield from others

    def _has_room(self, priority: Priority, count: int) -> bool:
        """Return whether a priority has room. Without rounds it has room for any: it may have been larger before."""
        return not self._used[priority] or self._used[priority] + count <= self._limits[priority]

    def _first(self, priority: Priority) -> Hold | None:
        """Return the longest-waiting round of a priority, except for cancelled ones."""
        queue = self._waiting[priority]
        while queue and queue[0].admitted.cancelled():
            queue.popleft()
        return queue[0] if queue else None

    def _release(self, hold: Hold) -> None:
        self._used[hold.priority] -= hold.count
        self._admit()

    def _give_up(self, hold: Hold) -> None:
        if hold.admitted.done() and not hold.admitted.cancelled():
            self._release(hold)
        else:
            with suppress(ValueError):  # it may have been passed over already
                self._waiting[hold.priority].remove(hold)
            self._admit()
