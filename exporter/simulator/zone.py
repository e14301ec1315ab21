"""A simulated Onezone: Onepanel on one port, the worker with its forwarding proxy on another, troubles on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from exporter.simulator import onepanel
from exporter.simulator.authority import Authority
from exporter.simulator.cluster import Cluster
from exporter.simulator.conduct import Conduct, Door
from exporter.simulator.effects import situation
from exporter.simulator.journal import Journal
from exporter.simulator.messages import Reply, Request
from exporter.simulator.pace import Pace
from exporter.simulator.resources import RESOURCES
from exporter.simulator.server import Manner, Server
from exporter.simulator.troubles import Trouble
from exporter.simulator.worker import Forwarder, own_answer
from exporter.targets import AccessPath

_HOST = "127.0.0.1"
_REQUESTS_ON_443 = 30
_ANOTHER_CLUSTER = Cluster(name="Another Zone", domain="another-zone.example", version="21.02.4", build="1")


class SimulatedZone:
    """An async context manager; or `start` and `stop`, after which it can be started again on the same ports.

    Zones that share an `authority` share its certificates, which makes hundreds of them cheap.
    `proxy_port` and `direct_port` are 0 for any free one.
    """

    def __init__(
        self,
        *,
        authority: Authority | None = None,
        cluster: Cluster | None = None,
        pace: Pace | None = None,
        proxy_port: int = 0,
        direct_port: int = 0,
    ) -> None:
        self.authority = authority or Authority()
        self._facts = cluster or Cluster()
        self._troubles: frozenset[Trouble] = frozenset()
        self._now = situation(self._troubles, self._facts)
        self._changing = asyncio.Lock()
        manner = Manner(self.authority, pace or Pace())
        self._proxy = Server(
            _HOST,
            proxy_port,
            replace(manner, requests_per_connection=_REQUESTS_ON_443),
            self._answer_as_worker,
        )
        self._outside = Server(_HOST, direct_port, manner, self._answer_as_panel)
        # Onepanel as the worker sees it, on its own host: open even when a firewall closes 9443 to all others.
        self._inside = Server(_HOST, 0, manner, self._answer_as_panel)
        self._forwarder = Forwarder(_HOST, self.authority.forwarding_context, manner.pace)

    @property
    def proxy_url(self) -> str:
        """The origin of the proxy path (443 of a real zone)."""
        return f"https://{_HOST}:{self._proxy.port}"

    @property
    def direct_url(self) -> str:
        """The origin of the direct path (9443 of a real zone)."""
        return f"https://{_HOST}:{self._outside.port}"

    @property
    def ca_pem(self) -> str:
        """The certificate authority that a client must trust (PEM)."""
        return self.authority.ca_pem

    @property
    def cluster(self) -> Cluster:
        """The facts of the cluster under the troubles of the moment."""
        return self._now.cluster

    @property
    def journals(self) -> Mapping[AccessPath, Journal]:
        """What was served over each path."""
        return {AccessPath.PROXY: self._proxy.journal, AccessPath.DIRECT: self._outside.journal}

    @property
    def troubles(self) -> frozenset[Trouble]:
        """The troubles that are switched on."""
        return self._troubles

    async def set(self, trouble: Trouble, *, on: bool) -> None:
        """Switch one trouble on or off; when this returns, new connections see it."""
        await self.only(*(self._troubles | {trouble} if on else self._troubles - {trouble}))

    async def only(self, *troubles: Trouble) -> None:
        """Have exactly these troubles; none at all without arguments."""
        async with self._changing:
            self._troubles = frozenset(troubles)
            self._now = situation(self._troubles, self._facts)
            await self._behave(self._now.proxy, self._now.outside, self._now.inside)

    async def start(self) -> None:
        """Open both ports, with the troubles that are switched on. Raises OSError when a port is taken."""
        try:
            for server in self._servers:
                server.reserve()
            self._forwarder.panel_port = self._inside.port
            await self.only(*self._troubles)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close both ports, reset every connection and leave nothing behind."""
        async with self._changing:
            closed = Conduct(door=Door.CLOSED)
            await self._behave(closed, closed, closed)
            for server in self._servers:
                await server.release()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _servers(self) -> tuple[Server, ...]:
        return (self._proxy, self._outside, self._inside)

    async def _behave(self, *conducts: Conduct) -> None:
        for server, conduct in zip(self._servers, conducts, strict=True):
            await server.behave(conduct)

    async def _answer_as_panel(self, request: Request) -> Reply:
        return onepanel.answer(request, self._now.cluster, RESOURCES)

    async def _answer_as_worker(self, request: Request) -> Reply:
        own = own_answer(request, self._now.cluster)
        if own is not None:
            return own
        if self._now.proxy.elsewhere:
            return onepanel.answer(request, _ANOTHER_CLUSTER, RESOURCES)
        return await self._forwarder.forward(request)
