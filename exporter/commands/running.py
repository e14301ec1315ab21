"""Running an asynchronous main function until it ends or the process is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

try:
    from uvloop import new_event_loop
except ImportError:  # uvloop is not to be had on every platform
    from asyncio import new_event_loop

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_until_stopped(
    start: Callable[[], AbstractAsyncContextManager[Any]],
    started: Callable[[Any], Awaitable[None]] | None = None,
) -> None:
    """Enter what `start` gives, tell `started`, wait for SIGTERM or SIGINT (also while entering), leave."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_until_stopped(start, started))


async def _until_stopped(
    start: Callable[[], AbstractAsyncContextManager[Any]],
    started: Callable[[Any], Awaitable[None]] | None,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)

    async def serve() -> None:
        async with start() as running:
            if started is not None:
                await started(running)
            await stopping.wait()

    serving = asyncio.ensure_future(serve())
    stopped = asyncio.ensure_future(stopping.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await serving
