"""The status of each component on each host, and the worker's report through Onepanel.

One host that is away loses the whole map, and the report; a host asked for by name answers for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from exporter.simulator.cluster import Cluster
from exporter.simulator.condition import CLOSED_WORKERS, Panel, Worker
from exporter.simulator.errors import (
    NOT_FOUND,
    ONEPANEL_HEADERS,
    SERVICE_UNAVAILABLE,
    hosts_not_allowed,
    no_connection_to,
    onepanel_reply,
)
from exporter.simulator.messages import Reply, Request
from exporter.simulator.report import worker_report

COMPONENTS = ("workers", "managers", "databases")
_SECONDS = {"workers": 0.07, "managers": 0.025, "databases": 0.025}
# How long Onepanel waits for a worker that hangs.
_WORKER_SECONDS = 5.0


def statuses(request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Host by host, of all hosts; or the error that takes them all away."""
    if not cluster.deployed:
        return onepanel_reply(200, {})
    component = _component(request, last=1)
    refusal = _refuse(cluster, cluster.hosts)
    if refusal is not None:
        return refusal
    words = {host: cluster.condition(host).status(component) for host in cluster.hosts}
    return replace(onepanel_reply(200, words), seconds=_seconds(cluster, component, cluster.hosts))


def status_of_host(request: Request, cluster: Cluster, host: str) -> Reply:
    """One host's word."""
    if not cluster.deployed or host not in cluster.hosts:
        return NOT_FOUND
    component = _component(request, last=2)
    word = cluster.condition(host).status(component)
    answered = replace(onepanel_reply(200, word), seconds=_seconds(cluster, component, (host,)))
    return _refuse(cluster, (host,)) or answered


def nagios(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """The report of the worker on the host that is asked, passed on."""
    if not cluster.deployed:
        return NOT_FOUND
    away = _refuse(cluster, cluster.hosts)
    if away is not None:
        return replace(SERVICE_UNAVAILABLE, stalled=away.stalled)
    worker = cluster.condition(cluster.own_host).worker
    if worker in CLOSED_WORKERS:
        return Reply(503, content_type="text/xml", headers=ONEPANEL_HEADERS)
    if worker is Worker.HANGING:
        return replace(SERVICE_UNAVAILABLE, seconds=_WORKER_SECONDS)
    if worker is Worker.FAILING:
        return Reply(500, content_type="text/xml", headers=ONEPANEL_HEADERS)
    return replace(worker_report(cluster), headers=ONEPANEL_HEADERS)


def _component(request: Request, *, last: int) -> str:
    return request.path.rstrip("/").split("/")[-last]


def _refuse(cluster: Cluster, hosts: Iterable[str]) -> Reply | None:
    """Why Onepanel cannot tell of all these hosts: some left its cluster, some are dead, some are frozen."""
    conditions = {host: cluster.condition(host) for host in hosts}
    if any(condition.forgotten for condition in conditions.values()):
        return hosts_not_allowed(cluster.panel_hosts)
    away = [host for host, condition in conditions.items() if condition.panel is not Panel.RUNNING]
    if not away:
        return None
    is_frozen = any(conditions[host].panel is Panel.FROZEN for host in away)
    return replace(no_connection_to(away), stalled=is_frozen)


def _seconds(cluster: Cluster, component: str, hosts: Iterable[str]) -> float:
    workers = (cluster.condition(host).worker for host in hosts if component == "workers")
    return _WORKER_SECONDS if Worker.HANGING in workers else _SECONDS[component]
