"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")

_PAUSE_SECONDS = 0.05


async def eventually(
    poll: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], object], seconds: float = 40.0
) -> Seen:
    """Check repeatedly until what is seen holds; returns it.

    Raises AssertionError with what was seen last after so many seconds.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        seen = await poll()
        if holds(seen):
            return seen
        if loop.time() > deadline:
            raise AssertionError(f"not within {seconds:g} s; seen last: {seen!r}")
        await asyncio.sleep(_PAUSE_SECONDS)
