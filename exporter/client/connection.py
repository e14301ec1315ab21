"""One route's connection for one round: opened by its first request, used by all, then closed."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, Self

import aiohttp
from yarl import URL

from exporter.client.certificates import fetch_unverified_certificate, read_certificate
from exporter.client.connection_timer import ConnectionTimer, Stage, current_timer
from exporter.client.exchange_log import Observe, read_chain, readable, served_chain
from exporter.client.failures import explain
from exporter.client.forward_proxy import forward_proxy
from exporter.client.reading import Draft, TooLargeError, media_type, parse, read_body
from exporter.client.resolver import Lookups, RouteResolver
from exporter.client.tls import TlsContexts
from exporter.observation import Certificate, Connection, Exchange, Trace
from exporter.operations.operation import Request
from exporter.operations.responses import Response
from exporter.reasons import CERTIFICATE_REASONS, Failure, Reason
from exporter.targets import Route, Target
from exporter.version import __version__

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_USER_AGENT = f"onedata-exporter/{__version__}"
_GIVE_UP_SECONDS = 0.5
_UNVERIFIED_FETCH_SECONDS = 5.0


async def _connection_made(_session: object, _context: object, _params: object) -> None:
    timer = current_timer.get()
    if timer is not None:
        timer.connected()
        timer.stage = Stage.OPEN


def _tracing() -> list[aiohttp.TraceConfig]:
    """Aiohttp's signal for an open connection, which plain HTTP needs: it has no handshake to watch."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_connection_made)
    return [trace]


