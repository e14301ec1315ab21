"""The tables of the fleet."""

from __future__ import annotations

from grafana.build.frame import DOCS, to_target
from grafana.build.panels import About, AnyPanel
from grafana.build.promql import (
    BOTH_PATHS,
    PATH,
    availability,
    broken_for,
    budget_left,
    path_state,
    select,
    unhealthy_services,
    worst_diagnosis,
)
from grafana.build.tables import Column, rows
from grafana.build.words import (
    DIAGNOSES,
    EXPIRED,
    GREEN,
    GREY,
    ORANGE,
    OVERSPENT,
    PATHS,
    RED,
    Word,
    below,
    mapped,
)

_TO_TARGET = to_target("${__value.text}")
_TO_DIAGNOSES = ("What to do first", f"{DOCS}/diagnosis.md")
CERTIFICATE_END = select("onedata_tls_chain_not_after_timestamp_seconds", by=PATH)
NO_EXPORTER = "not known: no exporter answers, see Onedata / Exporter"
_DAYS_LEFT = below((3, RED), (14, ORANGE), above=GREEN)
BUDGET = below((0, RED), (0.25, ORANGE), above=GREEN)


def targets() -> AnyPanel:
    """Return every target in a row."""
    return rows(
        About(
            "Every target, the broken ones first",
            "Diagnosis of each target from both paths together; click its name for all about it. A target with several "
            "nodes is shown as its worst one. Services are known only where credentials are configured.",
            24,
            9,
            NO_EXPORTER,
        ),
        [*_states(), *_details()],
        ("Diagnosis", True),
        ("Services not healthy", True),
        ("Target", False),
    )


def _states() -> list[Column]:
    return [
        Column("Target", source="target", width=180, link=_TO_TARGET),
        Column(
            "Diagnosis",
            worst_diagnosis(),
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
        *(
            Column(
                path.capitalize(),
                path_state(f'path="{path}"', labels="target"),
                mappings=mapped(PATHS),
                width=120,
                empty="not known",
            )
            for path in BOTH_PATHS
        ),
    ]


def _details() -> list[Column]:
    info = select("onedata_cluster_info")
    return [
        Column(
            "Services not healthy",
            f"sum by (target) ({unhealthy_services()})",
            thresholds=below((0, GREY), (1, GREEN), above=RED),
            width=165,
            empty="not known",
        ),
        Column(
            "Certificate, days left",
            f"(min by (target) ({CERTIFICATE_END}) - time()) / 86400",
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
    ]


def availabilities() -> AnyPanel:
    """Return every path of every target in a row: how much of the time it worked."""
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
                budget_left("30d"),
                mappings=OVERSPENT,
                unit="percentunit",
                thresholds=BUDGET,
                width=290,
            ),
            Column(
                "Available, 24 hours",
                availability("1d"),
                unit="percentunit",
                thresholds=tiny,
                decimals=2,
                width=290,
            ),
            Column(
                "Available, 30 days",
                availability("30d"),
                unit="percentunit",
                thresholds=tiny,
                decimals=2,
                width=290,
            ),
        ],
        ("Error budget left, 30 days", False),
        ("Target", False),
        ("Path", False),
    )
