"""One request of a person, such as the creation of a user: sent over the path that works, and never twice.

A request that changes something is sent only over a route over which Onepanel has just answered a harmless
request. It is sent again over another path, or with another credential, only if it was certainly not carried
out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from exporter.client.client import Client
from exporter.client.connection import RouteConnection
from exporter.credentials import AuthMethod, Verdict, judge
from exporter.operations import configuration
from exporter.operations.operation import API_ROOT, Reply, Request, Value
from exporter.operations.outcome import NotLearnt
from exporter.reasons import Failure, Reason
from exporter.targets import Route, Target

_QUESTION = Request(f"{API_ROOT}/configuration", configuration.read)
_NOT_SENT = NotLearnt("not sent")


class ChangeOutcome(Enum):
    """What became of a request. UNKNOWN: it may have been carried out, or not."""

    DONE = auto()
    REFUSED = auto()
    NOT_SENT = auto()
    UNKNOWN = auto()


# Statuses that mean that nothing was carried out, from Onepanel and from a proxy.
_REFUSALS = frozenset(
    {Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.NOT_FOUND, Reason.CLIENT_ERROR, Reason.REDIRECT}
)
# Onepanel's error ids for 'no worker to ask', sent before anything is done.
_NO_WORKER_ERRORS = frozenset({"serviceUnavailable", "noServiceNodes"})
_REFUSED_CREDENTIALS = frozenset({Verdict.REJECTED, Verdict.FORBIDDEN, Verdict.UNVERIFIABLE})


def classify_outcome(failure: Failure | None, *, opened: bool) -> ChangeOutcome:
    """Return the outcome of a request; `opened`: whether there was a connection to send it over.

    A proxy's 502, 503 or 504 is UNKNOWN: the empty 503 also comes when Onepanel was too slow to answer.
    """
    if failure is None:
        return ChangeOutcome.DONE
    if not opened:
        return ChangeOutcome.NOT_SENT
    refused = failure.reason in _REFUSALS or failure.error_id in _NO_WORKER_ERRORS
    return ChangeOutcome.REFUSED if refused else ChangeOutcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class Step:
    """What was tried: over which route, with which credential (None: only the harmless question), and its end."""

    route: Route
    outcome: ChangeOutcome
    failure: Failure | None = None
    status: int = 0
    method: AuthMethod | None = None


@dataclass(frozen=True, slots=True)
class AtMostOnceRequest:
    """How a request may be sent: over these routes, with the headers of these methods, in their order."""

    client: Client
    target: Target
    routes: Sequence[Route]
    credentials: Mapping[AuthMethod, Mapping[str, str]]

    async def run(self, request: Request[Value]) -> tuple[Reply[Value], list[Step]]:
        """Return what the request's reader made of the answer (or the `Failure`), and every step; the last decides."""
        steps: list[Step] = []
        reply: Reply[Value] = _NOT_SENT
        for route in self.routes:
            if request.is_change:
                failure = await self._ask_first(route)
                if failure is not None:
                    reply = failure
                    steps.append(Step(route, ChangeOutcome.NOT_SENT, failure))
                    continue
            reply = await self._send(route, request, steps)
            if not _may_go_on(request, steps[-1]):
                break
        return reply, steps

    async def _ask_first(self, route: Route) -> Failure | None:
        """Return why Onepanel does not answer over a route; None if it answers, with any content."""
        async with self.client.connect(self.target, route) as connection:
            reply, _exchanges = await connection.exchange(_QUESTION)
        return reply if isinstance(reply, Failure) and not reply.from_onepanel else None

    async def _send(self, route: Route, request: Request[Value], steps: list[Step]) -> Reply[Value]:
        """Try the credentials in turn, until one is neither refused nor unverifiable."""
        reply: Reply[Value] = _NOT_SENT
        for method, headers in self.credentials.items():
            async with self.client.connect(self.target, route) as connection:
                reply, exchanges = await connection.exchange(request, headers=headers)
            failure = reply if isinstance(reply, Failure) else None
            outcome = classify_outcome(failure, opened=_was_open(connection))
            steps.append(Step(route, outcome, failure, exchanges[-1].status if exchanges else 0, method))
            if judge(method, failure) not in _REFUSED_CREDENTIALS:
                break
        return reply


def _was_open(connection: RouteConnection) -> bool:
    """Return whether anything can have been sent; in doubt yes."""
    return not connection.record.connections or any(
        each.failure is None for each in connection.record.connections
    )


def _may_go_on(request: Request[Value], step: Step) -> bool:
    """Return whether another path may be tried: a change only if nothing of it was sent."""
    if step.outcome is ChangeOutcome.NOT_SENT:
        return True
    return not request.is_change and step.failure is not None and not step.failure.from_onepanel
