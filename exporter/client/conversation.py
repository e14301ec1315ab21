"""An operation's conversation: its requests are sent, and it receives what was made of their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from exporter.observation import Exchange, Observation
from exporter.operations.operation import Known, Operation, Reply, Request, Value
from exporter.operations.outcome import ROUND_ENDED, Facts, Outcome
from exporter.reasons import Failure, Reason
from exporter.targets import Route
from exporter.tasks import ReportBug

# More than any operation asks of the largest cluster: one that does not end is a bug, and must not hold the loop.
MOST_REQUESTS = 10_000
_BUG = Failure(Reason.INTERNAL, "a bug of the exporter: see the traceback in its log")


class Send(Protocol):
    """A way to send a request, perhaps over several routes."""

    async def __call__(self, request: Request[Value], exchanges: list[Exchange], /) -> Reply[Value]:
        """Return what the request's reader made of the answer, or why there is none; add each exchange to the list."""


@dataclass(slots=True)
class Conversation:
    """The conversation of one operation. `route` is where it was asked if it makes no request."""

    operation: Operation[Facts]
    known: Known
    route: Route
    report_bug: ReportBug
    _exchanges: list[Exchange] = field(default_factory=list)
    _outcome: Outcome = ROUND_ENDED

    async def hold(self, send: Send) -> None:
        """Send the requests of the operation, one after another. Never raise."""
        try:
            self._outcome = await self._talk(send)
        except Exception as error:  # noqa: BLE001 - a bug costs this observation, not the exporter
            self.report_bug("client", error)
            self._outcome = _BUG
            self._exchanges.append(Exchange(self.route, failure=_BUG))

    @property
    def observation(self) -> Observation:
        """Return the outcome; of a conversation that was cancelled, what it had sent until then."""
        route = self._exchanges[-1].route if self._exchanges else self.route
        return Observation(self.operation.name, route, self._outcome, tuple(self._exchanges))

    async def _talk(self, send: Send) -> Outcome:
        conversation = self.operation.conversation(self.known)
        try:
            request = next(conversation)
            for _ in range(MOST_REQUESTS):
                request = conversation.send(await send(request, self._exchanges))
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome
        raise RuntimeError(f"the operation {self.operation.name} asks without end")
