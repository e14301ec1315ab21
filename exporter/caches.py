"""A cache that is bounded in bytes, for what is made of foreign input."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# What an entry costs beside its key and value: the dictionary's slot, the pair, the headers of the objects.
_ENTRY_BYTES = 512


class BoundedCache(Generic[Key, Value]):
    """The values used last, as many as fit into `max_bytes`. An entry weighs what its owner states, and a little more.

    A value that alone would take more than a sixteenth of the room is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[Key, tuple[Value, int]] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key, make: Callable[[], Value], weight: int) -> Value:
        """Return the value of a key, made now if it is not kept. `weight` is how many bytes both hold."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._entries[key] = entry
            return entry[0]
        value = make()
        weight += _ENTRY_BYTES
        if weight <= self._max_bytes // 16:
            self._entries[key] = (value, weight)
            self.bytes += weight
            self._evict()
        return value

    def _evict(self) -> None:
        while self.bytes > self._max_bytes:
            _value, weight = self._entries.pop(next(iter(self._entries)))
            self.bytes -= weight
