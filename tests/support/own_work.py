"""How long the event loop's own thread works between two of its turns: what others do to the machine is not in it."""

from __future__ import annotations

import asyncio
import time

_TICK_SECONDS = 0.005


class OwnWork:
    """The most that this thread itself worked between two turns of the event loop, in seconds of CPU."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._before = 0.0

    def skip(self) -> None:
        """Leave out what this thread has worked since the last turn."""
        self._before = time.thread_time()

    async def measure(self) -> None:
        """Measure until cancelled."""
        self.skip()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = time.thread_time()
            self.longest = max(self.longest, now - self._before)
            self._before = now
