"""One connection from a client: how many there may be, and what those are told who do not speak HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from exporter.web.guards import HEADERS

_MOST_CONNECTIONS = 512
# Longer than scrape intervals usually are: Prometheus keeps its connections.
_KEEPALIVE_SECONDS = 130.0


class DoorProtocol(web.RequestHandler):
    """aiohttp's, for a bounded number of connections, and without tracebacks for what a client sends."""

    def __init__(self, manager: Any, *, loop: Any) -> None:
        super().__init__(manager, loop=loop, access_log=None, keepalive_timeout=_KEEPALIVE_SECONDS)  # type: ignore[arg-type]  # as aiohttp itself does
        self._server = manager

    def connection_made(self, transport: Any) -> None:
        """Begin; a connection too many is closed at once."""
        super().connection_made(transport)
        if len(self._server.connections) > _MOST_CONNECTIONS:
            transport.abort()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. One that aiohttp raises by itself has passed the guards by, as that to a strange `Expect`."""
        answer = _plain(resp.status) if isinstance(resp, web.HTTPException) else resp
        return await super().finish_response(request, answer, start_time)

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


def _plain(status: int) -> web.Response:
    """An answer in plain words that repeat nothing of the request."""
    answer = web.Response(status=status, text=f"{HTTPStatus(status).phrase}.\n", headers=HEADERS)
    answer.force_close()
    return answer
