"""From the store to the text of `/metrics`: every declared metric, read off every subject it is about.

Of each target the numbers are taken at one moment, and kept until its next round. The text is written
family by family and handed on in pieces, so that it never stands in memory as a whole; `exporter.text`
knows how.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, NamedTuple

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
from exporter.text import Block, TextFormat, block, escape, header, line_names, merge, write
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
_TURN_SECONDS = 0.005
_PIECE_BYTES = 128 * 1024
_OPENMETRICS_END = b"# EOF\n"

Labels = tuple[tuple[str, str], ...]
Subject = tuple[Metric[Any], Labels, Any]


class Blocks(NamedTuple):
    """What is told of one target, or with an empty name of the exporter itself: a block for each family."""

    target: str
    families: dict[str, Block]


def subjects(view: TargetView) -> Iterator[Subject]:
    """Every metric of a target with each subject it is about, and the labels that name the subject."""
    nodes = [(NodeView(view, name), (("node", name),)) for name in view.state.node_names]
    routes = [
        (RouteView(view, route), (("path", route.path.value), ("node", route.node)))
        for route in view.state.routes
    ]
    yield from ((metric, (), view) for metric in TARGET_METRICS)
    yield from ((metric, labels, node) for metric in NODE_METRICS for node, labels in nodes)
    yield from ((metric, labels, route) for metric in ROUTE_METRICS for route, labels in routes)
    if view.checkup is None:
        return
    for operation, metric in OPERATION_METRICS:
        if metric.scope is Scope.TARGET:
            yield metric, (), view.checkup.facts(operation)
            continue
        for route, labels in routes:
            seen = view.checkup.observation(route.route, operation)
            yield metric, labels, seen.outcome if seen else None


def read(target: str, found: Iterable[Subject]) -> Blocks:
    """What these subjects have to say now. A subject of None has nothing to say."""
    families: dict[str, list[Block]] = {}
    for metric, labels, subject in found:
        told = None if subject is None else block(metric, labels, subject, of_target=bool(target))
        if told is not None:
            families.setdefault(metric.name, []).append(told)
    return Blocks(escape(target), {name: merge(blocks) for name, blocks in families.items()})


class Exposition:
    """Writes what `view` shows."""

    def __init__(
        self,
        view: Callable[[], ExporterView],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._view = view
        self._clock = clock
        self._wall_clock = wall_clock
        self._kept: dict[str, tuple[tuple[object, ...], Blocks]] = {}
        self._process = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._process)

    async def page(
        self, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> AsyncIterator[bytes]:
        """The page in pieces, whole or only the families that have one of these names (of family or series).

        Lets other tasks run in between; each target's lines are of one moment.
        """
        view = self._view()
        turn = Turn()
        everything = [read("", ((metric, (), view) for metric in EXPORTER_METRICS))]
        for state in view.store.states:
            everything.append(self._target_blocks(state))
            await turn.give_way()
        self._forget({state.target.name for state in view.store.states})
        gathered: list[bytes] = []
        size = 0
        for part in _families(everything, text_format, names):
            gathered.append(part)
            size += len(part)
            if size > _PIECE_BYTES:
                yield b"".join(gathered)
                gathered, size = [], 0
            await turn.give_way()
        gathered.append(self._process_page(text_format, names))
        yield b"".join([*gathered, _end(text_format)])

    def round_page(
        self, checkup: Checkup, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> bytes:
        """The metrics of one target after this round and no other, or only the families of these names."""
        state = self._view().store.alone(checkup, self._clock())
        in_maintenance = state.maintenance(self._wall_clock()) is not None
        blocks = read(state.target.name, subjects(TargetView(state, state.checkup, in_maintenance)))
        return b"".join([*_families([blocks], text_format, names), _end(text_format)])

    def _target_blocks(self, state: TargetState) -> Blocks:
        """The blocks of a target: those of the last page, unless something has changed since."""
        checkup = state.fresh(self._clock())
        in_maintenance = state.maintenance(self._wall_clock()) is not None
        revision = (state, state.target, state.checkup, checkup, state.polls_skipped, in_maintenance)
        kept = self._kept.get(state.target.name)
        if kept is None or any(mine is not theirs for mine, theirs in zip(kept[0], revision, strict=True)):
            blocks = read(state.target.name, subjects(TargetView(state, checkup, in_maintenance)))
            kept = self._kept[state.target.name] = (revision, blocks)
        return kept[1]

    def _forget(self, wanted: set[str]) -> None:
        for name in self._kept.keys() - wanted:
            del self._kept[name]

    def _process_page(self, text_format: TextFormat, names: frozenset[str]) -> bytes:
        registry: Any = self._process.restricted_registry(names) if names else self._process
        if text_format is TextFormat.OPENMETRICS:
            page: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]  # the library's
            return page.removesuffix(_OPENMETRICS_END)
        return generate_latest(registry)


class Turn:
    """How long one page may keep the event loop to itself before everybody else gets a turn."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def give_way(self) -> None:
        """Let other tasks run, if it is their turn."""
        if time.perf_counter() - self._began > _TURN_SECONDS:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


def _families(
    everything: Iterable[Blocks], text_format: TextFormat, names: frozenset[str]
) -> Iterator[bytes]:
    """Header and lines of every family that has any, in the order of the declarations."""
    for metric in ALL_METRICS:
        if names and names.isdisjoint(line_names(metric)):
            continue
        found = [(told.target, told.families.get(metric.name)) for told in everything]
        if any(family for _target, family in found):
            yield header(metric, text_format)
        yield from (write(family, target).encode() for target, family in found if family)


def _end(text_format: TextFormat) -> bytes:
    return _OPENMETRICS_END if text_format is TextFormat.OPENMETRICS else b""
