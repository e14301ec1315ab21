"""An operation's conversation: its requests are sent, and it receives what was made of their answers."""

from __future__ import annotations

from typing import Protocol

from exporter.observation import Exchange, Observation
from exporter.operations.operation import Known, Operation, Reply, Request, Value
from exporter.operations.outcome import Facts, Outcome
from exporter.reasons import Failure, Reason
from exporter.targets import Route
from exporter.tasks import ReportBug

_BUG = Failure(Reason.INTERNAL, "a bug of the exporter: see the traceback in its log")


class Send(Protocol):
    """A way to send a request, perhaps over several routes."""

    async def __call__(self, request: Request[Value], /) -> tuple[Reply[Value], list[Exchange]]:
        """Return what the request's reader made of the answer, or why there is none, and each exchange."""


async def run_operation(
    operation: Operation[Facts], known: Known, send: Send, route: Route, report_bug: ReportBug
) -> Observation:
    """Return one operation's observation; `route` is where it was asked if it made no request. Never raise."""
    exchanges: list[Exchange] = []
    try:
        outcome = await _talk(operation, known, send, exchanges)
    except Exception as error:  # noqa: BLE001 - a bug costs this observation, not the exporter
        report_bug("client", error)
        outcome = _BUG
        exchanges.append(Exchange(route, failure=_BUG))
    return Observation(operation.name, exchanges[-1].route if exchanges else route, outcome, tuple(exchanges))


async def _talk(operation: Operation[Facts], known: Known, send: Send, exchanges: list[Exchange]) -> Outcome:
    conversation = operation.conversation(known)
    try:
        request = next(conversation)
        while True:
            reply, made = await send(request)
            exchanges.extend(made)
            request = conversation.send(reply)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
