"""The components on each host: their status, how they are started and stopped, and the worker's report.

If one host does not answer, the map of all hosts fails; requests for one host do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import parse_qs

from exporter.simulator.cluster import Cluster
from exporter.simulator.errors import (
    FORBIDDEN,
    INTERNAL_ERROR,
    NO_CONTENT,
    NOT_FOUND,
    ONEPANEL_HEADERS,
    SERVICE_UNAVAILABLE,
    bad_boolean,
    hosts_not_allowed,
    no_connection_to,
    onepanel_reply,
)
from exporter.simulator.host_state import CLOSED_WORKERS, SILENT_WORKERS, Panel, Worker
from exporter.simulator.messages import Reply, Request
from exporter.simulator.report import worker_report
from exporter.simulator.service_control import ServiceControl

_SECONDS = {"workers": 0.07, "managers": 0.025, "databases": 0.025}
# How long Onepanel waits for a worker that hangs.
_WORKER_SECONDS = 5.0
# How long Onepanel waits for its own executor.
_EXECUTOR_SECONDS = 5.0
EXECUTOR_STUCK = replace(INTERNAL_ERROR, seconds=_EXECUTOR_SECONDS)
# What Onepanel answers for a worker that gives no report.
_WITHOUT_REPORT: Mapping[Worker, Reply] = {
    **dict.fromkeys(CLOSED_WORKERS, Reply(503, content_type="text/xml", headers=ONEPANEL_HEADERS)),
    **dict.fromkeys(SILENT_WORKERS, replace(SERVICE_UNAVAILABLE, seconds=_WORKER_SECONDS)),
    Worker.FAILING: Reply(500, content_type="text/xml", headers=ONEPANEL_HEADERS),
}


def all_hosts(request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Answer with the status on each host, or with one error for all. Start and stop all of them."""
    if request.method == "POST":
        return FORBIDDEN  # components are never added here
    if not cluster.deployed:
        return NOT_FOUND if request.method == "PATCH" else onepanel_reply(200, {})
    component = _component(request, last=1)
    if request.method == "PATCH":
        return _control_service(request, cluster, component, cluster.hosts)
    words = {host: cluster.host_state(host).status(component) for host in cluster.hosts}
    answered = replace(onepanel_reply(200, words), seconds=_seconds(cluster, component, cluster.hosts))
    return refuse_hosts(cluster, cluster.hosts) or answered


def one_host(request: Request, cluster: Cluster, host: str) -> Reply:
    """One host's word; or there alone it is started, or stopped."""
    if not cluster.deployed or host not in cluster.hosts:
        return NOT_FOUND
    component = _component(request, last=2)
    if request.method == "PATCH":
        return _control_service(request, cluster, component, (host,))
    word = cluster.host_state(host).status(component)
    answered = replace(onepanel_reply(200, word), seconds=_seconds(cluster, component, (host,)))
    return refuse_hosts(cluster, (host,)) or answered


def nagios(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Answer with the report of the worker on the host that is asked."""
    if not cluster.deployed:
        return NOT_FOUND
    if any(cluster.host_state(host).forgotten for host in cluster.hosts):
        return SERVICE_UNAVAILABLE
    if any(cluster.hosts_with(Panel.FROZEN)):
        return replace(SERVICE_UNAVAILABLE, stalled=True)
    without_report = _WITHOUT_REPORT.get(cluster.host_state(cluster.own_host).worker)
    return without_report or replace(worker_report(cluster), headers=ONEPANEL_HEADERS)


def _control_service(request: Request, cluster: Cluster, component: str, hosts: tuple[str, ...]) -> Reply:
    """Start a component, or stop it with `started=false`."""
    started = parse_qs(request.query, keep_blank_values=True).get("started", ["true"])[-1]
    if started not in {"true", "false"}:
        return bad_boolean("started")
    service_control = ServiceControl(component, hosts, started=started == "true")
    return refuse_hosts(cluster, hosts) or replace(NO_CONTENT, service_control=service_control)


def _component(request: Request, *, last: int) -> str:
    return request.path.rstrip("/").split("/")[-last]


def refuse_hosts(cluster: Cluster, hosts: Iterable[str]) -> Reply | None:
    """Return why Onepanel cannot report on all these hosts, None when it can.

    Its own executor is stuck, or some of them left its cluster, are down or frozen.
    """
    if cluster.host_state(cluster.own_host).executor_stuck:
        return EXECUTOR_STUCK
    host_states = {host: cluster.host_state(host) for host in hosts}
    if any(host_state.forgotten for host_state in host_states.values()):
        return hosts_not_allowed(cluster.panel_hosts)
    unreachable = [host for host, host_state in host_states.items() if host_state.panel is not Panel.RUNNING]
    if not unreachable:
        return None
    is_frozen = any(host_states[host].panel is Panel.FROZEN for host in unreachable)
    return replace(no_connection_to(unreachable), stalled=is_frozen)


def _seconds(cluster: Cluster, component: str, hosts: Iterable[str]) -> float:
    workers = (cluster.host_state(host).worker for host in hosts if component == "workers")
    return _WORKER_SECONDS if SILENT_WORKERS.intersection(workers) else _SECONDS[component]
