"""What both paths together show."""

from __future__ import annotations

from tests.alerts.cases.case import OWN, Case
from tests.alerts.timeline import Shape, series, turns


def diagnosed(diagnosis: str) -> dict[str, Shape]:
    """The target's diagnosis turns from `ok` to another one."""
    return {
        series("onedata_target_diagnosis", diagnosis="ok"): turns(1, 0),
        series("onedata_target_diagnosis", diagnosis=diagnosis): turns(0, 1),
    }


# The path that an alert about a diagnosis wants to be expected.
_PATHS = {"proxy_down": "proxy", "proxy_broken": "proxy", "direct_down": "direct"}


def _diagnosis(alert: str, severity: str, diagnosis: str, after: float, words: tuple[str, str, str]) -> Case:
    summary, meaning, step = words
    return Case(
        alert=alert,
        severity=severity,
        after=after,
        changes=diagnosed(diagnosis),
        labels={**OWN, "diagnosis": diagnosis},
        summary=summary,
        description=f"krakow: diagnosis {diagnosis}. {meaning} First step: {step}",
        path=_PATHS.get(diagnosis, ""),
    )


DIAGNOSES = (
    _diagnosis(
        "OnedataProxyPathDown",
        "critical",
        "proxy_down",
        5,
        (
            "The proxy path of krakow is down",
            "The direct path is up; port 443 does not answer.",
            "The worker is down: restart it through the direct path (Onepanel on port 9443).",
        ),
    ),
    _diagnosis(
        "OnedataProxyPathBroken",
        "critical",
        "proxy_broken",
        5,
        (
            "The proxy path of krakow does not reach Onepanel",
            "The direct path is up; port 443 answers, but not with a response of Onepanel.",
            "The worker cannot reach its own Onepanel: check the certificate chain of 9443 and the worker's log.",
        ),
    ),
    _diagnosis(
        "OnedataHostFrozen",
        "critical",
        "host_frozen",
        5,
        (
            "The host of krakow is frozen",
            "Both ports accept connections, and neither finishes a TLS handshake: no process of the host runs.",
            "The host, not a service: log in over its console.",
        ),
    ),
    _diagnosis(
        "OnedataPanelDown",
        "critical",
        "panel_down",
        5,
        (
            "Onepanel of krakow is down",
            "The worker answers on port 443; Onepanel answers over neither path.",
            "The worker runs, Onepanel does not: restart Onepanel on that host.",
        ),
    ),
    _diagnosis(
        "OnedataUnreachable",
        "critical",
        "unreachable",
        3,
        (
            "krakow cannot be reached",
            "There is no connection to any expected path.",
            "Check the host, then the network between it and the exporter.",
        ),
    ),
    _diagnosis(
        "OnedataDatabaseFull",
        "critical",
        "database_full",
        3,
        (
            "The database of krakow is full",
            "Onepanel answers 503 to every public operation: its circuit breaker is open.",
            "Free space on the database's disk, or enlarge it; the breaker closes by itself.",
        ),
    ),
    _diagnosis(
        "OnedataProviderDisconnected",
        "critical",
        "zone_disconnected",
        10,
        (
            "krakow is disconnected from its zone",
            "The Oneprovider is up and healthy, but not connected to its zone: it or the zone reports this.",
            "Check its clock, its version and the network towards the zone, then the worker's log.",
        ),
    ),
    _diagnosis(
        "OnedataDirectPathDown",
        "warning",
        "direct_down",
        10,
        (
            "The direct path of krakow is down",
            "The proxy path is up; port 9443 cannot be reached, although it is expected.",
            "A firewall, or Onepanel bound elsewhere; if that is meant to be, set `paths: [proxy]`.",
        ),
    ),
    _diagnosis(
        "OnedataPanelUnhealthy",
        "warning",
        "unhealthy",
        10,
        (
            "Onepanel of krakow is unhealthy",
            "Onepanel reports that it is not healthy, or its health check times out.",
            "A Onepanel node of the cluster is unhealthy: find the one whose 9443 or port 80 does not answer.",
        ),
    ),
    _diagnosis(
        "OnedataPathsDisagree",
        "warning",
        "mismatch",
        15,
        (
            "The paths of krakow lead to different clusters",
            "The paths lead to different clusters or versions, or the cluster is not of the configured `kind`.",
            "Compare both answers on the target's page: DNS or a proxy leads elsewhere, or `kind` is wrong.",
        ),
    ),
    _diagnosis(
        "OnedataNotDeployed",
        "warning",
        "not_deployed",
        15,
        (
            "krakow is not deployed",
            "Onepanel is up, and reports that the cluster is not deployed.",
            "Finish the installation in Onepanel's web interface, on port 9443.",
        ),
    ),
    _diagnosis(
        "OnedataCertificateUntrusted",
        "critical",
        "certificate",
        5,
        (
            "The certificate of krakow is rejected",
            "The certificate or the TLS handshake of an expected path fails, though nothing that it sends has expired.",
            "Check the certificate on the target's page: renew it, or trust its authority with `tls.ca_file`.",
        ),
    ),
    _diagnosis(
        "OnedataDiagnosisUnknown",
        "warning",
        "unknown",
        15,
        (
            "krakow has an unknown fault",
            "The target was polled, but the result fits no diagnosis.",
            "See the target's page for what each path answered.",
        ),
    ),
)
