"""Running an asynchronous main function until it ends or the process receives a signal to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from exporter.commands.service_manager import ServiceManager
from exporter.commands.signals import STOP_SIGNALS, released_signals

RunningT = TypeVar("RunningT")


def run_until_stopped(
    start: Callable[[], AbstractAsyncContextManager[RunningT]],
    started: Callable[[RunningT], Awaitable[None]] | None = None,
    on_hangup: Callable[[RunningT], Awaitable[object]] | None = None,
) -> None:
    """Enter what `start` returns, call `started`, wait for SIGTERM or SIGINT (also while entering), leave.

    In between each SIGHUP calls `on_hangup`. A service manager is notified of all of it.
    """
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        runner.run(_until_stopped(start, started, on_hangup))


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop, which saves a fifth of the CPU, on platforms that have it."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _until_stopped(
    start: Callable[[], AbstractAsyncContextManager[RunningT]],
    started: Callable[[RunningT], Awaitable[None]] | None,
    on_hangup: Callable[[RunningT], Awaitable[object]] | None,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # until there is something to reload
    manager = ServiceManager(os.environ)

    async def serve() -> None:
        async with start() as running:
            if on_hangup is not None:
                loop.add_signal_handler(signal.SIGHUP, _Reloads(running, on_hangup, manager).begin)
            if started is not None:
                await started(running)
            with manager.serving():
                await stopping.wait()

    with released_signals():
        serving = asyncio.ensure_future(serve())
        stopped = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        await serving


class _Reloads(Generic[RunningT]):
    """The reloads that SIGHUP asks for; the service manager is notified of the beginning and the end of each."""

    def __init__(
        self, running: RunningT, act: Callable[[RunningT], Awaitable[object]], manager: ServiceManager
    ) -> None:
        self._running = running
        self._act = act
        self._manager = manager
        self._tasks: set[asyncio.Future[None]] = set()

    def begin(self) -> None:
        """Reload in the background."""
        task = asyncio.ensure_future(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        self._manager.reloading()
        try:
            await self._act(self._running)
        finally:
            self._manager.ready()
