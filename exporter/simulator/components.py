"""The components on each host: their status, how they are started and stopped, and the worker's report.

One host that is away loses the whole map, and the report; a host asked for by name answers for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qs

from exporter.simulator.cluster import Cluster
from exporter.simulator.errors import (
    NO_CONTENT,
    NOT_FOUND,
    ONEPANEL_HEADERS,
    SERVICE_UNAVAILABLE,
    bad_boolean,
    hosts_not_allowed,
    no_connection_to,
    onepanel_reply,
)
from exporter.simulator.host_state import CLOSED_WORKERS, Panel, Worker
from exporter.simulator.messages import Reply, Request
from exporter.simulator.report import worker_report
from exporter.simulator.service_control import ServiceControl

COMPONENTS = ("workers", "managers", "databases")
_SECONDS = {"workers": 0.07, "managers": 0.025, "databases": 0.025}
# How long Onepanel waits for a worker that hangs.
_WORKER_SECONDS = 5.0


def all_hosts(request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Host by host, of all hosts; or the error that takes them all away. All can be started, and stopped."""
    if not cluster.deployed:
        return NOT_FOUND if request.method == "PATCH" else onepanel_reply(200, {})
    component = _component(request, last=1)
    if request.method == "PATCH":
        return _control_service(request, cluster, component, cluster.hosts)
    words = {host: cluster.host_state(host).status(component) for host in cluster.hosts}
    answered = replace(onepanel_reply(200, words), seconds=_seconds(cluster, component, cluster.hosts))
    return _refuse(cluster, cluster.hosts) or answered


def one_host(request: Request, cluster: Cluster, host: str) -> Reply:
    """One host's word; or there alone it is started, or stopped."""
    if not cluster.deployed or host not in cluster.hosts:
        return NOT_FOUND
    component = _component(request, last=2)
    if request.method == "PATCH":
        return _control_service(request, cluster, component, (host,))
    word = cluster.host_state(host).status(component)
    answered = replace(onepanel_reply(200, word), seconds=_seconds(cluster, component, (host,)))
    return _refuse(cluster, (host,)) or answered


def nagios(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """The report of the worker on the host that is asked, passed on."""
    if not cluster.deployed:
        return NOT_FOUND
    away = _refuse(cluster, cluster.hosts)
    if away is not None:
        return replace(SERVICE_UNAVAILABLE, stalled=away.stalled)
    worker = cluster.host_state(cluster.own_host).worker
    if worker in CLOSED_WORKERS:
        return Reply(503, content_type="text/xml", headers=ONEPANEL_HEADERS)
    if worker is Worker.HANGING:
        return replace(SERVICE_UNAVAILABLE, seconds=_WORKER_SECONDS)
    if worker is Worker.FAILING:
        return Reply(500, content_type="text/xml", headers=ONEPANEL_HEADERS)
    return replace(worker_report(cluster), headers=ONEPANEL_HEADERS)


def _control_service(request: Request, cluster: Cluster, component: str, hosts: tuple[str, ...]) -> Reply:
    """Start it, unless it is said to stop it."""
    started = parse_qs(request.query, keep_blank_values=True).get("started", ["true"])[-1]
    if started not in {"true", "false"}:
        return bad_boolean("started")
    service_control = ServiceControl(component, hosts, started=started == "true")
    return _refuse(cluster, hosts) or replace(NO_CONTENT, service_control=service_control)


def _component(request: Request, *, last: int) -> str:
    return request.path.rstrip("/").split("/")[-last]


def _refuse(cluster: Cluster, hosts: Iterable[str]) -> Reply | None:
    """Why Onepanel cannot tell of all these hosts: some left its cluster, some are dead, some are frozen."""
    host_states = {host: cluster.host_state(host) for host in hosts}
    if any(host_state.forgotten for host_state in host_states.values()):
        return hosts_not_allowed(cluster.panel_hosts)
    away = [host for host, host_state in host_states.items() if host_state.panel is not Panel.RUNNING]
    if not away:
        return None
    is_frozen = any(host_states[host].panel is Panel.FROZEN for host in away)
    return replace(no_connection_to(away), stalled=is_frozen)


def _seconds(cluster: Cluster, component: str, hosts: Iterable[str]) -> float:
    workers = (cluster.host_state(host).worker for host in hosts if component == "workers")
    return _WORKER_SECONDS if Worker.HANGING in workers else _SECONDS[component]
