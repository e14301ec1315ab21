"""From the store to the text of `/metrics`: every declared metric, read off every subject it is about.

Of each target everything is picked at one moment. Then the text is written family by family, in parts of a
few targets. A part that was compressed before is used again for as long as there is the same to tell:
what most targets say changes seldom, and only times and counters with every round.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

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
from exporter.operations.operation import Operation
from exporter.packing import GzipStream, PackedBlock, pack
from exporter.store import TargetState
from exporter.targets import Route
from exporter.text import Labels, TextFormat, escape, header, line_names, lines
from exporter.views import ExporterView, NodeView, RouteView, TargetView

_DECLARED: tuple[Metric[Any], ...] = (
    *EXPORTER_METRICS,
    *TARGET_METRICS,
    *NODE_METRICS,
    *ROUTE_METRICS,
    *(metric for operation in OPERATIONS for metric in operation.metrics),
)
# Several operations may tell of one metric: it is one family.
ALL_METRICS: tuple[Metric[Any], ...] = tuple({metric.name: metric for metric in _DECLARED}.values())
# The metrics of an operation that are about the target, and those about each route.
_BY_SCOPE: dict[Operation[Any], tuple[tuple[Metric[Any], ...], ...]] = {
    operation: tuple(
        tuple(metric for metric in operation.metrics if metric.scope is scope)
        for scope in (Scope.TARGET, Scope.ROUTE)
    )
    for operation in OPERATIONS
}
_TURN_SECONDS = 0.005
_TARGETS_PER_PART = 50
_OPENMETRICS_END = "# EOF\n"

# A metric, the labels that name the subject within its target, and what was seen of it.
Fact: TypeAlias = tuple[Metric[Any], Labels, Any]


class Told(NamedTuple):
    """What there is to tell at one moment of one target, or with an empty name of the exporter itself, by family."""

    target: str
    families: dict[str, list[Fact]]

    def add(self, metrics: Iterable[Metric[Any]], labels: Labels, subject: Any) -> None:
        """Add what these metrics see of a subject that is named by `labels`."""
        for metric in metrics:
            seen = metric.see(subject)
            if seen is not None:
                self.families.setdefault(metric.name, []).append((metric, labels, seen))


class Part(NamedTuple):
    """A piece of a page: its place there, all that it tells, and how that is written."""

    place: tuple[str, int]
    tells: object
    write: Callable[[], str]


def tell_target(view: TargetView) -> Told:
    """What every metric of a target sees of each subject it is about."""
    told = Told(escape(view.target.name), {})
    told.add(TARGET_METRICS, (), view)
    for name in view.state.node_names:
        told.add(NODE_METRICS, (("node", name),), NodeView(view, name))
    for route in view.state.routes:
        told.add(ROUTE_METRICS, _labels(route), RouteView(view, route))
    if view.checkup is not None:
        for operation in OPERATIONS:
            _add_operation(told, operation, view.checkup)
    return told


def _add_operation(told: Told, operation: Operation[Any], checkup: Checkup) -> None:
    of_target, of_route = _BY_SCOPE[operation]
    facts = checkup.facts(operation.name) if of_target else None
    if facts is not None:
        told.add(of_target, (), facts)
    for route in checkup.visits if of_route else ():
        seen = checkup.observation(route, operation.name)
        if seen is not None:
            told.add(of_route, _labels(route), seen.outcome)


def _labels(route: Route) -> Labels:
    return (("path", route.path.value), ("node", route.node))


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
        self._packed: dict[tuple[str, int], tuple[object, PackedBlock]] = {}
        self._process = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._process)

    async def page(
        self, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> AsyncIterator[bytes]:
        """The page in pieces, whole or only the families that have one of these names (of family or series).

        Lets other tasks run in between; each target's lines are of one moment.
        """
        async for part in self._parts(text_format, names):
            yield part.write().encode()

    async def packed_page(
        self, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> AsyncIterator[bytes]:
        """The same, as a gzip file."""
        stream = GzipStream()
        yield stream.begin()
        async for part in self._parts(text_format, names):
            yield stream.add(self._pack(part))
        yield stream.end()

    def round_page(
        self, checkup: Checkup, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> bytes:
        """The metrics of one target after this round and no other, or only the families of these names."""
        state = self._view().store.alone(checkup, self._clock())
        told = self._tell(state, state.checkup)
        written = [part.write() for part in _family_parts([[told]], text_format, names)]
        return "".join([*written, _end(text_format)]).encode()

    async def _parts(self, text_format: TextFormat, names: frozenset[str]) -> AsyncIterator[Part]:
        view = self._view()
        turn = Turn()
        own = Told("", {})
        own.add(EXPORTER_METRICS, (), view)
        everything = []
        for state in view.store.states:
            everything.append(self._tell(state, state.fresh(self._clock())))
            await turn.give_way()
        groups = [[own], *_groups(everything)]
        self._forget(len(groups))
        for part in _family_parts(groups, text_format, names):
            yield part
            await turn.give_way()
        last = self._process_page(text_format, names) + _end(text_format)
        yield Part(("", 0), last, lambda: last)

    def _tell(self, state: TargetState, checkup: Checkup | None) -> Told:
        in_maintenance = state.maintenance(self._wall_clock()) is not None
        return tell_target(TargetView(state, checkup, in_maintenance))

    def _pack(self, part: Part) -> PackedBlock:
        """The part, compressed; as it was in the last page if it tells the same."""
        kept = self._packed.get(part.place)
        if kept is None or kept[0] != part.tells:
            kept = self._packed[part.place] = (part.tells, pack(part.write().encode()))
        return kept[1]

    def _forget(self, groups: int) -> None:
        """Keep nothing of places that a page of so many groups does not have."""
        for place in [place for place in self._packed if place[1] >= groups]:
            del self._packed[place]

    def _process_page(self, text_format: TextFormat, names: frozenset[str]) -> str:
        registry: Any = self._process.restricted_registry(names) if names else self._process
        if text_format is TextFormat.CLASSIC:
            return generate_latest(registry).decode()
        page: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]  # the library's
        return page.decode().removesuffix(_OPENMETRICS_END)


class Turn:
    """How long one page may keep the event loop to itself before everybody else gets a turn."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def give_way(self) -> None:
        """Let other tasks run, if it is their turn."""
        if time.perf_counter() - self._began > _TURN_SECONDS:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


def _groups(everything: Sequence[Told]) -> Iterator[Sequence[Told]]:
    for first in range(0, len(everything), _TARGETS_PER_PART):
        yield everything[first : first + _TARGETS_PER_PART]


def _family_parts(
    groups: Sequence[Sequence[Told]], text_format: TextFormat, names: frozenset[str]
) -> Iterator[Part]:
    """Header and lines of every family that has any, in the order of the declarations."""
    for metric in ALL_METRICS:
        if names and names.isdisjoint(line_names(metric)):
            continue
        is_first = True
        for number, group in enumerate(groups):
            found = [
                (told.target, told.families[metric.name]) for told in group if metric.name in told.families
            ]
            if not found:
                continue
            head = header(metric, text_format) if is_first else ""
            is_first = False
            yield Part((metric.name, number), (head, found), partial(_write, head, found))


def _write(head: str, found: Iterable[tuple[str, Sequence[Fact]]]) -> str:
    written = (lines(metric, labels, seen, target) for target, told in found for metric, labels, seen in told)
    return "".join([head, *written])


def _end(text_format: TextFormat) -> str:
    return _OPENMETRICS_END if text_format is TextFormat.OPENMETRICS else ""
