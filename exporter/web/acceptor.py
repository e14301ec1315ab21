"""Accepting connections: each counts from then on, is given TLS if configured, and handed to aiohttp."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from aiohttp import web

from exporter.web.access_control import ServerContext
from exporter.web.connection_limit import ConnectionLimit
from exporter.web.protocol import LimitedProtocol

HANDSHAKE_SECONDS = 10.0
_RETRY_SECONDS = 0.1
_RESET = struct.pack("ii", 1, 0)

CurrentContext = Callable[[], ServerContext | None]


class Connection:
    """A client's connection: a socket, which has a transport as soon as TLS is established."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.transport: asyncio.Transport | None = None
        self.opening: asyncio.Task[None] | None = None

    def evict(self) -> None:
        """End at once, with a reset: otherwise the kernel would keep for minutes what the client does not take."""
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self.transport is not None:
            self.transport.abort()
        elif self.opening is not None:
            self.opening.cancel()


class Acceptor:
    """Accepts connections to an aiohttp server. `context` gives the TLS context for a new one; None: plain HTTP."""

    def __init__(self, server: web.Server, context: CurrentContext) -> None:
        self._server = server
        self._context = context
        self._limit = ConnectionLimit()
        self._opening: set[asyncio.Task[None]] = set()
        self._accepting: list[asyncio.Task[None]] = []

    def start(self, listening: socket.socket) -> None:
        """Accept the connections of a listening socket until `stop`."""
        listening.settimeout(0.0)
        self._accepting.append(asyncio.create_task(self._accept(listening), name="accept"))

    async def stop(self) -> None:
        """Accept no more connections, and end those that are not established yet."""
        tasks = [*self._accepting, *self._opening]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                opened, _ = await loop.sock_accept(listening)
            except OSError:
                # Usually no descriptor is left: one that is held for longest makes room.
                self._limit.evict_oldest()
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            connection = Connection(opened)
            connection.opening = asyncio.create_task(self._open(connection), name="open connection")
            self._opening.add(connection.opening)
            connection.opening.add_done_callback(partial(self._opened, connection))
            self._limit.add(connection)
            await asyncio.sleep(0)  # a flood must not keep everything else waiting

    async def _open(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        tls = self._context()
        context, allowed_sans = tls or (None, frozenset[str]())
        make_protocol = partial(
            LimitedProtocol, self._server, self._limit, connection, allowed_sans, loop=loop
        )
        handshake_seconds = None if tls is None else HANDSHAKE_SECONDS
        with suppress(OSError):  # no TLS, or not in time
            connection.transport, _ = await loop.connect_accepted_socket(
                make_protocol, connection.socket, ssl=context, ssl_handshake_timeout=handshake_seconds
            )

    def _opened(self, connection: Connection, opening: asyncio.Task[None]) -> None:
        self._opening.discard(opening)
        if connection.transport is None:
            self._limit.remove(connection)
            connection.socket.close()
        if not opening.cancelled() and (error := opening.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a connection could not be opened", "exception": error}
            )
