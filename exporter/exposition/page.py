"""From the state to the text of `/metrics`: every declared metric, read off every subject that it is about."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Never

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.table import ALL_METRICS, MetricTable
from exporter.exposition.text_format import TextFormat, header, line_names
from exporter.exposition.views import ExporterView, TargetView
from exporter.metrics import Metric
from exporter.state.target_state import TargetState

_TURN_SECONDS = 0.001
_PIECE_CHARACTERS = 64 * 1024
# The fastest level: metrics repeat themselves, so that higher ones hardly pay.
_LEVEL = 1
_GZIP = 31  # of zlib's `wbits`: the format of gzip, with the largest window
_OPENMETRICS_END = "# EOF\n"


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
        self._process = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._process)

    async def page(
        self, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> AsyncIterator[bytes]:
        """Yield the page in pieces, whole or only the families that have one of these names (of family or series).

        Other tasks run in between; each target's lines are of one time.
        """
        turn = Turn()
        table = await self._table(turn)
        for piece in _joined(_in_families(table, text_format, names)):
            yield piece.encode()
            await turn.give_way()
        yield (self._process_page(text_format, names) + _end(text_format)).encode()

    async def compressed_page(
        self, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> AsyncIterator[bytes]:
        """Yield the same, as a gzip file."""
        packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
        async for piece in self.page(text_format, names):
            yield packer.compress(piece)
        yield packer.flush()

    def round_page(
        self, checkup: Checkup, text_format: TextFormat, names: frozenset[str] = frozenset()
    ) -> bytes:
        """Return the metrics of one target after this round and no other, or only the families of these names."""
        state = self._view().store.alone(checkup, self._clock())
        table = MetricTable()
        table.add_target(self._see(state, state.checkup))
        return "".join([*_in_families(table, text_format, names), _end(text_format)]).encode()

    async def _table(self, turn: Turn) -> MetricTable:
        view = self._view()
        table = MetricTable()
        table.add_exporter(view)
        for state in view.store.states:
            table.add_target(self._see(state, state.fresh(self._clock())))
            await turn.give_way()
        return table

    def _see(self, state: TargetState, checkup: Checkup | None) -> TargetView:
        store, target = self._view().store, state.target
        in_maintenance = state.maintenance(self._wall_clock()) is not None
        return TargetView(
            state, checkup, in_maintenance, store.zone_view(target.name), store.membership(target)
        )

    def _process_page(self, text_format: TextFormat, names: frozenset[str]) -> str:
        registry: Any = self._process.restricted_registry(names) if names else self._process
        if text_format is TextFormat.CLASSIC:
            return generate_latest(registry).decode()
        page: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]  # the library's
        return page.decode().removesuffix(_OPENMETRICS_END)


class Turn:
    """How long one page may keep the event loop to itself before all other tasks get a turn."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def give_way(self) -> None:
        """Let other tasks run, if it is their turn."""
        if time.perf_counter() - self._began > _TURN_SECONDS:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


def _in_families(table: MetricTable, text_format: TextFormat, names: frozenset[str]) -> Iterator[str]:
    """Return the header and lines of every family that has any, in the order of the declarations."""
    chosen = (metric for metric in ALL_METRICS if not names or names & line_names(metric))
    return chain.from_iterable(_family(table, metric, text_format) for metric in chosen)


def _family(table: MetricTable, metric: Metric[Never], text_format: TextFormat) -> Iterable[str]:
    lines = filter(None, table.lines(metric))
    first = next(lines, None)
    return () if first is None else chain((header(metric, text_format), first), lines)


def _joined(texts: Iterable[str]) -> Iterator[str]:
    """Yield the same text in fewer pieces."""
    pieces: list[str] = []
    size = 0
    for text in texts:
        pieces.append(text)
        size += len(text)
        if size > _PIECE_CHARACTERS:
            yield "".join(pieces)
            pieces, size = [], 0
    yield "".join(pieces)


def _end(text_format: TextFormat) -> str:
    return _OPENMETRICS_END if text_format is TextFormat.OPENMETRICS else ""
