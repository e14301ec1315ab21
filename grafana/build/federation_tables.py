"""The tables of a federation."""

from __future__ import annotations

from grafana.build.frame import to_target
from grafana.build.panels import About, AnyPanel
from grafana.build.promql import BOTH_PATHS, PATH, path_state, select, worst_diagnosis
from grafana.build.tables import Column, rows
from grafana.build.words import DIAGNOSES, EXPIRED, GREEN, ORANGE, PATHS, RED, below, mapped, yes_or_no

NO_DISCOVERY = "no zone with `discover`"
DISCOVERED = select("onedata_discovered_providers")
_TO_TARGET = to_target("${__value.text}")


def providers() -> AnyPanel:
    """Return a table with a row for each provider."""
    return rows(
        About(
            "Every provider, the broken ones first",
            "Each Oneprovider of the zones: its own diagnosis, both paths, what each side reports of the connection, "
            "version and certificate.",
            24,
            10,
            NO_DISCOVERY,
        ),
        [
            Column("Provider", source="target", width=200, link=_TO_TARGET),
            Column("Zone", source="onezone", width=150),
            Column("Diagnosis", _of_providers(worst_diagnosis()), mappings=mapped(DIAGNOSES), width=150),
            *(
                Column(
                    path.capitalize(),
                    _of_providers(path_state(f'path="{path}"', labels="target")),
                    mappings=mapped(PATHS),
                    width=110,
                    empty="not known",
                )
                for path in BOTH_PATHS
            ),
            *_words(),
            Column(
                "Certificate, days left",
                _of_providers(
                    f"(min by (target) ({select('onedata_tls_certificate_not_after_timestamp_seconds', by=PATH)})"
                    " - time()) / 86400"
                ),
                mappings=EXPIRED,
                thresholds=below((3, RED), (14, ORANGE), above=GREEN),
                width=170,
                empty="not seen",
            ),
            Column("Name", source="name"),
            Column("", f"max by (target, onezone, name) ({select('onedata_provider_info')})"),
        ],
        ("Diagnosis", True),
        ("Provider", False),
    )


def discovered() -> AnyPanel:
    """Return a table with what became of the providers of each list."""
    return rows(
        About(
            "Providers by state",
            "What became of the providers of each list: `held` ones are missing in a list that lost more than half.",
            8,
            10,
            NO_DISCOVERY,
        ),
        [
            Column("Zone", source="target", width=180, link=_TO_TARGET),
            Column("State", source="state", width=160),
            Column("Providers", f"max by (target, state) ({DISCOVERED}) > 0"),
        ],
        ("Zone", False),
        ("State", False),
    )


def versions() -> AnyPanel:
    """Return a table with the number of clusters of each version."""
    return rows(
        About("Versions", "How many clusters run each version, by their Onepanel.", 12, 7),
        [
            Column("Kind", source="kind", width=160),
            Column("Version", source="version", width=200),
            Column(
                "Clusters",
                "count by (kind, version) (max by (target, kind, version) "
                f"({select('onedata_cluster_info')}))",
            ),
        ],
        ("Kind", False),
        ("Version", True),
    )


def _words() -> list[Column]:
    """Return what each side reports of the connection and of the version."""
    return [
        Column(
            title,
            _of_providers(f"min by (target) ({select(metric)})"),
            mappings=yes_or_no(no, yes),
            width=130,
            empty="not known",
        )
        for title, metric, no, yes in (
            ("Zone reports", "onedata_provider_online", "offline", "online"),
            ("Provider reports", "onedata_provider_connected", "cut off", "connected"),
            ("Version", "onedata_provider_compatible", "incompatible", "compatible"),
        )
    ]


def _of_providers(expr: str) -> str:
    """Return the same, of the targets that a zone lists only."""
    return f"(\n{expr}\n)\nand on (target) max by (target) ({select('onedata_provider_info')})"
