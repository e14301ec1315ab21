"""The HTTP protocol of one client connection: aiohttp's, within limits, with plain answers to malformed requests."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from aiohttp import web

from exporter.web.connection_limit import ConnectionLimit, LimitedConnection
from exporter.web.middlewares import HEADERS
from exporter.web.tls import has_allowed_name

# Longer than scrape intervals usually are: Prometheus keeps its connections.
KEEPALIVE_SECONDS = 130.0


class LimitedProtocol(web.RequestHandler):
    """aiohttp's protocol for one counted connection, without tracebacks for what a client sends.

    Bodies are not decompressed, as no page needs that. What is left of a body is not waited for.
    """

    def __init__(
        self,
        manager: web.Server,
        connection_limit: ConnectionLimit,
        connection: LimitedConnection,
        allowed_sans: frozenset[str],
        *,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as aiohttp itself does
            keepalive_timeout=KEEPALIVE_SECONDS,
            auto_decompress=False,
            lingering_time=0.0,
        )
        self._connection_limit = connection_limit
        self._connection = connection
        self._allowed_sans = allowed_sans

    def connection_made(self, transport: Any) -> None:
        """Begin, unless the client's certificate has none of the names that are allowed."""
        if self._allowed_sans and not has_allowed_name(
            transport.get_extra_info("peercert"), self._allowed_sans
        ):
            transport.abort()
            return
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._connection_limit.remove(self._connection)
        super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. One that aiohttp raises by itself bypasses the middlewares: that to an unknown `Expect`."""
        answer = _plain(resp.status) if isinstance(resp, web.HTTPException) else resp
        self._connection_limit.begin_answer(self._connection, _size(answer))
        try:
            return await super().finish_response(request, answer, start_time)
        finally:
            self._connection_limit.end_answer(self._connection)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a malformed request."""
        del exc, message
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, there is no room for an error in it")
        return _plain(status)


def _size(answer: web.StreamResponse) -> int:
    """Return how many bytes of an answer may have to wait."""
    body = answer.body if isinstance(answer, web.Response) else None
    return len(body) if isinstance(body, bytes) else 0


def _plain(status: int) -> web.Response:
    """Return an answer in plain words that repeat nothing of the request."""
    answer = web.Response(status=status, text=f"{HTTPStatus(status).phrase}.\n", headers=HEADERS)
    answer.force_close()
    return answer
