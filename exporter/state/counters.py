"""What is counted: of each route the requests, failures, durations and phases since the target was added."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate

from exporter.metrics import Distribution
from exporter.observation import Connection, Exchange, Phase, Visit
from exporter.reasons import Reason


class Histogram:
    """Counts of observations in buckets, as Prometheus understands them. Bounds and values are seconds.

    The last bound is +Inf.
    """

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Add one observation."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def distribution(self) -> Distribution:
        """Return the cumulative buckets, ending with +Inf."""
        counts = tuple(accumulate(self._counts))
        return Distribution(self._sum, (*counts, counts[-1]), self._bounds)


@dataclass(slots=True)
class RouteCounters:
    """What was counted over one route since the target was added.

    `recovered_at`: when Onepanel answered again after it had not (seconds since the epoch), 0 if that never happened.
    """

    requests: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    durations: dict[str, Histogram] = field(default_factory=dict)
    phase_counts: Counter[Phase] = field(default_factory=Counter)
    phase_seconds: dict[Phase, float] = field(default_factory=dict)
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
            self.phase_seconds[phase] = self.phase_seconds.get(phase, 0.0) + seconds

    def add_exchange(self, operation: str, exchange: Exchange) -> None:
        """Count one request."""
        self.requests[operation] += 1
        if exchange.failure is not None:
            self.failures[operation, exchange.failure.reason] += 1
        if exchange.public and exchange.seconds is not None and operation in self.durations:
            self.durations[operation].observe(exchange.seconds)
