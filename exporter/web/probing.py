"""`/probe`: rounds on request, limited in number and rate, so that requests flood neither targets nor exporter."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from aiohttp import web

from exporter.polling.rounds import FreshRound
from exporter.targets import Target

_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
# What is left of a scrape's time for the answer to arrive.
_MARGIN_SECONDS, _LARGEST_MARGIN = 0.5, 0.2
# A round that takes all of its time would be lost at the last moment.
_SHARE_OF_TIME = 0.95
_ROUNDS_AT_ONCE = 10
MAX_WAITING = 100
_FRESH_SECONDS = 1.0
_BUSY = "The round cannot finish in time: too many are requested at once. Retry in 1 s.\n"


TakeRound: TypeAlias = Callable[[Target, float], Awaitable[FreshRound]]


class _Round(NamedTuple):
    """A round that runs or ended within the last second, and the time that it had."""

    task: asyncio.Task[FreshRound | None]
    seconds: float
    forgotten: asyncio.Event


class Prober:
    """Has `take` take rounds: ten at once in all, and of each target one at once and one a second.

    A request for a target gets the round that runs or ended within the last second, unless that had less time
    than the request has. Then the request waits for the next round, which has as much time as the most patient
    of the waiting requests: a client with a short timeout cannot make others believe that the target is down,
    nor can a series of them keep others waiting.
    """

    def __init__(self, take: TakeRound) -> None:
        self._take = take
        self._slots = asyncio.Semaphore(_ROUNDS_AT_ONCE)
        self._rounds: dict[Target, _Round] = {}
        self._deadlines: dict[Target, Counter[float]] = {}
        self._waiting = 0

    async def probe(self, target: Target, seconds: float) -> FreshRound:
        """Return a fresh round of a target, within so many seconds.

        Raises:
            web.HTTPServiceUnavailable: no round could be taken in time.
        """
        if self._waiting >= MAX_WAITING:
            raise _busy()
        deadline = asyncio.get_running_loop().time() + seconds
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                found = await asyncio.shield((await self._round_for(target, deadline)).task)
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        if found is None:
            raise _busy()
        return found

    async def stop(self) -> None:
        """Cancel all rounds."""
        rounds = [each.task for each in self._rounds.values()]
        for each in rounds:
            each.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)

    async def _round_for(self, target: Target, deadline: float) -> _Round:
        """Return a round that had no less time than is left until the deadline, perhaps the next one."""
        clock = asyncio.get_running_loop().time
        deadlines = self._deadlines.setdefault(target, Counter())
        deadlines[deadline] += 1
        try:
            while (found := self._rounds.get(target)) is not None:
                seconds_more = deadline - clock() - found.seconds
                if seconds_more <= 0:
                    return found
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds_more):
                        await found.forgotten.wait()
            return self._start(target, max(deadlines))
        finally:
            deadlines[deadline] -= 1
            if not deadlines[deadline]:
                del deadlines[deadline]
            if not deadlines:
                del self._deadlines[target]

    def _start(self, target: Target, deadline: float) -> _Round:
        loop = asyncio.get_running_loop()
        running = loop.create_task(self._round(target, deadline), name=f"probe {target.name}")
        begun = self._rounds[target] = _Round(running, deadline - loop.time(), asyncio.Event())
        running.add_done_callback(lambda _: loop.call_later(_FRESH_SECONDS, self._forget, target))
        return begun

    def _forget(self, target: Target) -> None:
        self._rounds.pop(target).forgotten.set()

    async def _round(self, target: Target, deadline: float) -> FreshRound | None:
        """Return a round; None if it did not end in time, which is no error: no request may wait for it any more."""
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                left = deadline - asyncio.get_running_loop().time()
                return await self._take(target, _SHARE_OF_TIME * left)
        except TimeoutError:
            return None


def scrape_seconds(headers: Mapping[str, str], at_most: float) -> float:
    """Return how many seconds a round may take for a scrape with the timeout in its header, or `at_most`.

    Raises:
        web.HTTPBadRequest: the header is no number of seconds.
    """
    text = headers.get(_TIMEOUT_HEADER)
    if text is None:
        return at_most
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise web.HTTPBadRequest(text=f"{_TIMEOUT_HEADER} must be a positive number of seconds.\n")
    return min(at_most, seconds - min(_MARGIN_SECONDS, _LARGEST_MARGIN * seconds))


def _busy() -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(text=_BUSY, headers={"Retry-After": "1"})
