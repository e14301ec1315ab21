"""What the pages and the JSON show of a target at one moment: the summary of its last round, and its past.

The JSON of `/api/v1/targets` is these values, field by field: a field's name is a name of the public
interface. Durations are seconds, timestamps seconds since the epoch; None is what is not known. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.diagnosis.rules import SEVERITY, Diagnosis
from exporter.report.summary import Summary, summarize
from exporter.state.events import Event
from exporter.state.target_state import TargetState
from exporter.targets import AccessPath, Route


@dataclass(frozen=True, slots=True)
class PastError:
    """The latest round, of those still remembered, in which a path was not well."""

    path: AccessPath
    node: str
    at: float
    error: str


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target. `account` is None before the first round, and when the last one is too old (`stale`).

    `since`: of each node, when its diagnosis began; `maintenance` is the reason of the maintenance.
    """

    name: str
    url: str
    labels: Mapping[str, str]
    diagnosis: Diagnosis
    needs_attention: bool
    stale: bool
    finished_at: float | None
    age_seconds: float | None
    interval_seconds: float
    maintenance: str | None
    since: Mapping[str, float]
    last_errors: tuple[PastError, ...]
    events: tuple[Event, ...]
    summary: Summary | None

    def last_error(self, path: str, node: str) -> PastError | None:
        """Return the last error of one path to one node."""
        return next((past for past in self.last_errors if (past.path, past.node) == (path, node)), None)


def status_of(state: TargetState, monotonic: float, now: float) -> TargetStatus:
    """Return what is known of a target at a timestamp of the monotonic and of the wall clock."""
    target, last, checkup = state.target, state.checkup, state.fresh(monotonic)
    diagnosis = checkup.worst if checkup else Diagnosis.UNKNOWN
    return TargetStatus(
        name=target.name,
        url=target.url,
        labels=dict(target.labels),
        diagnosis=diagnosis,
        needs_attention=last is not None and diagnosis is not Diagnosis.OK,
        stale=last is not None and checkup is None,
        finished_at=last.finished_at if last else None,
        age_seconds=max(0.0, monotonic - state.finished_monotonic) if last else None,
        interval_seconds=target.schedule.interval,
        maintenance=state.maintenance(now),
        since=dict(state.diagnosed_since) if checkup else {},
        last_errors=tuple(_last_errors(state)),
        events=tuple(state.events.latest_first()),
        summary=summarize(checkup) if checkup else None,
    )


def by_urgency(statuses: Iterable[TargetStatus]) -> list[TargetStatus]:
    """Sort by the order of the table of diagnoses, worst first; equal ones with findings first, then by name."""
    return sorted(statuses, key=_urgency)


def _urgency(status: TargetStatus) -> tuple[bool, int, bool, str]:
    found = bool(status.summary and status.summary.findings)
    return not status.needs_attention, SEVERITY.index(status.diagnosis), not found, status.name


def _last_errors(state: TargetState) -> Iterator[PastError]:
    for route in state.routes:
        past = next(_errors(state, route), None)
        if past is not None:
            yield past


def _errors(state: TargetState, route: Route) -> Iterator[PastError]:
    """Yield the errors of a path in the rounds that are remembered, the latest first."""
    for past in reversed(state.history):
        for each in past.nodes:
            if each.node == route.node and (error := each.path(route.path).error):
                yield PastError(route.path, route.node, past.finished_at, error)
