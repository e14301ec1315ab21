"""Supervised background tasks: a task that fails is reported and started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

# Where an unexpected exception was caught, and the exception.
ReportBug: TypeAlias = Callable[[str, Exception], None]

_RESTART_SECONDS = 1.0


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
