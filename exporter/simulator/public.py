"""The public operations of Onepanel."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

from exporter.simulator.cluster import Cluster
from exporter.simulator.errors import INTERNAL_ERROR, ONEPANEL_HEADERS, onepanel_reply
from exporter.simulator.host_state import Panel, PanelListener
from exporter.simulator.messages import Reply, Request
from exporter.targets import Kind

_HEALTH_SECONDS = 0.05
# How long `/health` waits for a listener that does not answer.
_LISTENER_SECONDS = 5.0


def configuration(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show the public facts of a cluster, deployed or not."""
    common = {
        "clusterId": cluster.own_id,
        "version": cluster.version,
        "build": cluster.build,
        "deployed": cluster.deployed,
    }
    if cluster.table_locked:
        return Reply(200, silent=True)
    if cluster.configuration_broken:
        return onepanel_reply(200, common)
    if cluster.kind is Kind.ONEPROVIDER:
        return onepanel_reply(200, common | _provider_facts(cluster))
    zone = {
        "serviceType": "onezone",
        "zoneName": cluster.name if cluster.deployed else None,
        "zoneDomain": cluster.domain if cluster.deployed else None,
    }
    return onepanel_reply(200, common | zone)


def _provider_facts(cluster: Cluster) -> dict[str, object]:
    """Return the facts of a Oneprovider; without a worker it knows only that it is registered."""
    provider = cluster.provider if cluster.deployed else None
    named = provider if cluster.worker_serves else None
    facts = {
        "serviceType": "oneprovider",
        "isRegistered": provider is not None,
        "providerId": named and named.id,
        "zoneDomain": cluster.domain if provider else None,
    }
    if cluster.names_provider:
        facts |= {"providerName": named and named.name, "providerDomain": named and named.domain}
    return facts


def health(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Report whether the listeners of every Onepanel node answer."""
    listeners = {cluster.host_state(host).listener for host in cluster.panel_hosts}
    if any(cluster.hosts_with(Panel.FROZEN)):
        return replace(INTERNAL_ERROR, stalled=True)
    if PanelListener.HANGING in listeners:
        return replace(INTERNAL_ERROR, seconds=_LISTENER_SECONDS)
    is_unhealthy = PanelListener.FAILING in listeners or any(cluster.hosts_with(Panel.STOPPED))
    reply = INTERNAL_ERROR if is_unhealthy else onepanel_reply(200, {"status": "healthy"})
    return replace(reply, seconds=_HEALTH_SECONDS)


def node(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show the host that answers."""
    return onepanel_reply(200, {"hostname": cluster.own_host, "clusterType": str(cluster.kind)})


def passphrase_state(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    """Show that there is an emergency passphrase."""
    return onepanel_reply(200, {"isSet": True})


def _png(width: int, height: int) -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    pixels = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


_SMALL_IMAGE = Reply(200, _png(16, 16), "image/png", ONEPANEL_HEADERS)


def small_image(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    """Show a small picture."""
    return _SMALL_IMAGE
