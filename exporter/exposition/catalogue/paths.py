"""Metrics of one route, and of the pair of routes that a node has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from exporter.diagnosis.checkup import HEALTH
from exporter.diagnosis.conclusion import configurations, paths_agree
from exporter.diagnosis.rules import Diagnosis
from exporter.exposition.views import NodeView, RouteView
from exporter.metrics import (
    ByLabel,
    Distribution,
    FixedSeries,
    Metric,
    MetricType,
    Reading,
    Scope,
    by_label,
    only_state,
)
from exporter.observation import Phase
from exporter.operations import OPERATIONS, applicable
from exporter.operations.operation import Cadence, Operation
from exporter.operations.outcome import Facts
from exporter.operations.providers import LISTING
from exporter.reasons import Reason
from exporter.targets import AccessPath, Route

_PHASES = tuple(Phase)
# These series begin at 0, so that `rate` sees the first failure; zeros of all operations would be half of the page.
_NO_FAILURES = {
    (operation.name, reason): 0
    for operation in OPERATIONS
    if operation.cadence is Cadence.ROUND
    for reason in Reason
}
_ZEROS = FixedSeries(tuple(((operation, reason.value), 0.0) for operation, reason in _NO_FAILURES))


def _asked(view: RouteView) -> tuple[str, ...]:
    """Return the operations that are sent over this route, or were sent unexpectedly."""
    target, path = view.of.target, view.route.path
    listing = (LISTING,) if target.discovery and path is AccessPath.PROXY else ()
    foreseen = _foreseen(applicable(target), path, listing)
    if view.counters.requests.keys() <= foreseen.keys():
        return tuple(foreseen)
    return (*foreseen, *sorted(view.counters.requests.keys() - foreseen.keys()))


@cache
def _foreseen(due: tuple[Operation[Facts], ...], path: AccessPath, more: tuple[str, ...]) -> dict[str, None]:
    return dict.fromkeys((*(each.name for each in due if path in each.paths), *more))


def _up(view: RouteView) -> bool | None:
    return view.of.checkup.onepanel_answered(view.route) if view.of.checkup else None


def _http_status(view: RouteView) -> ByLabel | None:
    if view.of.checkup is None:
        return None
    visit = view.of.checkup.visits.get(view.route)
    observations = (*(visit.observations if visit else ()), *view.of.checkup.details_observations)
    statuses = {
        seen.operation: exchange.status
        for seen in observations
        for exchange in seen.exchanges
        if exchange.route == view.route and not exchange.cut
    }
    return ByLabel(tuple(statuses), tuple(statuses.values())) if statuses else None


def _requests(view: RouteView) -> ByLabel:
    asked = _asked(view)
    return ByLabel(asked, tuple(map(view.counters.requests.__getitem__, asked)))


def _failure_readings(failures: tuple[tuple[tuple[str, Reason], int], ...]) -> Iterator[Reading]:
    if not failures:
        yield Reading((), _ZEROS)
        return
    for (operation, reason), count in {**_NO_FAILURES, **dict(failures)}.items():
        yield Reading((operation, reason.value), count)


def _durations(view: RouteView) -> ByLabel:
    durations = view.counters.durations
    timed = tuple(filter(durations.__contains__, _asked(view)))
    return ByLabel(timed, [durations[operation].distribution() for operation in timed])


def _phases(view: RouteView) -> ByLabel:
    counts, seconds = view.counters.phase_counts, view.counters.phase_seconds
    return ByLabel(_PHASES, [Distribution(seconds.get(phase, 0.0), (counts[phase],)) for phase in _PHASES])


def _overhead(view: NodeView) -> float | None:
    if view.of.checkup is None:
        return None
    seen = [view.of.checkup.observation(Route(path, view.node), HEALTH) for path in AccessPath]
    proxy, direct = (entry.last.seconds if entry and not entry.failure else None for entry in seen)
    return None if proxy is None or direct is None else proxy - direct


def _agree(view: NodeView) -> bool | None:
    return paths_agree(configurations(view.of.checkup.visits, view.node)) if view.of.checkup else None


def _diagnosis(view: NodeView) -> Diagnosis | None:
    if view.of.checkup:
        return view.of.checkup.diagnoses[view.node]
    return Diagnosis.UNKNOWN if view.of.state.checkup is None else None


ROUTE_METRICS: tuple[Metric[RouteView], ...] = (
    Metric(
        "onedata_onepanel_up",
        "1: Onepanel itself answered over this path in the last round, even with an error. 0: it did not.",
        Scope.ROUTE,
        _up,
    ),
    Metric(
        "onedata_onepanel_http_status",
        "HTTP status code of the last answer; 0: no HTTP answer.",
        Scope.ROUTE,
        _http_status,
        by_label,
        labels=("operation",),
    ),
    Metric(
        "onedata_onepanel_requests_total",
        "Finished requests.",
        Scope.ROUTE,
        _requests,
        by_label,
        labels=("operation",),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_onepanel_request_failures_total",
        "Finished requests that failed. Series begin at 0 for health and configuration, else with the first failure.",
        Scope.ROUTE,
        lambda view: tuple(view.counters.failures.items()),
        _failure_readings,
        labels=("operation", "reason"),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_onepanel_request_duration_seconds",
        "From sending the request to the last byte of the answer, for every HTTP answer.",
        Scope.ROUTE,
        _durations,
        by_label,
        labels=("operation",),
        type=MetricType.HISTOGRAM,
    ),
    Metric(
        "onedata_onepanel_connection_phase_seconds",
        "Time spent opening connections, by phase.",
        Scope.ROUTE,
        _phases,
        by_label,
        labels=("phase",),
        type=MetricType.SUMMARY,
    ),
    Metric(
        "onedata_poll_last_success_timestamp_seconds",
        "When a round last found Onepanel answering over this path.",
        Scope.ROUTE,
        lambda view: view.counters.last_success_at,
    ),
)

NODE_METRICS: tuple[Metric[NodeView], ...] = (
    Metric(
        "onedata_target_diagnosis",
        "Diagnosis from both paths together; 1 for the one that holds.",
        Scope.NODE,
        _diagnosis,
        only_state,
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
