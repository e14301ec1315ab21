"""Asking a zone for its providers: the list first, then each provider in order, a few requests at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from exporter.client.client import Client
from exporter.client.connection import RouteConnection
from exporter.credentials import AuthMethod, judge
from exporter.observation import Exchange, Observation, SentRequests
from exporter.operations.operation import Request
from exporter.operations.outcome import ROUND_ENDED, NotLearnt
from exporter.operations.providers import (
    LISTING,
    ClusterFacts,
    Provider,
    ProviderIds,
    cluster_request,
    list_requests,
    provider_request,
)
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Route, Target

Listed = TypeVar("Listed", Provider, ProviderIds, ClusterFacts)

# A zone's worker serves them beside its users.
_REQUESTS_AT_ONCE = 8
_NO_TIME = Failure(Reason.TIMEOUT, "the list of providers took longer than its interval")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a zone listed. `total` counts the ids of the list, also those beyond the limit."""

    providers: tuple[Provider, ...]
    total: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection to the zone, and the requests that were sent over it."""

    connection: RouteConnection
    sent: list[Exchange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lister:
    """Lists the providers of one zone with its token, until `deadline` (of `time.perf_counter`).

    `count` receives what was sent over each connection when it is closed, also if that is before its time.
    """

    client: Client
    zone: Target
    deadline: float
    count: Callable[[Target, SentRequests], None] | None = None

    async def list_providers(self, limit: int) -> Listing | Failure:
        """Return the zone's list with the facts of each provider, at most `limit`, or why there is none.

        A provider whose facts are refused or unreadable is listed by its id alone.
        """
        async with self._connection() as line:
            ids, privileged = await self._ids(line, limit)
        if isinstance(ids, Failure):
            return ids
        waiting = iter(ids.ids)
        found: dict[str, Provider] = {}
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_REQUESTS_AT_ONCE, len(ids.ids))):
                group.create_task(self._describe_all(waiting, found, privileged=privileged))
        if len(found) < len(ids.ids):
            return _NO_TIME
        return Listing(tuple(found[each] for each in ids.ids), ids.total)

    async def _ids(self, line: _Line, limit: int) -> tuple[ProviderIds | Failure, bool]:
        """Return the ids, and whether the token may list all of them.

        Without that privilege, the lists of the token's user are joined.
        """
        wide, *narrow = list_requests(limit)
        ids = await self._ask(line, wide)
        if not isinstance(ids, Failure) or ids.reason is not Reason.FORBIDDEN:
            return ids, True
        lists = [await self._ask(line, request) for request in narrow]
        known = [each for each in lists if not isinstance(each, Failure)]
        if not known:
            return lists[0], False
        joined = tuple(dict.fromkeys(chain.from_iterable(each.ids for each in known)))[:limit]
        return ProviderIds(joined, max(len(joined), *(each.total for each in known))), False

    async def _describe_all(
        self, waiting: Iterator[str], found: dict[str, Provider], *, privileged: bool
    ) -> None:
        """Ask for one provider after another over one connection, as long as any wait and there is time."""
        async with self._connection() as line:
            for provider_id in waiting:
                provider = await self._ask(line, provider_request(provider_id, privileged=privileged))
                cluster = await self._ask(line, cluster_request(provider_id, privileged=privileged))
                if time.perf_counter() >= self.deadline:
                    return
                found[provider_id] = _joined(provider_id, provider, cluster)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Line]:
        route = Route(AccessPath.PROXY, next(iter(self.zone.node_names)))
        async with self.client.connect(self.zone, route) as connection:
            line = _Line(connection)
            try:
                yield line
            finally:
                if self.count is not None:
                    asked = Observation(LISTING, route, ROUND_ENDED, tuple(line.sent))
                    self.count(
                        self.zone, SentRequests({route: tuple(connection.record.connections)}, (asked,))
                    )

    async def _ask(self, line: _Line, request: Request[Listed]) -> Listed | Failure:
        credentials = self.client.credentials(self.zone)
        if AuthMethod.TOKEN not in await credentials.usable():
            return credentials.failure_of()
        headers = credentials.headers(AuthMethod.TOKEN)
        reply = await line.connection.send(request, line.sent, self.deadline, headers)
        if isinstance(reply, NotLearnt):
            return _NO_TIME
        failure = reply if isinstance(reply, Failure) else None
        credentials.note(AuthMethod.TOKEN, judge(AuthMethod.TOKEN, failure), failure)
        return reply


def _joined(provider_id: str, provider: Provider | Failure, cluster: ClusterFacts | Failure) -> Provider:
    """Return one provider from both responses; leave out what is unknown."""
    known = Provider(provider_id) if isinstance(provider, Failure) else provider
    if isinstance(cluster, Failure):
        return known
    return replace(known, onepanel_proxy=cluster.onepanel_proxy, version=cluster.version)
