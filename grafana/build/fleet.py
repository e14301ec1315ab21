"""Fleet: is anything broken, where, and since when?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build.frame import DOCS, KEEP, Head, compose
from grafana.build.panels import About, AnyPanel, Query, states, tiles
from grafana.build.promql import (
    PATH,
    availability,
    broken_for,
    budget_left,
    coded,
    path_state,
    select,
)
from grafana.build.tables import Column, rows
from grafana.build.words import DIAGNOSES, EXPIRED, GREEN, GREY, ORANGE, PATHS, RED, Word, below, mapped

_HEAD = Head(
    "onedata-fleet",
    "Onedata / Fleet",
    "Every Onedata cluster over both paths to its Onepanel: is anything broken, where, and since when?",
    since="now-6h",
)
_TO_TARGET = ("Everything about ${__value.text}", f"/d/onedata-target?var-target=${{__value.text}}&{KEEP}")
_TO_DIAGNOSES = ("What to do first", f"{DOCS}/diagnosis.md")
_NONE = mapped([Word(0, "none", "none", GREEN)])
_TROUBLED = select("onedata_target_diagnosis", 'diagnosis!="ok"')
_NOT_AFTER = select("onedata_tls_certificate_not_after_timestamp_seconds", by=PATH)
_DAYS_LEFT = below((3, RED), (14, ORANGE), above=GREEN)
_BUDGET = below((0, RED), (0.25, ORANGE), above=GREEN)


def build() -> Dashboard:
    """The dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_summary(), _targets(), _paths()]),
            ("Since when", [_history(), _alerts()]),
            ("How much of the time", [_availability()]),
        ],
    )


def _summary() -> list[AnyPanel]:
    down = f"sum(({path_state()}) == bool 0)"
    return [
        tiles(
            About(
                "Targets in trouble",
                "Targets (or nodes) whose diagnosis is not ok.",
                5,
                4,
                "no target is watched",
            ),
            Query(f"sum(max by (target, node, diagnosis) ({_TROUBLED}))"),
            _NONE,
            thresholds=below((1, GREEN), above=RED),
        ),
        tiles(
            About(
                "Paths down",
                "Paths that are expected to work, and over which Onepanel does not answer.",
                5,
                4,
            ),
            Query(down),
            _NONE,
            thresholds=below((1, GREEN), above=RED),
        ),
        tiles(
            About("Targets watched", "Targets that the exporters are configured to watch.", 4, 4),
            Query(f"count(max by (target) ({select('onedata_path_expected', by=PATH)}))"),
        ),
        tiles(
            About(
                "Next certificate to end", "Time until the first of all certificates, as served, ends.", 5, 4
            ),
            Query(f"min({_NOT_AFTER}) - time()"),
            EXPIRED,
            unit="s",
            thresholds=below((3 * 86400, RED), (14 * 86400, ORANGE), above=GREEN),
        ),
        tiles(
            About(
                "Smallest error budget",
                "What is left of the error budget of 30 days on the worst path; below 0 it is overspent.",
                5,
                4,
            ),
            Query(f"min({budget_left('30d', '5m')})"),
            unit="percentunit",
            thresholds=_BUDGET,
        ),
    ]


