"""One route in one round: the due operations, one after another, over one connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from exporter.client.connection import RouteConnection
from exporter.observation import Exchange, Observation, Visit
from exporter.operations.operation import Known, Operation
from exporter.reasons import Failure, Reason
from exporter.targets import Route

ReportBug: TypeAlias = Callable[[str, Exception], None]

_BUG = Failure(Reason.INTERNAL, "a bug of the exporter: see the traceback in its log")
_NO_TIME = Failure(Reason.TIMEOUT, "the time of the round was used up")


@dataclass(frozen=True, slots=True)
class RouteVisit:
    """What is needed to visit one route. `deadline` is a moment of `time.perf_counter`."""

    connection: RouteConnection
    route: Route
    known: Known
    timeout: float
    deadline: float
    report_bug: ReportBug

    async def ask(self, operations: Iterable[Operation[Any]]) -> Visit:
        """Hold the operations' conversations. Never raises.

        A request without any HTTP answer ends the visit: whoever does not answer one public operation
        does not answer the next either. The operations that are left share its failure.
        """
        observations: list[Observation] = []
        silence: Failure | None = None
        async with self.connection:
            for operation in operations:
                if silence is None:
                    seen = await self._converse(operation)
                    silence = seen.last.failure if seen.last.status == 0 else None
                else:
                    seen = Observation(operation.name, self.route, silence, (Exchange(failure=silence),))
                observations.append(seen)
        return Visit(self.route, tuple(self.connection.connections), tuple(observations))

    async def _converse(self, operation: Operation[Any]) -> Observation:
        exchanges: list[Exchange] = []
        try:
            outcome = await self._hold(operation, exchanges)
        except Exception as error:  # noqa: BLE001 - a bug costs this observation, not the exporter
            self.report_bug("client", error)
            outcome = _BUG
            exchanges.append(Exchange(failure=_BUG))
        return Observation(operation.name, self.route, outcome, tuple(exchanges))

    async def _hold(self, operation: Operation[Any], exchanges: list[Exchange]) -> Any:
        """Answer the conversation's requests until it has come to its outcome."""
        conversation = operation.converse(self.known)
        reply: Any = None
        while True:
            try:
                request = conversation.send(reply)
            except StopIteration as stop:
                return stop.value
            seconds = min(request.deadline or self.timeout, self.deadline - time.perf_counter())
            if seconds <= 0:
                reply, exchange = _NO_TIME, Exchange(failure=_NO_TIME)
            else:
                reply, exchange = await self.connection.exchange(request, seconds, {})
            exchanges.append(exchange)
