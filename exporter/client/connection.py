"""One route's connections for one round: opened by a request, kept for the next one, then closed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from exporter.client.certificates import ParsedCertificate, parse_chain
from exporter.client.chains import strict_objection
from exporter.client.connection_timer import ConnectionTimer, Stage
from exporter.client.connector import is_clean_close
from exporter.client.exchange_log import Observe, readable
from exporter.client.failures import describe_address, describe_attempts, explain
from exporter.client.reading import Draft, parse
from exporter.client.redaction import Redaction
from exporter.client.resolver import Lookups, RouteResolver
from exporter.client.session import RouteSession
from exporter.client.tls import TlsContexts
from exporter.client.transcripts import transcribe
from exporter.client.unverified import UnverifiedCertificates
from exporter.client.wire import TooLargeError
from exporter.observation import Certificate, Connection, Exchange, Trace, Transcript
from exporter.operations.operation import Reply, Request, Value
from exporter.operations.outcome import ROUND_ENDED, NotLearnt
from exporter.reasons import CERTIFICATE_REASONS, Failure, Reason
from exporter.targets import Route, Target

# Timers may go off a little before their time.
_TICK_SECONDS = 0.05


class RouteConnection:
    """The connections of one route in one round; an asynchronous context manager.

    A request uses the connection of the one before as long as the server keeps it open, and one of its own
    while that one has no answer. `observe` is told of every exchange in full. A `plain` one leads to port 80.
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
        self.connections: list[Connection] = []
        self.transcripts: list[Transcript] = []
        self._observe = observe
        self._redaction = redaction
        self._target = target
        self._origin = target.plain_origin if plain else target.origin(route.path)
        self._tls = tls
        self._unverified = UnverifiedCertificates(target, self._origin, tls)
        resolver = RouteResolver(
            lookups, target.address(route.node), target.domain if target.resolve_nodes else ""
        )
        self._session = RouteSession(target, self._origin, tls, resolver)
        self._untrusted: Failure | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._session.close()

    async def exchange(
        self, request: Request[Value], deadline: float = math.inf, headers: Mapping[str, str] | None = None
    ) -> tuple[Reply[Value], list[Exchange]]:
        """Send one request and read its answer; never raise but for a bug.

        Return what the request's reader made of the answer, or why there is nothing, and the record of each time
        that it was sent. That is once, unless it only asks and the server closes a connection that was kept from
        an earlier request, without any answer: it may have been closed before. It takes at most the target's
        timeout, and ends at `deadline`, a time of `time.perf_counter`: a request that it does not leave the whole
        timeout neither succeeds nor fails.
        """
        exchanges: list[Exchange] = []
        reply, is_idle_close = await self._exchange_once(request, deadline, headers or {}, exchanges)
        if is_idle_close and not request.is_change:
            reply, _ = await self._exchange_once(request, deadline, headers or {}, exchanges)
        return reply, exchanges

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
        if self._untrusted is not None:
            exchanges.append(Exchange(self.route, failure=self._untrusted, public=not request.credentials))
            return self._untrusted, False
        timer = ConnectionTimer(request.max_body_bytes)
        timer.reachable = self._target.reachable_addresses
        draft = Draft()
        is_idle_close = False
        reply: Reply[Value]
        try:
            answer = await self._session.send(request, headers, draft, timer, seconds)
        except TooLargeError as error:
            reply = Failure(Reason.TOO_LARGE, str(error))
        except Exception as error:
            is_idle_close = timer.stage is Stage.IDLE and is_clean_close(error)
            waiting_since = timer.lookup_began_at if timer.stage is Stage.RESOLVING else None
            waited = time.perf_counter() - (waiting_since or began)
            explained = self._explain(error, timer, waited, seconds)
            if explained is None:
                raise
            reply = explained
        else:
            draft.seconds = time.perf_counter() - max(began, timer.opened_at)
            clean = draft.body = self._redaction.data(answer.body)
            answer = replace(answer, body=clean, seconds=draft.seconds, received_at=time.time())
            reply = await parse(answer, request)
        if isinstance(reply, Failure):
            if reply.reason in CERTIFICATE_REASONS:
                reply = await self._unverified.explain(reply, timer, began + seconds)
            reply = replace(reply, detail=self._redaction.text(reply.detail))
        exchanges += self._record(request, reply, draft, timer)
        return reply, is_idle_close

    def _explain(
        self, error: Exception, timer: ConnectionTimer, waited: float, seconds: float
    ) -> Failure | NotLearnt | None:
        """Return what an exception stands for: a failure, or that the round cut the request short; None for a bug."""
        failure = explain(TimeoutError() if timer.given_up else error, timer, seconds)
        if failure is None:
            return None
        # aiohttp's frames hold it, and it holds them: the connection would wait for a full garbage collection.
        error.__traceback__ = None
        is_timeout = timer.given_up or (isinstance(error, TimeoutError) and not error.errno)
        if is_timeout and waited < self._target.schedule.request_timeout - _TICK_SECONDS:
            return ROUND_ENDED
        return failure

    def _record(
        self, request: Request[Value], reply: object, draft: Draft, timer: ConnectionTimer
    ) -> list[Exchange]:
        """Keep what opening the connection showed, and return the exchange; nothing if nothing was sent."""
        failure = reply if isinstance(reply, Failure) else None
        is_cut = reply is ROUND_ENDED
        connection = self._connection(timer, failure)
        if connection is not None:
            self.connections.append(connection)
        if is_cut and timer.stage not in {Stage.OPEN, Stage.IDLE}:
            return []
        public = not request.credentials
        exchange = Exchange(
            self.route, draft.status, draft.seconds, draft.body_bytes, failure, public, cut=is_cut
        )
        if public:
            self.transcripts.append(
                transcribe(exchange, request.method, self._origin + request.path, draft, self._redaction)
            )
        if self._observe is not None:
            self._observe(self._trace(request, exchange, draft, connection))
        return [exchange]

    def _trace(
        self,
        request: Request[object],
        exchange: Exchange,
        draft: Draft,
        connection: Connection | None,
    ) -> Trace:
        """Return an exchange in full. `connection` is None if it used one that was open."""
        return Trace(
            exchange,
            request.method,
            self._origin + request.path,
            readable(draft.response.request_info.headers, self._redaction) if draft.response else (),
            readable(draft.response.headers, self._redaction) if draft.response else (),
            connection is not None,
            (connection.chain or None) if connection else None,
            connection.attempts if connection else (),
        )

    def _clean_chain(self, chain: Sequence[ParsedCertificate]) -> tuple[Certificate, ...]:
        return tuple(self._redaction.certificate(each.shown) for each in chain)

    def _connection(self, timer: ConnectionTimer, failure: Failure | None) -> Connection | None:
        """Return what opening the connection showed; None if the request used one that was open."""
        if timer.stage is Stage.IDLE:
            return None
        is_open = timer.stage is Stage.OPEN
        verified = is_open and not self._target.tls.insecure_skip_verify
        objection = ""
        if is_open:
            failure = None
        elif failure is not None and failure.reason in CERTIFICATE_REASONS:
            self._untrusted = failure  # the next request would meet the same certificate
        if verified:
            way = parse_chain(timer.verified_chain, verified=True)
            self._tls.intermediates.add(way)
            objection = self._redaction.text(strict_objection(way))
        return Connection(
            timer.phases,
            self._clean_chain(parse_chain(timer.served_chain, verified=verified)),
            failure,
            describe_attempts(timer),
            timer.addresses,
            objection,
            describe_address(timer),
        )
