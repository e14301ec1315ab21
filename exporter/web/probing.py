"""`/probe`: rounds for who asks, few at once and seldom, so that asking can flood neither targets nor exporter."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from aiohttp import web

from exporter.diagnosis.checkup import Checkup
from exporter.observation import Trace
from exporter.targets import Target

_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
# What is left of a scrape's time for the answer to get there.
_MARGIN_SECONDS, _LARGEST_MARGIN = 0.5, 0.2
# A round that ends with its time would come to nothing at the last moment.
_SHARE_OF_TIME = 0.95
_ROUNDS_AT_ONCE = 10
_MOST_WAITING = 100
_FRESH_SECONDS = 1.0
_BUSY = "So many rounds are asked for that this one cannot end in time; come again in a second.\n"


class FreshRound(Protocol):
    """What a round found, with every exchange of it."""

    @property
    def checkup(self) -> Checkup:
        """The round."""

    @property
    def traces(self) -> Sequence[Trace]:
        """Its exchanges."""


TakeRound: TypeAlias = Callable[[Target, float], Awaitable[FreshRound]]


class _Round(NamedTuple):
    """A round that is taken, or was a moment ago, with as much time as its asker had; `over` when it is forgotten."""

    task: asyncio.Task[FreshRound | None]
    seconds: float
    over: asyncio.Event


class Prober:
    """Has `take` take rounds: ten at once in all, one at once and a second of each target.

    Who asks while a target is looked at, or within a second of it, gets what that round finds, unless it has
    less time than they have: then they wait for their own. Else somebody in a hurry could make all others
    believe that the target does not answer.
    """

    def __init__(self, take: TakeRound) -> None:
        self._take = take
        self._slots = asyncio.Semaphore(_ROUNDS_AT_ONCE)
        self._rounds: dict[Target, _Round] = {}
        self._waiting = 0

    async def probe(self, target: Target, seconds: float) -> FreshRound:
        """A fresh round of a target, which ends within so many seconds.

        Raises:
            web.HTTPServiceUnavailable: it could not be taken in time.
        """
        if self._waiting >= _MOST_WAITING:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                found = await asyncio.shield((await self._round_for(target, seconds)).task)
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        if found is None:
            raise _busy()
        return found

    async def stop(self) -> None:
        """End all rounds."""
        rounds = [each.task for each in self._rounds.values()]
        for each in rounds:
            each.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)

    async def _round_for(self, target: Target, seconds: float) -> _Round:
        """The round of a target for somebody who has so many seconds, in all."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (found := self._rounds.get(target)) is not None and found.seconds < seconds:
            await found.over.wait()
        return found or self._start(target, seconds, deadline)

    def _start(self, target: Target, seconds: float, deadline: float) -> _Round:
        loop = asyncio.get_running_loop()
        running = loop.create_task(self._round(target, deadline), name=f"probe {target.name}")
        begun = self._rounds[target] = _Round(running, seconds, asyncio.Event())
        running.add_done_callback(lambda _: loop.call_later(_FRESH_SECONDS, self._forget, target))
        return begun

    def _forget(self, target: Target) -> None:
        self._rounds.pop(target).over.set()

    async def _round(self, target: Target, deadline: float) -> FreshRound | None:
        """A round; None when it did not end in time, which is no error of the task: nobody may wait for it any more."""
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                left = deadline - asyncio.get_running_loop().time()
                return await self._take(target, _SHARE_OF_TIME * left)
        except TimeoutError:
            return None


def scrape_seconds(headers: Mapping[str, str], at_most: float) -> float:
    """How long a round may take for a scrape, which says how long itself will wait.

    Raises:
        web.HTTPBadRequest: what it says is no number of seconds.
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
