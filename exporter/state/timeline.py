"""What a target was like over the last day, in little room: runs of states, and latencies by five minutes.

Times are seconds since the epoch. A day of one target with two routes takes less than 24 KiB, however it flaps.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

BUCKET_SECONDS = 300.0
# The oldest runs go first: a target that flaps in every round keeps the last hours only.
MOST_RUNS = 200
_GAP = 255

State = TypeVar("State", bound=StrEnum)


class Run(NamedTuple, Generic[State]):
    """A time in which a state did not change; None while nothing was polled."""

    state: State | None
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.ended - self.began


class Runs(Generic[State]):
    """The runs of one state, oldest first, without gaps in time: what was not watched is a run of its own."""

    __slots__ = ("_began", "_ended", "_states", "_words")

    def __init__(self, states: type[State]) -> None:
        self._states = tuple(states)
        self._began = array("d")
        self._words = array("B")
        self._ended = 0.0

    def add(self, state: State, at: float, watched_since: float) -> None:
        """Note a state seen at a time. Before `watched_since` it was not watched, unless the last run reaches there.

        Times that do not increase, as after a clock was set back, end the last run where it was.
        """
        at = max(at, self._ended)
        if self._began and watched_since > self._ended:
            self._begin(_GAP, self._ended)
        if not self._began or watched_since > self._ended:
            self._begin(self._states.index(state), min(watched_since, at))
        else:
            self._begin(self._states.index(state), at)
        self._ended = at

    def _begin(self, word: int, at: float) -> None:
        if self._words and self._words[-1] == word:
            return
        self._began.append(at)
        self._words.append(word)
        if len(self._words) > MOST_RUNS:
            del self._began[0], self._words[0]

    def restore(self, state: State | None, began: float, ended: float) -> None:
        """Put a run of an earlier process back; runs come in their order."""
        self._begin(_GAP if state is None else self._states.index(state), began)
        self._ended = max(self._ended, ended)

    def forget_before(self, time: float) -> None:
        """Drop what ended before a time; a run that reaches beyond it begins there."""
        if not self._began or self._ended <= time:
            del self._began[:], self._words[:]
            return
        kept_from = max(0, bisect_right(self._began, time) - 1)
        del self._began[:kept_from], self._words[:kept_from]
        self._began[0] = max(self._began[0], time)

    def __iter__(self) -> Iterator[Run[State]]:
        ends = [*self._began[1:], self._ended] if self._began else []
        for word, began, ended in zip(self._words, self._began, ends, strict=True):
            yield Run(None if word == _GAP else self._states[word], began, ended)

    def __len__(self) -> int:
        return len(self._words)


class LatencyBucket(NamedTuple):
    """The latencies of five minutes, in seconds."""

    began: float
    requests: int
    least: float
    mean: float
    most: float
    p95: float


class Latencies:
    """The latencies of one route by five minutes, oldest first."""

    __slots__ = ("_began", "_counts", "_numbers", "_open", "_open_began")

    def __init__(self) -> None:
        self._began = array("d")
        self._counts = array("I")
        self._numbers = array("f")  # four of each bucket: least, mean, most, p95
        self._open = array("f")
        self._open_began = 0.0

    def add(self, seconds: float, at: float) -> LatencyBucket | None:
        """Add one latency; return the bucket before if this one is the first of the next."""
        began = at - at % BUCKET_SECONDS
        closed = None
        if self._open and began > self._open_began:
            closed = _summary(self._open_began, self._open)
            self.restore(closed)
            self._open = array("f")
        self._open_began = max(began, self._open_began)
        self._open.append(seconds)
        return closed

    def restore(self, bucket: LatencyBucket) -> None:
        """Put a finished bucket at the end."""
        self._began.append(bucket.began)
        self._counts.append(bucket.requests)
        self._numbers.extend(bucket[2:])

    def forget_before(self, time: float) -> None:
        """Drop the buckets that ended before a time."""
        count = bisect_right(self._began, time - BUCKET_SECONDS)
        del self._began[:count], self._counts[:count], self._numbers[: 4 * count]

    def __iter__(self) -> Iterator[LatencyBucket]:
        for place, (began, count) in enumerate(zip(self._began, self._counts, strict=True)):
            yield LatencyBucket(began, count, *self._numbers[4 * place : 4 * place + 4])
        if self._open:
            yield _summary(self._open_began, self._open)

    def __len__(self) -> int:
        return len(self._began) + bool(self._open)


def _summary(began: float, seconds: array[float]) -> LatencyBucket:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return LatencyBucket(began, len(ordered), ordered[0], sum(ordered) / len(ordered), ordered[-1], p95)
