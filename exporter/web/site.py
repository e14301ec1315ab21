"""What the pages need of the rest of the exporter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from aiohttp import web

from exporter.store import Store
from exporter.text import TextFormat

ReportBug: TypeAlias = Callable[[str, Exception], None]


class MetricsPage(Protocol):
    """Whatever writes the text of `/metrics`."""

    async def page(self, text_format: TextFormat, names: frozenset[str]) -> bytes:
        """The whole page, or only the families that have one of these names."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages show, and where what nobody expected is reported."""

    store: Store
    exposition: MetricsPage
    telemetry_path: str
    report_bug: ReportBug


SITE = web.AppKey("site", Site)
