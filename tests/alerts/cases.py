"""What makes each alert fire, when, and with which words: the expectations that the rules are held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.alerts.timeline import ONSET_MINUTES, Shape, always, series, turns


@dataclass(frozen=True)
class Case:
    """One alert and what makes it fire. Times are minutes since the beginning; things go wrong at 10.

    `changes` are the series that differ from a healthy target's, `labels` those of the alert without
    `alertname` and `severity`. `path` names the path that must be expected for the alert to fire.
    `gone_after` is how long it outlives its cause at most; None where that cannot be shown. `late_by_holes` is
    how much later it fires when scrapes are missed, to the step: 0 for gauges.
    """

    alert: str
    severity: str
    fires_at: float
    changes: Mapping[str, Shape]
    labels: Mapping[str, str]
    summary: str
    description: str
    dashboard: str = "target"
    path: str = ""
    gone_after: float | None = 4.0
    late_by_holes: float = 0.0
    step: float = 0.5
    of_target: bool = True
    without: tuple[str, ...] = field(default=())


HEALTHY: Mapping[str, Shape] = {
    series("up", target=""): always(1),
    series("onedata_exporter_config_last_reload_successful", target=""): always(1),
    series("onedata_poll_last_attempt_timestamp_seconds"): lambda minutes: minutes * 60,
    series("onedata_poll_interval_seconds"): always(15),
    series("onedata_polls_total"): lambda minutes: 4 * minutes,
    series("onedata_target_diagnosis", diagnosis="ok"): always(1),
    series("onedata_target_maintenance"): always(0),
    series("onedata_path_expected", path="proxy"): always(1),
    series("onedata_path_expected", path="direct"): always(1),
    series("onedata_onepanel_up", path="proxy"): always(1),
    series("onedata_onepanel_up", path="direct"): always(1),
}

OWN = {"job": "onedata-exporter", "target": "krakow"}
EXPORTER = {"job": "onedata-exporter", "instance": "exporter:19443"}


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
        fires_at=10 + after,
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
            "Direct is up, but nobody answers on 443.",
            "The worker is down: restart it through the direct path (Onepanel on port 9443).",
        ),
    ),
    _diagnosis(
        "OnedataProxyPathBroken",
        "critical",
        "proxy_broken",
        5,
        (
            "The proxy path of krakow leads nowhere",
            "Direct is up; 443 answers, but not with Onepanel's words.",
            "The worker cannot reach its own Onepanel: check the certificate chain of 9443 and the worker's log.",
        ),
    ),
    _diagnosis(
        "OnedataPanelDown",
        "critical",
        "panel_down",
        5,
        (
            "Onepanel of krakow is down",
            "The worker answers on 443, Onepanel answers over neither path.",
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
        "OnedataDirectPathDown",
        "warning",
        "direct_down",
        10,
        (
            "The direct path of krakow is down",
            "The proxy path is up, 9443 cannot be reached though it is expected to.",
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
            "Onepanel itself says that it is not healthy, or its health check never ends.",
            "A Onepanel node of the cluster is sick: find the one whose 9443 or port 80 does not answer.",
        ),
    ),
    _diagnosis(
        "OnedataPathsDisagree",
        "warning",
        "mismatch",
        15,
        (
            "krakow is not the one cluster that it should be",
            "The paths lead to different clusters or versions, or to another kind of cluster than `kind` says.",
            "Compare what both paths say on the target's page: DNS or a proxy leads elsewhere, or `kind` is wrong.",
        ),
    ),
    _diagnosis(
        "OnedataNotDeployed",
        "warning",
        "not_deployed",
        15,
        (
            "krakow is not deployed",
            "Onepanel is up, but says that the cluster is not deployed.",
            "Finish the installation in Onepanel's web interface, on port 9443.",
        ),
    ),
    _diagnosis(
        "OnedataCertificateUntrusted",
        "critical",
        "certificate",
        5,
        (
            "The certificate of krakow is refused",
            "The certificate or the TLS handshake of an expected path fails, and not because it has expired.",
            "Look at the certificate on the target's page: renew it, or trust its authority with `tls.ca_file`.",
        ),
    ),
    _diagnosis(
        "OnedataDiagnosisUnknown",
        "warning",
        "unknown",
        15,
        (
            "It is not clear what is wrong with krakow",
            "The target was looked at, but what it showed fits no diagnosis.",
            "See the target's page for what each path answered.",
        ),
    ),
)

EXPORTERS = (
    Case(
        alert="OnedataExporterDown",
        severity="critical",
        fires_at=12,  # the last good scrape is at 9.5 and stays in the window until 10.5
        changes={series("up", target=""): turns(1, 0)},
        labels=EXPORTER,
        summary="The exporter at exporter:19443 is down",
        description="Prometheus cannot scrape exporter:19443: nothing is known of any Onedata cluster it watches. "
        "First step: on its host, look at `systemctl status onedata-exporter` and its log.",
        dashboard="exporter",
        gone_after=1.5,
        of_target=False,
    ),
    Case(
        alert="OnedataExporterAbsent",
        severity="critical",
        fires_at=5,
        changes={},
        labels={"job": "onedata-exporter"},
        summary="Prometheus scrapes no onedata-exporter",
        description='There is no series up{job="onedata-exporter"}: no Onedata cluster is watched. First step: '
        "look for the job under Status, Targets in Prometheus, and at its scrape configuration.",
        dashboard="exporter",
        gone_after=None,
        of_target=False,
        without=tuple(HEALTHY),
    ),
    Case(
        alert="OnedataPollingStalled",
        severity="critical",
        fires_at=16,  # three intervals of 15 s after 10 are over at 11
        changes={
            series("onedata_poll_last_attempt_timestamp_seconds"): lambda minutes: min(minutes, 10) * 60
        },
        labels={**EXPORTER, "target": "krakow"},
        summary="krakow is no longer looked at",
        description="exporter:19443 finishes no more rounds of krakow; its gauges are withheld. "
        "First step: read the log of the exporter, then restart it.",
        dashboard="exporter",
        gone_after=None,
    ),
    Case(
        alert="OnedataConfigReloadFailed",
        severity="warning",
        fires_at=17,
        changes={series("onedata_exporter_config_last_reload_successful", target=""): turns(1, 0)},
        labels=EXPORTER,
        summary="exporter:19443 could not load its configuration",
        description="exporter:19443 goes on with the configuration it had before. First step: run "
        "`onedata-exporter check-config --config.file FILE`: it names every fault.",
        dashboard="exporter",
        gone_after=1.5,
        of_target=False,
    ),
    Case(
        alert="OnedataUnhandledErrors",
        severity="warning",
        fires_at=10,
        changes={series("onedata_exporter_unhandled_errors_total", target="", where="client"): turns(0, 1)},
        labels={**EXPORTER, "where": "client"},
        summary="exporter:19443 met a bug of its own",
        description="An unexpected exception was caught in the client of exporter:19443. "
        "First step: find the traceback in its log, and report it.",
        dashboard="exporter",
        gone_after=None,
        of_target=False,
    ),
)

DAY_SECONDS = 86_400
OF_LETS_ENCRYPT = {"subject": "CN=krakow.example", "issuer": "CN=R11,O=Let's Encrypt,C=US"}
_OF_ANOTHER = {"subject": "CN=krakow.example", "issuer": "CN=Some CA"}


def certificate(words: Mapping[str, str], days: float, path: str) -> dict[str, Shape]:
    """A certificate that ends so many days after minute 10."""
    return {
        series("onedata_tls_certificate_info", path=path, **words): always(1),
        series("onedata_tls_certificate_not_after_timestamp_seconds", path=path): always(
            600 + days * DAY_SECONDS
        ),
    }


def _overdue(severity: str, words: Mapping[str, str], days: float, remaining: str) -> Case:
    return Case(
        alert="OnedataCertificateRenewalOverdue",
        severity=severity,
        fires_at=25.5,
        changes=certificate(words, days, "direct"),
        labels={**OWN, **words},
        summary="The certificate of krakow was not renewed in time",
        description=f"The certificate CN=krakow.example that krakow serves ends in {remaining} (issuer "
        f"{words['issuer']}). First step: see in Onepanel, under certificate, why the last renewal failed; "
        "of another issuer, order a new one.",
        path="direct",
        gone_after=None,
    )


CERTIFICATES = (
    _overdue("warning", OF_LETS_ENCRYPT, 5, "4d 23h 44m 30s"),
    _overdue("warning", _OF_ANOTHER, 21, "20d 23h 44m 30s"),
    _overdue("critical", OF_LETS_ENCRYPT, 2, "1d 23h 44m 30s"),
    _overdue("critical", _OF_ANOTHER, 7, "6d 23h 44m 30s"),
    Case(
        alert="OnedataCertificateExpired",
        severity="critical",
        fires_at=15.5,
        changes=certificate(OF_LETS_ENCRYPT, 0, "proxy"),
        labels={**OWN, **OF_LETS_ENCRYPT},
        summary="The certificate of krakow has expired",
        description="The certificate CN=krakow.example that krakow serves has expired "
        "(issuer CN=R11,O=Let's Encrypt,C=US): browsers and clients refuse it. "
        "First step: renew it in Onepanel on port 9443; the direct path "
        "works without a valid certificate.",
        path="proxy",
        gone_after=None,
    ),
)


def component(kind: str, host: str, *, well: bool, word: str = "stopped") -> dict[str, Shape]:
    """A worker, manager or database on a host: well throughout, or with another word from minute 10 on."""
    labels = {"component": kind, "host": host}
    status = "onedata_component_status"
    return {
        series(status, status="healthy", **labels): always(1) if well else turns(1, 0),
        series(status, status=word, **labels): always(0) if well else turns(0, 1),
    }


def _module(status: str) -> dict[str, Shape]:
    labels = {"host": "node1", "module": "datastore_worker"}
    name = "onedata_worker_module_status"
    return {
        series(name, status="ok", **labels): turns(1, 0),
        series(name, status=status, **labels): turns(0, 1),
    }


SERVICES = (
    Case(
        alert="OnedataServiceDown",
        severity="critical",
        fires_at=17,
        changes={
            **component("database", "node1", well=False),
            **component("database", "node2", well=False),
        },
        labels={**OWN, "component": "database"},
        summary="krakow has no healthy database",
        description="Onepanel of krakow calls the database healthy on no host at all. First step: see its state "
        "on each host in Onepanel on port 9443, and start it there.",
    ),
    Case(
        alert="OnedataServiceUnhealthy",
        severity="warning",
        fires_at=22,
        changes={
            **component("worker", "node1", well=True),
            **component("worker", "node2", well=False),
            series(
                "onedata_worker_module_status", host="node2", module="datastore_worker", status="error"
            ): turns(0, 1),
        },
        labels={**OWN, "component": "worker", "host": "node2"},
        summary="The worker of krakow on node2 is not healthy",
        description="Onepanel of krakow does not call the worker on node2 healthy; other hosts carry its load. "
        "First step: log in to that host and look at the log of the service.",
    ),
    Case(
        alert="OnedataWorkerModuleError",
        severity="warning",
        fires_at=20,
        changes={
            **_module("error"),
            **component("worker", "node1", well=False, word="unhealthy"),
            **component("worker", "node2", well=True),
        },
        labels={**OWN, "host": "node1", "module": "datastore_worker"},
        summary="Module datastore_worker of the worker of krakow on node1 is in error",
        description="The worker of krakow on node1 reports an error in datastore_worker. "
        "First step: look for this module in the worker's log on that host.",
    ),
    Case(
        alert="OnedataWorkerOutOfSync",
        severity="warning",
        fires_at=25,
        changes=_module("out_of_sync"),
        labels={**OWN, "host": "node1", "module": "datastore_worker"},
        summary="Module datastore_worker of the worker of krakow on node1 is out of sync",
        description="The worker of krakow on node1 reports datastore_worker as out of sync with the other nodes. "
        "First step: check the connections between the hosts of the cluster, and their clocks.",
    ),
    Case(
        alert="OnedataCredentialsRejected",
        severity="warning",
        fires_at=22,
        changes={series("onedata_credentials_accepted", method="token"): turns(1, 0)},
        labels={**OWN, "method": "token"},
        summary="krakow rejects the token",
        description="Onepanel of krakow rejects the configured token: the state of its services may be unknown. "
        "First step: put a valid token into its file.",
    ),
    Case(
        alert="OnedataDnsCheckFailed",
        severity="warning",
        fires_at=25,
        changes={
            series("onedata_dns_check_status", check="domain", status="ok"): turns(1, 0),
            series("onedata_dns_check_status", check="domain", status="bad_records"): turns(0, 1),
        },
        labels={**OWN, "check": "domain"},
        summary="The DNS records of krakow are wrong",
        description="Onepanel of krakow finds fault with the DNS records (domain). "
        "First step: compare them with those that Onepanel recommends under DNS.",
    ),
    Case(
        alert="OnedataConfigurationIncomplete",
        severity="warning",
        fires_at=27,
        changes={series("onedata_configuration_complete"): turns(1, 0)},
        labels=OWN,
        summary="Onepanel of krakow tells only a part of its configuration",
        description="Onepanel of krakow answers with its reduced configuration: it met an error of its own, or "
        "cannot ask its worker. First step: look at the worker's state, then at the log of Onepanel.",
    ),
    Case(
        alert="OnedataVersionSkew",
        severity="info",
        fires_at=60,
        changes={
            series("onedata_cluster_info", zone_domain="zone.example", version="21.02.7"): always(1),
            series(
                "onedata_cluster_info", target="paris", zone_domain="zone.example", version="21.02.4"
            ): always(1),
        },
        labels={"job": "onedata-exporter", "zone_domain": "zone.example"},
        summary="Zone zone.example runs 2 versions",
        description="The clusters of zone zone.example run 2 different versions. "
        "First step: see on the fleet dashboard which are behind, and upgrade them.",
        dashboard="fleet",
        gone_after=None,
    ),
)


def _requests(seconds: float) -> dict[str, Shape]:
    """Four `configuration` requests a minute over the proxy, each taking so long from minute 10 on."""
    name = "onedata_onepanel_request_duration_seconds"
    labels = {"path": "proxy", "operation": "configuration"}

    def below(bound: float) -> Shape:
        return lambda minutes: 4 * (minutes if seconds <= bound else min(minutes, ONSET_MINUTES))

    bounds = {"0.1": 0.1, "1": 1.0, "2.5": 2.5, "+Inf": float("inf")}
    buckets = {series(f"{name}_bucket", le=text, **labels): below(bound) for text, bound in bounds.items()}
    return {**buckets, series(f"{name}_count", **labels): lambda minutes: 4 * minutes}


QUALITY = (
    Case(
        alert="OnedataPathFlapping",
        severity="warning",
        fires_at=30,
        # Down for every other three minutes from 10 on: the sixth change is at 25.
        changes={
            series("onedata_onepanel_up", path="direct"): lambda minutes: float(
                minutes < ONSET_MINUTES or (minutes - ONSET_MINUTES) % 6 >= 3
            )
        },
        labels={**OWN, "path": "direct"},
        summary="The direct path of krakow goes up and down",
        description="The direct path of krakow changed 7 times in 30m. First step: see on the dashboard what "
        "fails each time; a service that restarts again and again says why in its log.",
        path="direct",
        gone_after=None,
        late_by_holes=1.0,
    ),
    Case(
        alert="OnedataProxySlow",
        severity="warning",
        fires_at=21,
        changes=_requests(2.0),
        labels=OWN,
        summary="The proxy path of krakow is slow",
        description="One in twenty requests over the proxy path of krakow takes more than 2.425s. First step: "
        "compare with the direct path: if that is slow, too, look at Onepanel, else at the worker.",
        path="proxy",
        gone_after=None,
        late_by_holes=1.0,
    ),
    Case(
        alert="OnedataOverheadHigh",
        severity="warning",
        fires_at=25.5,
        changes={series("onedata_proxy_overhead_seconds"): turns(0.05, 0.5), **_requests(0.05)},
        labels=OWN,
        summary="The proxy of krakow adds much time",
        description="The proxy path of krakow takes 500ms longer than the direct one. "
        "First step: look at the load of the worker, which forwards every request.",
        path="proxy",
        gone_after=None,
        late_by_holes=0.5,
    ),
)

_BURN = {**OWN, "path": "proxy"}


def _down_for(minutes_down: int, every: int) -> dict[str, Shape]:
    """The proxy path is down for so many minutes, again and again."""
    return {
        series("onedata_onepanel_up", path="proxy"): lambda minutes: float(minutes % every >= minutes_down)
    }


AVAILABILITY = (
    Case(
        alert="OnedataAvailabilityBudgetBurn",
        severity="critical",
        fires_at=42,
        changes=_down_for(4, every=40),
        labels=_BURN,
        summary="The proxy path of krakow fails too often",
        description="The proxy path of krakow was unavailable 15.29% of the time; "
        "at 0.5 % the error budget of 30 days is just spent. First step: see on the dashboard "
        "which reasons the failures have.",
        path="proxy",
        gone_after=None,
    ),
)
SLOW_AVAILABILITY = (
    Case(
        alert="OnedataAvailabilityBudgetBurn",
        severity="warning",
        fires_at=555,
        # One of two nodes, for five minutes every three hours.
        changes={
            series("onedata_onepanel_up", path="proxy", node="node1"): always(1),
            series("onedata_onepanel_up", path="proxy", node="node2"): lambda time: float(time % 180 >= 5),
        },
        labels=_BURN,
        summary="The proxy path of krakow fails too often",
        description="The proxy path of krakow was unavailable 1.786% of the time; "
        "at 0.5 % the error budget of 30 days is just spent. "
        "First step: see on the dashboard when it failed and why, and plan the repair.",
        path="proxy",
        gone_after=None,
        step=5,
        # Until a third of the windows was seen.
        late_by_holes=255,
        without=(series("onedata_onepanel_up", path="proxy"),),
    ),
)

CASES = (*EXPORTERS, *DIAGNOSES, *CERTIFICATES, *SERVICES, *QUALITY, *AVAILABILITY, *SLOW_AVAILABILITY)
