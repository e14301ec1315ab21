"""What the pages and the JSON say of a target: its state at one moment, as plain values. Pure.

The JSON of `/api/v1/targets` is these values, field by field: a field's name is a name of the public
interface. Durations are seconds, moments seconds since the epoch; None is what is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.checkup import CONFIGURATION, HEALTH, Checkup
from exporter.diagnosis import RULE_OF, SEVERITY, SYMPTOM_MEANINGS, UP, Diagnosis, Symptom, symptom
from exporter.observation import Certificate, Observation, Phase
from exporter.operations.configuration import Configuration
from exporter.store import TargetState
from exporter.targets import AccessPath, Kind, Route, Target


class PathState(StrEnum):
    """What a symptom comes to: Onepanel is up and well, up but not well, or down; or nobody knows."""

    UP = "up"
    UNWELL = "unwell"
    DOWN = "down"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """One operation over one path. `status` 0: no HTTP answer. `advice` belongs to the error."""

    operation: str
    status: int
    seconds: float | None
    error: str
    advice: str


@dataclass(frozen=True, slots=True)
class PastError:
    """The latest round, of those still remembered, in which a path was not well."""

    at: float
    error: str


@dataclass(frozen=True, slots=True)
class PathSummary:
    """One path. `error` is the last round's; `last_error` may be older."""

    origin: str
    expected: bool
    state: PathState
    symptom: Symptom
    meaning: str
    error: str
    last_error: PastError | None
    health_seconds: float | None
    phases: Mapping[Phase, float]
    certificate: Certificate | None
    operations: tuple[OperationSummary, ...]


@dataclass(frozen=True, slots=True)
class NodeSummary:
    """One node; its name and address are empty when the target lists none."""

    node: str
    address: str
    diagnosis: Diagnosis
    meaning: str
    first_step: str
    since: float | None
    proxy: PathSummary
    direct: PathSummary


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """One target. `stale`: its last round is too old to say anything, so nothing is said but when it was."""

    name: str
    url: str
    kind: Kind
    version: str
    build: str
    cluster_id: str
    cluster_name: str
    labels: Mapping[str, str]
    diagnosis: Diagnosis
    needs_attention: bool
    stale: bool
    finished_at: float | None
    age_seconds: float | None
    duration_seconds: float | None
    interval_seconds: float
    nodes: tuple[NodeSummary, ...]


@dataclass(frozen=True, slots=True)
class RouteResult:
    """What one past round saw over one route."""

    route: Route
    expected: bool
    state: PathState
    symptom: Symptom
    error: str
    health_seconds: float | None
    phases: Mapping[Phase, float]


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """One past round of a target."""

    finished_at: float
    duration_seconds: float
    diagnosis: Diagnosis
    results: tuple[RouteResult, ...]


_WAITING = ("No round is finished yet.", "Nothing: the first round comes within one interval.")
_STALE = (
    "The last round is more than three intervals old: what it said is no longer shown.",
    "See the exporter's log: it does not get to look at this target.",
)


def summarize(state: TargetState, monotonic: float) -> TargetSummary:
    """What is known of a target at a moment of the monotonic clock."""
    target, last = state.target, state.checkup
    checkup = state.fresh(monotonic)
    facts = checkup.facts(CONFIGURATION) if checkup else None
    said = facts if isinstance(facts, Configuration) else None
    diagnosis = checkup.worst if checkup else Diagnosis.UNKNOWN
    return TargetSummary(
        name=target.name,
        url=target.url,
        kind=said.kind if said and said.kind is not Kind.AUTO else target.kind,
        version=said.version if said else "",
        build=said.build if said else "",
        cluster_id=said.cluster_id if said else "",
        cluster_name=said.name if said else "",
        labels=dict(target.labels),
        diagnosis=diagnosis,
        needs_attention=last is not None and diagnosis is not Diagnosis.OK,
        stale=last is not None and checkup is None,
        finished_at=last.finished_at if last else None,
        age_seconds=max(0.0, monotonic - state.finished_monotonic) if last else None,
        duration_seconds=last.seconds if last else None,
        interval_seconds=target.schedule.interval,
        nodes=tuple(_node(state, checkup, name) for name in target.node_names),
    )


