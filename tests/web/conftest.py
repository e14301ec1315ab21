"""The pages over a store that is filled by hand, on a real server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp.test_utils import TestClient, TestServer

from exporter.checkup import Checkup
from exporter.exposition import Exposition
from exporter.store import Store
from exporter.targets import Target
from exporter.views import ExporterView
from exporter.web.app import create_app


@dataclass
class Site:
    """What stands behind the pages. `broken` makes the exposition raise, as a bug would."""

    store: Store = field(default_factory=lambda: Store(["configuration", "health"], [0.1, 1.0]))
    bugs: list[tuple[str, Exception]] = field(default_factory=list)
    broken: bool = False

    def view(self) -> ExporterView:
        if self.broken:
            raise LookupError("a detail of a bug")
        return ExporterView(self.store, "1.2.3", "abc", "3.11", reload_successful=True, reloaded_at=1.0)

    def report_bug(self, where: str, error: Exception) -> None:
        self.bugs.append((where, error))

    def know(self, *targets: Target) -> None:
        self.store.set_targets(targets)

    def record(self, checkup: Checkup, age: float = 0.0) -> None:
        """Record a round that was finished `age` seconds ago."""
        self.store.record(checkup, time.monotonic() - age)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]  # of two kinds of request
    async with serve(site, "/metrics") as client:
        yield client


def serve(site: Site, telemetry_path: str) -> TestClient:  # type: ignore[type-arg]  # of two kinds of request
    app = create_app(site.store, Exposition(site.view), site.report_bug, telemetry_path)
    return TestClient(TestServer(app))
