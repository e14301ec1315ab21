"""Metrics of a target as it is configured and polled."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.metrics import Metric, MetricType, Reading, Scope, one
from exporter.targets import AccessPath
from exporter.views import TargetView


def _last_attempt(view: TargetView) -> Iterator[Reading]:
    if view.state.checkup:
        yield from one(view.state.checkup.finished_at)


def _duration(view: TargetView) -> Iterator[Reading]:
    if view.checkup:
        yield from one(view.checkup.seconds)


def _expected(view: TargetView) -> Iterator[Reading]:
    for path in AccessPath:
        yield Reading((path.value,), path in view.target.expected_paths)


def _info(view: TargetView) -> Iterator[Reading]:
    yield Reading(tuple(value for _name, value in view.target.labels), 1)


def _credentials(view: TargetView) -> Iterator[Reading]:
    details = view.checkup.details if view.checkup else None
    for method, accepted in details.accepted.items() if details else ():
        yield Reading((method.value,), accepted)


TARGET_METRICS: tuple[Metric[TargetView], ...] = (
    Metric(
        "onedata_target_info",
        "The target's configured labels; always 1.",
        Scope.TARGET,
        _info,
        label_names=lambda view: tuple(name for name, _value in view.target.labels),
    ),
    Metric(
        "onedata_path_expected",
        "1: this path is configured to work.",
        Scope.TARGET,
        _expected,
        labels=("path",),
    ),
    Metric(
        "onedata_target_maintenance",
        "1: somebody works on the target: it is in one of its maintenance windows, or its touch file exists.",
        Scope.TARGET,
        lambda view: one(view.in_maintenance),
    ),
    Metric(
        "onedata_poll_last_attempt_timestamp_seconds",
        "When the last round was finished, whatever it found.",
        Scope.TARGET,
        _last_attempt,
    ),
    Metric(
        "onedata_poll_interval_seconds",
        "The configured interval between rounds.",
        Scope.TARGET,
        lambda view: one(view.target.schedule.interval),
    ),
    Metric(
        "onedata_poll_timeout_seconds",
        "The configured deadline of one request.",
        Scope.TARGET,
        lambda view: one(view.target.schedule.timeout),
    ),
    Metric(
        "onedata_poll_duration_seconds",
        "How long the last round took.",
        Scope.TARGET,
        _duration,
    ),
    Metric(
        "onedata_polls_total",
        "Finished rounds.",
        Scope.TARGET,
        lambda view: one(view.state.polls),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_polls_skipped_total",
        "Rounds left out because the one before still ran.",
        Scope.TARGET,
        lambda view: one(view.state.polls_skipped),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_credentials_accepted",
        "1: the credential was accepted. 0: it was rejected. Absent when it was not tried or could not be verified.",
        Scope.TARGET,
        _credentials,
        labels=("method",),
    ),
    Metric(
        "onedata_exporter_series_dropped_total",
        "Label values refused by the cardinality guard.",
        Scope.TARGET,
        lambda view: one(view.state.series_dropped),
        type=MetricType.COUNTER,
    ),
)
