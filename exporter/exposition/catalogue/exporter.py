"""Metrics of the exporter itself."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.views import ExporterView
from exporter.metrics import Metric, MetricType, Reading, Scope, Series, as_seen, by_label
from exporter.settings.shards import Shard

ERROR_SOURCES = ("client", "poller", "web", "loop", "background")


def _build_info(versions: tuple[str, str, str]) -> Iterator[Reading]:
    yield Reading(versions, 1)


def _shard_info(shard: Shard) -> Iterator[Reading]:
    yield Reading((str(shard.index), str(shard.count)), 1)


def _unhandled_errors(view: ExporterView) -> Series:
    return by_label(ERROR_SOURCES, map(view.store.unhandled_errors.__getitem__, ERROR_SOURCES))


EXPORTER_METRICS: tuple[Metric[ExporterView], ...] = (
    Metric(
        "onedata_exporter_build_info",
        "Version of the exporter, its source revision and Python; always 1.",
        Scope.EXPORTER,
        lambda view: (view.version, view.revision, view.python_version),
        _build_info,
        labels=("version", "revision", "python_version"),
    ),
    Metric(
        "onedata_exporter_shard_info",
        "Share of the targets that this exporter polls: `index`, from 0, of `count`; always 1.",
        Scope.EXPORTER,
        lambda view: view.shard,
        _shard_info,
        labels=("index", "count"),
    ),
    Metric(
        "onedata_exporter_targets",
        "Targets that this exporter polls: its share, discovered ones included.",
        Scope.EXPORTER,
        lambda view: len(view.store.states),
    ),
    Metric(
        "onedata_exporter_config_last_reload_successful",
        "1: the last attempt to load the configuration succeeded.",
        Scope.EXPORTER,
        lambda view: view.reload_successful,
    ),
    Metric(
        "onedata_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration was last loaded successfully.",
        Scope.EXPORTER,
        lambda view: view.reloaded_at,
    ),
    Metric(
        "onedata_exporter_unhandled_errors_total",
        "Bugs: unexpected exceptions, by where they were caught.",
        Scope.EXPORTER,
        _unhandled_errors,
        as_seen,
        labels=("where",),
        type=MetricType.COUNTER,
    ),
    Metric(
        "onedata_exporter_event_loop_lag_seconds",
        "The worst lag of the event loop in the last interval.",
        Scope.EXPORTER,
        lambda view: view.store.event_loop_lag,
    ),
)
