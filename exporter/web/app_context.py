"""What the pages need of the rest of the exporter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from aiohttp import web

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.text_format import TextFormat
from exporter.settings.schema import Links
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.tasks import ReportBug
from exporter.web.access_control import AccessControl
from exporter.web.probing import Prober
from exporter.web.readiness import Readiness
from exporter.web.shared_work import SharedWork

Reload: TypeAlias = Callable[[], Awaitable[bool]]
_PAGES_AT_ONCE = 4


class MetricsPage(Protocol):
    """The writer of the text of `/metrics`."""

    def page(self, text_format: TextFormat, names: frozenset[str]) -> AsyncIterator[bytes]:
        """Yield the whole page in pieces, or only the families that have one of these names."""

    def compressed_page(self, text_format: TextFormat, names: frozenset[str]) -> AsyncIterator[bytes]:
        """Yield the same, as a gzip file."""

    def round_page(self, checkup: Checkup, text_format: TextFormat, names: frozenset[str]) -> bytes:
        """Return the same of one target, after this round and no other."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """What the pages show and do. `report_bug` takes exceptions that no code expected, as ("web", exception).

    `shared` makes a page once for all requests that wait for it. `making` is held while a large page is made,
    other than the whole of `/metrics`: few are made at once, so that they need little memory in all. `reload`
    reads the configuration again and returns whether it was accepted; None if that is not enabled. `prefix`
    begins the path of every page. Without `allowed_hosts` every name is served. `record_round` takes a round
    that was made on request; `faults` returns what is wrong with the exporter itself.
    """

    store: Store
    exposition: MetricsPage
    report_bug: ReportBug
    prober: Prober
    readiness: Readiness = field(default_factory=Readiness)
    access_control: AccessControl = field(default_factory=AccessControl)
    telemetry_path: str = "/metrics"
    prefix: str = ""
    allowed_hosts: frozenset[str] = frozenset()
    reload: Reload | None = None
    incidents: Incidents = field(default_factory=Incidents)
    links: Links = field(default_factory=Links)
    external_url: str = ""
    record_round: Callable[[Checkup], None] = lambda _checkup: None
    faults: Callable[[], tuple[str, ...]] = tuple
    shared: SharedWork[bytes] = field(default_factory=SharedWork)
    making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PAGES_AT_ONCE))


APP_CONTEXT = web.AppKey("app_context", AppContext)


def state_of(request: web.Request, name: str) -> TargetState:
    """Return the state of a target by its name.

    Raises:
        web.HTTPNotFound: no target of this name is configured.
    """
    app_context = request.app[APP_CONTEXT]
    state = app_context.store.state(name)
    if state is None:
        raise web.HTTPNotFound(
            text=f"No target of this name is configured. All targets are listed at {app_context.prefix}/.\n"
        )
    return state
