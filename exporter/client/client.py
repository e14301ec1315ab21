"""A round of one target: every route at the same time, on each one connection with all due operations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import AsyncResolver

from exporter.client.connection import RouteConnection
from exporter.client.resolver import Lookups
from exporter.client.tls import TlsContexts
from exporter.client.visit import ReportBug, RouteVisit
from exporter.observation import Visit
from exporter.operations.operation import Known, Operation
from exporter.targets import Target


class Client:
    """Looks at targets. Create it inside a running event loop, and close it.

    `report_bug` is told of exceptions that should not be: where, and which.
    """

    def __init__(self, report_bug: ReportBug) -> None:
        self._tls = TlsContexts()
        self._report_bug = report_bug
        self._resolver = AsyncResolver()

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._resolver.close()

    async def look(self, target: Target, operations: Sequence[Operation[Any]], known: Known) -> list[Visit]:
        """Ask the operations over every route of the target, all routes at once.

        Ends within the target's interval. Never raises for what a target does: whatever goes wrong
        becomes a `Failure` of the observations it concerns.
        """
        deadline = time.perf_counter() + round_seconds(target)
        lookups = Lookups(self._resolver, target.ip_protocol)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = []
                for route in target.routes:
                    connection = RouteConnection(target, route, self._tls, lookups)
                    visit = RouteVisit(
                        connection, route, known, target.schedule.timeout, deadline, self._report_bug
                    )
                    due = [operation for operation in operations if route.path in operation.paths]
                    tasks.append(group.create_task(visit.ask(due)))
        finally:
            lookups.close()
        return [task.result() for task in tasks]


def round_seconds(target: Target) -> float:
    """How long a round may take: a little less than the interval, so that the next one is on time."""
    return 0.95 * target.schedule.interval
