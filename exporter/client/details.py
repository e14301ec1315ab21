"""The slower operations of one target: one after another, on one path, with credentials where they need them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from exporter.client.connection import RouteConnection
from exporter.client.conversation import run_operation
from exporter.client.credential_provider import CredentialProvider
from exporter.credentials import AuthMethod, Verdict, judge
from exporter.observation import Details, Exchange, Observation
from exporter.operations.operation import NO_TIME, Known, Operation, Request
from exporter.reasons import Failure, Reason
from exporter.targets import Route
from exporter.tasks import ReportBug

_NO_PATH = Failure(Reason.CONNECT, "Onepanel answers over no path")
# These mean that the path is gone, so that another may be tried; a silent Onepanel is silent on both.
_PATH_FAILURES = frozenset(
    {
        Reason.RESOLVE,
        Reason.CONNECTION_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT,
        Reason.CONNECTION_LOST,
    }
)
# Timers may go off a little before their time.
_TICK_SECONDS = 0.05


@dataclass(slots=True)
class DetailsVisit:
    """What is needed for one round of details. `last_call` and `deadline` are moments of `time.perf_counter`.

    `up` are the routes over which Onepanel answers, in the order of preference; `open_route` opens one.
    From `last_call` on nothing is asked that can wait for another round.
    """

    open_route: Callable[[Route], RouteConnection]
    provider: CredentialProvider
    routes: Sequence[Route]
    up: list[Route]
    last_call: float
    deadline: float
    report_bug: ReportBug
    _connections: dict[Route, RouteConnection] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def ask(self, operations: Iterable[Operation[Any]], known: Known) -> Details:
        """Hold the conversations of the operations that apply, each knowing what those before it learnt."""
        self.provider.begin(self.up)
        observations: list[Observation] = []
        async with self._stack:
            for operation in operations:
                learnt = {seen.operation: seen.outcome for seen in observations}
                now_known = replace(known, learnt=learnt, can_authenticate=bool(self.provider.methods))
                if operation.applies(now_known):
                    route = self._route(None)
                    observations.append(
                        await run_operation(operation, now_known, self._send, route, self.report_bug)
                    )
        connections = {route: tuple(each.connections) for route, each in self._connections.items()}
        return Details(tuple(observations), connections, dict(self.provider.accepted))

    def _route(self, request: Request | None) -> Route:
        """Where a request goes: the path it must take, else the best that is up, else the first of all."""
        over = request.over if request else None
        candidates = [*self.up, *self.routes]
        return next((route for route in candidates if over in {None, route.path}), candidates[0])

    async def _send(self, request: Request) -> tuple[Any, list[Exchange]]:
        if not request.credentials:
            reply, exchange = await self._exchange(self._route(request), request)
            return reply, [exchange]
        return await self._send_with_credentials(request)

    async def _send_with_credentials(self, request: Request) -> tuple[Any, list[Exchange]]:
        """Try the methods in turn, until one is neither refused nor unverifiable."""
        exchanges: list[Exchange] = []
        methods = self.provider.usable()
        reply: Any = self.provider.failure_of() if self.up else _NO_PATH
        for method in methods:
            while self.up:
                route = self._route(request)
                reply, exchange = await self._exchange(route, request, method)
                exchanges.append(exchange)
                if not self._leave(route, request, reply):
                    break
            if not self._is_refused(method, request, reply):
                break
        return reply, exchanges

    def _leave(self, route: Route, request: Request, reply: Any) -> bool:
        """Whether a route is given up for the rest of the round: it is gone, or its Onepanel is frozen."""
        if not isinstance(reply, Failure) or reply is NO_TIME:
            return False
        if reply.reason in _PATH_FAILURES:
            self.up[:] = [each for each in self.up if each != route]
            return True
        elsewhere = [each for each in self.up if each.node != route.node]
        if request.local and reply.reason is Reason.TIMEOUT and elsewhere:
            self.up = elsewhere
            return True
        return False

    def _is_refused(self, method: AuthMethod, request: Request, reply: Any) -> bool:
        failure = reply if isinstance(reply, Failure) else None
        verdict = judge(method, failure)
        if verdict is Verdict.UNVERIFIABLE and request.relayed:
            verdict = Verdict.NOTHING
        self.provider.note(method, verdict, failure)
        return verdict in {Verdict.REJECTED, Verdict.FORBIDDEN, Verdict.UNVERIFIABLE}

    async def _exchange(
        self, route: Route, request: Request, method: AuthMethod | None = None
    ) -> tuple[Any, Exchange]:
        now = time.perf_counter()
        if now >= (self.last_call if request.can_wait else self.deadline):
            return NO_TIME, Exchange(route, failure=NO_TIME)
        connection = self._connections.get(route)
        if connection is None:
            connection = await self._stack.enter_async_context(self.open_route(route))
            self._connections[route] = connection
        headers = self.provider.headers(method) if method else {}
        reply, exchange = await connection.exchange(request, self.deadline - now, headers)
        if exchange.failure is None or exchange.failure.reason is not Reason.TIMEOUT:
            return reply, exchange
        if self.deadline - time.perf_counter() < _TICK_SECONDS:
            return NO_TIME, replace(exchange, failure=NO_TIME)
        return reply, exchange
