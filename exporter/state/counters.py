"""What is counted: of each route the requests, failures, durations and phases since the target was added."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from exporter.observation import Connection, Exchange, Phase, Visit
from exporter.reasons import Reason


class Histogram:
    """Counts of observations in cumulative buckets, as Prometheus has them. Bounds and values are seconds.

    The last bound must be +Inf, so that every observation has a bucket; ValueError if it is not.
    """

    __slots__ = ("_counts", "_sum", "bounds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        if bounds[-1] != math.inf:
            raise ValueError(f"the last bound must be +Inf: {bounds}")
        self.bounds = bounds
        self._counts = [0] * len(bounds)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Add one observation."""
        first = bisect_left(self.bounds, seconds)
        self._counts[first:] = [count + 1 for count in self._counts[first:]]
        self._sum += seconds

    def numbers(self) -> tuple[float, ...]:
        """Return the counts of the buckets, the count of all, and the sum."""
        return (*self._counts, self._counts[-1], self._sum)


@dataclass(slots=True)
class RouteCounters:
    """What was counted over one route since the target was added.

    `recovered_at`: when Onepanel answered again after it had not (seconds since the epoch), 0 if that never happened.
    """

    requests: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    durations: dict[str, Histogram] = field(default_factory=dict)
    phase_counts: Counter[Phase] = field(default_factory=Counter)
    phase_seconds: dict[Phase, float] = field(default_factory=lambda: dict.fromkeys(Phase, 0.0))
    last_success_at: float | None = None
    is_up: bool | None = None
    recovered_at: float = 0.0

    def add(self, visit: Visit) -> None:
        """Count the requests of one visit."""
        for connection in visit.connections:
            self.add_connection(connection)
        for seen in visit.observations:
            for exchange in seen.exchanges:
                self.add_exchange(seen.operation, exchange)

    def note_answer(self, at: float, *, is_up: bool) -> None:
        """Remember whether Onepanel answered in a round that was finished at a time."""
        if is_up:
            self.last_success_at = at
        if is_up and self.is_up is False:
            self.recovered_at = at
        self.is_up = is_up

    def add_connection(self, connection: Connection) -> None:
        """Count the phases of opening one connection."""
        for phase, seconds in connection.phases.items():
            self.phase_counts[phase] += 1
            self.phase_seconds[phase] += seconds

    def add_exchange(self, operation: str, exchange: Exchange) -> None:
        """Count one request."""
        self.requests[operation] += 1
        if exchange.failure is not None:
            self.failures[operation, exchange.failure.reason] += 1
        if exchange.public and exchange.seconds is not None and operation in self.durations:
            self.durations[operation].observe(exchange.seconds)
