"""The operations that the simulated Onepanel knows: one line of a table each."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

from exporter.simulator.cluster import Cluster
from exporter.simulator.errors import INTERNAL_ERROR, NOT_FOUND, ONEPANEL_HEADERS, onepanel_reply
from exporter.simulator.messages import Reply, Request
from exporter.simulator.onepanel import Resource, Resources
from exporter.simulator.report import worker_report

_HEALTH_SECONDS = 0.05
_STATUS_SECONDS = 0.07


def configuration(cluster: Cluster) -> dict[str, Any]:
    """The public facts of a cluster, deployed or not."""
    return {
        "zoneName": cluster.name if cluster.deployed else None,
        "zoneDomain": cluster.domain if cluster.deployed else None,
        "version": cluster.version,
        "serviceType": "onezone",
        "deployed": cluster.deployed,
        "clusterId": cluster.cluster_id,
        "build": cluster.build,
    }


def _configuration(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    return onepanel_reply(200, configuration(cluster))


def _health(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    reply = INTERNAL_ERROR if cluster.listener_sick else onepanel_reply(200, {"status": "healthy"})
    return replace(reply, seconds=_HEALTH_SECONDS)


def _node(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    return onepanel_reply(200, {"hostname": cluster.hosts[0], "clusterType": "onezone"})


def _passphrase_state(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    return onepanel_reply(200, {"isSet": True})


def _hosts(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    return onepanel_reply(200, list(cluster.hosts))


def _worker_status(cluster: Cluster) -> str:
    return "healthy" if cluster.worker_running else "stopped"


def _statuses(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    hosts = cluster.hosts if cluster.deployed else ()
    return replace(onepanel_reply(200, dict.fromkeys(hosts, "healthy")), seconds=_STATUS_SECONDS)


def _worker_statuses(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    hosts = cluster.hosts if cluster.deployed else ()
    return replace(
        onepanel_reply(200, dict.fromkeys(hosts, _worker_status(cluster))), seconds=_STATUS_SECONDS
    )


def _status_of_worker(_request: Request, cluster: Cluster, host: str) -> Reply:
    if not cluster.deployed or host not in cluster.hosts:
        return NOT_FOUND
    return replace(onepanel_reply(200, _worker_status(cluster)), seconds=_STATUS_SECONDS)


def _nagios(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    if not cluster.deployed:
        return NOT_FOUND
    if not cluster.worker_running:
        return Reply(503, content_type="text/xml", headers=ONEPANEL_HEADERS)
    return replace(worker_report(cluster), headers=ONEPANEL_HEADERS)


def _users(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    return onepanel_reply(200, {"ids": []})


def _absent(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    """What is asked for was never set up on this cluster."""
    return NOT_FOUND


def _png(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    pixels = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


_TEST_IMAGE = Reply(200, _png(16, 16), "image/png", ONEPANEL_HEADERS)


def _test_image(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    return _TEST_IMAGE


PUBLIC: Resources = {
    "configuration": Resource(_configuration, public=True),
    "health": Resource(_health, public=True, known=lambda cluster: cluster.health_known),
    "test_image": Resource(_test_image, content_types=("image/png",), public=True),
    "node": Resource(_node, public=True),
    "emergency_passphrase": Resource(_passphrase_state, public=True),
}

DETAILS: Resources = {
    "hosts": Resource(_hosts),
    "cluster": Resource(_absent),
    "web_cert": Resource(_absent),
    "dns_check": Resource(_absent),
    "zone/workers": Resource(_worker_statuses),
    "zone/workers/*": Resource(_status_of_worker),
    "zone/managers": Resource(_statuses),
    "zone/databases": Resource(_statuses),
    "zone/nagios": Resource(_nagios, content_types=("application/xml", "text/xml")),
    "zone/users": Resource(_users, needs_worker=True),
}

RESOURCES: Resources = {**PUBLIC, **DETAILS}
