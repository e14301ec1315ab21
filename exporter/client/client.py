"""A round of one target: every route at the same time, on each one connection with all due operations."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeAlias

from aiohttp import AsyncResolver
from aiohttp.abc import AbstractResolver

from exporter.client.connection import RouteConnection
from exporter.client.credential_provider import CredentialProvider
from exporter.client.details import DetailsVisit
from exporter.client.exchange_log import Observe
from exporter.client.redaction import Redaction
from exporter.client.rejections import Rejections
from exporter.client.resolver import Lookups
from exporter.client.routes_seen import OpenRoutes, RoutesSeen
from exporter.client.tls import TlsContexts
from exporter.client.visit import RouteVisit, head_start
from exporter.log import get_logger
from exporter.observation import Details, SentRequests, Visit
from exporter.operations.operation import Cadence, Known, Operation
from exporter.operations.outcome import Facts
from exporter.targets import SHARE_OF_INTERVAL, Route, Target, routes_to
from exporter.tasks import ReportBug

CountCancelled: TypeAlias = Callable[[Target, SentRequests], None]

log = get_logger()
# Finding the nodes takes what the visits leave of a round, but at least this share.
_LEAST_SHARE_FOR_FINDING_NODES = 0.1
# What can wait leaves the rest to all that comes after it.
_SHARE_FOR_WHAT_CAN_WAIT = 0.65


class Client:
    """The client of all targets. Create it inside a running event loop, and close it.

    `report_bug` receives unexpected exceptions: where, and which; `observe` every exchange in full.
    `resolver` (by default that of the system) belongs to the client, which closes it. `rejections` are shared
    with other clients that may show the same credentials. `count_cancelled` receives what a round had sent that was
    cancelled.
    """

    def __init__(
        self,
        report_bug: ReportBug,
        observe: Observe | None = None,
        resolver: AbstractResolver | None = None,
        rejections: Rejections | None = None,
        count_cancelled: CountCancelled | None = None,
    ) -> None:
        self._tls = TlsContexts(_report_tls_files)
        self._report_bug = report_bug
        self._observe = observe
        self._resolver = resolver or AsyncResolver()
        self._rejections = rejections or Rejections()
        self._count_cancelled = count_cancelled
        self._providers: dict[Target, CredentialProvider] = {}

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()

    def keep_only(self, targets: Iterable[Target]) -> None:
        """Forget what is kept of all other targets: their credentials, and contexts that are not needed."""
        wanted = set(targets)
        self._providers = {target: kept for target, kept in self._providers.items() if target in wanted}
        self._tls.keep_only({target.tls for target in wanted})

    def reread_trust(self) -> None:
        """Read the certificates of authorities again, including those of the system."""
        self._tls.reread()

    async def poll(
        self,
        target: Target,
        operations: Sequence[Operation[Facts]],
        known: Known,
        routes_before: Sequence[Route] = (),
        *,
        seconds: float = math.inf,
    ) -> list[Visit]:
        """Ask the operations that are due in every round over every route of the target, all routes at once.

        `routes_before` are those of the round before, kept where the nodes of a round cannot be found.
        Every request gets its whole timeout, for which the interval has room; one that `seconds` cut short
        is not judged. Never raise for what a target does: whatever goes wrong becomes a `Failure` of the
        observations it concerns. Never show credentials.
        """
        deadline, redaction = time.perf_counter() + seconds, await self._prepare(target)
        visits: list[RouteVisit] = []
        with self._lookups(target) as lookups, self._counting(target, visits):
            for route in await self._routes(target, lookups, routes_before):
                connection = self._connection(target, route, lookups, redaction)
                visits.append(RouteVisit(connection, known, target.schedule, deadline, self._report_bug))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(visit.ask(_due(operations, visit.route))) for visit in visits]
        return [task.result() for task in tasks]

    async def _routes(self, target: Target, lookups: Lookups, before: Sequence[Route]) -> Sequence[Route]:
        """Return the routes of this round. That the nodes cannot be found is no failure here: every visit meets it."""
        if not target.resolve_nodes:
            return target.routes
        schedule = target.schedule
        spare = schedule.round_seconds - schedule.request_timeout - head_start(schedule)
        with suppress(OSError):  # a timeout is one, too
            async with asyncio.timeout(max(spare, _LEAST_SHARE_FOR_FINDING_NODES * schedule.round_seconds)):
                return routes_to(await lookups.addresses(target.domain))
        return before or target.routes

    async def poll_details(
        self,
        target: Target,
        operations: Sequence[Operation[Facts]],
        known: Known,
        seen: RoutesSeen,
        *,
        seconds: float = math.inf,
    ) -> Details:
        """Ask the operations of the details, one after another, over the first route that is up.

        `seen` are the routes of the round before. Ends within `seconds` and the details interval: what no time is
        left for is `NotLearnt`. Never raise for what a target does.
        """
        began = time.perf_counter()
        seconds = SHARE_OF_INTERVAL * min(seconds, target.schedule.details_interval)
        provider, redaction = self.credentials(target), await self._prepare(target)
        with self._lookups(target) as lookups:
            visit = DetailsVisit(
                open_route=lambda route, plain: self._connection(
                    target, route, lookups, redaction, plain=plain
                ),
                provider=provider,
                routes=OpenRoutes(seen),
                last_call=began + _SHARE_FOR_WHAT_CAN_WAIT * seconds,
                deadline=began + seconds,
                report_bug=self._report_bug,
            )
            due = [each for each in operations if each.cadence is Cadence.DETAILS]
            with self._counting(target, [visit]):
                return await visit.ask(due, known)

    def credentials(self, target: Target) -> CredentialProvider:
        """Return the credentials of a target, as they are kept for all its requests."""
        return self._providers.setdefault(target, CredentialProvider(target, self._rejections))

    @asynccontextmanager
    async def connect(self, target: Target, route: Route) -> AsyncIterator[RouteConnection]:
        """Open a connection over one route, for a request that no round makes."""
        redaction = await self._prepare(target)
        with self._lookups(target) as lookups:
            async with self._connection(target, route, lookups, redaction) as connection:
                yield connection

    def _connection(
        self, target: Target, route: Route, lookups: Lookups, redaction: Redaction, *, plain: bool = False
    ) -> RouteConnection:
        return RouteConnection(
            target, route, self._tls, lookups, redaction=redaction, observe=self._observe, plain=plain
        )

    async def _prepare(self, target: Target) -> Redaction:
        """Read files of the target that changed; return the removal of its secrets from what it sends."""
        await self._tls.refresh(target.tls)
        return Redaction(await self.credentials(target).secrets()) if target.auth else Redaction()

    @contextmanager
    def _lookups(self, target: Target) -> Iterator[Lookups]:
        lookups = Lookups(self._resolver, target.ip_protocol)
        try:
            yield lookups
        finally:
            lookups.close()

    @contextmanager
    def _counting(self, target: Target, visits: Sequence[RouteVisit | DetailsVisit]) -> Iterator[None]:
        """Let the requests of visits be counted if they are cancelled: servers have read them."""
        try:
            yield
        except asyncio.CancelledError:
            if self._count_cancelled is not None:
                for visit in visits:
                    self._count_cancelled(target, visit.cancelled())
            raise


def _due(operations: Sequence[Operation[Facts]], route: Route) -> list[Operation[Facts]]:
    return [each for each in operations if each.cadence is Cadence.ROUND and route.path in each.paths]


def _report_tls_files(files: str, why: str) -> None:
    log.error("cannot use changed TLS files, the old ones stay in use", files=files, error=why)
