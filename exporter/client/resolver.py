"""Name resolution of one round: asked once a host, so that both paths go to the same address."""

from __future__ import annotations

import asyncio
import socket
import time

from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.connection_timer import Stage, current_timer
from exporter.observation import Phase
from exporter.targets import IpProtocol

_FAMILIES = {
    IpProtocol.AUTO: socket.AF_UNSPEC,
    IpProtocol.IPV4: socket.AF_INET,
    IpProtocol.IPV6: socket.AF_INET6,
}

# A name with more addresses than any cluster has nodes is no reason to open thousands of connections.
_MAX_ADDRESSES = 32


class Lookups:
    """The lookups of one round, shared by its routes: the first to ask starts one, the others join it."""

    def __init__(self, resolver: AbstractResolver, ip_protocol: IpProtocol) -> None:
        self._resolver = resolver
        self._family = _FAMILIES[ip_protocol]
        self._running: dict[str, asyncio.Task[list[ResolveResult]]] = {}
        self._began_at: dict[str, float] = {}

    async def resolve(self, host: str) -> list[ResolveResult]:
        """Return all addresses in the order the system prefers, as many as are tried at most; raise OSError."""
        found = await self._look_up(host)
        return list({entry["host"]: entry for entry in found}.values())[:_MAX_ADDRESSES]

    async def addresses(self, host: str) -> list[str]:
        """Return all addresses in a steady order, as many as are watched at most; raise OSError."""
        return sorted({entry["host"] for entry in await self._look_up(host)})[:_MAX_ADDRESSES]

    async def _look_up(self, host: str) -> list[ResolveResult]:
        task = self._running.get(host)
        if task is None:
            task = self._running[host] = asyncio.ensure_future(self._resolver.resolve(host, 0, self._family))
            self._began_at[host] = time.perf_counter()
        timer = current_timer.get()
        if timer is not None:
            timer.lookup_began_at = self._began_at[host]
        return await asyncio.shield(task)

    def close(self) -> None:
        """End the lookups that still run."""
        for task in self._running.values():
            task.cancel()


class RouteResolver(AbstractResolver):
    """The resolver of one route, for aiohttp: the round's lookup, or the address that the node is pinned to.

    A node that was found by resolving `domain` can be reached only while that succeeds.
    """

    def __init__(self, lookups: Lookups, pinned_address: str = "", domain: str = "") -> None:
        self._lookups = lookups
        self._pinned_address = pinned_address
        self._domain = domain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses to connect to, for aiohttp; the family is the target's choice, not aiohttp's."""
        del family
        timer = current_timer.get()
        if self._pinned_address:
            if self._domain:
                if timer is not None:
                    timer.stage = Stage.RESOLVING
                await self._lookups.addresses(self._domain)
            return [_literal(host, self._pinned_address, port)]
        if timer is None:
            return _with_port(await self._lookups.resolve(host), port)
        timer.begin(Stage.RESOLVING)
        found = await self._lookups.resolve(host)
        timer.finish(Phase.RESOLVE)
        timer.addresses = len(found)
        return _with_port(found, port)

    async def close(self) -> None:
        """Do nothing: nothing is held."""


def _with_port(found: list[ResolveResult], port: int) -> list[ResolveResult]:
    return [{**entry, "port": port} for entry in found]


def _literal(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
