"""One route's connections for one round: opened by a request, kept for the next one, then closed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from exporter.client.connection_record import ConnectionRecord
from exporter.client.connection_timer import ConnectionTimer, Stage
from exporter.client.connector import is_clean_close
from exporter.client.exchange_log import Observe
from exporter.client.failures import explain, forget_frames
from exporter.client.reading import Draft, parse
from exporter.client.redaction import Redaction
from exporter.client.resolver import Lookups, RouteResolver
from exporter.client.session import RouteSession
from exporter.client.tls import TlsContexts
from exporter.client.unverified import UnverifiedCertificates
from exporter.client.wire import TooLargeError
from exporter.observation import Exchange
from exporter.operations.operation import Reply, Request, Value
from exporter.operations.outcome import ROUND_ENDED, NotLearnt
from exporter.reasons import CERTIFICATE_REASONS, Failure, Reason
from exporter.targets import Route, Target

# Timers may go off a little before their time.
_TICK_SECONDS = 0.05


class RouteConnection:
    """The connections of one route in one round; an asynchronous context manager.

    A request uses the connection of the one before as long as the server keeps it open, and one of its own
    while that one has no answer. `observe` receives every exchange in full. A `plain` one leads to port 80.
    """

    def __init__(  # noqa: PLR0913 - the last ones by keyword
        self,
        target: Target,
        route: Route,
        tls: TlsContexts,
        lookups: Lookups,
        *,
        redaction: Redaction,
        observe: Observe | None = None,
        plain: bool = False,
    ) -> None:
        self.route = route
        self._redaction = redaction
        self._target = target
        origin = target.plain_origin if plain else target.origin(route.path)
        self.record = ConnectionRecord(target, origin, tls, redaction, observe)
        self._unverified = UnverifiedCertificates(target, origin, tls)
        resolver = RouteResolver(
            lookups, target.address(route.node), target.domain if target.resolve_nodes else ""
        )
        self._session = RouteSession(target, origin, tls, resolver)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._session.close()

    async def exchange(
        self, request: Request[Value], deadline: float = math.inf, headers: Mapping[str, str] | None = None
    ) -> tuple[Reply[Value], list[Exchange]]:
        """Return what `send` returns, and the record of each time that the request was sent."""
        exchanges: list[Exchange] = []
        return await self.send(request, exchanges, deadline, headers), exchanges

    async def send(
        self,
        request: Request[Value],
        exchanges: list[Exchange],
        deadline: float = math.inf,
        headers: Mapping[str, str] | None = None,
    ) -> Reply[Value]:
        """Send one request and read its answer; never raise but for a bug.

        Return what the request's reader made of the answer, or why there is nothing. Each time that it was sent is
        added to `exchanges`, also if this is cancelled. It is sent once, unless it only asks and the server closes a
        connection that was kept from an earlier request, without any answer: it may have been closed before. It
        takes at most the target's timeout, and ends at `deadline`, a time of `time.perf_counter`: a request that it
        does not leave the whole timeout neither succeeds nor fails.
        """
        reply, is_idle_close = await self._exchange_once(request, deadline, headers or {}, exchanges)
        if is_idle_close and not request.is_change:
            reply, _ = await self._exchange_once(request, deadline, headers or {}, exchanges)
        return reply

    async def _exchange_once(
        self,
        request: Request[Value],
        deadline: float,
        headers: Mapping[str, str],
        exchanges: list[Exchange],
    ) -> tuple[Reply[Value], bool]:
        """Return the reply, and whether the server closed a kept connection without any answer."""
        began = time.perf_counter()
        seconds = min(self._target.schedule.request_timeout, deadline - began)
        if seconds <= 0:
            return ROUND_ENDED, False
        if self.record.untrusted is not None:
            exchanges.append(
                Exchange(self.route, failure=self.record.untrusted, public=not request.credentials)
            )
            return self.record.untrusted, False
        timer = ConnectionTimer(seconds, request.max_body_bytes)
        timer.reachable = self._target.reachable_addresses
        draft = Draft()
        try:
            reply, is_idle_close = await self._attempt(request, headers, draft, timer, seconds)
            if isinstance(reply, Failure):
                if reply.reason in CERTIFICATE_REASONS:
                    reply = await self._unverified.explain(reply, timer, began + seconds)
                reply = replace(reply, detail=self._redaction.text(reply.detail))
        except asyncio.CancelledError:
            exchanges += self.record.add(self.route, request, ROUND_ENDED, draft, timer)
            raise
        exchanges += self.record.add(self.route, request, reply, draft, timer)
        return reply, is_idle_close

    async def _attempt(
        self,
        request: Request[Value],
        headers: Mapping[str, str],
        draft: Draft,
        timer: ConnectionTimer,
        seconds: float,
    ) -> tuple[Reply[Value], bool]:
        began = time.perf_counter()
        try:
            answer = await self._session.send(request, headers, draft, timer, seconds)
        except TooLargeError as error:
            return Failure(Reason.TOO_LARGE, str(error)), False
        except Exception as error:
            is_idle_close = timer.stage is Stage.IDLE and is_clean_close(error)
            waiting_since = timer.lookup_began_at if timer.stage is Stage.RESOLVING else None
            waited = time.perf_counter() - (waiting_since or began)
            explained = self._explain(error, timer, waited, seconds)
            if explained is None:
                raise
            return explained, is_idle_close
        draft.seconds = time.perf_counter() - max(timer.ready_at, timer.opened_at)
        clean = draft.body = self._redaction.data(answer.body)
        answer = replace(answer, body=clean, seconds=draft.seconds, received_at=time.time())
        return await parse(answer, request), False

    def _explain(
        self, error: Exception, timer: ConnectionTimer, waited: float, seconds: float
    ) -> Failure | NotLearnt | None:
        """Return what an exception stands for: a failure, or that the round cut the request short; None for a bug."""
        failure = explain(TimeoutError() if timer.given_up else error, timer, seconds)
        if failure is None:
            return None
        # aiohttp's frames hold it, and it holds them: the connection would wait for a full garbage collection.
        forget_frames(error)
        is_timeout = timer.given_up or (isinstance(error, TimeoutError) and not error.errno)
        if is_timeout and waited < self._target.schedule.request_timeout - _TICK_SECONDS:
            return ROUND_ENDED
        return failure
