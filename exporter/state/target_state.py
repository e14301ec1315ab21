"""What is kept for one target: the latest checkup, its counters and a short history."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field

from exporter.credentials import AuthMethod
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.maintenance import maintenance_reason
from exporter.observation import Details
from exporter.state.counters import RouteCounters
from exporter.state.events import Events
from exporter.state.history import HISTORY_ROUNDS, PastRound
from exporter.state.timeline import Timeline
from exporter.targets import AccessPath, Route, Target

STALE_AFTER_INTERVALS = 3


def _history() -> deque[PastRound]:
    return deque(maxlen=HISTORY_ROUNDS)


@dataclass(slots=True)
class TargetState:
    """Everything known of one target.

    `counters_by_route` has the routes of the latest round, or before it those that are known beforehand.
    `history` has the last rounds, the latest at its end; `has_findings` is about the latest one and its details.
    `diagnosed_since` has the time at which each node's diagnosis began, `first_poll_done` is set once a round is
    finished. `maintenance_note` is the text of the target's touch file; None while there is none.
    `disconnected_since` is since when a provider has reported that it is disconnected; infinity if it has not.
    """

    target: Target
    counters_by_route: dict[Route, RouteCounters]
    checkup: Checkup | None = None
    history: deque[PastRound] = field(default_factory=_history)
    has_findings: bool = False
    timeline: Timeline = field(default_factory=Timeline)
    diagnosed_since: dict[str, float] = field(default_factory=dict)
    polls: int = 0
    polls_skipped: int = 0
    label_values_dropped: int = 0
    words_logged: set[str] = field(default_factory=set)
    rejections_logged: set[AuthMethod] = field(default_factory=set)
    first_poll_done: asyncio.Event = field(default_factory=asyncio.Event)
    finished_monotonic: float = 0.0
    details_monotonic: float = 0.0
    maintenance_note: str | None = None
    disconnected_since: float = math.inf

    @property
    def events(self) -> Events:
        """The last events; they are kept with the timeline."""
        return self.timeline.events

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes that are watched now."""
        return tuple(self.counters_by_route)

    @property
    def node_names(self) -> tuple[str, ...]:
        """The names of the nodes that are watched now; one empty name for a target without nodes."""
        return tuple(dict.fromkeys(route.node for route in self.counters_by_route))

    @property
    def recovered_at(self) -> float:
        """When it answered again over its proxy path, after it had not over any; 0 if that never happened."""
        proxies = (each for route, each in self.counters_by_route.items() if route.path is AccessPath.PROXY)
        return min((each.recovered_at for each in proxies if each.is_up), default=0.0)

    def counters(self, route: Route) -> RouteCounters:
        """Return the tally of a route; of a route that vanished while it was in use, one that is not exported."""
        return self.counters_by_route.get(route) or RouteCounters()

    def maintenance(self, now: float) -> str | None:
        """Return the reason of the maintenance at a time (seconds since the epoch); None when there is none."""
        return maintenance_reason(self.target.maintenance, now, self.maintenance_note)

    def fresh(self, monotonic: float) -> Checkup | None:
        """Return the latest checkup, unless it is older than three intervals: then it is out of date."""
        age = monotonic - self.finished_monotonic
        return self.checkup if age <= STALE_AFTER_INTERVALS * self.target.schedule.interval else None

    def fresh_details(self, monotonic: float) -> Details | None:
        """Return the latest details, unless they are older than three of their intervals."""
        age = monotonic - self.details_monotonic
        is_fresh = age <= STALE_AFTER_INTERVALS * self.target.schedule.details_interval
        return self.checkup.details if self.checkup and is_fresh else None


@dataclass(frozen=True, slots=True)
class DiagnosisChange:
    """A node's diagnosis is another than in the round before. `lasted` is in seconds, None at first."""

    target: Target
    node: str
    before: Diagnosis
    after: Diagnosis
    lasted: float | None


def note_changes(state: TargetState, checkup: Checkup) -> list[DiagnosisChange]:
    """Return what changed since the checkup before; notes since when each diagnosis holds."""
    changes = []
    for node, after in checkup.diagnoses.items():
        before = state.checkup.diagnoses.get(node, Diagnosis.UNKNOWN) if state.checkup else Diagnosis.UNKNOWN
        since = state.diagnosed_since.get(node)
        if before is after and since is not None:
            continue
        lasted = None if since is None else checkup.finished_at - since
        state.diagnosed_since[node] = checkup.finished_at
        changes.append(DiagnosisChange(checkup.target, node, before, after, lasted))
    return changes
