"""One node of a simulated cluster: its Onepanel on one port, its worker with the forwarding proxy on another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from exporter.simulator import onepanel
from exporter.simulator.cluster import Cluster
from exporter.simulator.conduct import Conduct, Door
from exporter.simulator.effects import Conducts
from exporter.simulator.journal import Journal
from exporter.simulator.messages import Reply, Request
from exporter.simulator.resources import RESOURCES
from exporter.simulator.server import Manner, Server
from exporter.simulator.switch import Switch
from exporter.simulator.worker import Forwarder, own_answer
from exporter.targets import AccessPath

_REQUESTS_ON_443 = 30
_ANOTHER_CLUSTER = Cluster(name="Another Zone", domain="another-zone.example", version="21.02.4", build="1")
_CLOSED = Conduct(door=Door.CLOSED)


class SimulatedNode:
    """The servers of one node.

    `host` is its name in the cluster, `address` where it listens; `switch` is called for what Onepanel does
    to the services of the cluster.
    """

    def __init__(
        self, host: str, address: str, manner: Manner, switch: Callable[[Switch], Awaitable[None]]
    ) -> None:
        self.host = host
        self.address = address
        self._switch = switch
        self._proxy_conduct = Conduct()
        self._cluster = Cluster()
        self._proxy = Server(
            address, replace(manner, requests_per_connection=_REQUESTS_ON_443), self._answer_as_worker
        )
        self._outside = Server(address, manner, self._answer_as_panel)
        # Onepanel as the worker sees it, on its own host: open even when a firewall closes 9443 to all others.
        self._inside = Server(address, manner, self._answer_as_panel)
        self._forwarder = Forwarder(address, manner.authority.forwarding_context, manner.pace)

    @property
    def ports(self) -> Mapping[AccessPath, int]:
        """The ports of the two paths; 0 before they were ever reserved."""
        return {AccessPath.PROXY: self._proxy.port, AccessPath.DIRECT: self._outside.port}

    @property
    def journals(self) -> Mapping[AccessPath, Journal]:
        """What was served over each path."""
        return {AccessPath.PROXY: self._proxy.journal, AccessPath.DIRECT: self._outside.journal}

    def reserve(self, proxy_port: int, direct_port: int) -> None:
        """Take the ports, 0 being any free one. Raises OSError when one is taken."""
        self._proxy.reserve(proxy_port)
        self._outside.reserve(direct_port)
        self._inside.reserve(self._inside.port)
        self._forwarder.panel_port = self._inside.port

    async def behave(self, cluster: Cluster, conducts: Conducts) -> None:
        """Take on other facts and another conduct; when this returns, new connections see them."""
        self._cluster = replace(cluster, here=self.host)
        self._proxy_conduct = conducts.proxy
        for server, conduct in zip(self._servers, conducts, strict=True):
            await server.behave(conduct)

    async def stop(self) -> None:
        """Close the ports, reset every connection, and give the ports back."""
        for server in self._servers:
            await server.behave(_CLOSED)
            await server.release()

    @property
    def _servers(self) -> tuple[Server, ...]:
        return (self._proxy, self._outside, self._inside)

    async def _answer_as_panel(self, request: Request) -> Reply:
        reply = onepanel.answer(request, self._cluster, RESOURCES)
        if reply.switch is not None:
            await self._switch(reply.switch)
        return reply

    async def _answer_as_worker(self, request: Request) -> Reply:
        own = own_answer(request, self._cluster)
        if own is not None:
            return own
        if self._proxy_conduct.elsewhere:
            return onepanel.answer(request, _ANOTHER_CLUSTER, RESOURCES)
        return await self._forwarder.forward(request)
