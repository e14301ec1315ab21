"""What `/metrics` reports of a cluster's components and credentials, and targets with credentials."""

from __future__ import annotations

from typing import Any

from exporter.credentials import AuthMethod
from exporter.operations.host_status import Status
from exporter.simulator import SimulatedZone
from exporter.targets import AccessPath
from tests.support.processes import Metrics, target_of

COMPONENTS = ("worker", "manager", "database")
HOSTS = tuple(f"node{number}.onezone.example" for number in (1, 2, 3))
TOKEN, PASSPHRASE = "simulated-token", "simulated-passphrase"


def statuses(metrics: Metrics, target: str, component: str, hosts: tuple[str, ...] = HOSTS) -> list[str]:
    """The status of a component on each of the hosts; an empty one where there is none."""
    name, labels = "onedata_component_status", {"target": target, "component": component}
    return [
        next(
            (state.value for state in Status if metrics.value(name, **labels, host=host, status=state) == 1),
            "",
        )
        for host in hosts
    ]


def accepted(metrics: Metrics, target: str) -> dict[str, float | None]:
    """Whether each credential was accepted; None: unknown."""
    return {
        method.value: metrics.value("onedata_credentials_accepted", target=target, method=method)
        for method in AuthMethod
    }


def with_auth(zone: SimulatedZone, name: str, **auth: str) -> dict[str, Any]:
    """The keys of a target that has these credentials, and its nodes if there are several."""
    keys = {**target_of(zone, name), "auth": auth}
    return {**keys, "nodes": dict(zone.node_addresses)} if len(zone.nodes) > 1 else keys


def served(zone: SimulatedZone, url_end: str, status: int | None = None) -> int:
    """How many such requests all nodes together have served, over both paths."""
    return sum(
        node.request_logs[path].count(url_end, status) for node in zone.nodes.values() for path in AccessPath
    )


def paths_with_credentials(zone: SimulatedZone) -> set[str]:
    """The URL paths of all requests that showed credentials."""
    return {
        request.url_path
        for node in zone.nodes.values()
        for path in AccessPath
        for request in node.request_logs[path].with_credentials
    }
