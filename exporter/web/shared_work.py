"""Work that several callers ask for at the same time, done once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Result = TypeVar("Result")
Work: TypeAlias = Callable[[], Coroutine[object, object, Result]]


@dataclass(slots=True)
class _Shared(Generic[Result]):
    task: asyncio.Task[Result]
    callers: int = 0


class SharedWork(Generic[Result]):
    """Runs each piece of work once for all callers that ask for it while it runs.

    Work that no caller waits for any more is cancelled.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, _Shared[Result]] = {}

    async def run(self, key: Hashable, work: Work[Result]) -> Result:
        """Return the result of the running work of this key, or else of `work`."""
        shared = self._running.get(key) or self._start(key, work)
        shared.callers += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.callers -= 1
            if not shared.callers and not shared.task.done():
                self._forget(key, shared)
                shared.task.cancel()

    def _start(self, key: Hashable, work: Work[Result]) -> _Shared[Result]:
        shared = self._running[key] = _Shared(asyncio.create_task(work(), name="shared work"))
        shared.task.add_done_callback(lambda _: self._forget(key, shared))
        return shared

    def _forget(self, key: Hashable, shared: _Shared[Result]) -> None:
        if self._running.get(key) is shared:
            del self._running[key]
