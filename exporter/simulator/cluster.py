"""The facts of a simulated cluster: what its Onepanel would read from its own database and processes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from exporter.simulator.host_state import ABSENT_WORKERS, WELL, HostState, Panel
from exporter.simulator.messages import Reply
from exporter.simulator.registry import Registration
from exporter.simulator.users import UserStore
from exporter.targets import Kind

COMPATIBLE_VERSIONS = ("20.02.19", *(f"21.02.{patch}" for patch in range(1, 9)))
_NO_REPLIES: Mapping[str, Reply] = MappingProxyType({})
_ALL_WELL: Mapping[str, HostState] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WebCertificate:
    """Onepanel's report on its certificate. Times are ISO 8601; those of renewal need Let's Encrypt."""

    status: str = "valid"
    lets_encrypt: bool = True
    creation: str = "2026-10-01T03:00:00Z"
    expiration: str = "2036-12-30T03:00:00Z"
    issuer: str = "Simulated Zone Authority"
    last_renewal_success: str | None = "2026-10-01T03:00:00Z"
    last_renewal_failure: str | None = None


@dataclass(frozen=True, slots=True)
class DnsCheck:
    """What Onepanel found of its DNS records: the summary of each check, None for one that is not made.

    Without a `timestamp` (ISO 8601) the check was made an hour ago.
    """

    domain: str | None = "ok"
    zone: str | None = "ok"
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """How a Oneprovider is registered at its Onezone."""

    id: str = "3c2dd1a2f1c2fd3ad7c2bf2a6c6bd6c8ch1a2b"
    name: str = "Simulated Provider"
    domain: str = "provider.example"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One simulated cluster at one moment; faults replace some of its facts.

    `passphrase` is the emergency passphrase; `tokens`, `member_tokens` and `expired_tokens` are access tokens
    of an administrator, of a member without privileges, and expired ones. `host_states` holds the hosts
    with a state other than the usual one. `here` is the host whose Onepanel is asked, `asked_worker` the one
    whose worker it asks. `web_certificate` and `dns_check` are None when nothing is known of them. On a
    Oneprovider, `provider` is None when it is not registered. `configuration_broken` is the internal error
    that leaves four keys of the public configuration; `table_locked` makes that operation hang.
    `failing_with` is the id of the error that every operation answers with status 503.

    `registrations` are the Oneproviders of a Onezone, `compatible_versions` those that it accepts, and
    `connected` is whether a Oneprovider has a GraphSync connection to its Onezone. `worker_replies` are
    answers of the worker's REST API instead of its own, by the path below `/api/v3/onezone/` or
    `/api/v3/oneprovider/`. `clock_offset_seconds` is how far the clocks of the cluster are ahead.
    """

    name: str = "Simulated Zone"
    domain: str = "onezone.example"
    version: str = "21.02.7"
    build: str = "8-ge9fd9a78"
    cluster_id: str = "onezone"
    kind: Kind = Kind.ONEZONE
    provider: Provider | None = Provider()
    hosts: tuple[str, ...] = ("127.0.0.1",)
    here: str = ""
    asked_worker: str = ""
    host_states: Mapping[str, HostState] = field(default_factory=lambda: _ALL_WELL)
    passphrase: str = field(default="simulated-passphrase", repr=False)
    tokens: frozenset[str] = field(default=frozenset({"simulated-token"}), repr=False)
    member_tokens: frozenset[str] = field(default=frozenset({"simulated-member-token"}), repr=False)
    expired_tokens: frozenset[str] = field(default=frozenset({"simulated-expired-token"}), repr=False)
    users: UserStore = field(default_factory=UserStore)
    web_certificate: WebCertificate | None = WebCertificate()
    dns_check: DnsCheck | None = DnsCheck()
    deployed: bool = True
    breaker_open: bool = False
    database_down: bool = False
    table_locked: bool = False
    failing_with: str = ""
    configuration_broken: bool = False
    registrations: tuple[Registration, ...] = ()
    compatible_versions: tuple[str, ...] = COMPATIBLE_VERSIONS
    connected: bool = True
    worker_replies: Mapping[str, Reply] = field(default_factory=lambda: _NO_REPLIES)
    clock_offset_seconds: float = 0.0

    def host_state(self, host: str) -> HostState:
        """Return the state of a host."""
        return self.host_states.get(host, WELL)

    @property
    def own_host(self) -> str:
        """The host whose Onepanel is asked."""
        return self.here or self.hosts[0]

    @property
    def panel_hosts(self) -> tuple[str, ...]:
        """The hosts of the Onepanel cluster, living or not."""
        return tuple(host for host in self.hosts if not self.host_state(host).forgotten)

    def hosts_with(self, panel: Panel) -> Iterator[str]:
        """Return the hosts of the Onepanel cluster whose Onepanel is in one state."""
        return (host for host in self.panel_hosts if self.host_state(host).panel is panel)

    @property
    def own_domain(self) -> str:
        """The domain of the cluster itself; `domain` is that of the zone, which a Oneprovider belongs to."""
        return self.provider.domain if self.kind is Kind.ONEPROVIDER and self.provider else self.domain

    @property
    def own_id(self) -> str | None:
        """The id of the cluster: that of the Oneprovider, None when it is not registered."""
        if self.kind is Kind.ONEPROVIDER:
            return self.provider.id if self.provider else None
        return self.cluster_id

    @property
    def panel_service(self) -> str:
        """How the Onepanel is called in the `service` caveats of tokens."""
        return f"opp-{self.own_id}" if self.kind is Kind.ONEPROVIDER else "ozp-onezone"

    @property
    def worker_service(self) -> str:
        """How the worker is called in the `service` caveats of tokens."""
        return f"opw-{self.own_id}" if self.kind is Kind.ONEPROVIDER else "ozw-onezone"

    @property
    def service(self) -> str:
        """How the cluster is called in URLs."""
        return "provider" if self.kind is Kind.ONEPROVIDER else "zone"

    @property
    def worker(self) -> str:
        """How its worker is called."""
        return "op_worker" if self.kind is Kind.ONEPROVIDER else "oz_worker"

    @property
    def worker_serves(self) -> bool:
        """Whether there is a worker that answers; operations on users, and tokens, need one."""
        return self.deployed and any(
            self.host_state(host).worker not in ABSENT_WORKERS for host in self.panel_hosts
        )

    @property
    def service_healthy(self) -> bool:
        """Whether operations on users are possible: every component that can be reached is healthy.

        A host without a running Onepanel is noticed only when its worker is the one that is asked.
        """
        asked = self.host_state(self.asked_worker)
        if not self.deployed or asked.panel is not Panel.RUNNING:
            return False
        return all(
            host_state.panel is not Panel.RUNNING or host_state.all_healthy
            for host_state in map(self.host_state, self.panel_hosts)
        )

    @property
    def knows_health(self) -> bool:
        """Whether this version has a health check (since 21.02.1)."""
        return self._version >= (21, 2, 1)

    @property
    def names_provider(self) -> bool:
        """Whether this version reports a provider's name and domain (20.02 does not)."""
        return self._version >= (21,)

    @property
    def _version(self) -> tuple[int, ...]:
        return tuple(int(number) for number in re.findall(r"[0-9]{1,9}", self.version)[:3])


def with_hosts(cluster: Cluster, nodes: int) -> Cluster:
    """Return a cluster with a host for each of its nodes."""
    if len(cluster.hosts) >= nodes:
        return cluster
    return replace(
        cluster, hosts=tuple(f"node{number}.{cluster.own_domain}" for number in range(1, nodes + 1))
    )
