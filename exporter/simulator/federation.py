"""A simulated federation on loopback: one Onezone and its Oneproviders, each a cluster with faults of its own.

Every cluster has a loopback address of its own, so that all of them listen on the same two ports, as real
ones do. The domain of a cluster *is* that address: 127.0.0.1 for the Onezone, 127.0.0.2, … for the
Oneproviders. No name would do. `*.localhost` resolves to 127.0.0.1 alone; other names need the system's
configuration or a DNS server; and a resolver inside one process would not serve the commands that are
typed in another shell. Certificates carry the addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from exporter.simulator.authority import Authority
from exporter.simulator.cluster import Cluster, Provider
from exporter.simulator.faults import Fault
from exporter.simulator.federation_faults import FederationFault
from exporter.simulator.membership import ZONE, Membership, Place, Site
from exporter.simulator.placement import Placement
from exporter.simulator.timing import Timing
from exporter.simulator.zone import SimulatedZone
from exporter.targets import AccessPath, Kind

SITES = (
    Site("krakow", "Krakow", 50.06, 19.94),
    Site("lisbon", "Lisbon", 38.72, -9.14),
    Site("uppsala", "Uppsala", 59.86, 17.64),
)
_PORT_ATTEMPTS = 20
_HOSTS_PER_NETWORK = 250


class SimulatedFederation:
    """An async context manager; or `start` and `stop`, after which it can be started again on the same ports.

    Its members are called `zone` and as the keys of the sites. Tokens of the Onezone are valid at every
    member. `proxy_port` and `direct_port` are 0 for any that is free on all addresses. The facts of the
    Onezone come from `zone`, except for its domain.
    """

    def __init__(  # noqa: PLR0913 - keywords only, each with a default
        self,
        *,
        sites: Sequence[Site] = SITES,
        authority: Authority | None = None,
        zone: Cluster | None = None,
        timing: Timing | None = None,
        proxy_port: int = 0,
        direct_port: int = 0,
    ) -> None:
        self.authority = authority or Authority()
        self._timing = timing or Timing()
        self._ports = {AccessPath.PROXY: proxy_port, AccessPath.DIRECT: direct_port}
        places = [_place(site, number) for number, site in enumerate(sites, start=1)]
        self._membership = Membership(
            places, lambda: {name: member.cluster for name, member in self._members.items()}
        )
        self._names = {ZONE: "Onezone"} | {site.key: f"Oneprovider {site.name}" for site in sites}
        self._addresses = {ZONE: frozenset({_address(0)})} | {
            place.site.key: frozenset({place.address, place.next_address}) for place in places
        }
        own = replace(zone or Cluster(), domain=_address(0), hosts=(_address(0),))
        self._members = {ZONE: self._member(ZONE, own, ())}
        self._members |= {
            place.site.key: self._member(place.site.key, _provider_of(own, place), (place.next_address,))
            for place in places
        }

    @property
    def members(self) -> Mapping[str, SimulatedZone]:
        """The clusters by name, the Onezone first."""
        return self._members

    @property
    def zone(self) -> SimulatedZone:
        """The Onezone."""
        return self._members[ZONE]

    @property
    def providers(self) -> Mapping[str, SimulatedZone]:
        """The Oneproviders by name."""
        return {name: member for name, member in self._members.items() if name != ZONE}

    @property
    def ports(self) -> Mapping[AccessPath, int]:
        """The ports of the two paths, the same for every member."""
        return self.zone.ports

    @property
    def ca_pem(self) -> str:
        """The certificate authority that a client must trust (PEM)."""
        return self.authority.ca_pem

    def name_of(self, member: str) -> str:
        """Return the name of a member as people read it."""
        return self._names[member]

    def addresses(self, member: str) -> frozenset[str]:
        """Return the addresses of a member: its domain, and the one after a change of domain."""
        return self._addresses[member]

    def cluster(self, member: str) -> Cluster:
        """Return the facts of a member under all faults, those of the federation included."""
        return self._membership.see(member, self._named(member).cluster)

    def faults(self, member: str) -> frozenset[Fault | FederationFault]:
        """Return the faults of a member that are switched on."""
        return frozenset({*self._named(member).faults, *self._membership.faults(member)})

    async def set(self, fault: Fault | FederationFault, *, on: bool, member: str = ZONE) -> None:
        """Switch one fault of a member on or off."""
        cluster = self._named(member)
        if isinstance(fault, Fault):
            await cluster.set(fault, on=on)
        else:
            self._membership.set(member, fault, on=on)

    async def recover(self) -> None:
        """Switch all faults off, and start what was stopped through Onepanel."""
        self._membership.clear()
        for cluster in self._members.values():
            await cluster.only()
            await cluster.change(host_states={})

    async def start(self) -> None:
        """Open the ports of all members. Raises OSError when one that was asked for is taken."""
        free = self._ports
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            try:
                await self.zone.start(free)
                for member in self.providers.values():
                    await member.start(self.zone.ports)
            except OSError:
                await self.stop()
                if all(free.values()) or attempt == _PORT_ATTEMPTS:
                    raise
            else:
                self._ports = dict(self.zone.ports)
                return

    async def stop(self) -> None:
        """Close the ports, reset every connection and leave nothing behind."""
        await asyncio.gather(*(member.stop() for member in self._members.values()))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _member(self, name: str, cluster: Cluster, aliases: tuple[str, ...]) -> SimulatedZone:
        address = cluster.own_domain
        placement = Placement(
            addresses=(address,),
            aliases=aliases,
            names=(address, *aliases),
            see=partial(self._membership.see, name),
        )
        return SimulatedZone(
            authority=self.authority, cluster=cluster, timing=self._timing, placement=placement
        )

    def _named(self, member: str) -> SimulatedZone:
        if member not in self._members:
            raise ValueError(f"there is no {member} among {', '.join(self._members)}")
        return self._members[member]


def _place(site: Site, number: int) -> Place:
    return Place(site, f"{number:032x}ch{number:04x}", _address(number), _address(number, network=1))


def _address(number: int, network: int = 0) -> str:
    """Return a loopback address: 127.0.0.1 for 0, and so on; a second one for each number in network 1."""
    high, low = divmod(number, _HOSTS_PER_NETWORK)
    return f"127.{network}.{high}.{low + 1}"


def _provider_of(zone: Cluster, place: Place) -> Cluster:
    return Cluster(
        kind=Kind.ONEPROVIDER,
        name=zone.name,
        domain=zone.domain,
        provider=Provider(place.provider_id, place.site.name, place.address),
        hosts=(place.address,),
    )
