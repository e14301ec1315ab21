"""Target: what is broken, and what to do?"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from grafana.build import target_details as details
from grafana.build.frame import DOCS, Head, compose
from grafana.build.panels import (
    About,
    AnyPanel,
    Query,
    states,
)
from grafana.build.promql import PATH, coded, path_state, select, unhealthy_services
from grafana.build.tables import Column, rows
from grafana.build.tiles import faults, sentence, tiles
from grafana.build.words import (
    DIAGNOSES,
    EXPIRED,
    FIRST_STEPS,
    GREEN,
    MEANINGS,
    ORANGE,
    PATHS,
    RED,
    below,
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


def build() -> model.Dashboard:
    """Return the dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_verdict(), *_paths(), *_facts(), _history()]),
            ("How fast", [*details.latency(), *details.inside()]),
            ("What fails", details.failures()),
            ("Behind Onepanel", details.services()),
            ("Certificates and DNS", details.certificates()),
        ],
    )


def _diagnosis(labels: str) -> str:
    return coded("onedata_target_diagnosis", "diagnosis", DIAGNOSES, labels)


def _verdict() -> list[AnyPanel]:
    page = ("The exporter's page of this target", "${scheme}://${__value.text}/targets/${target}")
    return [
        tiles(
            About("Diagnosis", "Diagnosis from both paths together; of several nodes, the worst.", 5, 4),
            Query(_diagnosis("target")),
            mapped(DIAGNOSES),
        ),
        sentence(
            About("What it means", "What the paths show when this diagnosis is made.", 19, 4),
            _diagnosis("target"),
            mapped(MEANINGS),
        ),
        rows(
            About("First step", "The first step for each node, and where to read on.", 24, 5),
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
            ("Node", False),
        ),
    ]


def _paths() -> list[AnyPanel]:
    success = select("onedata_poll_last_success_timestamp_seconds", by=PATH)
    return [
        tiles(
            About("Both paths", "Whether Onepanel answers over each path.", 4, 4),
            Query(f"sort({path_state(labels='path')})", "{{path}}"),
            mapped(PATHS),
        ),
        tiles(
            About(
                "Last success",
                "When a round last found Onepanel answering over each path.",
                4,
                4,
                "never",
                14,
            ),
            Query(f"1000 * max by (path) ({success})", "{{path}}"),
            unit="dateTimeFromNow",
        ),
    ]


def _facts() -> list[AnyPanel]:
    end = select("onedata_tls_chain_not_after_timestamp_seconds", by=PATH)
    return [
        faults(
            About(
                "Services not healthy",
                "Workers, managers and databases that are not healthy, whatever the diagnosis; see below.",
                4,
                4,
                "not known",
            ),
            f"sum({unhealthy_services()})",
        ),
        tiles(
            About(
                "Certificate ends in",
                "Of all certificates that this target serves, issuers included, the first to end.",
                4,
                4,
            ),
            Query(f"min({end}) - time()"),
            EXPIRED,
            unit="s",
            thresholds=below((3 * 86400, RED), (14 * 86400, ORANGE), above=GREEN),
        ),
        _cluster(),
    ]


def _cluster() -> AnyPanel:
    info = select("onedata_cluster_info")
    deployed = f"min by (target) ({select('onedata_cluster_deployed')})"
    return rows(
        About("Cluster", "Its public configuration.", 8, 4, "not known: no answer"),
        [
            Column("Name", source="name"),
            Column("Kind", source="kind", width=100),
            Column("Version", source="version", width=80),
            Column(
                "Deployed",
                f"min by (name) (\n  max by (target, name) ({info}) * on (target) group_left () {deployed}\n)",
                mappings=yes_or_no("no", "yes"),
                width=85,
            ),
            Column("", f"max by (name, kind, version) ({info})"),
        ],
        ("Name", False),
    )


def _history() -> AnyPanel:
    return states(
        About(
            "Diagnosis and paths over time",
            "The diagnosis, and the state of each path that it follows from.",
            24,
            6,
        ),
        (Query(_diagnosis("node"), "diagnosis {{node}}"), mapped(DIAGNOSES)),
        (Query(path_state(labels="path, node"), "{{path}} {{node}}"), mapped(PATHS)),
    )
