"""Fleet: is anything broken, where, and since when?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import fleet_paths as paths
from grafana.build import fleet_tables as tables
from grafana.build.fleet_tables import BUDGET, CERTIFICATE_END
from grafana.build.frame import KEEP, Head, compose
from grafana.build.panels import About, AnyPanel, Query, states
from grafana.build.promql import (
    PATH,
    budget_left,
    coded,
    exporter_up,
    path_state,
    select,
    unhealthy_services,
    worst_diagnosis,
)
from grafana.build.tiles import faults, linked, tiles
from grafana.build.words import DIAGNOSES, EXPIRED, GREEN, ORANGE, OVERSPENT, RED, below, mapped

_HEAD = Head(
    "onedata-fleet",
    "Onedata / Fleet",
    "Every Onedata cluster over both paths to its Onepanel: is anything broken, where, and since when?",
    since="now-6h",
)
_TROUBLED = select("onedata_target_diagnosis", 'diagnosis!="ok"')


def build() -> Dashboard:
    """Return the dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_summary(), *_outlook(), tables.targets(), paths.worst()]),
            ("Since when", [_history(), _alerts()]),
            ("How much of the time", [tables.availabilities()]),
        ],
        folded=[("By exporter", [_by_exporter()]), ("Every path", [paths.every()])],
    )


def _summary() -> list[AnyPanel]:
    return [
        faults(
            About(
                "Targets in fault",
                "Targets of which the diagnosis, or that of a node, is not ok or not known.",
                3,
                4,
                "not known",
            ),
            f"sum(({worst_diagnosis()}) > bool 0)",
        ),
        faults(
            About(
                "Paths down",
                "Paths that are expected to work, and over which Onepanel does not answer.",
                3,
                4,
                "not known",
            ),
            f"sum(({path_state()}) == bool 0)",
        ),
        faults(
            About(
                "Services not healthy",
                "Workers, managers and databases that are not healthy, where credentials let the exporter ask.",
                4,
                4,
                "not known",
            ),
            f"sum({unhealthy_services()})",
        ),
        _exporters(),
    ]


def _exporters() -> AnyPanel:
    down = faults(
        About(
            "Exporters down",
            "Exporters that Prometheus cannot scrape: what is shown of their targets is old or missing.",
            3,
            4,
            "not known",
        ),
        f"sum(({exporter_up()}) == bool 0)",
    )
    return linked(down, "Can the monitoring be trusted?", f"/d/onedata-exporter?{KEEP}")


def _outlook() -> list[AnyPanel]:
    return [
        tiles(
            About("Targets watched", "Targets that the exporters are configured to watch.", 3, 4),
            Query(f"count(max by (target) ({select('onedata_path_expected', by=PATH)}))"),
        ),
        tiles(
            About(
                "Next certificate to end",
                "Time until the first of all certificates, as served, ends; issuers included.",
                4,
                4,
            ),
            Query(f"min({CERTIFICATE_END}) - time()"),
            EXPIRED,
            unit="s",
            thresholds=below((3 * 86400, RED), (14 * 86400, ORANGE), above=GREEN),
        ),
        tiles(
            About(
                "Smallest error budget",
                "What is left of the error budget of 30 days on the worst path; below 0 it is overspent.",
                4,
                4,
            ),
            Query(f"min({budget_left('30d')})"),
            OVERSPENT,
            unit="percentunit",
            thresholds=BUDGET,
        ),
    ]


def _history() -> AnyPanel:
    ever = f"max by (target) (max_over_time({_TROUBLED}[$__range] @ end())) == 1"
    diagnosis = coded("onedata_target_diagnosis", "diagnosis", DIAGNOSES, "target")
    return states(
        About(
            "Diagnoses of targets that were in fault",
            "The diagnosis over time, of those targets only that were not ok all the time.",
            16,
            9,
            "no target was in fault in this time",
        ),
        (Query(f"{diagnosis}\nand on (target) {ever}", "{{target}}"), mapped(DIAGNOSES)),
    ).per_page(10)


def _by_exporter() -> AnyPanel:
    return states(
        About(
            "Diagnoses by each exporter",
            "What each exporter finds of each target that some exporter finds in fault: different words are a partial "
            "view, by the network in between.",
            24,
            9,
            "no target was in fault in this time",
        ),
        (
            Query(
                f"{coded('onedata_target_diagnosis', 'diagnosis', DIAGNOSES, 'target, instance')}\n"
                f"and on (target) max by (target) (max_over_time({_TROUBLED}[$__range] @ end())) == 1",
                "{{target}} seen by {{instance}}",
            ),
            mapped(DIAGNOSES),
        ),
    ).per_page(10)


def _alerts() -> AnyPanel:
    about = About(
        "Alerts firing and pending",
        "Alerts of the rules that come with the exporter, by their state in Prometheus.",
        8,
        9,
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
