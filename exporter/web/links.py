"""Links of the pages to addresses outside the exporter. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from markupsafe import Markup, escape

from exporter.diagnosis.rules import Diagnosis
from exporter.settings.schema import Links

_DASHBOARD = "/d/onedata-target?var-target={target}"
_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
# The alert of each diagnosis, by which its runbook is named.
ALERTS: Mapping[str, str] = {
    Diagnosis.PROXY_DOWN: "OnedataProxyPathDown",
    Diagnosis.PROXY_BROKEN: "OnedataProxyPathBroken",
    Diagnosis.HOST_FROZEN: "OnedataHostFrozen",
    Diagnosis.PANEL_DOWN: "OnedataPanelDown",
    Diagnosis.DIRECT_DOWN: "OnedataDirectPathDown",
    Diagnosis.UNREACHABLE: "OnedataUnreachable",
    Diagnosis.UNHEALTHY: "OnedataPanelUnhealthy",
    Diagnosis.DATABASE_FULL: "OnedataDatabaseFull",
    Diagnosis.ZONE_DISCONNECTED: "OnedataProviderDisconnected",
    Diagnosis.CERTIFICATE: "OnedataCertificateUntrusted",
    Diagnosis.MISMATCH: "OnedataPathsDisagree",
    Diagnosis.NOT_DEPLOYED: "OnedataNotDeployed",
    Diagnosis.UNKNOWN: "OnedataDiagnosisUnknown",
}


def grafana_url(links: Links, target: str) -> str:
    """Return the URL of a target's dashboard; empty without Grafana."""
    if not links.grafana:
        return ""
    url = links.grafana
    return _filled(url if "{target}" in url else url.rstrip("/") + _DASHBOARD, target=target)


def runbook_url(links: Links, diagnosis: str, target: str) -> str:
    """Return the URL of the runbook of a diagnosis; empty for one without a runbook."""
    alert = ALERTS.get(diagnosis)
    if alert is None or not links.runbooks:
        return ""
    url = links.runbooks
    return _filled(url if "{alert}" in url else f"{url.rstrip('/')}/{{alert}}.md", target=target, alert=alert)


def _filled(url: str, **values: str) -> str:
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", quote(value.encode("utf-8", "replace"), safe=""))
    return url


def with_links(text: str) -> Markup:
    """Return text in which URLs are links, and line breaks stay."""
    return Markup("").join(_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    end = 0
    for found in _URL.finditer(text):
        yield escape(text[end : found.start()])
        yield Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(found[0])
        end = found.end()
    yield escape(text[end:])
