"""Shards: which of several exporters with one configuration polls a target.

The share of a target depends on its name and on the number of shards alone.
"""

from __future__ import annotations

import hashlib
import re
import socket
from dataclasses import dataclass

_HASH_BYTES = 8
_HASH_MASK = 2**64 - 1
# The generator and its range in the jump consistent hash of Lamping and Veach (2014).
_MULTIPLIER = 2862933555777941757
_RANGE_BITS = 31
_TRAILING_NUMBER = re.compile(r"[0-9]+\Z")
_SHARD = re.compile(r"([0-9]{1,4}|auto)/([0-9]{1,4})")
_OF_HOST = "auto"


@dataclass(frozen=True, slots=True)
class Shard:
    """A share of the targets: the `index`-th of `count`, counted from 0."""

    index: int = 0
    count: int = 1

    def holds(self, name: str) -> bool:
        """Return whether a target belongs here. Every name belongs to one shard, whatever other targets there are."""
        return shard_index(name, self.count) == self.index

    def __str__(self) -> str:
        """Return the shard as the option `--shard` spells it."""
        return f"{self.index}/{self.count}"


def shard_index(name: str, count: int) -> int:
    """Return the index of the shard that a name belongs to.

    With one shard more, a name keeps its index or moves to the new shard: one of `count + 1` names moves.
    """
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=_HASH_BYTES).digest())
    index, following = 0, 0
    while following < count:
        index = following
        key = (key * _MULTIPLIER + 1) & _HASH_MASK
        following = ((index + 1) << _RANGE_BITS) // ((key >> (64 - _RANGE_BITS)) + 1)
    return index


def index_of_host(host_name: str) -> int | None:
    """Return the number at the end of a host name, without the domain; None if it ends without one.

    A StatefulSet names its pods in this way: `exporter-0`, `exporter-1`.
    """
    found = _TRAILING_NUMBER.search(host_name.split(".", 1)[0])
    return int(found[0]) if found else None


def parse_shard(value: object) -> Shard:
    """Return the shard that `0/3` means, or `auto/3` on this host."""
    found = _SHARD.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        count = int(found[2])
        if found[1] != _OF_HOST and int(found[1]) < count:
            return Shard(int(found[1]), count)
        if found[1] == _OF_HOST and count:
            return shard_of_host(socket.gethostname(), count)
    raise ValueError("must be INDEX/COUNT with an INDEX from 0 to COUNT - 1, such as 0/3, or auto/COUNT")


def shard_of_host(host: str, count: int) -> Shard:
    """Return the shard whose index is the number at the end of a host name.

    Raises:
        ValueError: there is no such number, or it is not below `count`.
    """
    index = index_of_host(host)
    if index is not None and index < count:
        return Shard(index, count)
    what = "without a number" if index is None else f"with the number {index}"
    raise ValueError(
        f"auto/{count} needs a host name that ends with a number from 0 to {count - 1}, "
        f"but {host!r} ends {what}: rename the host, or give INDEX/COUNT"
    )
