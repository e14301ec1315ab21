"""A TCP port that can be closed and opened again while it stays reserved for us."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

from exporter.simulator.behaviour import Listening

_BACKLOG = 1024
# Closing discards what is unsent and resets the connection.
_LINGER_RESET = struct.pack("ii", 1, 0)


def reset_on_close(connection: socket.socket) -> None:
    """Let the other side see a reset, as when a process is killed, rather than an orderly end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)


class Listener:
    """One port. `serve` is run for each accepted socket, and owns it; it is cancelled when the port closes."""

    def __init__(self, host: str, serve: Callable[[socket.socket], Coroutine[Any, Any, None]]) -> None:
        self.host = host
        self.port = 0
        self._serve = serve
        self._reservation: socket.socket | None = None
        self._listening: socket.socket | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def reserve(self, port: int) -> None:
        """Take a port without listening: connecting is refused, and nobody else gets it. 0 is any free one.

        Raises OSError when it is taken already.
        """
        self._reservation = _bind(self.host, port)
        self.port = self._reservation.getsockname()[1]

    async def move(self, listening: Listening) -> None:
        """Open, freeze or close the port. Closing resets every connection."""
        if listening is Listening.CLOSED:
            await self._close()
            return
        if self._listening is None:
            self._listening = _bind(self.host, self.port)
            self._listening.listen(_BACKLOG)
        loop = asyncio.get_running_loop()
        if listening is Listening.OPEN:
            loop.add_reader(self._listening, self._accept, self._listening)
        else:
            loop.remove_reader(self._listening)  # the kernel goes on accepting, as for a stopped process

    async def release(self) -> None:
        """Close the port and give it back."""
        await self._close()
        if self._reservation is not None:
            self._reservation.close()
            self._reservation = None

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _address = listening.accept()
        except (BlockingIOError, ConnectionError):
            return  # whoever knocked has gone
        connection.settimeout(0)
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _close(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


def _bind(host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that name their protocol.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.settimeout(0)
    # The reservation and the listening socket share the port.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
