"""The members of a simulated federation, and their GraphSync connections to its Onezone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.simulator.cluster import Cluster
from exporter.simulator.federation_faults import FederationFault
from exporter.simulator.host_state import Worker
from exporter.simulator.registry import Registration

ZONE = "zone"
UNKNOWN_VERSION = "25.0"
_WRONG_CLOCK_SECONDS = 600.0
# GraphSync refuses connections between clocks that differ by more.
_MAX_CLOCK_DIFFERENCE_SECONDS = 30.0
_TALKING_WORKERS = frozenset({Worker.RUNNING, Worker.LISTENER_CLOSED, Worker.FAILING})
_NOT_LISTED = frozenset({FederationFault.UNREGISTERED, FederationFault.REMOVED})
_NOT_CONNECTED = _NOT_LISTED | {FederationFault.CUT_OFF}


@dataclass(frozen=True, slots=True)
class Site:
    """One Oneprovider of a federation: its name in the simulator, as shown, its place, and two addresses."""

    key: str
    name: str
    latitude: float
    longitude: float
    members: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """A site in its federation: the id of its Oneprovider, its address, and the one after a change of domain."""

    site: Site
    provider_id: str
    address: str
    next_address: str


class Membership:
    """The faults between members, and the facts of each cluster that follow from the others.

    `clusters` returns the facts of all members under their own faults.
    """

    def __init__(self, places: Sequence[Place], clusters: Callable[[], Mapping[str, Cluster]]) -> None:
        self._places = {place.site.key: place for place in places}
        self._clusters = clusters
        self._faults: dict[str, frozenset[FederationFault]] = dict.fromkeys(
            (ZONE, *self._places), frozenset()
        )

    def faults(self, member: str) -> frozenset[FederationFault]:
        """Return the faults of a member that are switched on."""
        return self._faults[member]

    def set(self, member: str, fault: FederationFault, *, on: bool) -> None:
        """Switch a fault of a member. Raises ValueError for one of the other kind of cluster."""
        if fault.of_zone is not (member == ZONE):
            raise ValueError(f"{fault.value} is no fault of {member}")
        before = self._faults[member]
        self._faults[member] = before | {fault} if on else before - {fault}

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults = dict.fromkeys(self._faults, frozenset())

    def see(self, member: str, cluster: Cluster) -> Cluster:
        """Return the facts of a member as the federation makes them."""
        return self._zone(cluster) if member == ZONE else self._provider(member, cluster)

    def _zone(self, cluster: Cluster) -> Cluster:
        faults = self._faults[ZONE]
        clock = _WRONG_CLOCK_SECONDS if FederationFault.ZONE_CLOCK in faults else 0.0
        zone = replace(cluster, clock_offset_seconds=cluster.clock_offset_seconds + clock)
        if FederationFault.LIST_EMPTIED in faults:
            return replace(zone, registrations=())
        clusters = self._clusters()
        listed = (key for key in self._places if not self._faults[key] & _NOT_LISTED)
        own = tuple(self._registration(key, zone, clusters[key]) for key in listed)
        return replace(zone, registrations=cluster.registrations + own)

    def _registration(self, key: str, zone: Cluster, cluster: Cluster) -> Registration:
        site, provider = self._places[key].site, self._provider_facts(key, cluster)
        return Registration(
            self._places[key].provider_id,
            site.name,
            provider.own_domain,
            site.latitude,
            site.longitude,
            provider.version,
            provider.build,
            online=self._is_connected(key, zone, provider),
            members=site.members,
        )

    def _provider(self, key: str, cluster: Cluster) -> Cluster:
        zone = self._zone_for_providers()
        provider = self._provider_facts(key, cluster)
        return replace(
            provider,
            connected=self._is_connected(key, zone, provider),
            tokens=zone.tokens,
            member_tokens=zone.member_tokens,
            expired_tokens=zone.expired_tokens,
        )

    def _zone_for_providers(self) -> Cluster:
        zone = self._clusters()[ZONE]
        clock = _WRONG_CLOCK_SECONDS if FederationFault.ZONE_CLOCK in self._faults[ZONE] else 0.0
        return replace(zone, clock_offset_seconds=zone.clock_offset_seconds + clock)

    def _provider_facts(self, key: str, cluster: Cluster) -> Cluster:
        faults = self._faults[key]
        if FederationFault.INCOMPATIBLE_VERSION in faults:
            cluster = replace(cluster, version=UNKNOWN_VERSION)
        if FederationFault.WRONG_CLOCK in faults:
            offset = cluster.clock_offset_seconds + _WRONG_CLOCK_SECONDS
            cluster = replace(cluster, clock_offset_seconds=offset)
        if FederationFault.DOMAIN_CHANGED in faults and cluster.provider:
            moved = replace(cluster.provider, domain=self._places[key].next_address)
            cluster = replace(cluster, provider=moved)
        return replace(cluster, provider=None) if FederationFault.UNREGISTERED in faults else cluster

    def _is_connected(self, key: str, zone: Cluster, provider: Cluster) -> bool:
        difference_seconds = abs(provider.clock_offset_seconds - zone.clock_offset_seconds)
        return (
            not self._faults[key] & _NOT_CONNECTED
            and all(_talks(cluster) for cluster in (zone, provider))
            and difference_seconds <= _MAX_CLOCK_DIFFERENCE_SECONDS
            and provider.version in zone.compatible_versions
        )


def _talks(cluster: Cluster) -> bool:
    return cluster.deployed and cluster.host_state(cluster.own_host).worker in _TALKING_WORKERS
