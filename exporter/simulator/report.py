"""The worker's own report (`/nagios`): XML about its components."""

from __future__ import annotations

from datetime import UTC, datetime

from exporter.simulator.cluster import Cluster
from exporter.simulator.messages import Reply

_COMPONENTS = (
    "node_manager",
    "dispatcher",
    "datastore_worker",
    "gs_worker",
    "token_worker",
    "https_listener",
)
_REPORT_SECONDS = 0.01


def worker_report(cluster: Cluster) -> Reply:
    """A report in which every component of every worker node is well."""
    components = "".join(f'<{name} status="ok"/>' for name in _COMPONENTS)
    nodes = "".join(
        f'<oz_worker name="oz_worker@{host}" status="ok">{components}</oz_worker>' for host in cluster.hosts
    )
    date = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S")
    body = f'<?xml version="1.0"?><healthdata date="{date}" status="ok">{nodes}</healthdata>'
    return Reply(200, body.encode(), "application/xml", seconds=_REPORT_SECONDS)
