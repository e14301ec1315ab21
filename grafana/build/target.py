"""Target: what is broken, and what to do?"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from grafana.build.frame import DOCS, Head, compose
from grafana.build.panels import (
    About,
    AnyPanel,
    Query,
    graph,
    latency_heatmap,
    sentence,
    stacked,
    states,
    tiles,
)
from grafana.build.promql import PATH, coded, path_state, quantile, select
from grafana.build.tables import Column, rows
from grafana.build.words import (
    COMPONENTS,
    DIAGNOSES,
    DNS_CHECKS,
    EXPIRED,
    FIRST_STEPS,
    GREEN,
    MEANINGS,
    ORANGE,
    PATHS,
    RED,
    REPORTS,
    WEB_CERTIFICATES,
    below,
    http_statuses,
    mapped,
    yes_or_no,
)

_HEAD = Head(
    "onedata-target",
    "Onedata / Target",
    "One Onedata cluster over both paths to its Onepanel: what is broken, and what to do?",
    since="now-1h",
    one_target=True,
)
_DURATION = "onedata_onepanel_request_duration_seconds"
_HEALTH = 'operation="health"'
_UNKNOWN = "not known: needs credentials"
_PATH_COLORS = {"proxy": "#ff9830", "direct": "#5794f2"}


def build() -> model.Dashboard:
    """The dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_verdict(), *_facts(), _history()]),
            ("How fast", [*_latency(), *_inside()]),
            ("What fails", _failures()),
            ("Behind Onepanel", _services()),
            ("Certificates and DNS", _certificates()),
        ],
    )


def _diagnosis(labels: str) -> str:
    return coded("onedata_target_diagnosis", "diagnosis", DIAGNOSES, labels)


def _verdict() -> list[AnyPanel]:
    page = ("The exporter's page of this target", "http://${__value.text}/targets/${target}")
    return [
        tiles(
            About("Diagnosis", "What both paths together say; of several nodes, the worst.", 5, 4),
            Query(_diagnosis("target")),
            mapped(DIAGNOSES),
        ),
        sentence(
            About("What it means", "What the paths show when this diagnosis is made.", 19, 4),
            _diagnosis("target"),
            mapped(MEANINGS),
        ),
        rows(
            About("What to do first", "The first step for each node, and where to read on.", 24, 4),
            [
                Column(
                    "What to do first",
                    _diagnosis("instance, node"),
                    mappings=mapped(FIRST_STEPS),
                    width=820,
                    link=("All diagnoses", f"{DOCS}/diagnosis.md"),
                ),
                Column("Exporter's page", source="instance", width=300, link=page),
                Column("Node", source="node"),
            ],
            sort=("Node", False),
        ),
    ]


def _facts() -> list[AnyPanel]:
    info = select("onedata_cluster_info")
    end = select("onedata_tls_certificate_not_after_timestamp_seconds", by=PATH)
    success = select("onedata_poll_last_success_timestamp_seconds", by=PATH)
    return [
        tiles(
            About("Both paths", "Whether Onepanel answers over each path.", 6, 4),
            Query(f"sort({path_state(labels='path')})", "{{path}}"),
            mapped(PATHS),
        ),
        tiles(
            About(
                "Last success", "When a round last found Onepanel answering over each path.", 6, 4, "never"
            ),
            Query(f"1000 * max by (path) ({success})", "{{path}}"),
            unit="dateTimeFromNow",
        ),
        tiles(
            About(
                "Certificate ends in", "Of all certificates that this target serves, the first to end.", 4, 4
            ),
            Query(f"min({end}) - time()"),
            EXPIRED,
            unit="s",
            thresholds=below((3 * 86400, RED), (14 * 86400, ORANGE), above=GREEN),
        ),
        rows(
            About("Cluster", "What its public configuration says.", 8, 4, "not known: nobody answers"),
            [
                Column("Name", source="name"),
                Column("Kind", source="kind", width=100),
                Column("Version", source="version", width=80),
                Column(
                    "Deployed",
                    f"max by (name) ({info} * on (target) group_left () {select('onedata_cluster_deployed')})",
                    mappings=yes_or_no("no", "yes"),
                    width=85,
                ),
                Column("", f"max by (name, kind, version) ({info})"),
            ],
            sort=("Name", False),
        ),
    ]


def _history() -> AnyPanel:
    return states(
        About(
            "Diagnosis and paths over time",
            "The diagnosis, and the state of each path that it follows from.",
            24,
            5,
        ),
        (Query(_diagnosis("node"), "diagnosis {{node}}"), mapped(DIAGNOSES)),
        (Query(path_state(labels="path, node"), "{{path}} {{node}}"), mapped(PATHS)),
    )


