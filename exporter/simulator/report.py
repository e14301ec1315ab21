"""The worker's own report (`/nagios`): XML about the modules of every worker node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import quoteattr

from exporter.simulator.cluster import Cluster
from exporter.simulator.host_state import ABSENT_WORKERS, HostState
from exporter.simulator.messages import Reply

_MODULES = (
    "node_manager",
    "dispatcher",
    "datastore_worker",
    "gs_worker",
    "token_worker",
    "https_listener",
)
_REPORT_SECONDS = 0.01


def worker_report(cluster: Cluster) -> Reply:
    """One node's report, which covers all of them."""
    modules = {host: _modules(cluster.host_state(host)) for host in cluster.hosts}
    nodes = "".join(_node(cluster.worker, host, words) for host, words in modules.items())
    date = (datetime.now(UTC) + timedelta(seconds=cluster.clock_offset_seconds)).strftime("%Y/%m/%d %H:%M:%S")
    status = _worst(_worst(words.values()) for words in modules.values())
    body = f'<?xml version="1.0"?><healthdata date="{date}" status="{status}">{nodes}</healthdata>'
    return Reply(200, body.encode(), "application/xml", seconds=_REPORT_SECONDS)


def _modules(host_state: HostState) -> Mapping[str, str]:
    word = "error: nodedown" if host_state.worker in ABSENT_WORKERS else "ok"
    return {**dict.fromkeys(_MODULES, word), **host_state.modules}


def _node(worker: str, host: str, words: Mapping[str, str]) -> str:
    modules = "".join(f"<{name} status={quoteattr(word)}/>" for name, word in words.items())
    name = quoteattr(f"{worker}@{host}")
    return f'<{worker} name={name} status="{_worst(words.values())}">{modules}</{worker}>'


def _worst(words: Iterable[str]) -> str:
    bad = {"error" if word.startswith("error") else "out_of_sync" for word in words if word != "ok"}
    return min(bad, default="ok")