class RouteConnection:
    """The connection of one route in one round; an asynchronous context manager.

    A second request uses the same connection as long as the server keeps it open. `observe` is told of
    every exchange in full.
    """

    def __init__(
        self,
        target: Target,
        route: Route,
        tls: TlsContexts,
        lookups: Lookups,
        observe: Observe | None = None,
    ) -> None:
        self.route = route
        self._observe = observe
        self._target = target
        self._origin = target.origin(route.path)
        self._tls = tls
        self._resolver = RouteResolver(
            lookups, target.address(route.node), target.domain if target.resolve_nodes else ""
        )
        self._session: aiohttp.ClientSession | None = None
        self._sockets: list[socket.socket] = []
        self.connections: list[Connection] = []

    async def __aenter__(self) -> Self:
        return self

    def _open_session(self) -> aiohttp.ClientSession:
        """The session of this round, made with its first request; raises TlsFilesError."""
        is_tls = self._origin.startswith("https:")
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            use_dns_cache=False,
            ssl=self._tls.get(self._target.tls) if is_tls else False,
            socket_factory=self._open_socket,
            limit=0,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trace_configs=[] if is_tls else _tracing(),
            skip_auto_headers=("Accept-Encoding",),
        )

    async def __aexit__(self, *_error: object) -> None:
        if self._session is not None:
            await self._session.close()
        # After a timeout TLS would wait half a minute for the goodbye of a server that is frozen.
        self._shut_sockets()

    def _shut_sockets(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _give_up(self, timer: ConnectionTimer, limit: asyncio.Timeout) -> None:
        """The time is over. A handshake is made to fail rather than cancelled: uvloop would keep it for a minute."""
        if timer.stage is Stage.HANDSHAKING:
            timer.given_up = True
            self._shut_sockets()
        else:
            limit.reschedule(asyncio.get_running_loop().time())

    def _open_socket(self, address: Any) -> socket.socket:
        family, kind, protocol, _name, where = address
        timer = current_timer.get()
        if timer is not None:
            timer.connecting_to((where[0], where[1]))
        self._sockets.append(socket.socket(family, kind, protocol))
        return self._sockets[-1]

    async def exchange(
        self, request: Request, seconds_left: float, headers: Mapping[str, str] | None = None
    ) -> tuple[Any, Exchange]:
        """Send one request and read its answer; never raises but for a bug. Takes at most `seconds_left`.

        Returns what the request's reader made of the answer (or the `Failure`), and the record of it.
        """
        seconds = min(request.deadline or math.inf, self._target.schedule.timeout, seconds_left)
        began = time.perf_counter()
        timer = ConnectionTimer()
        current_timer.set(timer)
        draft = Draft()
        try:
            async with asyncio.timeout(seconds + _GIVE_UP_SECONDS) as limit:
                alarm = asyncio.get_running_loop().call_later(seconds, self._give_up, timer, limit)
                try:
                    answer = await self._send(request, headers or {}, draft)
                finally:
                    alarm.cancel()
        except TooLargeError as error:
            outcome: Any = Failure(Reason.TOO_LARGE, str(error))
        except Exception as error:
            outcome = explain(TimeoutError() if timer.given_up else error, timer, seconds)
            if outcome is None:
                raise
            # aiohttp's frames hold it, and it holds them: the connection would wait for a full garbage collection.
            error.__traceback__ = None
        else:
            draft.seconds = time.perf_counter() - max(began, timer.opened_at)
            outcome = await parse(answer, request)
        failure = outcome if isinstance(outcome, Failure) else None
        public = not request.credentials
        exchange = Exchange(self.route, draft.status, draft.seconds, draft.body_bytes, failure, public)
        await self._note_connection(timer, failure, seconds - (time.perf_counter() - began))
        if self._observe is not None:
            self._observe(self._trace(request, exchange, draft, timer))
        return outcome, exchange

    async def _send(self, request: Request, headers: Mapping[str, str], draft: Draft) -> Response:
        if self._session is None:
            self._session = self._open_session()
        async with self._session.request(
            request.method,
            URL(self._origin + request.path, encoded=True),
            headers={"Accept": request.accept, "User-Agent": _USER_AGENT, **headers},
            json=request.body,
            allow_redirects=False,
            server_hostname=self._target.tls.server_name or None,
            proxy=forward_proxy(self._origin) if self._target.proxy_from_environment else None,
        ) as response:
            draft.status, draft.response = response.status, response
            body = await read_body(response, request.max_body_bytes)
            draft.body_bytes = len(body)
            return Response(response.status, media_type(response), body)

    async def _note_connection(
        self, timer: ConnectionTimer, failure: Failure | None, seconds_left: float
    ) -> None:
        """Keep what opening the connection showed; nothing when the request used one that was open."""
        if timer.stage is Stage.IDLE:
            return
        if timer.stage is Stage.OPEN:
            verified = not self._target.tls.insecure_skip_verify
            certificate = _certificate(timer.certificate_der, verified=verified)
            self.connections.append(Connection(timer.phases, certificate))
            return
        certificate = None
        if failure is not None and failure.reason in CERTIFICATE_REASONS:
            timer.ssl_object = await self._fetch_unverified_certificate(timer, seconds_left)
            shown = timer.ssl_object.getpeercert(binary_form=True) if timer.ssl_object else None
            certificate = _certificate(shown, verified=False)
        self.connections.append(Connection(timer.phases, certificate, failure))

    def _trace(self, request: Request, exchange: Exchange, draft: Draft, timer: ConnectionTimer) -> Trace:
        opened = timer.stage is not Stage.IDLE
        certificate = self.connections[-1].certificate if opened else None
        ders = served_chain(timer.ssl_object) if certificate else None
        return Trace(
            exchange,
            request.method,
            self._origin + request.path,
            readable(draft.response.request_info.headers) if draft.response else (),
            readable(draft.response.headers) if draft.response else (),
            opened,
            read_chain(ders, verified=certificate.verified) if ders and certificate else None,
        )

    async def _fetch_unverified_certificate(
        self, timer: ConnectionTimer, seconds_left: float
    ) -> ssl.SSLObject | None:
        if timer.address is None or self._target.proxy_from_environment:
            return None  # behind a forward proxy the address is the proxy's own
        server_name = self._target.tls.server_name or URL(self._origin).raw_host or ""
        try:
            async with asyncio.timeout(min(seconds_left, _UNVERIFIED_FETCH_SECONDS)):
                return await fetch_unverified_certificate(timer.address, server_name, self._tls.trustless)
        except TimeoutError:
            return None


def _certificate(der: bytes | None, *, verified: bool) -> Certificate | None:
    return read_certificate(der, verified=verified) if der else None
