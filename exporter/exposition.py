"""From the store to the text of `/metrics`: every declared metric, read off every subject it is about.

A target's lines are rendered once for each of its rounds and kept as one block for each family, so
that a scrape only joins blocks, however many targets there are. `exporter.text` writes the lines.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.catalogue import EXPORTER_METRICS, NODE_METRICS, ROUTE_METRICS, TARGET_METRICS
from exporter.checkup import Checkup
from exporter.metrics import Metric, Scope
from exporter.operations import OPERATIONS
from exporter.store import TargetState
from exporter.text import TextFormat, header, line_names, lines
from exporter.views import ExporterView, NodeView, RouteView, TargetView

OPERATION_METRICS: tuple[tuple[str, Metric[Any]], ...] = tuple(
    (operation.name, metric) for operation in OPERATIONS for metric in operation.metrics
)
_DECLARED: tuple[Metric[Any], ...] = (
    *EXPORTER_METRICS,
    *TARGET_METRICS,
    *NODE_METRICS,
    *ROUTE_METRICS,
    *(metric for _operation, metric in OPERATION_METRICS),
)
# Several operations may tell of one metric: it is one family.
ALL_METRICS: tuple[Metric[Any], ...] = tuple({metric.name: metric for metric in _DECLARED}.values())
_STALL_SECONDS = 0.005
_OPENMETRICS_END = b"# EOF\n"

Blocks = dict[str, bytes]


def subjects(view: TargetView) -> Iterator[tuple[Metric[Any], dict[str, str], Any]]:
    """Every metric of a target with each subject it is about, and the labels that name the subject."""
    target = {"target": view.target.name}
    nodes = [(NodeView(view, name), {**target, "node": name}) for name in view.state.node_names]
    routes = [
        (RouteView(view, route), {**target, "path": route.path.value, "node": route.node})
        for route in view.state.routes
    ]
    yield from ((metric, target, view) for metric in TARGET_METRICS)
    yield from ((metric, labels, node) for metric in NODE_METRICS for node, labels in nodes)
    yield from ((metric, labels, route) for metric in ROUTE_METRICS for route, labels in routes)
    if view.checkup is None:
        return
    for operation, metric in OPERATION_METRICS:
        if metric.scope is Scope.TARGET:
            yield metric, target, view.checkup.facts(operation)
            continue
        for route, labels in routes:
            seen = view.checkup.observation(route.route, operation)
            yield metric, labels, seen.outcome if seen else None


def render(found: Iterable[tuple[Metric[Any], dict[str, str], Any]]) -> Blocks:
    """The lines of these subjects, one block for each family. A subject of None has nothing to say."""
    blocks: dict[str, list[str]] = {}
    for metric, labels, subject in found:
        if subject is not None:
            blocks.setdefault(metric.name, []).extend(lines(metric, labels, subject))
    return {name: "".join(block).encode() for name, block in blocks.items()}


class Exposition:
    """Renders what `view` shows. Keeps a target's blocks until its next round or until they are too old."""

    def __init__(
        self,
        view: Callable[[], ExporterView],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._view = view
        self._clock = clock
        self._wall_clock = wall_clock
        self._rendered: dict[str, tuple[tuple[object, ...], Blocks]] = {}
        self._process = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._process)

    async def page(self, text_format: TextFormat, names: frozenset[str] = frozenset()) -> bytes:
        """The whole page, or only the families that have one of these names (of family or series).

        Lets other tasks run in between; each target's lines are of one moment.
        """
        view = self._view()
        all_blocks = [render((metric, {}, view) for metric in EXPORTER_METRICS)]
        turn_began = time.perf_counter()
        for state in view.store.states:
            all_blocks.append(self._target_blocks(state))
            if time.perf_counter() - turn_began > _STALL_SECONDS:
                await asyncio.sleep(0)
                turn_began = time.perf_counter()
        self._forget({state.target.name for state in view.store.states})
        return b"".join(
            chain(
                _families(all_blocks, text_format, names),
                [self._process_page(text_format, names)],
                [_OPENMETRICS_END] if text_format is TextFormat.OPENMETRICS else [],
            )
        )

    def round_page(
        self, checkup: Checkup, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> bytes:
        """The metrics of one target after this round and no other, or only the families of these names."""
        state = self._view().store.alone(checkup, self._clock())
        in_maintenance = state.maintenance(self._wall_clock()) is not None
        blocks = render(subjects(TargetView(state, state.checkup, in_maintenance)))
        end = [_OPENMETRICS_END] if text_format is TextFormat.OPENMETRICS else []
        return b"".join(chain(_families([blocks], text_format, names), end))

    def _target_blocks(self, state: TargetState) -> Blocks:
        checkup = state.fresh(self._clock())
        in_maintenance = state.maintenance(self._wall_clock()) is not None
        revision = (state, state.checkup, checkup, state.polls_skipped, in_maintenance)
        kept = self._rendered.get(state.target.name)
        if kept is None or any(mine is not theirs for mine, theirs in zip(kept[0], revision, strict=True)):
            kept = self._rendered[state.target.name] = (
                revision,
                render(subjects(TargetView(state, checkup, in_maintenance))),
            )
        return kept[1]

    def _forget(self, wanted: set[str]) -> None:
        for name in self._rendered.keys() - wanted:
            del self._rendered[name]

    def _process_page(self, text_format: TextFormat, names: frozenset[str]) -> bytes:
        registry: Any = self._process.restricted_registry(names) if names else self._process
        if text_format is TextFormat.OPENMETRICS:
            page: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]  # the library's
            return page.removesuffix(_OPENMETRICS_END)
        return generate_latest(registry)


def _families(all_blocks: list[Blocks], text_format: TextFormat, names: frozenset[str]) -> Iterator[bytes]:
    """Header and lines of every family that has any, in the order of the declarations."""
    for metric in ALL_METRICS:
        if names and names.isdisjoint(line_names(metric)):
            continue
        parts = [block for blocks in all_blocks if (block := blocks.get(metric.name))]
        if parts:
            yield header(metric, text_format)
            yield from parts
