"""What is broken in the end to end test, one target for each fault, and the alert that must reach a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.simulator import Fault, HostState, Panel
from exporter.simulator.cluster import DnsCheck, WebCertificate

_HOST = "127.0.0.1"
# Its alert is seen as pending: the exporter counts certificates over ten minutes, which nothing shortens. That it is
# sent, `test_certificates_differ.py` shows.
PENDING_TARGET, PENDING_ALERT = "certificates-differ", "OnedataCertificatesDiffer"
PASSPHRASE = {"auth": {"passphrase": "simulated-passphrase"}}


@dataclass(frozen=True)
class FaultCase:
    """A target, how it is broken, and the receivers of its alert. One that is `lasting` is not mended.

    `faults` are switched on, `facts` of the simulated cluster changed; `keys` are the target's own in the
    configuration. If there is a `wrong_passphrase`, it replaces the right one in its file. `alert` is empty
    where no alert may be sent; `labels` are the alert's besides `alertname`, `severity`, `job` and `target`.
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
    _diagnosis("OnedataPanelUnhealthy", "mail", Fault.LISTENER_FAILING),
    _diagnosis("OnedataPathsDisagree", "mail", Fault.ELSEWHERE),
    _diagnosis("OnedataNotDeployed", "mail", Fault.NOT_DEPLOYED),
    _diagnosis("OnedataCertificateUntrusted", "pager", Fault.PROXY_CERTIFICATE_UNTRUSTED),
    _diagnosis("OnedataHostFrozen", "pager", Fault.HOST_FROZEN),
    FaultCase(
        "expired",
        "OnedataCertificateExpired",
        "pager",
        (Fault.PROXY_CERTIFICATE_EXPIRED,),
    ),
    FaultCase("issuer-expired", "OnedataCertificateExpired", "pager", (Fault.PROXY_ISSUER_EXPIRED,)),
    FaultCase(
        "chain-incomplete",
        "OnedataCertificateUntrusted",
        "pager",
        (Fault.PROXY_CHAIN_INCOMPLETE,),
        labels={"diagnosis": "certificate"},
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
        "one-host-unreachable",
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
        facts={"dns_check": DnsCheck(domain="missing_records")},
        keys=PASSPHRASE,
        labels={"check": "domain"},
    ),
    FaultCase(
        "renewal-failing",
        "OnedataCertificateRenewalFailing",
        "mail",
        facts={
            "web_certificate": WebCertificate("near_expiration", last_renewal_failure="2026-11-01T03:00:00Z")
        },
        keys=PASSPHRASE,
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
    # A team of its own has the target.
    FaultCase(
        "owned",
        "OnedataProxyPathDown",
        "storage-pager",
        (Fault.WORKER_STOPPED,),
        keys={"labels": {"owner": "storage", "site": "cracow", "rack": "7"}},
        labels={"diagnosis": "proxy_down", "owner": "storage", "site": "cracow"},
    ),
    # No alert is sent for these.
    FaultCase("fine"),
    FaultCase(PENDING_TARGET, faults=(Fault.PROXY_CERTIFICATES_DIFFER,)),
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
    "OnedataVersionSkew": "it holds for an hour before it fires, and is not sent",
    PENDING_ALERT: "it is seen as pending; the exporter counts certificates over ten minutes",
    "OnedataShardMissing": "promtool has all sets of shards",
    "OnedataDiagnosisUnknown": "no simulated fault leaves a round without a diagnosis",
    "OnedataProviderDisconnected": "it takes a federation",
    "OnedataProviderIncompatible": "it takes a federation",
    "OnedataClockOffset": "it takes a federation",
    "OnedataDiscoveryStale": "it takes a federation",
    "OnedataTokenExpiring": "it takes a federation",
    "OnedataPathFlapping": "it takes half an hour of ups and downs",
    "OnedataProxySlow": "its limit of a second is not shortened with the durations",
    "OnedataOverheadHigh": "its limit is not shortened with the durations",
    "OnedataAvailabilityBudgetBurn": "it takes hours of measurements",
}
# About the exporter, not about a zone.
OF_THE_EXPORTER = frozenset(
    {"OnedataConfigReloadFailed", "OnedataExporterAbsent", "OnedataExporterDown", "OnedataWatchdog"}
)
# In test_two_exporters.
OF_PAIRS = frozenset({"OnedataPartialView", "OnedataTargetUnwatched"})

# Queries of the documentation that find nothing in any of these zones, for these reasons.
NOTHING_TO_FIND: Mapping[str, str] = {
    "increase(onedata_exporter_unhandled_errors_total[1h]) > 0": "it takes a bug of the exporter",
    "count by (target) (last_over_time(onedata_poll_interval_seconds[1h])) "
    "unless on (target) count by (target) (onedata_poll_interval_seconds)": "every target is watched",
    "count by (job, count, index) (onedata_exporter_shard_info)": "there are no shards",
    **dict.fromkeys(
        (
            "onedata_provider_online == 0 or onedata_provider_connected == 0",
            "onedata_provider_compatible == 0",
            "onedata_clock_offset_seconds",
            'onedata_credentials_accepted{method="token"}',
            "onedata_token_expiry_timestamp_seconds - time()",
            "time() - onedata_discovery_last_success_timestamp_seconds",
        ),
        "it takes a federation",
    ),
}
# Queries over so long a time that they find something only some time later.
TAKES_AN_HOUR = frozenset({"1 - job_target_path:onedata_onepanel_unavailable:ratio_avg1h"})
