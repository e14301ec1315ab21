"""Readiness of the exporter itself: it serves, and its scheduler is alive. What targets do belongs in metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import Enum

from exporter.state.target_state import TargetState

DRAIN_SECONDS = 2.0
_RECENTLY_SECONDS = 60.0


class Phase(Enum):
    """What the exporter does; the value is why it is not ready then."""

    STARTING = "the exporter is starting"
    SERVING = ""
    STOPPING = "the exporter is stopping"


class Readiness:
    """The phase of the exporter, and whether its polling is alive: `dead` counts the targets whose task has ended."""

    def __init__(self, dead: Callable[[], int] = lambda: 0, phase: Phase = Phase.STARTING) -> None:
        self._dead = dead
        self._asked_at = -_RECENTLY_SECONDS
        self._answered = asyncio.Event()
        self.phase = phase

    def reason(self, states: Sequence[TargetState], now: float) -> str:
        """Return why the exporter is not ready, as one line; empty if it is. `now` is of the monotonic clock."""
        self._asked_at = now
        if self.phase is Phase.STOPPING:
            self._answered.set()
        return self.phase.value or self._stopped_polling(states, now)

    def banners(self, states: Sequence[TargetState], faults: Sequence[str], now: float) -> tuple[str, ...]:
        """Return what every page reports of the exporter itself. `now` is of the monotonic clock."""
        stopped = self._stopped_polling(states, now)
        own = [f"{stopped[0].upper()}{stopped[1:]}. See the exporter's log."] if stopped else []
        return (*own, *faults)

    def _stopped_polling(self, states: Sequence[TargetState], now: float) -> str:
        """Return what is wrong with the scheduler. A target whose rounds fail or do not happen is not a fault of it."""
        dead = self._dead()
        if dead:
            return f"polling has stopped for {dead} of {len(states)} targets"
        polled = [state for state in states if state.checkup is not None]
        if polled and all(state.fresh(now) is None for state in polled):
            return "polling has stopped: no target had a round within three intervals"
        return ""

    async def drain(self) -> None:
        """Be not ready, and serve on until that was asked for once, or for a moment; only if it was asked for lately.

        A load balancer or Kubernetes then sends no requests to an exporter that is about to close its sockets.
        """
        self.phase = Phase.STOPPING
        if time.monotonic() - self._asked_at < _RECENTLY_SECONDS:
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._answered.wait()
            except TimeoutError:
                return