def by_urgency(summaries: Iterable[TargetSummary]) -> list[TargetSummary]:
    """The broken ones first, in the order of the table of diagnoses; equal ones by name."""
    return sorted(
        summaries,
        key=lambda summary: (not summary.needs_attention, SEVERITY.index(summary.diagnosis), summary.name),
    )


def rounds(state: TargetState) -> list[RoundSummary]:
    """The past rounds that are remembered, the latest first."""
    return [
        RoundSummary(
            finished_at=checkup.finished_at,
            duration_seconds=checkup.seconds,
            diagnosis=checkup.worst,
            results=tuple(_result(checkup, checkup.target, route) for route in checkup.target.routes),
        )
        for checkup in reversed(state.history)
    ]


def _node(state: TargetState, checkup: Checkup | None, node: str) -> NodeSummary:
    diagnosis = checkup.diagnoses[node] if checkup else Diagnosis.UNKNOWN
    rule = RULE_OF[diagnosis]
    meaning, first_step = rule.meaning, rule.first_step
    if checkup is None:
        meaning, first_step = _STALE if state.checkup else _WAITING
    return NodeSummary(
        node=node,
        address=state.target.address(node),
        diagnosis=diagnosis,
        meaning=meaning,
        first_step=first_step,
        since=state.diagnosed_since.get(node) if checkup else None,
        proxy=_path(state, checkup, Route(AccessPath.PROXY, node)),
        direct=_path(state, checkup, Route(AccessPath.DIRECT, node)),
    )


def _path(state: TargetState, checkup: Checkup | None, route: Route) -> PathSummary:
    result = _result(checkup, state.target, route)
    visit = checkup.visits.get(route) if checkup else None
    connection = checkup.connection(route) if checkup else None
    return PathSummary(
        origin=state.target.origin(route.path),
        expected=result.expected,
        state=result.state,
        symptom=result.symptom,
        meaning=SYMPTOM_MEANINGS[result.symptom],
        error=result.error,
        last_error=_last_error(state, route),
        health_seconds=result.health_seconds,
        phases=result.phases,
        certificate=connection.certificate if connection else None,
        operations=tuple(_operation(seen) for seen in visit.observations) if visit else (),
    )


def _result(checkup: Checkup | None, target: Target, route: Route) -> RouteResult:
    expected = route.path in target.expected_paths
    if checkup is None:
        return RouteResult(route, expected, PathState.UNSEEN, Symptom.UNSEEN, "", None, {})
    health = checkup.observation(route, HEALTH)
    seen = symptom(checkup.observation(route, CONFIGURATION), health)
    failure = None if seen is Symptom.HEALTHY else checkup.failure(route)
    connection = checkup.connection(route)
    return RouteResult(
        route=route,
        expected=expected,
        state=_state(seen),
        symptom=seen,
        error=str(failure or ""),
        health_seconds=health.last.seconds if health else None,
        phases=dict(connection.phases) if connection else {},
    )


def _state(seen: Symptom) -> PathState:
    if seen is Symptom.UNSEEN:
        return PathState.UNSEEN
    if seen is Symptom.HEALTHY:
        return PathState.UP
    return PathState.UNWELL if seen in UP else PathState.DOWN


def _last_error(state: TargetState, route: Route) -> PastError | None:
    for checkup in reversed(state.history):
        error = _result(checkup, state.target, route).error
        if error:
            return PastError(checkup.finished_at, error)
    return None


def _operation(seen: Observation) -> OperationSummary:
    failure = seen.failure
    return OperationSummary(
        operation=seen.operation,
        status=seen.last.status,
        seconds=seen.last.seconds,
        error=str(failure or ""),
        advice=failure.reason.advice if failure else "",
    )
