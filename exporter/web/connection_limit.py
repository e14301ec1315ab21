"""The limit of client connections, and of answers that clients have not taken yet."""

from __future__ import annotations

from typing import Protocol

MAX_CONNECTIONS = 512
MAX_WAITING_BYTES = 32 * 2**20


class LimitedConnection(Protocol):
    """A client's connection, from its acceptance on."""

    def evict(self) -> None:
        """End it at once, whatever it waits for."""


class ConnectionLimit:
    """All connections, the least recently served first: at the limit, that one is closed.

    A connection counts from its acceptance on, before its TLS handshake. A client that connects, asks and takes
    the answer is therefore served, however many other clients only hold connections.
    """

    def __init__(self) -> None:
        self._waiting_bytes: dict[LimitedConnection, int] = {}

    def add(self, connection: LimitedConnection) -> None:
        """Count a connection that was accepted."""
        self._waiting_bytes[connection] = 0
        if len(self._waiting_bytes) > MAX_CONNECTIONS:
            self.evict_oldest()

    def remove(self, connection: LimitedConnection) -> None:
        """Count a connection that has ended no more."""
        self._waiting_bytes.pop(connection, None)

    def begin_answer(self, connection: LimitedConnection, size: int) -> None:
        """Count an answer of `size` bytes that is about to be sent. The latest one may be of any size."""
        self.remove(connection)
        for other in [each for each, waiting in self._waiting_bytes.items() if waiting]:
            if sum(self._waiting_bytes.values()) + size <= MAX_WAITING_BYTES:
                break
            self._evict(other)
        self._waiting_bytes[connection] = size

    def end_answer(self, connection: LimitedConnection) -> None:
        """Count an answer that was taken no more."""
        if connection in self._waiting_bytes:
            self._waiting_bytes[connection] = 0

    def evict_oldest(self) -> None:
        """Close the least recently served connection, if there is any."""
        if self._waiting_bytes:
            self._evict(next(iter(self._waiting_bytes)))

    def _evict(self, connection: LimitedConnection) -> None:
        self.remove(connection)
        connection.evict()
