"""From the store to the text of `/metrics`: every declared metric, read off every subject it is about.

First all metrics look at everything, at each target at one moment, which fills sheets of a few targets. Then
the page is written in parts: family by family, sheet by sheet. A part is kept, compressed, and used again for as
long as its family is the same: most of what is told changes seldom, only times and counters every round.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.gzip_blocks import GzipBlock, GzipStream, pack, unpack
from exporter.exposition.table import ALL_METRICS, Family, MetricTable, write
from exporter.exposition.text_format import TextFormat, header, line_names
from exporter.exposition.views import ExporterView, TargetView
from exporter.metrics import Metric
from exporter.state.store import TargetState

_TURN_SECONDS = 0.002
_TARGETS_PER_TABLE = 25
_OPENMETRICS_END = "# EOF\n"


class Part(NamedTuple):
    """A piece of a page: its place there, all that it tells, and how that is written."""

    place: tuple[str, int]
    tells: object
    write: Callable[[], str]


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
        self._packed: dict[tuple[str, int], tuple[object, GzipBlock]] = {}
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
            yield unpack(self._pack(part))

    async def compressed_page(
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
        table = MetricTable()
        table.add_target(self._see(state, state.checkup))
        written = [part.write() for part in _in_families([table], text_format, names)]
        return "".join([*written, _end(text_format)]).encode()

    async def _parts(self, text_format: TextFormat, names: frozenset[str]) -> AsyncIterator[Part]:
        view = self._view()
        turn = Turn()
        tables = [MetricTable()]
        tables[0].add_exporter(view)
        for number, state in enumerate(view.store.states):
            if number % _TARGETS_PER_TABLE == 0:
                tables.append(MetricTable())
            tables[-1].add_target(self._see(state, state.fresh(self._clock())))
            await turn.give_way()
        self._forget(len(tables))
        for part in _in_families(tables, text_format, names):
            yield part
            await turn.give_way()
        last = self._process_page(text_format, names) + _end(text_format)
        yield Part(("", 0), last, lambda: last)

    def _see(self, state: TargetState, checkup: Checkup | None) -> TargetView:
        return TargetView(state, checkup, state.maintenance(self._wall_clock()) is not None)

    def _pack(self, part: Part) -> GzipBlock:
        """The part, compressed; as it was in the last page if it tells the same."""
        kept = self._packed.get(part.place)
        if kept is None or kept[0] != part.tells:
            kept = self._packed[part.place] = (part.tells, pack(part.write().encode()))
        return kept[1]

    def _forget(self, tables: int) -> None:
        """Keep nothing of places that a page of so many sheets does not have."""
        for place in [place for place in self._packed if place[1] >= tables]:
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


def _in_families(
    tables: Sequence[MetricTable], text_format: TextFormat, names: frozenset[str]
) -> Iterator[Part]:
    """Header and lines of every family that has any, in the order of the declarations."""
    for metric in ALL_METRICS:
        if names and names.isdisjoint(line_names(metric)):
            continue
        head = header(metric, text_format)
        for number, table in enumerate(tables):
            family = table.family(metric.name)
            if family:
                yield Part((metric.name, number), (head, family), partial(_write, head, metric, family))
                head = ""


def _write(head: str, metric: Metric[Any], family: Family) -> str:
    return head + write(metric, family)


def _end(text_format: TextFormat) -> str:
    return _OPENMETRICS_END if text_format is TextFormat.OPENMETRICS else ""
