"""The last rounds of a target, remembered for the pages in little room.

What a round says is mostly what the round before said, but for its times. So the two are kept apart:
equal rounds share one *saying*, a checkup whose times are all zero, and have nothing of their own but numbers.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from exporter.diagnosis.checkup import Checkup
from exporter.observation import Exchange, Observation, Visit

HISTORY_ROUNDS = 20

Words: TypeAlias = tuple[object, ...]


class PastRound(NamedTuple):
    """One round: what was said, and its times in the order in which `_with_times` meets them."""

    saying: Checkup
    times: array[float]

    @property
    def finished_at(self) -> float:
        """When the round was finished, in seconds since the epoch."""
        return self.times[0]

    def checkup(self) -> Checkup:
        """Return the round as it was, but for its details."""
        return _with_times(self.saying, iter(self.times))


class History:
    """The last rounds, the latest at the end."""

    def __init__(self) -> None:
        self._rounds: deque[PastRound] = deque(maxlen=HISTORY_ROUNDS)
        self._latest_words: Words | None = None

    def __len__(self) -> int:
        return len(self._rounds)

    def append(self, checkup: Checkup) -> None:
        """Remember a round; the oldest is forgotten when there are too many."""
        words = _words(checkup)
        if words == self._latest_words:
            saying = self._rounds[-1].saying
        else:
            saying = _with_times(replace(checkup, details=None), _zeros())
            self._latest_words = words
        self._rounds.append(PastRound(saying, array("d", _times(checkup))))

    @property
    def latest(self) -> PastRound | None:
        """Return the latest round."""
        return self._rounds[-1] if self._rounds else None

    def latest_first(self) -> Iterator[PastRound]:
        """Return the rounds, from the latest to the oldest."""
        return reversed(self._rounds)


def _words(checkup: Checkup) -> Words:
    """Return all that is told of a round but its times, in a form that is quick to make and to compare."""
    visits = tuple(
        (
            tuple(
                (tuple(each.phases), each.chain, each.failure, each.attempts, each.addresses)
                for each in visit.connections
            ),
            tuple((seen.operation, seen.outcome, _exchanges(seen)) for seen in visit.observations),
        )
        for visit in checkup.visits.values()
    )
    return checkup.target, tuple(checkup.visits), tuple(checkup.diagnoses.items()), visits


def _exchanges(seen: Observation) -> tuple[object, ...]:
    return tuple(
        (each.route, each.status, each.body_bytes, each.failure, each.seconds is None, each.cut)
        for each in seen.exchanges
    )


def _zeros() -> Iterator[float]:
    while True:
        yield 0.0


def _times(checkup: Checkup) -> Iterator[float]:
    yield checkup.finished_at
    yield checkup.seconds
    for visit in checkup.visits.values():
        for connection in visit.connections:
            yield from connection.phases.values()
        for seen in visit.observations:
            yield from (each.seconds for each in seen.exchanges if each.seconds is not None)


def _with_times(checkup: Checkup, times: Iterator[float]) -> Checkup:
    """Return the same checkup with other times."""
    finished_at, seconds = next(times), next(times)
    visits = {route: _visit(visit, times) for route, visit in checkup.visits.items()}
    return Checkup(checkup.target, visits, checkup.diagnoses, finished_at, seconds, checkup.details)


def _visit(visit: Visit, times: Iterator[float]) -> Visit:
    connections = tuple(
        replace(each, phases={phase: next(times) for phase in each.phases}) for each in visit.connections
    )
    observations = tuple(
        Observation(
            seen.operation,
            seen.route,
            seen.outcome,
            tuple(_exchange(each, times) for each in seen.exchanges),
        )
        for seen in visit.observations
    )
    return Visit(visit.route, connections, observations)


def _exchange(exchange: Exchange, times: Iterator[float]) -> Exchange:
    return exchange if exchange.seconds is None else replace(exchange, seconds=next(times))
