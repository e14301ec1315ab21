"""Metrics of one route, and of the pair of routes that a node has."""

from __future__ import annotations

from itertools import chain

from exporter.diagnosis.checkup import HEALTH
from exporter.diagnosis.conclusion import configurations, paths_agree
from exporter.diagnosis.rules import Diagnosis
from exporter.exposition.catalogue.requests import REQUEST_METRICS
from exporter.exposition.views import NodeView, RouteView
from exporter.metrics import Metric, MetricType, Scope, Series, as_seen, by_label, only_state
from exporter.observation import Phase
from exporter.targets import AccessPath, Route

_PHASES = tuple(Phase)


def _up(view: RouteView) -> bool | None:
    return view.of.checkup.onepanel_answered(view.route) if view.of.checkup else None


def _phases(view: RouteView) -> Series:
    counts, seconds = view.counters.phase_counts, view.counters.phase_seconds
    return by_label(_PHASES, chain.from_iterable([(counts[phase], seconds[phase]) for phase in _PHASES]), ())


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
    *REQUEST_METRICS,
    Metric(
        "onedata_onepanel_connection_phase_seconds",
        "Time spent opening connections, by phase.",
        Scope.ROUTE,
        _phases,
        as_seen,
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
