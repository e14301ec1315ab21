"""A target's past over the retention: runs of its diagnosis, of each path's symptom, of each service, and latencies.

Times are seconds since the epoch. A day of one target takes less than 24 KiB, however it flaps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from exporter.diagnosis.checkup import HEALTH, Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.observation import Details
from exporter.operations.component_status import ComponentStatus
from exporter.operations.host_status import Status
from exporter.state.events import Events
from exporter.state.latencies import BUCKET_SECONDS, Latencies, LatencyBucket
from exporter.state.runs import MOST_RUNS, Runs
from exporter.targets import AccessPath

DAY_SECONDS = 86_400.0
DIAGNOSIS = "diagnosis"
COMPONENTS = ("worker", "manager", "database")
# All lanes of the paths together, and each of the services. A lane has at least some.
_MOST_RUNS_OF_PATHS, _MOST_RUNS_OF_SERVICE, _LEAST_RUNS = 300, 24, 8
# From the best to the worst; of several hosts the worst status counts.
_WORST_LAST = (
    Status.HEALTHY,
    Status.STARTING,
    Status.STOPPING,
    Status.UNKNOWN,
    Status.UNREACHABLE,
    Status.MISSING,
    Status.STOPPED,
    Status.UNHEALTHY,
)


class Lane(NamedTuple):
    """What runs are kept of: `diagnosis`, an access path to a node, or a component."""

    kind: str
    node: str = ""


class SavedRun(NamedTuple):
    """A run as a file holds it; the state is empty while nothing was polled."""

    lane: Lane
    began: float
    ended: float
    state: str


class SavedBucket(NamedTuple):
    """Five minutes of latencies as a file holds them."""

    path: str
    bucket: LatencyBucket


class _Seen(NamedTuple):
    """When a round began and ended, and how long after the last one it still continues that."""

    at: float
    began: float
    continues_after: float


@dataclass(slots=True)
class Timeline:
    """The past of one target. `retention` is in seconds; until `saved_until`, a file has it.

    The events are kept by their number, not for the retention.
    """

    retention: float = DAY_SECONDS
    saved_until: float = 0.0
    runs: dict[Lane, Runs[Any]] = field(default_factory=dict)
    latencies: dict[AccessPath, Latencies] = field(default_factory=dict)
    events: Events = field(default_factory=Events)

    @property
    def ended(self) -> float:
        """Return when the last round was finished; 0 before the first."""
        runs = self.runs.get(Lane(DIAGNOSIS))
        return runs.ended if runs is not None else 0.0

    @property
    def is_saved(self) -> bool:
        """Whether a file has all of it."""
        return self.ended <= self.saved_until and not self.events.to_save()

    @property
    def diagnoses(self) -> Runs[Diagnosis]:
        """Return the runs of the diagnosis of the whole target."""
        return self.runs.get(Lane(DIAGNOSIS)) or Runs(Diagnosis)

    def path(self, path: AccessPath, node: str) -> Runs[Symptom]:
        """Return the runs of the symptom of one path to one node."""
        return self.runs.get(Lane(path, node)) or Runs(Symptom)

    def services(self) -> Mapping[str, Runs[Status]]:
        """Return the runs of each component with a known status: of its hosts' statuses the worst."""
        return {name: self.runs[Lane(name)] for name in COMPONENTS if Lane(name) in self.runs}

    def record(self, checkup: Checkup, continues_after: float) -> None:
        """Add a round. It continues the last one if that ended at most `continues_after` seconds before."""
        at, last = checkup.finished_at, self.ended
        round_seen = _Seen(at, at - checkup.seconds, continues_after)
        share = max(_LEAST_RUNS, _MOST_RUNS_OF_PATHS // max(1, len(checkup.visits)))
        self._add(Lane(DIAGNOSIS), checkup.worst, round_seen, MOST_RUNS)
        for route in checkup.visits:
            self._add(Lane(route.path, route.node), checkup.symptom(route), round_seen, share)
            health = checkup.observation(route, HEALTH)
            seconds = health.last.seconds if health and health.onepanel_answered else None
            if seconds is not None:
                self.latencies.setdefault(route.path, Latencies()).add(seconds, at)
        if at // BUCKET_SECONDS != last // BUCKET_SECONDS:
            self.forget_before(at - self.retention)

    def record_details(self, details: Details, continues_after: float) -> None:
        """Add the services of a round of details."""
        for seen in details.observations:
            if isinstance(seen.outcome, ComponentStatus) and seen.outcome.by_host:
                worst = max(seen.outcome.by_host.values(), key=_WORST_LAST.index)
                at = details.finished_at
                self._add(
                    Lane(seen.outcome.component),
                    worst,
                    _Seen(at, at, continues_after),
                    _MOST_RUNS_OF_SERVICE,
                )

    def _add(self, lane: Lane, state: StrEnum, seen: _Seen, most: int) -> None:
        runs = self.runs.get(lane)
        if runs is None:
            runs = self.runs[lane] = Runs(type(state))
        runs.most = most * self._days
        is_next = seen.at - runs.ended <= seen.continues_after
        runs.add(state, seen.at, min(seen.began, runs.ended) if is_next else seen.began)

    @property
    def _days(self) -> int:
        return max(1, math.ceil(self.retention / DAY_SECONDS))

    def forget_before(self, time: float) -> None:
        """Drop what ended before a time, also of nodes that are gone."""
        for lane, runs in list(self.runs.items()):
            runs.forget_before(time)
            if not len(runs):
                del self.runs[lane]
        for latencies in self.latencies.values():
            latencies.forget_before(time)

    def saved_runs(self, since: float) -> Iterator[SavedRun]:
        """Yield the runs that ended after a time."""
        for lane, runs in self.runs.items():
            for run in runs.latest_first():
                if run.ended <= since:
                    break
                yield SavedRun(lane, run.began, run.ended, run.state.value if run.state else "")

    def saved_buckets(self, since: float) -> Iterator[SavedBucket]:
        """Yield the five minutes that ended after a time."""
        for path, latencies in self.latencies.items():
            for bucket in latencies.latest_first():
                if bucket.began + BUCKET_SECONDS <= since:
                    break
                yield SavedBucket(path.value, bucket)

    def restore_run(self, saved: SavedRun) -> None:
        """Append a run of an earlier process; runs are restored in their order. Skip an unknown lane or state."""
        states = _states_of(saved.lane.kind)
        if states is None:
            return
        try:
            state = states(saved.state) if saved.state else None
        except ValueError:
            return
        runs = self.runs.setdefault(saved.lane, Runs(states, MOST_RUNS * self._days))
        runs.restore(state, saved.began, saved.ended)

    def restore_bucket(self, saved: SavedBucket) -> None:
        """Append five minutes of an earlier process; they are restored in their order."""
        if saved.path in set(AccessPath):
            self.latencies.setdefault(AccessPath(saved.path), Latencies()).restore(saved.bucket)


def _states_of(kind: str) -> type[StrEnum] | None:
    if kind == DIAGNOSIS:
        return Diagnosis
    if kind in set(AccessPath):
        return Symptom
    return Status if kind in COMPONENTS else None
