"""What the pages need of the rest of the exporter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from aiohttp import web

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.text_format import TextFormat
from exporter.state.store import Store
from exporter.tasks import ReportBug
from exporter.web.access_control import AccessControl
from exporter.web.probing import Prober

Reload: TypeAlias = Callable[[], Awaitable[bool]]
_PAGES_AT_ONCE = 4


class MetricsPage(Protocol):
    """Whatever writes the text of `/metrics`."""

    def page(self, text_format: TextFormat, names: frozenset[str]) -> AsyncIterator[bytes]:
        """The whole page in pieces, or only the families that have one of these names."""

    def compressed_page(self, text_format: TextFormat, names: frozenset[str]) -> AsyncIterator[bytes]:
        """The same, as a gzip file."""

    def round_page(self, checkup: Checkup, text_format: TextFormat, names: frozenset[str]) -> bytes:
        """The same of one target, after this round and no other."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """What the pages show and do. `report_bug` is told of exceptions that nobody expected, as ("web", exception).

    `making` is held while a large page is made: few are made at once, so that they need little memory in all.
    `reload` reads the configuration anew and tells whether it was taken over; None where that is not enabled.
    """

    store: Store
    exposition: MetricsPage
    report_bug: ReportBug
    prober: Prober
    access_control: AccessControl = field(default_factory=AccessControl)
    telemetry_path: str = "/metrics"
    reload: Reload | None = None
    making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PAGES_AT_ONCE))


APP_CONTEXT = web.AppKey("site", AppContext)
