"""The last events of a target, and how many of them a history file has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a node and is no fault; `at` is in seconds since the epoch."""

    at: float
    node: str
    text: str


class Events:
    """The last events of one target. `noted` counts all that were added; of them, a file has the first `saved`."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.noted = 0
        self.saved = 0

    def add(self, event: Event) -> None:
        """Add an event; the oldest one is dropped at the limit."""
        self._kept.append(event)
        self.noted += 1

    def latest_first(self) -> Iterator[Event]:
        """Yield the events, the latest first."""
        return reversed(self._kept)

    def to_save(self) -> tuple[Event, ...]:
        """Return all events that are kept, if a file does not have the latest one yet; otherwise nothing."""
        return tuple(self._kept) if self.noted > self.saved else ()
