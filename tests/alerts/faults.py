"""What is broken in the end to end test, one target for each fault, and the alert that must reach somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.simulator import Fault, HostState, Panel
from exporter.simulator.cluster import DnsCheck, WebCertificate

_HOST = "127.0.0.1"
PASSPHRASE = {"auth": {"passphrase": "simulated-passphrase"}}


@dataclass(frozen=True)
class FaultCase:
    """A target, how it is broken, and who hears of it. One that is `lasting` is not mended.

    `faults` are switched on, `facts` of the simulated cluster changed; `keys` are the target's own in the
    configuration. Where there is a `wrong_passphrase`, the file of the right one turns to it. `alert` is empty
    where nobody may hear of it; `labels` are the alert's besides `alertname`, `severity`, `job`, `target`, and
    what a certificate says of itself.
    """

    target: str
    alert: str = ""
    receiver: str = ""
    faults: tuple[Fault, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    wrong_passphrase: str = ""
    lasting: bool = False


def _diagnosis(alert: str, receiver: str, fault: Fault, **more: Any) -> FaultCase:
    diagnosis = fault.diagnosis.value
    return FaultCase(
        diagnosis.replace("_", "-"), alert, receiver, (fault,), labels={"diagnosis": diagnosis}, **more
    )


def _modules(status: str) -> dict[str, Any]:
    return {"host_states": {_HOST: HostState(modules={"datastore_worker": status})}}


FAULTS = (
    _diagnosis("OnedataProxyPathDown", "pager", Fault.WORKER_STOPPED, keys=PASSPHRASE),
    _diagnosis("OnedataProxyPathBroken", "pager", Fault.PROXY_NOT_FOUND),
    _diagnosis("OnedataPanelDown", "pager", Fault.PANEL_STOPPED),
    FaultCase(
        "unreachable",
        "OnedataUnreachable",
        "pager",
        (Fault.PANEL_STOPPED, Fault.WORKER_STOPPED),
        labels={"diagnosis": "unreachable"},
    ),
    _diagnosis("OnedataDatabaseFull", "pager", Fault.BREAKER_OPEN),
    _diagnosis("OnedataDirectPathDown", "mail", Fault.DIRECT_CLOSED),
    _diagnosis("OnedataPanelUnhealthy", "mail", Fault.LISTENER_SICK),
    _diagnosis("OnedataPathsDisagree", "mail", Fault.ELSEWHERE),
    _diagnosis("OnedataNotDeployed", "mail", Fault.NOT_DEPLOYED),
    _diagnosis("OnedataCertificateUntrusted", "pager", Fault.PROXY_CERTIFICATE_UNTRUSTED),
    _diagnosis("OnedataDiagnosisUnknown", "mail", Fault.DATABASE_DOWN),
    FaultCase(
        "expired",
        "OnedataCertificateExpired",
        "pager",
        (Fault.PROXY_CERTIFICATE_EXPIRED,),
    ),
    FaultCase("ending", "OnedataCertificateRenewalOverdue", "pager", (Fault.PROXY_CERTIFICATE_ENDING,)),
    FaultCase(
        "database",
        "OnedataServiceDown",
        "pager",
        facts={"host_states": {_HOST: HostState(words={"databases": "stopped"})}},
        keys=PASSPHRASE,
        labels={"component": "database"},
    ),
    FaultCase(
        "one-manager",
        "OnedataServiceUnhealthy",
        "mail",
        facts={
            "hosts": (_HOST, "second.example"),
            "host_states": {"second.example": HostState(words={"managers": "unhealthy"})},
        },
        keys=PASSPHRASE,
        labels={"component": "manager", "host": "second.example"},
    ),
    # All of Onepanel calls itself unhealthy, and the services of that host cannot be asked for: one call.
    FaultCase(
        "one-host-away",
        "OnedataPanelUnhealthy",
        "mail",
        facts={
            "hosts": (_HOST, "second.example"),
            "host_states": {"second.example": HostState(panel=Panel.STOPPED)},
        },
        keys=PASSPHRASE,
        labels={"diagnosis": "unhealthy"},
    ),
    FaultCase(
        "module",
        "OnedataWorkerModuleError",
        "mail",
        facts=_modules("error: no_db"),
        labels={"host": _HOST, "module": "datastore_worker"},
    ),
    FaultCase(
        "out-of-sync",
        "OnedataWorkerOutOfSync",
        "mail",
        facts=_modules("out_of_sync"),
        labels={"host": _HOST, "module": "datastore_worker"},
    ),
    FaultCase(
        "dns",
        "OnedataDnsCheckFailed",
        "mail",
        facts={
            "dns_check": DnsCheck(domain="missing_records"),
            "web_certificate": WebCertificate(last_renewal_failure="2026-11-01T03:00:00Z"),
        },
        keys=PASSPHRASE,
        labels={"check": "domain"},
    ),
    FaultCase("incomplete", "OnedataConfigurationIncomplete", "mail", facts={"configuration_broken": True}),
    FaultCase(
        "rejecting",
        "OnedataCredentialsRejected",
        "mail",
        wrong_passphrase="not-the-passphrase",  # pragma: allowlist secret
        labels={"method": "passphrase"},
    ),
    # It goes on while the exporter is killed.
    FaultCase(
        "lasting",
        "OnedataProxyPathDown",
        "pager",
        (Fault.WORKER_STOPPED,),
        labels={"diagnosis": "proxy_down"},
        lasting=True,
    ),
    # Nobody is called for these.
    FaultCase("fine"),
    FaultCase(
        "resting",
        faults=(Fault.WORKER_STOPPED,),
        keys={
            "maintenance": [
                {"start": "2020-01-01T00:00:00Z", "end": "2120-01-01T00:00:00Z", "reason": "upgrade"}
            ]
        },
    ),
    FaultCase("direct-only", faults=(Fault.WORKER_STOPPED,), keys={"paths": ["direct"]}),
    FaultCase("proxy-only", faults=(Fault.DIRECT_CLOSED,), keys={"paths": ["proxy"]}),
)
LOUD = tuple(fault for fault in FAULTS if fault.alert)

# Tested by promtool alone, for these reasons.
NOT_END_TO_END: Mapping[str, str] = {
    "OnedataPollingStalled": "it takes a bug of the exporter",
    "OnedataUnhandledErrors": "it takes a bug of the exporter",
    "OnedataVersionSkew": "it holds for an hour before it fires, and then nobody is told",
    "OnedataPathFlapping": "it takes half an hour of ups and downs",
    "OnedataProxySlow": "its limit of a second is not shortened with the durations",
    "OnedataOverheadHigh": "its limit is not shortened with the durations",
    "OnedataAvailabilityBudgetBurn": "it takes hours of measurements",
}
# About the exporter, not about a zone.
OF_THE_EXPORTER = frozenset({"OnedataConfigReloadFailed", "OnedataExporterAbsent", "OnedataExporterDown"})

# Queries of the documentation that find nothing in any of these zones, for these reasons.
NOTHING_TO_FIND: Mapping[str, str] = {
    "increase(onedata_exporter_unhandled_errors_total[1h]) > 0": "it takes a bug of the exporter",
}
# Queries over so long a time that they find something only some time later.
TAKES_AN_HOUR = frozenset({"1 - job_target_path:onedata_onepanel_unavailable:ratio_avg1h"})
