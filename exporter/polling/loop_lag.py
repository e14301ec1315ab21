"""How late the event loop is: a sleeper that measures its own oversleeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_TICK_SECONDS = 0.1


async def measure_lag(report: Callable[[float], None], window_seconds: float) -> None:
    """Report the worst lag (seconds) of the last window or two, for ever."""
    before = worst = 0.0
    window_ends = time.perf_counter() + window_seconds
    while True:
        due = time.perf_counter() + _TICK_SECONDS
        await asyncio.sleep(_TICK_SECONDS)
        now = time.perf_counter()
        worst = max(worst, now - due)
        report(max(before, worst))
        if now >= window_ends:
            before, worst, window_ends = worst, 0.0, now + window_seconds
