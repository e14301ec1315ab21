"""A target, and how a zone's Oneproviders become targets. Pure; all times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from exporter.credentials import Auth
from exporter.maintenance import Window
from exporter.targets.options import (
    HTTP_PORT,
    IpProtocol,
    Kind,
    Node,
    ReachableAddresses,
    Schedule,
    TlsOptions,
)
from exporter.targets.routes import AccessPath, Route, routes_to


@dataclass(frozen=True, slots=True)
class Discovery:
    """How the Oneproviders of a zone become targets. Times are seconds.

    `ignore` and `expected_offline` are ids, or globs of names and hosts. `template` is a target of which only
    name and origins are missing; `auth` has the credentials of single providers, by id.
    """

    interval: float = 300.0
    ignore: tuple[str, ...] = ()
    expected_offline: tuple[str, ...] = ()
    cache_file: str = ""
    max_discovered: int = 1000
    proxy_port: int = 443
    direct_port: int = 9443
    template: Target | None = None
    auth: tuple[tuple[str, Auth], ...] = ()

    @property
    def ports(self) -> tuple[int, int]:
        """The ports of both paths."""
        return self.proxy_port, self.direct_port


@dataclass(frozen=True, slots=True)
class Target:
    """One cluster to watch. Equal targets are watched in the same way.

    `proxy_url` and `direct_url` are origins (scheme, host, port) without a trailing slash;
    `labels` are the user's own, sorted, and appear on `onedata_target_info` only. `left_out` names the
    operations that are not to be asked. With `resolve_nodes` there is a node for every address that the
    domain resolves to, named like it. `maintenance_file` exists during maintenance of the target; `notes` are for
    its page. `onezone` is the name of the target whose zone listed this one as `provider_id`; empty for a
    configured target. `plain_port` is where the worker answers plain HTTP; no setting changes it.
    """

    name: str
    url: str
    proxy_url: str
    direct_url: str
    kind: Kind = Kind.AUTO
    labels: tuple[tuple[str, str], ...] = ()
    expected_paths: frozenset[AccessPath] = frozenset(AccessPath)
    nodes: tuple[Node, ...] = ()
    resolve_nodes: bool = False
    auth: Auth = field(default_factory=Auth)
    left_out: frozenset[str] = frozenset()
    tls: TlsOptions = field(default_factory=TlsOptions)
    ip_protocol: IpProtocol = IpProtocol.AUTO
    proxy_from_environment: bool = False
    schedule: Schedule = field(default_factory=Schedule)
    maintenance: tuple[Window, ...] = ()
    maintenance_file: str = ""
    notes: str = ""
    discovery: Discovery | None = None
    onezone: str = ""
    provider_id: str = ""
    is_expected_offline: bool = False
    reachable_addresses: ReachableAddresses = ReachableAddresses.ANY
    plain_port: int = HTTP_PORT

    @property
    def domain(self) -> str:
        """The host name of `url`."""
        return urlsplit(self.url).hostname or ""

    @property
    def node_names(self) -> tuple[str, ...]:
        """The `node` label values known beforehand; one empty name when the target lists no nodes."""
        return tuple(node.name for node in self.nodes) or ("",)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every way this target is asked, as far as its nodes are known beforehand."""
        return routes_to(self.node_names)

    def leads_where(self, other: Target) -> bool:
        """Return whether both lead to the same places, so that what was counted for one is true of the other."""
        return (self.name, self.place) == (other.name, other.place)

    @property
    def place(self) -> str:
        """The addresses of the target, as text that is the same in every process."""
        nodes = ",".join(f"{node.name}={node.address}" for node in self.nodes)
        return " ".join((self.proxy_url, self.direct_url, nodes, "*" if self.resolve_nodes else ""))

    def origin(self, path: AccessPath) -> str:
        """Return the origin (`https://host[:port]`) that an access path leads to."""
        return self.proxy_url if path is AccessPath.PROXY else self.direct_url

    @property
    def plain_origin(self) -> str:
        """The origin of plain HTTP beside the proxy path; empty if that is not on 443, as ports may be mapped then."""
        proxy = urlsplit(self.proxy_url)
        is_usual = proxy.scheme == "https" and (proxy.port in {None, 443} or self.plain_port != HTTP_PORT)
        host = f"[{proxy.hostname}]" if ":" in (proxy.hostname or "") else proxy.hostname
        return f"http://{host}:{self.plain_port}" if is_usual else ""

    def address(self, node_name: str) -> str:
        """Return the address that a node is pinned to; empty for the nameless node."""
        if self.resolve_nodes:
            return node_name
        return next((node.address for node in self.nodes if node.name == node_name), "")
