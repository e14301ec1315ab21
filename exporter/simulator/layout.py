"""The facts of an installed cluster for its members: its hosts, its layout, its certificate and its DNS records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from exporter.simulator.cluster import Cluster
from exporter.simulator.components import refuse_hosts
from exporter.simulator.errors import NOT_FOUND, onepanel_reply
from exporter.simulator.messages import Reply, Request
from exporter.targets import Kind


def hosts(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """List the Onepanel nodes, running or not."""
    return onepanel_reply(200, list(cluster.panel_hosts))


def service_configuration(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show which component is on which host."""
    if not cluster.deployed:
        return NOT_FOUND
    everywhere = {"hosts": list(cluster.hosts)}
    layout = {
        "cluster": {
            "master": cluster.hosts[0],
            "hosts": list(cluster.panel_hosts),
            "databases": everywhere,
            "managers": {"mainHost": cluster.hosts[0], **everywhere},
            "workers": everywhere,
        },
        str(cluster.kind): _service(cluster),
    }
    return onepanel_reply(200, layout)


def _service(cluster: Cluster) -> dict[str, object]:
    if cluster.kind is Kind.ONEPROVIDER:
        return {"name": cluster.provider and cluster.provider.name, "configured": True}
    return {"name": cluster.name, "configured": True, "domainName": cluster.domain}


def summary(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show the cluster as its Onezone knows it."""
    if not cluster.deployed or cluster.own_id is None:
        return NOT_FOUND
    version = {"release": cluster.version, "build": cluster.build}
    body = {
        "id": cluster.own_id,
        "type": str(cluster.kind),
        "serviceId": cluster.provider.id
        if cluster.kind is Kind.ONEPROVIDER and cluster.provider
        else "onezone",
        "workerVersion": version,
        "onepanelVersion": version,
        "onepanelProxy": True,
    }
    return onepanel_reply(200, body)


def fixed(value: object) -> Callable[[Request, Cluster, str], Reply]:
    """Return a resource that is the same on every cluster."""
    reply = onepanel_reply(200, value)
    return lambda _request, _cluster, _argument: reply


def nothing(_request: Request, _cluster: Cluster, _argument: str) -> Reply:
    """Answer that there is no such resource."""
    return NOT_FOUND


def web_certificate(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show the certificate that Onepanel manages."""
    certificate = cluster.web_certificate
    if certificate is None or not cluster.deployed:
        return NOT_FOUND
    refused = refuse_hosts(cluster, cluster.panel_hosts)
    if refused is not None:
        return refused
    renewal = {
        "lastRenewalSuccess": certificate.last_renewal_success,
        "lastRenewalFailure": certificate.last_renewal_failure,
    }
    directory = f"/etc/{cluster.worker.partition('_')[0]}_panel/certs"
    body = {
        "status": certificate.status,
        "letsEncrypt": certificate.lets_encrypt,
        "creationTime": certificate.creation,
        "expirationTime": certificate.expiration,
        "domain": cluster.own_domain,
        "issuer": certificate.issuer,
        "paths": {part: f"{directory}/web_{part}.pem" for part in ("key", "chain", "cert")},
        **(renewal if certificate.lets_encrypt else {}),
    }
    return onepanel_reply(200, body)


def dns_check(_request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show the last check of the DNS records."""
    check = cluster.dns_check
    if check is None or not cluster.deployed:
        return NOT_FOUND
    is_zone = cluster.kind is Kind.ONEZONE
    checks = {"domain": check.domain, "dnsZone": check.zone if is_zone else None}
    addresses = ["192.0.2.1"]
    body = {
        key: {
            "summary": word,
            "expected": addresses,
            "got": addresses if word == "ok" else [],
            "recommended": [f"{cluster.own_domain}. IN A {address}" for address in addresses],
        }
        for key, word in checks.items()
        if word is not None
    }
    an_hour_ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    return onepanel_reply(200, {"timestamp": check.timestamp or an_hour_ago, **body})
