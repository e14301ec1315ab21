"""The latencies of one access path by five minutes, in little room. Times are seconds since the epoch."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

BUCKET_SECONDS = 300.0
# Of more latencies in five minutes every second one is kept for the percentile, then every fourth, and so on.
_MOST_KEPT = 100
_MOST_COUNTED = 0xFFFF
# A latency takes two bytes: its logarithm, which is exact to a thousandth from a microsecond to an hour.
_LEAST_SECONDS, _STEPS = 1e-6, 2900.0
_NUMBERS = 4


class LatencyBucket(NamedTuple):
    """The latencies of five minutes, in seconds."""

    began: float
    requests: int
    minimum: float
    mean: float
    maximum: float
    p95: float


class _Open:
    """The bucket that latencies are added to."""

    __slots__ = ("began", "count", "earlier", "kept", "maximum", "minimum", "stride", "total")

    def __init__(self, began: float, earlier: LatencyBucket | None = None) -> None:
        self.began, self.earlier = began, earlier
        self.count, self.total = 0, 0.0
        self.minimum, self.maximum = float("inf"), 0.0
        self.kept = array("f")
        self.stride = 1

    def add(self, seconds: float) -> None:
        if self.count % self.stride == 0:
            self.kept.append(seconds)
        if len(self.kept) > _MOST_KEPT:
            self.kept = self.kept[::2]
            self.stride *= 2
        self.count += 1
        self.total += seconds
        self.minimum, self.maximum = min(self.minimum, seconds), max(self.maximum, seconds)

    def summary(self) -> LatencyBucket:
        kept = sorted(self.kept)
        p95 = min(max(kept[int(0.95 * (len(kept) - 1) + 0.5)], self.minimum), self.maximum)
        count = min(self.count, _MOST_COUNTED)
        mine = LatencyBucket(self.began, count, self.minimum, self.total / self.count, self.maximum, p95)
        return mine if self.earlier is None else _together(self.earlier, mine)


class Latencies:
    """The latencies of one access path by five minutes, oldest first."""

    __slots__ = ("_counts", "_numbers", "_open", "_places")

    def __init__(self) -> None:
        self._places = array("I")  # the number of the five minutes since the epoch
        self._counts = array("H")
        self._numbers = array("H")  # four of each bucket: minimum, mean, maximum, p95
        self._open: _Open | None = None

    def add(self, seconds: float, at: float) -> None:
        """Add one latency."""
        began = at - at % BUCKET_SECONDS
        if self._open is not None and began > self._open.began:
            self.restore(self._open.summary())
            self._open = None
        if self._open is None:
            self._open = _Open(began, self._take_last(began))
        self._open.add(seconds)

    def _take_last(self, began: float) -> LatencyBucket | None:
        """Remove and return the last bucket if it is of the same five minutes, as after a restart."""
        if not self._places or self._places[-1] != int(began // BUCKET_SECONDS):
            return None
        last = self._closed(len(self._places) - 1)
        self._places.pop()
        self._counts.pop()
        del self._numbers[-_NUMBERS:]
        return last

    def restore(self, bucket: LatencyBucket) -> None:
        """Append a finished bucket."""
        self._places.append(int(bucket.began // BUCKET_SECONDS))
        self._counts.append(bucket.requests)
        self._numbers.extend(_packed(each) for each in bucket[2:])

    def forget_before(self, time: float) -> None:
        """Drop the buckets that ended before a time."""
        count = bisect_right(self._places, max(0, int(time // BUCKET_SECONDS) - 1))
        del self._places[:count], self._counts[:count], self._numbers[: _NUMBERS * count]
        if self._open is not None and self._open.began + BUCKET_SECONDS <= time:
            self._open = None

    def __iter__(self) -> Iterator[LatencyBucket]:
        yield from (self._closed(index) for index in range(len(self._places)))
        if self._open is not None:
            yield self._open.summary()

    def latest_first(self) -> Iterator[LatencyBucket]:
        """Yield the buckets from the latest to the oldest."""
        if self._open is not None:
            yield self._open.summary()
        yield from (self._closed(index) for index in reversed(range(len(self._places))))

    def _closed(self, index: int) -> LatencyBucket:
        numbers = (_unpacked(each) for each in self._numbers[_NUMBERS * index : _NUMBERS * (index + 1)])
        return LatencyBucket(self._places[index] * BUCKET_SECONDS, self._counts[index], *numbers)

    def __len__(self) -> int:
        return len(self._places) + (self._open is not None)


def _packed(seconds: float) -> int:
    return min(_MOST_COUNTED, max(0, round(math.log(max(seconds, _LEAST_SECONDS) / _LEAST_SECONDS) * _STEPS)))


def _unpacked(number: int) -> float:
    return _LEAST_SECONDS * math.exp(number / _STEPS)


def _together(one: LatencyBucket, other: LatencyBucket) -> LatencyBucket:
    """Return two parts of the same five minutes as one; of two percentiles the higher."""
    requests = one.requests + other.requests
    mean = (one.mean * one.requests + other.mean * other.requests) / requests
    return LatencyBucket(
        one.began,
        min(requests, _MOST_COUNTED),
        min(one.minimum, other.minimum),
        mean,
        max(one.maximum, other.maximum),
        max(one.p95, other.p95),
    )
