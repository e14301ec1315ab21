"""The panels with the causes of a target's state."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from grafana.build.panels import (
    About,
    AnyPanel,
    Query,
    beside,
    graph,
    latency_heatmap,
    stacked,
    states,
)
from grafana.build.promql import BOTH_PATHS, PATH, coded, quantile, select
from grafana.build.tables import Column, rows
from grafana.build.words import (
    COMPONENTS,
    DNS_CHECKS,
    EXPIRED,
    GREEN,
    ORANGE,
    RED,
    RENEWALS,
    REPORTS,
    WEB_CERTIFICATES,
    below,
    http_statuses,
    mapped,
    yes_or_no,
)

_DURATION = "onedata_onepanel_request_duration_seconds"
_HEALTH = 'operation="health"'
_UNKNOWN = "not known: needs credentials"
_PATH_COLORS = {"proxy": "#ff9830", "direct": "#5794f2"}


def latency() -> list[AnyPanel]:
    """Return how fast each path is, and what the proxy adds."""
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
    proxy, direct = (quantile(0.95, _DURATION, "node", _HEALTH, f'path="{path}"') for path in BOTH_PATHS)
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


def inside() -> list[AnyPanel]:
    """Return where the time goes."""
    buckets = select(f"{_DURATION}_bucket", _HEALTH, by=PATH)
    return [
        latency_heatmap(
            About("How long health took", "Requests in each bucket of time, over the chosen paths.", 12, 7),
            f"sum by (le) (rate({buckets}[$__rate_interval]))",
        ),
        *(_phases(path) for path in BOTH_PATHS),
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


def failures() -> list[AnyPanel]:
    """Return the panels about what fails, and how."""
    failures = select("onedata_onepanel_request_failures_total", by=PATH)
    status = select("onedata_onepanel_http_status", 'operation=~"health|configuration"', by=PATH)
    failed = graph(
        About(
            "Failures by reason",
            "Failed requests a minute; the reasons are explained in docs/metrics.md.",
            12,
            7,
            "nothing failed",
        ),
        "cpm",
        Query(
            "60 * max by (path, operation, reason) (\n"
            f"  sum by (instance, path, operation, reason) (rate({failures}[$__rate_interval]))\n) > 0",
            "{{path}} {{operation}}: {{reason}}",
        ),
    )
    return [
        beside(stacked(failed, bars=True)),
        states(
            About("HTTP status", "The status code of the last answer to each public operation.", 12, 7),
            (
                Query(f"min by (path, node, operation) ({status})", "{{path}} {{operation}} {{node}}"),
                http_statuses(),
            ),
        ),
    ]


def services() -> list[AnyPanel]:
    """Return the panels about what is behind Onepanel."""
    components = coded("onedata_component_status", "status", COMPONENTS, "component, host")
    overall = coded("onedata_worker_status", "status", REPORTS, "target")
    modules = coded("onedata_worker_module_status", "status", REPORTS, "host, module")
    return [
        states(
            About(
                "Services on each host",
                "What Onepanel reports of workers, managers and databases.",
                12,
                7,
                _UNKNOWN,
            ),
            (Query(components, "{{component}} {{host}}"), mapped(COMPONENTS)),
        ),
        states(
            About(
                "Worker's report",
                "What the worker reports of itself, and those of its modules that were not ok.",
                12,
                7,
                "not known: the worker does not report",
            ),
            (Query(overall, "worker"), mapped(REPORTS)),
            (Query(f"{modules} > 0", "{{module}} {{host}}"), mapped(REPORTS)),
        ),
    ]


def certificates() -> list[AnyPanel]:
    """Certificates and DNS records."""

    def served(name: str) -> str:
        return f"min by (path, node) ({select(f'onedata_tls_certificate_{name}', by=PATH)})"

    chain = f"min by (path, node) ({select('onedata_tls_chain_not_after_timestamp_seconds', by=PATH)})"
    different = f"max by (path, node) ({select('onedata_tls_certificates_served', by=PATH)})"
    names = select("onedata_tls_certificate_info", by=PATH)
    for label in ("subject", "issuer"):
        names = f'label_replace({names}, "{label}", "$1", "{label}", "(?:.*CN=)?([^,]+).*")'

    days = below((3, RED), (14, ORANGE), above=GREEN)
    web = coded("onedata_web_certificate_status", "status", WEB_CERTIFICATES, "target")
    renewal = coded("onedata_web_certificate_renewal", "status", RENEWALS, "target")
    dns = coded("onedata_dns_check_status", "status", DNS_CHECKS, "check")
    return [
        rows(
            About(
                "Certificates as served",
                "Of each path, also when they are expired or untrusted; several in ten minutes: nodes differ.",
                15,
                5,
            ),
            [
                Column("Path", source="path", width=70),
                Column(
                    "Days left",
                    f"({served('not_after_timestamp_seconds')} - time()) / 86400",
                    mappings=EXPIRED,
                    thresholds=days,
                    width=90,
                ),
                Column("Verified", served("verified"), mappings=yes_or_no("no", "yes"), width=90),
                Column(
                    "Chain, days left",
                    f"({chain} - time()) / 86400",
                    mappings=EXPIRED,
                    thresholds=days,
                    width=120,
                ),
                Column("Different ones", different, thresholds=below((2, GREEN), above=ORANGE), width=110),
                Column("Subject", source="subject", width=160),
                Column("Issuer", source="issuer", width=180),
                Column("Node", source="node"),
                Column("", f"max by (path, node, subject, issuer) ({names})"),
            ],
            ("Days left", False),
            ("Path", False),
            ("Node", False),
        ),
        states(
            About(
                "Onepanel's own view of certificate and DNS",
                "What Onepanel reports of its certificate and the DNS records, and whether it renews the former.",
                9,
                5,
                _UNKNOWN,
            ),
            (Query(web, "certificate"), mapped(WEB_CERTIFICATES)),
            (Query(dns, "{{check}}"), mapped(DNS_CHECKS)),
            (Query(renewal, "renewal"), mapped(RENEWALS)),
        ),
    ]


def _value(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(name, value)
