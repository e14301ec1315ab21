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


class TakenPortError(OSError):
    """A port that cannot be taken, as another process holds it."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        super().__init__(error.errno, f"port {port} of {host}: {error.strerror}")
        self.port = port


class Listener:
    """One port, on one or more addresses.

    `serve` runs for each accepted socket, and owns it; it is cancelled when the port closes.
    """

    def __init__(
        self, hosts: tuple[str, ...], serve: Callable[[socket.socket], Coroutine[Any, Any, None]]
    ) -> None:
        self.hosts = hosts
        self.port = 0
        self._serve = serve
        self._reservations: list[socket.socket] = []
        self._listening: list[socket.socket] = []
        self._serving: set[asyncio.Task[None]] = set()

    def reserve(self, port: int) -> None:
        """Take a port without listening: connections are refused, and no other process gets it.

        0 is any free port. Raises TakenPortError when it is taken already, on any of the addresses.
        """
        for host in self.hosts:
            try:
                if port:
                    _bind(host, port, shared=False).close()
                self._reservations.append(_bind(host, port, shared=True))
            except OSError as error:
                self._close_reservations()
                raise TakenPortError(host, port, error) from error
            port = self._reservations[-1].getsockname()[1]
        self.port = port

    async def move(self, listening: Listening) -> None:
        """Open, freeze or close the port. Closing resets every connection."""
        if listening is Listening.CLOSED:
            await self._close()
            return
        if not self._listening:
            self._listening = [_bind(host, self.port, shared=True) for host in self.hosts]
            for one in self._listening:
                one.listen(_BACKLOG)
        loop = asyncio.get_running_loop()
        for one in self._listening:
            if listening is Listening.OPEN:
                loop.add_reader(one, self._accept, one)
            else:
                loop.remove_reader(one)  # the kernel continues to accept, as for a stopped process

    async def release(self) -> None:
        """Close the port and give it back."""
        await self._close()
        self._close_reservations()

    def _close_reservations(self) -> None:
        for one in self._reservations:
            one.close()
        self._reservations.clear()

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _address = listening.accept()
        except (BlockingIOError, ConnectionError):
            return  # the client has gone
        connection.settimeout(0)
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _close(self) -> None:
        for one in self._listening:
            asyncio.get_running_loop().remove_reader(one)
            one.close()
        self._listening.clear()
        # A task that is cancelled before its first step would never close its connection.
        await asyncio.sleep(0)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


def _bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """Return a bound socket. A reservation and a listening socket of one process share the port.

    Without `shared`, a port that another process holds is an error, even if that process shares it.
    """
    # asyncio sets TCP_NODELAY only on sockets that name their protocol.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.settimeout(0)
    # SO_REUSEADDR alone ignores connections of before that wait for their end, and nothing else.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
