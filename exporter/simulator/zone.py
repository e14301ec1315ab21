"""A simulated cluster of one or more nodes, with faults on demand; by default a Onezone of a single node."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from exporter.simulator.authority import Authority
from exporter.simulator.cluster import Cluster, with_hosts
from exporter.simulator.effects import behaviours_under, cluster_under, host_state_under
from exporter.simulator.faults import Fault
from exporter.simulator.node import SimulatedNode
from exporter.simulator.placement import Placement
from exporter.simulator.ports import reserve
from exporter.simulator.request_log import RequestLog
from exporter.simulator.server import ServerConfig
from exporter.simulator.service_control import ServiceControl
from exporter.simulator.timing import Timing
from exporter.targets import AccessPath

_FIRST_NODE = "node1"


class SimulatedZone:
    """An async context manager; or `start` and `stop`, after which it can be started again on the same ports.

    Zones that share an `authority` share its certificates, which makes hundreds of them cheap. `proxy_port`
    and `direct_port` are 0 for any free one. The nodes are called node1, node2, … and listen on 127.0.0.1,
    127.0.0.2, … or as in `placement`, all on the same two ports. They are the first hosts of the cluster;
    when it has fewer, it gets hosts of these names below its domain. Any further host exists only in answers.
    """

    def __init__(  # noqa: PLR0913 - keywords only, each with a default
        self,
        *,
        nodes: int = 1,
        authority: Authority | None = None,
        cluster: Cluster | None = None,
        timing: Timing | None = None,
        proxy_port: int = 0,
        direct_port: int = 0,
        placement: Placement | None = None,
    ) -> None:
        self.authority = authority or Authority()
        self._facts = with_hosts(cluster or Cluster(), nodes)
        self._ports = {AccessPath.PROXY: proxy_port, AccessPath.DIRECT: direct_port}
        self._changing = asyncio.Lock()
        where = placement or Placement()
        addresses = where.addresses or tuple(f"127.0.0.{number}" for number in range(1, nodes + 1))
        config = ServerConfig(self.authority, timing or Timing(), names=where.names, aliases=where.aliases)
        self._nodes = {
            f"node{number}": SimulatedNode(host, address, config, self._control_service, where.see)
            for number, (host, address) in enumerate(
                zip(self._facts.hosts[:nodes], addresses, strict=True), start=1
            )
        }
        self._faults: dict[str, frozenset[Fault]] = dict.fromkeys(self._nodes, frozenset())
        self._cluster = self._facts

    @property
    def proxy_url(self) -> str:
        """The origin of the proxy path (443 of a real zone)."""
        return self._url(AccessPath.PROXY)

    @property
    def direct_url(self) -> str:
        """The origin of the direct path (9443 of a real zone)."""
        return self._url(AccessPath.DIRECT)

    @property
    def ports(self) -> Mapping[AccessPath, int]:
        """The ports of the two paths; 0 before they were ever taken."""
        return dict(self._ports)

    @property
    def nodes(self) -> Mapping[str, SimulatedNode]:
        """The nodes by name."""
        return self._nodes

    @property
    def node_addresses(self) -> Mapping[str, str]:
        """The address of each node: the `nodes` of a target with several nodes."""
        return {name: node.address for name, node in self._nodes.items()}

    @property
    def ca_pem(self) -> str:
        """The certificate authority that a client must trust (PEM)."""
        return self.authority.ca_pem

    @property
    def cluster(self) -> Cluster:
        """The facts of the cluster under the faults of the moment."""
        return self._cluster

    @property
    def request_logs(self) -> Mapping[AccessPath, RequestLog]:
        """What was served over each path by the first node; `nodes` has those of the others."""
        return self._nodes[_FIRST_NODE].request_logs

    @property
    def faults(self) -> frozenset[Fault]:
        """The faults that are switched on, on any node."""
        return frozenset().union(*self._faults.values())

    async def set(self, fault: Fault, *, on: bool, node: str = "") -> None:
        """Switch one fault on or off, on one node or on all; when this returns, new connections see it.

        A fault of the whole cluster, such as its version, changes every node.
        """
        for name in self._named(node):
            self._faults[name] = self._faults[name] | {fault} if on else self._faults[name] - {fault}
        await self._behave()

    async def only(self, *faults: Fault, node: str = "") -> None:
        """Have exactly these faults, on one node or on all; none at all without arguments."""
        self._faults.update(dict.fromkeys(self._named(node), frozenset(faults)))
        await self._behave()

    async def change(self, **facts: Any) -> None:
        """Change facts of the cluster: fields of `Cluster`. Faults come on top of them."""
        self._facts = replace(self._facts, **facts)
        await self._behave()

    async def change_node(self, node: str, **facts: Any) -> None:
        """Change facts of one node: fields of `HostState`. Faults come on top of them."""
        host = self._nodes[node].host
        changed = replace(self._facts.host_state(host), **facts)
        await self.change(host_states={**self._facts.host_states, host: changed})

    async def start(self, ports: Mapping[AccessPath, int] | None = None) -> None:
        """Open the ports, with the faults that are switched on. Raises OSError when one is taken.

        `ports` are taken instead of those of before.
        """
        self._ports.update(ports or {})
        try:
            self._ports = await reserve(self._nodes.values(), self._ports)
            await self._behave()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the ports, reset every connection and leave nothing behind."""
        async with self._changing:
            for node in self._nodes.values():
                await node.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _url(self, path: AccessPath) -> str:
        # Several nodes have one name and no common address: clients need `node_addresses`.
        host = self._facts.own_domain if len(self._nodes) > 1 else self._nodes[_FIRST_NODE].address
        return f"https://{host}:{self._ports[path]}"

    def _named(self, node: str) -> tuple[str, ...]:
        if node and node not in self._nodes:
            raise ValueError(f"there is no {node} among {', '.join(self._nodes)}")
        return (node,) if node else tuple(self._nodes)

    async def _control_service(self, service_control: ServiceControl) -> None:
        """Start or stop services as Onepanel does; this also starts a worker that a fault stopped."""
        host_states = dict(self._facts.host_states)
        for host in service_control.hosts:
            host_state = self._facts.host_state(host)
            host_states[host] = host_state.switched(
                service_control.component, started=service_control.started
            )
        for name, node in self._nodes.items():
            if (service_control.component, service_control.started) == (
                "workers",
                True,
            ) and node.host in service_control.hosts:
                self._faults[name] -= {Fault.WORKER_STOPPED}
        await self.change(host_states=host_states)

    async def _behave(self) -> None:
        async with self._changing:
            cluster = cluster_under(self.faults, self._facts)
            host_states = dict(cluster.host_states)
            for name, node in self._nodes.items():
                host_states[node.host] = host_state_under(self._faults[name], cluster.host_state(node.host))
            self._cluster = replace(cluster, host_states=host_states)
            for name, node in self._nodes.items():
                behaviours = behaviours_under(self._faults[name], host_states[node.host])
                await node.behave(self._cluster, behaviours)
