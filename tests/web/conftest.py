"""The pages over a store that is filled by hand, on a real server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

import exporter.web.app_context
from exporter.diagnosis.checkup import Checkup
from exporter.exposition.page import Exposition
from exporter.exposition.views import ExporterView
from exporter.polling.poller import note_findings
from exporter.polling.rounds import FreshRound
from exporter.state.store import Store
from exporter.state.target_state import DiagnosisChange
from exporter.targets import Target
from exporter.web.app import create_app
from exporter.web.probing import Prober
from exporter.web.readiness import Phase, Readiness
from exporter.web.shared_work import SharedWork
from tests.support.checkups import make_checkup, make_details


@dataclass
class Backend:
    """The state behind the pages. `broken` makes the exposition raise, as a bug would."""

    store: Store = field(default_factory=lambda: Store(["configuration", "health"], [0.1, 1.0]))
    bugs: list[tuple[str, Exception]] = field(default_factory=list)
    broken: bool = False
    rounds_taken: int = 0
    shared: SharedWork[bytes] = field(default_factory=SharedWork)

    def view(self) -> ExporterView:
        if self.broken:
            raise LookupError("a detail of a bug")
        return ExporterView(self.store, "1.2.3", "abc", "3.11", reload_successful=True, reloaded_at=1.0)

    def report_bug(self, where: str, error: Exception) -> None:
        self.bugs.append((where, error))

    async def take_round(self, target: Target, _seconds: float) -> FreshRound:
        """What `/probe` finds: a healthy target with details, and no exchange in full."""
        self.rounds_taken += 1
        return FreshRound(replace(make_checkup(target), details=make_details(target)), ())

    def pages(self, **more: Any) -> exporter.web.app_context.AppContext:
        return exporter.web.app_context.AppContext(
            self.store,
            Exposition(self.view),
            self.report_bug,
            Prober(self.take_round),
            **{"shared": self.shared, "readiness": Readiness(phase=Phase.SERVING), **more},
        )

    def know(self, *targets: Target) -> None:
        self.store.set_targets(targets)

    def record(self, checkup: Checkup, age: float = 0.0) -> list[DiagnosisChange]:
        """Record a round that was finished `age` seconds ago, as the poller does. Return the changes."""
        changes = self.store.record(checkup, time.monotonic() - age)
        state = self.store.state(checkup.target.name)
        assert state is not None
        note_findings(state)
        return changes


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
async def client(backend: Backend) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]  # of two kinds of request
    async with serve(backend, "/metrics") as client:
        yield client


def serve(backend: Backend, telemetry_path: str) -> TestClient:  # type: ignore[type-arg]  # of two kinds of request
    return TestClient(TestServer(create_app(backend.pages(telemetry_path=telemetry_path))))
