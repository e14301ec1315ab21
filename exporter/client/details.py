"""The slower operations of one target: one after another, on one path, with credentials where they need them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from exporter.client.connection import RouteConnection
from exporter.client.conversation import Conversation, Send
from exporter.client.credential_provider import CredentialProvider
from exporter.client.routes_seen import OpenRoutes
from exporter.credentials import AuthMethod, Verdict, judge
from exporter.observation import Connection, Details, Exchange, Observation, SentRequests
from exporter.operations.operation import Known, Operation, Reply, Request, Value
from exporter.operations.outcome import ROUND_ENDED, Facts, NotLearnt
from exporter.reasons import Failure
from exporter.targets import Route
from exporter.tasks import ReportBug

_NOWHERE_ELSE = NotLearnt("no other node or path answers")
# How many Onepanels are asked what the first of them cannot answer.
_MOST_HELPLESS = 2


@dataclass(slots=True)
class DetailsVisit:
    """What is needed for one round of details. `last_call` and `deadline` are times of `time.perf_counter`.

    `open_route` opens a route, or port 80 beside it.
    From `last_call` on nothing is asked that can wait for another round. `held` has the conversations in their order,
    also the one that was cancelled.
    """

    open_route: Callable[[Route, bool], RouteConnection]
    provider: CredentialProvider
    routes: OpenRoutes
    last_call: float
    deadline: float
    report_bug: ReportBug
    held: list[Observation] = field(default_factory=list)
    _connections: dict[tuple[Route, bool], RouteConnection] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def ask(self, operations: Iterable[Operation[Facts]], known: Known) -> Details:
        """Hold the conversations of the operations that apply, each with the outcomes of those before it."""
        await self.provider.begin(self.routes.up)
        async with self._stack:
            for operation in operations:
                now_known = await self._know_more(known)
                if operation.applies(now_known):
                    await self._ask_one(operation, now_known)
        expiry = self.provider.token_expires_at
        accepted = dict(self.provider.accepted)
        return Details(tuple(self.held), self.connections, accepted, token_expires_at=expiry)

    async def _know_more(self, known: Known) -> Known:
        return replace(
            known,
            learnt={seen.operation: seen.outcome for seen in self.held},
            can_authenticate=bool(self.provider.methods),
            has_access=bool(self.routes.up and await self.provider.usable()),
        )

    def cancelled(self) -> SentRequests:
        """Return what was sent, if the visit was cancelled."""
        return SentRequests(self.connections, tuple(self.held))

    @property
    def connections(self) -> dict[Route, tuple[Connection, ...]]:
        """Return the connections that were opened over each route."""
        return {
            route: tuple(each.record.connections)
            for (route, plain), each in self._connections.items()
            if not plain
        }

    async def _ask_one(self, operation: Operation[Facts], known: Known) -> None:
        """Hold the conversation of an operation, once or over every route that is up."""
        if not operation.on_every_route:
            conversation = Conversation(operation, known, self.routes.first, self.report_bug)
            await self._hold(conversation, self._send)
            return
        for route in tuple(self.routes.up):
            conversation = Conversation(operation, known, route, self.report_bug)
            await self._hold(conversation, partial(self._exchange, route))

    async def _hold(self, conversation: Conversation, send: Send) -> None:
        try:
            await conversation.hold(send)
        finally:
            self.held.append(conversation.observation)

    async def _send(self, request: Request[Value], exchanges: list[Exchange]) -> Reply[Value]:
        if request.credentials:
            return await self._send_with_credentials(request, exchanges)
        if request.over is not None:
            route = self.routes.of_worker(request.over)
        else:
            route = next(self.routes.candidates(request), None)
        return await self._exchange(route, request, exchanges) if route else self.routes.nothing_asked

    async def _send_with_credentials(
        self, request: Request[Value], exchanges: list[Exchange]
    ) -> Reply[Value]:
        """Try the methods in turn, until one is neither refused nor unverifiable."""
        methods = await self.provider.usable()
        reply: Reply[Value] = self.provider.failure_of() if self.routes.up else self.routes.nothing_asked
        for method in methods:
            reply = await self._send_over_routes(request, exchanges, method)
            if not self._is_refused(method, request, reply):
                break
        return reply

    async def _send_over_routes(
        self, request: Request[Value], exchanges: list[Exchange], method: AuthMethod
    ) -> Reply[Value]:
        """Try the routes in turn, each once, until one is neither gone nor helpless."""
        reply: Reply[Value] = _NOWHERE_ELSE if request.elsewhere else self.routes.nothing_asked
        helpless = 0
        for route in self.routes.candidates(request):
            reply = await self._exchange(route, request, exchanges, method)
            if not isinstance(reply, Failure):
                if request.elsewhere or helpless:
                    self.routes.prefer(route)
                break
            is_gone = self.routes.leave_if_gone(route, reply)
            helpless += self.routes.leave_if_helpless(route, request, reply)
            if not is_gone and helpless not in range(1, _MOST_HELPLESS):
                break
        return reply

    def _is_refused(self, method: AuthMethod, request: Request[Value], reply: Reply[Value]) -> bool:
        if isinstance(reply, NotLearnt):
            return False
        failure = reply if isinstance(reply, Failure) else None
        verdict = judge(method, failure)
        if verdict is Verdict.UNVERIFIABLE and request.relayed:
            verdict = Verdict.NOTHING
        self.provider.note(method, verdict, failure)
        return verdict in {Verdict.REJECTED, Verdict.FORBIDDEN, Verdict.UNVERIFIABLE}

    async def _exchange(
        self,
        route: Route,
        request: Request[Value],
        exchanges: list[Exchange],
        method: AuthMethod | None = None,
    ) -> Reply[Value]:
        if time.perf_counter() >= (self.last_call if request.can_wait else self.deadline):
            return ROUND_ENDED
        place = route, request.plain
        connection = self._connections.get(place)
        if connection is None:
            connection = await self._stack.enter_async_context(self.open_route(*place))
            self._connections[place] = connection
        headers = self.provider.headers(method) if method else {}
        return await connection.send(request, exchanges, self.deadline, headers)
