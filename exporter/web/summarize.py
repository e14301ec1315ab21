"""From the state of a target to its summary, at one moment. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.checkup import CONFIGURATION, HEALTH, Checkup
from exporter.diagnosis import RULE_OF, SEVERITY, SYMPTOM_MEANINGS, UP, Diagnosis, Symptom, symptom
from exporter.observation import Observation
from exporter.operations.configuration import Configuration
from exporter.store import TargetState
from exporter.targets import AccessPath, Kind, Route, Target
from exporter.web.summary import (
    NodeSummary,
    OperationSummary,
    PastError,
    PathState,
    PathSummary,
    RoundSummary,
    RouteResult,
    TargetSummary,
)

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
        nodes=tuple(_node(state, checkup, name) for name in state.node_names),
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
            results=tuple(_result(checkup, checkup.target, route) for route in checkup.routes),
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
