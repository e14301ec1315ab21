"""Background work: supervised tasks, and threads for functions that may never return."""

from __future__ import annotations

import asyncio
import atexit
import errno
import queue
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AsyncExitStack, suppress
from typing import Generic, TypeAlias, TypeVar

Result = TypeVar("Result")

# The part of the exporter in which an unexpected exception was caught, and the exception.
ReportBug: TypeAlias = Callable[[str, Exception], None]

_RESTART_SECONDS = 1.0
_EXIT_SECONDS = 2.0
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


async def supervise(run: Callable[[], Awaitable[None]], where: str, report_bug: ReportBug) -> None:
    """Run until `run` returns. After an exception, report it as (`where`, exception) and run again in a second.

    Cancelling ends both. `report_bug` must not raise.
    """
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - a bug must not end the task
            report_bug(where, error)
            await asyncio.sleep(_RESTART_SECONDS)
        else:
            return


def run_in_background(
    stack: AsyncExitStack, run: Callable[[], Awaitable[None]], report_bug: ReportBug
) -> None:
    """Supervise `run` until `stack` is closed."""
    task = asyncio.create_task(supervise(run, "background", report_bug))
    stack.callback(task.cancel)


async def in_thread(function: Callable[[], Result]) -> Result:
    """Return what a function returns that may never return, such as one that reads files of a dead server.

    Unlike one of asyncio.to_thread, its thread keeps neither other work waiting nor the end of the process.
    """
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[Result] = loop.create_future()

    thread = threading.Thread(
        target=lambda: _deliver(loop, finished, function), name="file access", daemon=True
    )
    _threads.add(thread)
    thread.start()
    return await finished


@atexit.register
def _join_threads() -> None:
    """Let functions end that can: OpenSSL frees at the exit what a thread that reads certificates still uses."""
    deadline = time.monotonic() + _EXIT_SECONDS
    for thread in tuple(_threads):
        thread.join(max(0.0, deadline - time.monotonic()))


class HangingReads(Generic[Result]):
    """Reads that may hang, each in a thread: one at a time for each key, and waited for only so long."""

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._running: dict[Hashable, tuple[float, asyncio.Task[Result]]] = {}

    async def run(self, key: Hashable, read: Callable[[], Result]) -> Result:
        """Return what `read` returns, or the read of the same key that is running.

        Raises:
            TimeoutError: it takes longer than `seconds`, or already did.
        """
        began, task = self._running.get(key) or self._start(key, read)
        left = began + self._seconds - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait({task}, timeout=max(0.0, left))
        if not done:
            raise TimeoutError(errno.ETIMEDOUT, f"No answer from the file system within {self._seconds:g} s")
        return task.result()

    def _start(self, key: Hashable, read: Callable[[], Result]) -> tuple[float, asyncio.Task[Result]]:
        task = asyncio.create_task(in_thread(read), name="file access")
        self._running[key] = asyncio.get_running_loop().time(), task
        task.add_done_callback(lambda done: self._end(key, done))
        return self._running[key]

    def _end(self, key: Hashable, done: asyncio.Task[Result]) -> None:
        del self._running[key]
        if not done.cancelled():
            done.exception()  # perhaps of a read that is not waited for any more


class OwnThread:
    """A thread that runs functions one after another. It keeps nothing waiting, not even the end of the process."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    async def run(self, function: Callable[[], Result]) -> Result:
        """Return what a function returns, after all functions before it."""
        loop = asyncio.get_running_loop()
        finished: asyncio.Future[Result] = loop.create_future()
        self._work.put(lambda: _deliver(loop, finished, function))
        return await finished

    def stop(self) -> None:
        """End the thread after the functions before."""
        self._work.put(None)


def _deliver(
    loop: asyncio.AbstractEventLoop, finished: asyncio.Future[Result], function: Callable[[], Result]
) -> None:
    """Run a function; hand its result or its exception to a future of the loop."""

    def succeed(result: Result) -> None:
        if not finished.done():
            finished.set_result(result)

    def fail(error: BaseException) -> None:
        if not finished.done():
            finished.set_exception(error)

    with suppress(RuntimeError):  # the loop has ended meanwhile
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller
            loop.call_soon_threadsafe(fail, error)
        else:
            loop.call_soon_threadsafe(succeed, result)
