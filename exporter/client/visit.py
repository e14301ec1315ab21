"""One route in one round: the due operations, one after another, over one connection."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exporter.client.connection import RouteConnection
from exporter.client.conversation import run_operation
from exporter.observation import Exchange, Observation, Visit
from exporter.operations.operation import NO_TIME, Known, Operation, Request
from exporter.reasons import Failure
from exporter.tasks import ReportBug


@dataclass(frozen=True, slots=True)
class RouteVisit:
    """What is needed to visit one route. `deadline` is a moment of `time.perf_counter`."""

    connection: RouteConnection
    known: Known
    deadline: float
    report_bug: ReportBug

    async def ask(self, operations: Iterable[Operation[Any]]) -> Visit:
        """Hold the operations' conversations. Never raises.

        A request without any HTTP answer ends the visit: whoever does not answer one public operation
        does not answer the next either. The operations that are left share its failure.
        """
        route = self.connection.route
        observations: list[Observation] = []
        silence: Failure | None = None
        async with self.connection:
            for operation in operations:
                if silence is None:
                    seen = await run_operation(operation, self.known, self._send, route, self.report_bug)
                    silence = seen.last.failure if seen.last.status == 0 else None
                else:
                    exchange = Exchange(route, failure=silence)
                    seen = Observation(operation.name, route, silence, (exchange,))
                observations.append(seen)
        return Visit(route, tuple(self.connection.connections), tuple(observations))

    async def _send(self, request: Request) -> tuple[Any, list[Exchange]]:
        seconds = self.deadline - time.perf_counter()
        if seconds <= 0:
            return NO_TIME, [Exchange(self.connection.route, failure=NO_TIME)]
        reply, exchange = await self.connection.exchange(request, seconds)
        return reply, [exchange]
