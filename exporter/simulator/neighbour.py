"""The delays that a frozen node causes on the others: what Erlang's distribution does until it gives the node up."""

from __future__ import annotations

import time
from collections.abc import Callable

from exporter.simulator.timing import Timing


class FrozenNeighbour:
    """How one node fares while another one is frozen.

    Until `first_stall_seconds` after the freeze, requests that involve the frozen node wait for that
    moment. In the last `hang_seconds` before it, every request waits. Later, requests that
    involve the frozen node wait for `stall_seconds`.
    """

    def __init__(self, timing: Timing, now: Callable[[], float] = time.monotonic) -> None:
        self._timing = timing
        self._now = now
        self._given_up_at: float | None = None

    def notice(self, *, frozen: bool) -> None:
        """Take note whether there is a frozen node now."""
        if not frozen:
            self._given_up_at = None
        elif self._given_up_at is None:
            self._given_up_at = self._now() + self._timing.first_stall_seconds

    def delay_seconds(self, *, stalled: bool) -> float:
        """Return how long an answer is late; `stalled` ones involve the frozen node."""
        if self._given_up_at is None:
            return 0.0
        remaining_seconds = self._given_up_at - self._now()
        if stalled:
            return max(remaining_seconds, 0.0) or self._timing.stall_seconds
        hanging = 0.0 < remaining_seconds <= self._timing.hang_seconds
        return remaining_seconds if hanging else 0.0
