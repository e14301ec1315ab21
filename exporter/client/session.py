"""The HTTP session of one route in one round: made with its first request, its connection kept for the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import aiohttp
from yarl import URL

from exporter.client.connection_timer import ConnectionTimer, Stage, current_timer, open_socket
from exporter.client.connector import RouteConnector, is_quiet, refuse_repetition, shut
from exporter.client.forward_proxy import forward_proxy
from exporter.client.reading import Draft, media_type, read_body
from exporter.client.resolver import RouteResolver
from exporter.client.tls import TlsContexts
from exporter.operations.operation import Request
from exporter.operations.responses import Response
from exporter.targets import Target
from exporter.version import __version__

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_USER_AGENT = f"onedata-exporter/{__version__}"
_GIVE_UP_SECONDS = 0.5
# A server that closes after an answer, without announcing it there, closes within this time.
_CLOSING_SECONDS = 0.005


async def _connection_made(_session: object, _context: object, _params: object) -> None:
    timer = current_timer.get()
    if timer is not None:
        timer.connected()
        timer.stage = Stage.OPEN


def _tracing() -> list[aiohttp.TraceConfig]:
    """Return aiohttp's signal for an open connection, which plain HTTP needs: it has no handshake to time."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_connection_made)
    return [trace]


class RouteSession:
    """The connections of one route, opened and closed; nothing is sent twice."""

    def __init__(self, target: Target, origin: str, tls: TlsContexts, resolver: RouteResolver) -> None:
        self._target = target
        self._origin = origin
        self._tls = tls
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._timers: list[ConnectionTimer] = []
        self._running = 0

    async def close(self) -> None:
        """Close all connections at once."""
        try:
            if self._session is not None:
                await self._session.close()
        finally:
            # After a timeout TLS would wait half a minute for the goodbye of a server that is frozen.
            for timer in self._timers:
                shut(timer.sockets)
            self._session, self._timers = None, []

    async def send(
        self,
        request: Request[object],
        headers: Mapping[str, str],
        draft: Draft,
        timer: ConnectionTimer,
        seconds: float,
    ) -> Response:
        """Send a request and read its answer, within so many seconds; raise what aiohttp raises."""
        current_timer.set(timer)
        session = await self._ready()
        timer.ready_at = time.perf_counter()
        self._timers.append(timer)
        self._running += 1
        try:
            async with asyncio.timeout(seconds + _GIVE_UP_SECONDS) as limit:
                alarm = asyncio.get_running_loop().call_later(seconds, _give_up, timer, limit)
                try:
                    return await self._send(session, request, headers, draft, timer)
                finally:
                    alarm.cancel()
        finally:
            self._running -= 1
            if not timer.sockets:
                self._timers.remove(timer)

    async def _ready(self) -> aiohttp.ClientSession:
        """Return a session whose kept connection is open: one that the server has closed meanwhile is not used."""
        kept = [timer.connected_socket for timer in self._timers if timer.stage is Stage.OPEN]
        if kept and not self._running:
            await asyncio.sleep(_CLOSING_SECONDS)
            if not is_quiet(kept[-1]):
                await self.close()
        if self._session is None:
            self._session = self._open()
        return self._session

    def _open(self) -> aiohttp.ClientSession:
        """Return a new session; raise TlsFilesError."""
        is_tls = self._origin.startswith("https:")
        connector = RouteConnector(
            resolver=self._resolver,
            ssl=self._tls.get(self._target.tls) if is_tls else False,
            socket_factory=open_socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=(refuse_repetition,),
            trace_configs=[] if is_tls else _tracing(),
            skip_auto_headers=("Accept-Encoding",),
        )

    async def _send(
        self,
        session: aiohttp.ClientSession,
        request: Request[object],
        headers: Mapping[str, str],
        draft: Draft,
        timer: ConnectionTimer,
    ) -> Response:
        is_proxied = self._target.proxy_from_environment
        async with session.request(
            request.method,
            URL(self._origin + request.path, encoded=True),
            headers={"Accept": request.accept, "User-Agent": _USER_AGENT, **headers},
            json=request.body,
            allow_redirects=False,
            server_hostname=self._target.tls.server_name or None,
            proxy=forward_proxy(self._origin) if is_proxied else None,
            # Without any timeout TLS through a forward proxy would end after 60 s.
            timeout=aiohttp.ClientTimeout(total=timer.handshake_seconds) if is_proxied else _NO_TIMEOUT,
        ) as response:
            draft.status, draft.response = response.status, response
            body = await read_body(response, request.max_body_bytes)
            draft.body_bytes = len(body)
            return Response(response.status, media_type(response), body)


def _give_up(timer: ConnectionTimer, limit: asyncio.Timeout) -> None:
    """End a request in time. A handshake is made to fail rather than cancelled: uvloop would keep it for a minute."""
    if timer.stage is Stage.HANDSHAKING:
        timer.given_up = True
        shut(timer.sockets)
    else:
        limit.reschedule(asyncio.get_running_loop().time())
