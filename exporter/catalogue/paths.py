"""Metrics of one route, and of the pair of routes that a node has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from exporter.checkup import HEALTH, configurations, paths_agree
from exporter.diagnosis import Diagnosis
from exporter.metrics import Distribution, Metric, MetricType, Reading, Scope, one, state_set
from exporter.observation import Phase
from exporter.operations import applicable
from exporter.reasons import Reason
from exporter.targets import AccessPath, Route
from exporter.views import NodeView, RouteView


def _asked(view: RouteView) -> list[str]:
    """The operations that this route is asked, or was asked where that was not foreseen."""
    foreseen = [each.name for each in applicable(view.of.target) if view.route.path in each.paths]
    return [*foreseen, *sorted(view.tally.requests.keys() - set(foreseen))]


def _up(view: RouteView) -> Iterator[Reading]:
    if view.of.checkup:
        yield from one(view.of.checkup.onepanel_answered(view.route))


def _http_status(view: RouteView) -> Iterator[Reading]:
    if view.of.checkup is None:
        return
    visit = view.of.checkup.visits.get(view.route)
    for seen in (*(visit.observations if visit else ()), *view.of.checkup.details_observations):
        statuses = [exchange.status for exchange in seen.exchanges if exchange.route == view.route]
        if statuses:
            yield Reading((seen.operation,), statuses[-1])


def _requests(view: RouteView) -> Iterator[Reading]:
    for operation in _asked(view):
        yield Reading((operation,), view.tally.requests[operation])


def _failures(view: RouteView) -> tuple[Reading, ...]:
    return _failure_readings(tuple(_asked(view)), tuple(view.tally.failures.items()))


# Almost half of all series, and the same for all targets that never failed.
@lru_cache(maxsize=64)
def _failure_readings(
    operations: tuple[str, ...], failures: tuple[tuple[tuple[str, Reason], int], ...]
) -> tuple[Reading, ...]:
    counted = dict(failures)
    return tuple(
        Reading((operation, reason.value), counted.get((operation, reason), 0))
        for operation in operations
        for reason in Reason
    )


def _durations(view: RouteView) -> Iterator[Reading]:
    for operation in _asked(view):
        if operation in view.tally.durations:
            yield Reading((operation,), view.tally.durations[operation].distribution())


def _phases(view: RouteView) -> Iterator[Reading]:
    for phase in Phase:
        tally = view.tally
        yield Reading(
            (phase.value,), Distribution(tally.phase_counts[phase], tally.phase_seconds.get(phase, 0.0))
        )


def _overhead(view: NodeView) -> Iterator[Reading]:
    if view.of.checkup is None:
        return
    seen = [view.of.checkup.observation(Route(path, view.node), HEALTH) for path in AccessPath]
    proxy, direct = (entry.last.seconds if entry and not entry.failure else None for entry in seen)
    if proxy is not None and direct is not None:
        yield from one(proxy - direct)


def _agree(view: NodeView) -> Iterator[Reading]:
    if view.of.checkup:
        yield from one(paths_agree(configurations(view.of.checkup.visits, view.node)))


def _diagnosis(view: NodeView) -> Iterator[Reading]:
    if view.of.checkup:
        yield from state_set(Diagnosis, view.of.checkup.diagnoses[view.node])
    elif view.of.state.checkup is None:
        yield from state_set(Diagnosis, Diagnosis.UNKNOWN)


ROUTE_METRICS: tuple[Metric[RouteView], ...] = (
    Metric(
        "onedata_onepanel_up",
        "1: Onepanel itself answered over this path in the last round, whatever it said. 0: nobody, or only the proxy.",
        Scope.ROUTE,
        _up,
    ),
    Metric(
        "onedata_onepanel_http_status",
        "HTTP status code of the last answer; 0: no HTTP answer.",
        Scope.ROUTE,
        _http_status,
        labels=("operation",),
    ),
    Metric(
        "onedata_onepanel_requests_total",
        "Finished requests.",
        Scope.ROUTE,
        _requests,
        labels=("operation",),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_onepanel_request_failures_total",
        "Finished requests that failed, by reason.",
        Scope.ROUTE,
        _failures,
        labels=("operation", "reason"),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_onepanel_request_duration_seconds",
        "From sending the request to the last byte of the answer, for every HTTP answer.",
        Scope.ROUTE,
        _durations,
        labels=("operation",),
        type=MetricType.HISTOGRAM,
    ),
    Metric(
        "onedata_onepanel_connection_phase_seconds",
        "Time spent opening connections, by phase.",
        Scope.ROUTE,
        _phases,
        labels=("phase",),
        type=MetricType.SUMMARY,
    ),
    Metric(
        "onedata_poll_last_success_timestamp_seconds",
        "When a round last found Onepanel answering over this path.",
        Scope.ROUTE,
        lambda view: one(view.tally.last_success_at),
    ),
)

NODE_METRICS: tuple[Metric[NodeView], ...] = (
    Metric(
        "onedata_target_diagnosis",
        "What both paths together say is wrong; 1 for the one diagnosis that holds.",
        Scope.NODE,
        _diagnosis,
        labels=("diagnosis",),
    ),
    Metric(
        "onedata_paths_agree",
        "1: both paths lead to the same cluster and version. 0: they do not.",
        Scope.NODE,
        _agree,
    ),
    Metric(
        "onedata_proxy_overhead_seconds",
        "Time of the last round's health over the proxy minus direct; may be negative.",
        Scope.NODE,
        _overhead,
    ),
)
