"""Metrics of the requests over one route."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain

from exporter.exposition.views import RouteView
from exporter.metrics import FixedSeries, Metric, MetricType, Reading, Scope, Series, Shape, as_seen, by_label
from exporter.operations import OPERATIONS, applicable
from exporter.operations.operation import Cadence, Operation
from exporter.operations.outcome import Facts
from exporter.operations.providers import LISTING
from exporter.reasons import Reason
from exporter.targets import AccessPath

# These series begin at 0, so that `rate` sees the first failure; zeros of all operations would be half of the page.
_FROM_ZERO = dict.fromkeys(
    (operation.name, reason)
    for operation in OPERATIONS
    if operation.cadence is Cadence.ROUND
    for reason in Reason
)
_FROM_ZERO_SHAPE = Shape(tuple((operation, reason.value) for operation, reason in _FROM_ZERO))
_ALL_ZERO = FixedSeries(tuple((labels, 0.0) for labels in _FROM_ZERO_SHAPE.labels))


def _asked(view: RouteView) -> tuple[str, ...]:
    """Return the operations that are sent over this route, or were sent unexpectedly."""
    target, path = view.of.target, view.route.path
    listing = (LISTING,) if target.discovery and path is AccessPath.PROXY else ()
    foreseen = _foreseen(applicable(target), path, listing)
    unforeseen = [operation for operation in view.counters.requests if operation not in foreseen]
    return (*foreseen, *sorted(unforeseen)) if unforeseen else foreseen


@cache
def _foreseen(due: tuple[Operation[Facts], ...], path: AccessPath, more: tuple[str, ...]) -> tuple[str, ...]:
    return (*(each.name for each in due if path in each.paths), *more)


def _http_status(view: RouteView) -> Series | None:
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
    return by_label(tuple(statuses), statuses.values()) if statuses else None


def _requests(view: RouteView) -> Series:
    asked, count = _asked(view), view.counters.requests.get
    return by_label(asked, [count(operation, 0) for operation in asked])


def _failure_readings(failures: tuple[tuple[tuple[str, Reason], int], ...]) -> Iterator[Reading]:
    counts = dict(failures)
    if counts.keys().isdisjoint(_FROM_ZERO.keys()):
        yield Reading((), _ALL_ZERO)
    else:
        yield Reading((), Series(_FROM_ZERO_SHAPE, [counts.get(pair, 0) for pair in _FROM_ZERO]))
    for pair, count in failures:
        if pair not in _FROM_ZERO:
            yield Reading(pair, count)


def _durations(view: RouteView) -> Series:
    durations = view.counters.durations
    timed = [operation for operation in _asked(view) if operation in durations]
    bounds = next((durations[operation].bounds for operation in timed), None)
    numbers = chain.from_iterable([durations[operation].numbers() for operation in timed])
    return by_label(tuple(timed), numbers, bounds)


REQUEST_METRICS: tuple[Metric[RouteView], ...] = (
    Metric(
        "onedata_onepanel_http_status",
        "HTTP status code of the last answer; 0: no HTTP answer.",
        Scope.ROUTE,
        _http_status,
        as_seen,
        labels=("operation",),
    ),
    Metric(
        "onedata_onepanel_requests_total",
        "Finished requests.",
        Scope.ROUTE,
        _requests,
        as_seen,
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
        as_seen,
        labels=("operation",),
        type=MetricType.HISTOGRAM,
    ),
)