def _targets() -> AnyPanel:
    healthy = select("onedata_component_status", 'status="healthy"')
    info = select("onedata_cluster_info")
    return rows(
        About(
            "Every target, the broken ones first",
            "What both paths together say of each target; click its name for all about it. A target with several "
            "nodes is shown as its worst one. Services are known only where credentials are configured.",
            24,
            8,
        ),
        [
            Column("Target", source="target", width=180, link=_TO_TARGET),
            Column(
                "Diagnosis",
                coded("onedata_target_diagnosis", "diagnosis", DIAGNOSES, "target"),
                mappings=mapped(DIAGNOSES),
                width=130,
                link=_TO_DIAGNOSES,
            ),
            Column(
                "Broken for",
                broken_for(),
                unit="s",
                mappings=mapped([Word(0, "ok", "–", GREY)]),
                thresholds=below(above=RED),
                width=110,
                empty="longer",
            ),
            Column("Proxy", path_state('path="proxy"', labels="target"), mappings=mapped(PATHS), width=120),
            Column("Direct", path_state('path="direct"', labels="target"), mappings=mapped(PATHS), width=120),
            Column(
                "Services not healthy",
                f"sum by (target) (1 - max by (target, component, host) ({healthy}))",
                thresholds=below((0, GREY), (1, GREEN), above=RED),
                width=165,
                empty="not known",
            ),
            Column(
                "Certificate, days left",
                f"(min by (target) ({_NOT_AFTER}) - time()) / 86400",
                mappings=EXPIRED,
                thresholds=_DAYS_LEFT,
                width=170,
                empty="not seen",
            ),
            Column(
                "Last success",
                f"1000 * max by (target) ({select('onedata_poll_last_success_timestamp_seconds', by=PATH)})",
                unit="dateTimeFromNow",
                width=155,
                empty="never",
            ),
            Column("Kind", source="kind", width=110, empty="not known"),
            Column("Version", source="version", empty="not known"),
            Column("", f"max by (target, kind, version) ({info})"),
        ],
        sort=("Diagnosis", True),
    )


def _paths() -> AnyPanel:
    return tiles(
        About(
            "Both paths of every target",
            "Whether Onepanel answers over each path, those that are down first.",
            24,
            4,
        ),
        Query(f"sort({path_state()})", "{{target}} {{path}}"),
        mapped(PATHS),
    )


def _history() -> AnyPanel:
    ever = f"max by (target) (max_over_time({_TROUBLED}[$__range] @ end())) == 1"
    diagnosis = coded("onedata_target_diagnosis", "diagnosis", DIAGNOSES, "target")
    return states(
        About(
            "Diagnoses of targets that were in trouble",
            "The diagnosis over time, of those targets only that were not ok all the time.",
            16,
            7,
            "no target was in trouble in this time",
        ),
        (Query(f"{diagnosis}\nand on (target) {ever}", "{{target}}"), mapped(DIAGNOSES)),
    )


def _alerts() -> AnyPanel:
    about = About(
        "Alerts firing and pending",
        "Alerts of the rules that come with the exporter, by what Prometheus says of them.",
        8,
        7,
    )
    panel = dashboard.Panel().type("alertlist").title(about.title).description(about.description)
    return (
        panel.span(about.width)
        .height(about.height)
        .options(
            {
                "viewMode": "list",
                "groupMode": "default",
                "groupBy": [],
                "maxItems": 50,
                "sortOrder": 3,
                "dashboardAlerts": False,
                "alertName": "",
                "alertInstanceLabelFilter": '{alertname=~"Onedata.+"}',
                "stateFilter": {
                    "firing": True,
                    "pending": True,
                    "noData": False,
                    "normal": False,
                    "error": True,
                },
            }
        )
    )


def _availability() -> AnyPanel:
    tiny = below((0.99, RED), (0.995, ORANGE), above=GREEN)
    return rows(
        About(
            "Availability and error budget",
            "The share of time in which Onepanel answered over a path that is expected to work, maintenance left out. "
            "The objective is 99.5 % of 30 days; the budget is what may fail, and below 0 it is overspent.",
            24,
            8,
        ),
        [
            Column("Target", source="target", width=330, link=_TO_TARGET),
            Column("Path", source="path", width=170),
            Column(
                "Error budget left, 30 days",
                budget_left("30d", "5m"),
                unit="percentunit",
                thresholds=_BUDGET,
                width=290,
            ),
            Column(
                "Available, 24 hours",
                availability("1d", "1m"),
                unit="percentunit",
                thresholds=tiny,
                decimals=2,
                width=290,
            ),
            Column(
                "Available, 30 days",
                availability("30d", "5m"),
                unit="percentunit",
                thresholds=tiny,
                decimals=2,
                width=290,
            ),
        ],
        sort=("Error budget left, 30 days", False),
    )
