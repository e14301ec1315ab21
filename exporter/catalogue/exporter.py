"""Metrics of the exporter itself."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.metrics import Metric, MetricType, Reading, Scope, one
from exporter.views import ExporterView

ERROR_SOURCES = ("client", "poller", "web", "loop")


def _build_info(view: ExporterView) -> Iterator[Reading]:
    yield Reading((view.version, view.revision, view.python_version), 1)


def _unhandled_errors(view: ExporterView) -> Iterator[Reading]:
    for where in ERROR_SOURCES:
        yield Reading((where,), view.store.unhandled_errors[where])


EXPORTER_METRICS: tuple[Metric[ExporterView], ...] = (
    Metric(
        "onedata_exporter_build_info",
        "Version of the exporter, its source revision and Python; always 1.",
        Scope.EXPORTER,
        _build_info,
        labels=("version", "revision", "python_version"),
    ),
    Metric(
        "onedata_exporter_targets",
        "Configured targets.",
        Scope.EXPORTER,
        lambda view: one(len(view.store.states)),
    ),
    Metric(
        "onedata_exporter_config_last_reload_successful",
        "1: the last attempt to load the configuration succeeded.",
        Scope.EXPORTER,
        lambda view: one(view.reload_successful),
    ),
    Metric(
        "onedata_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration was last loaded successfully.",
        Scope.EXPORTER,
        lambda view: one(view.reloaded_at),
    ),
    Metric(
        "onedata_exporter_unhandled_errors_total",
        "Bugs: exceptions that nobody expected, by where they were caught.",
        Scope.EXPORTER,
        _unhandled_errors,
        labels=("where",),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_exporter_event_loop_lag_seconds",
        "The worst lag of the event loop in the last interval.",
        Scope.EXPORTER,
        lambda view: one(view.store.event_loop_lag),
    ),
)
