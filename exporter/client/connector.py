"""Opening connections for aiohttp: every address tried once, no deadline but the request's, answers bounded.

aiohttp has no public place for the deadline of a handshake, for not trying addresses again, or for the
bytes before its parser. The methods overridden here are the only ones of its inside that this project uses.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from exporter.client.connection_timer import ReportingSocket, current_timer
from exporter.client.wire import AnswerFilter, TooLargeError, wire_limit

# What is parsed in one go: an answer made of thousands of messages must not hold up the event loop.
_SLICE_BYTES = 16 * 1024
_DEFAULT_MAX_BODY_BYTES = 64 * 1024


class BoundedResponseHandler(ResponseHandler):
    """The receiving end of a connection: no answer is longer than its request allows."""

    _filter: AnswerFilter | None = None

    def set_response_params(self, **params: Any) -> None:
        """Begin a new answer: aiohttp writes the request to the connection at once."""
        timer = current_timer.get()
        if timer is not None:
            timer.is_sent = True
        self._filter = AnswerFilter(timer.wire_limit if timer else wire_limit(_DEFAULT_MAX_BODY_BYTES))
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Pass on what the answer may have, or end the connection."""
        if self._filter is None or not data:
            super().data_received(data)
            return
        try:
            passing = self._filter.feed(bytes(data))
        except TooLargeError as error:
            self._refuse(error)
            return
        for start in range(0, len(passing), _SLICE_BYTES):
            super().data_received(passing[start : start + _SLICE_BYTES])

    def _refuse(self, error: TooLargeError) -> None:
        payload, transport = self._payload, self.transport
        self.set_exception(error)
        if payload is not None:
            payload.set_exception(error)
        # What follows must not replace the reason.
        self._payload, self._parser = None, None
        if transport is not None:
            transport.abort()


def _bounded(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return BoundedResponseHandler(loop)


class RouteConnector(aiohttp.TCPConnector):
    """A connector that tries every address of a name once, in order, as browsers do (RFC 8305)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(use_dns_cache=False, limit=0, **options)
        self._factory = partial(_bounded, self._loop)

    async def _wrap_create_connection(
        self, *args: Any, addr_infos: list[Any], **options: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        timer = current_timer.get()
        if options.get("ssl") and timer is not None:
            options["ssl_handshake_timeout"] = timer.handshake_seconds
        try:
            return await super()._wrap_create_connection(*args, addr_infos=addr_infos, **options)
        except BaseException:
            addr_infos.clear()  # so that aiohttp does not begin again with all addresses but the first
            raise


class LostError(aiohttp.ClientError):
    """A request whose connection was lost; its cause is the error of the connection."""


async def refuse_repetition(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a lost request again: a request is sent once, counted once.

    Raises:
        LostError: the connection was lost after it had been opened.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise LostError(str(error)) from error


def is_clean_close(error: BaseException) -> bool:
    """Return whether a request was lost as the server closed its connection in order, before any answer."""
    return isinstance(error, LostError) and isinstance(error.__cause__, aiohttp.ServerDisconnectedError)


def is_quiet(kept: socket.socket | None) -> bool:
    """Return whether a connection that is kept open has nothing to read: neither its end nor anything unasked."""
    if kept is None:
        return False
    try:
        kept.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def shut(sockets: Iterable[ReportingSocket]) -> None:
    """End connections at once, without a word."""
    for each in sockets:
        each.disown()
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
