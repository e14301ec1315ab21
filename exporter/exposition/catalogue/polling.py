"""Metrics of a target as it is configured and polled."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.views import TargetView
from exporter.metrics import Metric, MetricType, Reading, Scope, Series, as_seen, by_label
from exporter.targets import AccessPath

_PATHS = tuple(AccessPath)


def _expected(view: TargetView) -> Series:
    return by_label(_PATHS, [path in view.target.expected_paths for path in _PATHS])


def _info(labels: tuple[tuple[str, str], ...]) -> Iterator[Reading]:
    yield Reading(tuple(value for _name, value in labels), 1)


def _accepted(view: TargetView) -> Series | None:
    details = view.checkup.details if view.checkup else None
    accepted = details.accepted if details else {}
    return by_label(tuple(accepted), accepted.values()) if accepted else None


TARGET_METRICS: tuple[Metric[TargetView], ...] = (
    Metric(
        "onedata_target_info",
        "The target's configured labels; always 1.",
        Scope.TARGET,
        lambda view: view.target.labels,
        _info,
        label_names=lambda labels: tuple(name for name, _value in labels),
    ),
    Metric(
        "onedata_path_expected",
        "1: this path is configured to work.",
        Scope.TARGET,
        _expected,
        as_seen,
        labels=("path",),
    ),
    Metric(
        "onedata_target_maintenance",
        "1: the target is under maintenance: one of its maintenance windows is open, or its touch file exists.",
        Scope.TARGET,
        lambda view: view.in_maintenance,
    ),
    Metric(
        "onedata_poll_last_attempt_timestamp_seconds",
        "When the last round was finished, whatever it found.",
        Scope.TARGET,
        lambda view: view.state.checkup and view.state.checkup.finished_at,
    ),
    Metric(
        "onedata_poll_interval_seconds",
        "The configured interval between rounds.",
        Scope.TARGET,
        lambda view: view.target.schedule.interval,
    ),
    Metric(
        "onedata_poll_timeout_seconds",
        "The configured deadline of one request.",
        Scope.TARGET,
        lambda view: view.target.schedule.timeout,
    ),
    Metric(
        "onedata_poll_duration_seconds",
        "How long the last round took.",
        Scope.TARGET,
        lambda view: view.checkup and view.checkup.seconds,
    ),
    Metric(
        "onedata_polls_total",
        "Finished rounds.",
        Scope.TARGET,
        lambda view: view.state.polls,
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_polls_skipped_total",
        "Rounds left out because the one before still ran.",
        Scope.TARGET,
        lambda view: view.state.polls_skipped,
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_credentials_accepted",
        "1: the credential was accepted. 0: it was rejected. Absent when it was not tried or could not be verified.",
        Scope.TARGET,
        _accepted,
        as_seen,
        labels=("method",),
    ),
    Metric(
        "onedata_exporter_label_values_dropped_total",
        "Label values refused by the cardinality guard.",
        Scope.TARGET,
        lambda view: view.state.label_values_dropped,
        type=MetricType.COUNTER,
    ),
)
