"""One node of a simulated cluster: its Onepanel on one port, its worker with the forwarding proxy on another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from exporter.simulator import onepanel
from exporter.simulator.behaviour import Behaviour, Listening
from exporter.simulator.cluster import Cluster
from exporter.simulator.effects import Behaviours
from exporter.simulator.host_state import Panel
from exporter.simulator.messages import Reply, Request
from exporter.simulator.neighbour import FrozenNeighbour
from exporter.simulator.request_log import RequestLog
from exporter.simulator.resources import RESOURCES
from exporter.simulator.server import Server, ServerConfig
from exporter.simulator.service_control import ServiceControl
from exporter.simulator.worker import Forwarder, own_answer
from exporter.targets import AccessPath

_REQUESTS_PER_CONNECTION = 30
_ANOTHER_CLUSTER = Cluster(name="Another Zone", domain="another-zone.example", version="21.02.4", build="1")
_CLOSED = Behaviour(listening=Listening.CLOSED)


class SimulatedNode:
    """The servers of one node.

    `host` is its name in the cluster, `address` where it listens. `service_control` is called for what Onepanel
    does to the services of the cluster; `see` adds to the facts what other clusters change of them.
    """

    def __init__(
        self,
        host: str,
        address: str,
        config: ServerConfig,
        service_control: Callable[[ServiceControl], Awaitable[None]],
        see: Callable[[Cluster], Cluster],
    ) -> None:
        self.host = host
        self.address = address
        self._control_service = service_control
        self._see = see
        self._proxy_behaviour = Behaviour()
        self._cluster = Cluster()
        self._turns = 0
        self._neighbour = FrozenNeighbour(config.timing)
        config = replace(config, requests_per_connection=_REQUESTS_PER_CONNECTION)
        self._proxy = Server(address, config, self._answer_as_worker)
        self._outside = Server(address, config, self._answer_as_panel)
        # Onepanel as the worker sees it, on its own host: open even when a firewall closes 9443 to all others.
        self._inside = Server(address, config, self._answer_as_panel)
        self._forwarder = Forwarder(address, config.authority.forwarding_context, config.timing)

    @property
    def ports(self) -> Mapping[AccessPath, int]:
        """The ports of the two paths; 0 before they were ever reserved."""
        return {AccessPath.PROXY: self._proxy.port, AccessPath.DIRECT: self._outside.port}

    @property
    def request_logs(self) -> Mapping[AccessPath, RequestLog]:
        """What was served over each path."""
        return {AccessPath.PROXY: self._proxy.request_log, AccessPath.DIRECT: self._outside.request_log}

    def reserve(self, proxy_port: int, direct_port: int) -> None:
        """Take the ports, 0 being any free one. Raises OSError when one is taken."""
        self._proxy.reserve(proxy_port)
        self._outside.reserve(direct_port)
        self._inside.reserve(self._inside.port)
        self._forwarder.panel_port = self._inside.port

    async def behave(self, cluster: Cluster, behaviours: Behaviours) -> None:
        """Replace the facts and the behaviour; when this returns, new connections see them."""
        self._cluster = replace(cluster, here=self.host)
        self._proxy_behaviour = behaviours.proxy
        self._neighbour.notice(frozen=any(host != self.host for host in cluster.hosts_with(Panel.FROZEN)))
        for server, behaviour in zip(self._servers, behaviours, strict=True):
            await server.behave(behaviour)

    async def stop(self) -> None:
        """Close the ports, reset every connection, and give the ports back."""
        for server in self._servers:
            await server.behave(_CLOSED)
            await server.release()

    @property
    def _servers(self) -> tuple[Server, ...]:
        return (self._proxy, self._outside, self._inside)

    async def _answer_as_panel(self, request: Request) -> Reply:
        cluster = self._cluster_for(request)
        reply = onepanel.answer(request, cluster, RESOURCES)
        delay_seconds = self._neighbour.delay_seconds(stalled=reply.stalled)
        if delay_seconds > 0.0:
            await asyncio.sleep(delay_seconds)
        if reply.service_control is not None:
            await self._control_service(reply.service_control)
        return replace(reply, clock_offset_seconds=cluster.clock_offset_seconds)

    def _cluster_for(self, request: Request) -> Cluster:
        """Return the facts for one request: Onepanel passes it on to the workers by turns, its own last."""
        cluster = self._see(self._cluster)
        hosts = cluster.panel_hosts
        if not hosts or not onepanel.needs_worker(request, cluster, RESOURCES):
            return cluster
        self._turns += 1
        own = hosts.index(self.host) if self.host in hosts else 0
        return replace(cluster, asked_worker=hosts[(own + self._turns) % len(hosts)])

    async def _answer_as_worker(self, request: Request) -> Reply:
        cluster = self._see(self._cluster)
        own = own_answer(request, cluster)
        if own is None and self._proxy_behaviour.elsewhere:
            own = onepanel.answer(request, _ANOTHER_CLUSTER, RESOURCES)
        reply = await self._forwarder.forward(request) if own is None else own
        return replace(reply, clock_offset_seconds=cluster.clock_offset_seconds)