def _latency() -> list[AnyPanel]:
    shares = (0.5, 0.95, 0.99)
    both = graph(
        About(
            "Time of health over both paths: p50, p95, p99",
            "From sending the request to the last byte of the answer; quantiles of the histogram over all nodes.",
            12,
            7,
        ),
        "s",
        *(
            Query(quantile(share, _DURATION, "path", _HEALTH), f"{{{{path}}}} p{share * 100:g}")
            for share in shares
        ),
    )
    for path, color in _PATH_COLORS.items():
        both.override_by_regexp(f"/^{path}/", [_value("color", {"mode": "fixed", "fixedColor": color})])
    for name, dash in (("p95", [8, 4]), ("p99", [2, 4])):
        both.override_by_regexp(f"/{name}$/", [_value("custom.lineStyle", {"fill": "dash", "dash": dash})])
    proxy, direct = (
        quantile(0.95, _DURATION, "node", _HEALTH, f'path="{path}"') for path in ("proxy", "direct")
    )
    difference = graph(
        About(
            "What the proxy adds to health",
            "The proxy's time minus the direct one: of each round, and between the two p95. It may be negative.",
            12,
            7,
            "known only while both paths answer",
        ),
        "s",
        Query(f"max by (node) ({select('onedata_proxy_overhead_seconds')})", "last round {{node}}"),
        Query(f"{proxy}\n- {direct}", "p95 {{node}}"),
    )
    return [both, difference]


def _inside() -> list[AnyPanel]:
    buckets = select(f"{_DURATION}_bucket", _HEALTH, by=PATH)
    return [
        latency_heatmap(
            About("How long health took", "Requests in each bucket of time, over the chosen paths.", 12, 7),
            f"sum by (le) (rate({buckets}[$__rate_interval]))",
        ),
        *(_phases(path) for path in ("proxy", "direct")),
    ]


def _phases(path: str) -> AnyPanel:
    name, matcher = "onedata_onepanel_connection_phase_seconds", f'path="{path}"'
    seconds, count = (
        f"sum by (phase) (rate({select(f'{name}_{part}', matcher)}[$__rate_interval]))"
        for part in ("sum", "count")
    )
    about = About(
        f"Opening a connection: {path}",
        "Mean time of finding the address, connecting, and agreeing on TLS.",
        6,
        7,
        "no connection was opened",
    )
    return stacked(graph(about, "s", Query(f"{seconds} / ({count} > 0)", "{{phase}}")))


def _failures() -> list[AnyPanel]:
    failures = select("onedata_onepanel_request_failures_total", by=PATH)
    status = select("onedata_onepanel_http_status", 'operation=~"health|configuration"', by=PATH)
    return [
        stacked(
            graph(
                About(
                    "Failures by reason",
                    "Failed requests a minute; the reasons are explained in docs/metrics.md.",
                    12,
                    7,
                    "nothing failed",
                ),
                "cpm",
                Query(
                    f"60 * sum by (path, reason) (rate({failures}[$__rate_interval])) > 0",
                    "{{path}} {{reason}}",
                ),
            ),
            bars=True,
        ),
        states(
            About("HTTP status", "The status code of the last answer to each public operation.", 12, 7),
            (
                Query(f"min by (path, node, operation) ({status})", "{{path}} {{operation}} {{node}}"),
                http_statuses(),
            ),
        ),
    ]


def _services() -> list[AnyPanel]:
    components = coded("onedata_component_status", "status", COMPONENTS, "component, host")
    overall = coded("onedata_worker_status", "status", REPORTS, "target")
    modules = coded("onedata_worker_module_status", "status", REPORTS, "host, module")
    return [
        states(
            About(
                "Services on each host",
                "What Onepanel says of workers, managers and databases.",
                12,
                7,
                _UNKNOWN,
            ),
            (Query(components, "{{component}} {{host}}"), mapped(COMPONENTS)),
        ),
        states(
            About(
                "Worker's report",
                "What the worker says of itself, and those of its modules that were not ok.",
                12,
                7,
                "not known: the worker does not report",
            ),
            (Query(overall, "worker"), mapped(REPORTS)),
            (Query(f"{modules} > 0", "{{module}} {{host}}"), mapped(REPORTS)),
        ),
    ]


def _certificates() -> list[AnyPanel]:
    def served(name: str) -> str:
        return f"max by (path, node) ({select(f'onedata_tls_certificate_{name}', by=PATH)})"

    names = select("onedata_tls_certificate_info", by=PATH)
    for label in ("subject", "issuer"):
        names = f'label_replace({names}, "{label}", "$1", "{label}", "(?:.*CN=)?([^,]+).*")'

    days = below((3, RED), (14, ORANGE), above=GREEN)
    web = coded("onedata_web_certificate_status", "status", WEB_CERTIFICATES, "target")
    dns = coded("onedata_dns_check_status", "status", DNS_CHECKS, "check")
    return [
        rows(
            About("Certificates as served", "Of each path, also when they are expired or untrusted.", 15, 5),
            [
                Column("Path", source="path", width=80),
                Column(
                    "Days left",
                    f"({served('not_after_timestamp_seconds')} - time()) / 86400",
                    mappings=EXPIRED,
                    thresholds=days,
                    width=100,
                ),
                Column("Verified", served("verified"), mappings=yes_or_no("no", "yes"), width=90),
                Column("Subject", source="subject", width=230),
                Column("Issuer", source="issuer", width=330),
                Column("Node", source="node"),
                Column("", f"max by (path, node, subject, issuer) ({names})"),
            ],
            sort=("Days left", False),
        ),
        states(
            About(
                "Onepanel's own view of certificate and DNS",
                "What Onepanel says of its certificate, and of the DNS records.",
                9,
                5,
                _UNKNOWN,
            ),
            (Query(web, "certificate"), mapped(WEB_CERTIFICATES)),
            (Query(dns, "{{check}}"), mapped(DNS_CHECKS)),
        ),
    ]


def _value(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(name, value)
