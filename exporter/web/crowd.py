"""How many clients may be connected at once, and how much of what they asked for may wait for them to take it."""

from __future__ import annotations

from typing import Protocol

_MOST_CONNECTIONS = 512
_MOST_WAITING_BYTES = 32 * 2**20


class Guest(Protocol):
    """A client's connection."""

    def turn_away(self) -> None:
        """End it at once, whatever it waits for."""


class Crowd:
    """All connections, those first that have not been answered for longest: where it is too much, they make room.

    So whoever comes, asks and takes the answer is served, however many others only hold on to theirs.
    """

    def __init__(self) -> None:
        self._waiting_bytes: dict[Guest, int] = {}

    def come(self, guest: Guest) -> None:
        """A connection was opened."""
        self._waiting_bytes[guest] = 0
        if len(self._waiting_bytes) > _MOST_CONNECTIONS:
            self._turn_away(next(iter(self._waiting_bytes)))

    def go(self, guest: Guest) -> None:
        """A connection has ended."""
        self._waiting_bytes.pop(guest, None)

    def answer(self, guest: Guest, size: int) -> None:
        """An answer of so many bytes is about to be sent. The latest may be of any size."""
        self.go(guest)
        for other in [each for each, waiting in self._waiting_bytes.items() if waiting]:
            if sum(self._waiting_bytes.values()) + size <= _MOST_WAITING_BYTES:
                break
            self._turn_away(other)
        self._waiting_bytes[guest] = size

    def answered(self, guest: Guest) -> None:
        """The answer was taken."""
        if guest in self._waiting_bytes:
            self._waiting_bytes[guest] = 0

    def _turn_away(self, guest: Guest) -> None:
        self.go(guest)
        guest.turn_away()
