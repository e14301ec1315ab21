"""One connection from a client: its place in the crowd, and what those are told who do not speak HTTP."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import web

from exporter.web.connection_limit import ConnectionLimit
from exporter.web.middlewares import HEADERS

# Longer than scrape intervals usually are: Prometheus keeps its connections.
_KEEPALIVE_SECONDS = 130.0

_RESET = struct.pack("ii", 1, 0)


class LimitedProtocol(web.RequestHandler):
    """aiohttp's, for one of a crowd of connections, and without tracebacks for what a client sends."""

    def __init__(self, manager: Any, connection_limit: ConnectionLimit, *, loop: Any) -> None:
        super().__init__(manager, loop=loop, access_log=None, keepalive_timeout=_KEEPALIVE_SECONDS)  # type: ignore[arg-type]  # as aiohttp itself does
        self._crowd = connection_limit

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        super().connection_made(transport)
        self._crowd.come(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._crowd.go(self)
        super().connection_lost(exc)

    def evict(self) -> None:
        """End at once, whatever the client waits for."""
        if self.transport is not None:
            # With a reset: else the kernel would keep for minutes what nobody takes.
            with suppress(OSError):
                opened = self.transport.get_extra_info("socket")
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. One that aiohttp raises by itself has passed the guards by, as that to a strange `Expect`."""
        answer = _plain(resp.status) if isinstance(resp, web.HTTPException) else resp
        self._crowd.answer(self, _size(answer))
        try:
            return await super().finish_response(request, answer, start_time)
        finally:
            self._crowd.answered(self)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no request."""
        del exc, message
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, there is no room for an error in it")
        return _plain(status)


def _size(answer: web.StreamResponse) -> int:
    """How many bytes an answer may have to wait with."""
    body = answer.body if isinstance(answer, web.Response) else None
    return len(body) if isinstance(body, bytes) else 0


def _plain(status: int) -> web.Response:
    """An answer in plain words that repeat nothing of the request."""
    answer = web.Response(status=status, text=f"{HTTPStatus(status).phrase}.\n", headers=HEADERS)
    answer.force_close()
    return answer
