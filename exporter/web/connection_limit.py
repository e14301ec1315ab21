"""How many clients may be connected at once, and how much of what they asked for may wait for them to take it."""

from __future__ import annotations

from typing import Protocol

_MOST_CONNECTIONS = 512
_MOST_WAITING_BYTES = 32 * 2**20


class LimitedConnection(Protocol):
    """A client's connection."""

    def evict(self) -> None:
        """End it at once, whatever it waits for."""


class ConnectionLimit:
    """All connections, those first that have not been answered for longest: where it is too much, they make room.

    So whoever comes, asks and takes the answer is served, however many others only hold on to theirs.
    """

    def __init__(self) -> None:
        self._waiting_bytes: dict[LimitedConnection, int] = {}

    def come(self, connection: LimitedConnection) -> None:
        """A connection was opened."""
        self._waiting_bytes[connection] = 0
        if len(self._waiting_bytes) > _MOST_CONNECTIONS:
            self._evict(next(iter(self._waiting_bytes)))

    def go(self, connection: LimitedConnection) -> None:
        """A connection has ended."""
        self._waiting_bytes.pop(connection, None)

    def answer(self, connection: LimitedConnection, size: int) -> None:
        """An answer of so many bytes is about to be sent. The latest may be of any size."""
        self.go(connection)
        for other in [each for each, waiting in self._waiting_bytes.items() if waiting]:
            if sum(self._waiting_bytes.values()) + size <= _MOST_WAITING_BYTES:
                break
            self._evict(other)
        self._waiting_bytes[connection] = size

    def answered(self, connection: LimitedConnection) -> None:
        """The answer was taken."""
        if connection in self._waiting_bytes:
            self._waiting_bytes[connection] = 0

    def _evict(self, connection: LimitedConnection) -> None:
        self.go(connection)
        connection.evict()
