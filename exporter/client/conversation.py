"""Holding an operation's conversation: its requests go out, what was made of their answers comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from exporter.observation import Exchange, Observation
from exporter.operations.operation import Known, Operation, Request
from exporter.reasons import Failure, Reason
from exporter.targets import Route
from exporter.tasks import ReportBug

# Sends a request (perhaps more than once); returns what its reader made of it, and each exchange.
Send: TypeAlias = Callable[[Request], Awaitable[tuple[Any, list[Exchange]]]]

_BUG = Failure(Reason.INTERNAL, "a bug of the exporter: see the traceback in its log")


async def run_operation(
    operation: Operation[Any], known: Known, send: Send, route: Route, report_bug: ReportBug
) -> Observation:
    """One operation's observation; `route` is where it was asked if it made no request. Never raises."""
    exchanges: list[Exchange] = []
    try:
        outcome = await _talk(operation, known, send, exchanges)
    except Exception as error:  # noqa: BLE001 - a bug costs this observation, not the exporter
        report_bug("client", error)
        outcome = _BUG
        exchanges.append(Exchange(route, failure=_BUG))
    return Observation(operation.name, exchanges[-1].route if exchanges else route, outcome, tuple(exchanges))


async def _talk(operation: Operation[Any], known: Known, send: Send, exchanges: list[Exchange]) -> Any:
    conversation = operation.conversation(known)
    reply: Any = None
    while True:
        try:
            request = conversation.send(reply)
        except StopIteration as stop:
            return stop.value
        reply, made = await send(request)
        exchanges.extend(made)
