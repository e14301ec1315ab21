"""Federation: are the Oneproviders connected to their Onezone, do versions and clocks fit, and is discovery current?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build.federation_map import providers_map
from grafana.build.frame import Head, compose, to_target
from grafana.build.panels import About, AnyPanel, Query, graph
from grafana.build.promql import BOTH_PATHS, PATH, path_state, select, worst_diagnosis
from grafana.build.tables import Column, rows
from grafana.build.tiles import faults, tiles
from grafana.build.words import (
    DIAGNOSES,
    EXPIRED,
    GREEN,
    ORANGE,
    PATHS,
    RED,
    below,
    mapped,
    yes_or_no,
)

_HEAD = Head(
    "onedata-federation",
    "Onedata / Federation",
    "The Oneproviders that each Onezone lists: connection to the zone, versions, clocks and discovery.",
    since="now-6h",
)
NO_DISCOVERY = "no zone with `discover`"
_DISCOVERED = select("onedata_discovered_providers")
_TO_TARGET = to_target("${__value.text}")
_LISTED_AT = f"max by (target) ({select('onedata_discovery_last_success_timestamp_seconds')})"


def build() -> Dashboard:
    """Return the dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_summary(), _providers()]),
            ("Where", [providers_map(), _discovered()]),
            ("Versions and clocks", [_versions(), _clocks()]),
            ("Discovery", [_states(), _list_age()]),
        ],
    )


def _summary() -> list[AnyPanel]:
    return [
        tiles(
            About("Providers listed", "Oneproviders that the zones list, in all states.", 6, 4, NO_DISCOVERY),
            Query(f"sum(max by (target, state) ({_DISCOVERED}))"),
        ),
        faults(
            About(
                "Disconnected",
                "Oneproviders that their Onezone calls offline, or that call the connection broken.",
                6,
                4,
                "not known",
            ),
            f"sum({_connection()} == bool 0)",
        ),
        faults(
            About(
                "Incompatible",
                "Oneproviders with a version that their Onezone does not accept.",
                6,
                4,
                "not known",
            ),
            f"sum(min by (target) ({select('onedata_provider_compatible')}) == bool 0)",
        ),
        tiles(
            About(
                "Oldest list",
                "Time since the last list of that zone whose list is oldest.",
                6,
                4,
                NO_DISCOVERY,
            ),
            Query(f"time() - min({_LISTED_AT})"),
            unit="s",
            thresholds=below((900, GREEN), (3600, ORANGE), above=RED),
        ),
    ]


def _connection() -> str:
    """1 if neither side calls the connection broken, 0 if one of them does."""
    words = (select("onedata_provider_online"), select("onedata_provider_connected"))
    zone, provider = (f"min by (target) ({word})" for word in words)
    return f'min by (target) (label_replace({zone}, "by", "zone", "", "") or {provider})'


def _providers() -> AnyPanel:
    return rows(
        About(
            "Every provider, the broken ones first",
            "Each Oneprovider of the zones: its own diagnosis, both paths, what each side says of the connection, "
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


def _words() -> list[Column]:
    """Return what each side says of the connection and of the version."""
    return [
        Column(
            title,
            _of_providers(f"min by (target) ({select(metric)})"),
            mappings=yes_or_no(no, yes),
            width=130,
            empty="not known",
        )
        for title, metric, no, yes in (
            ("Zone says", "onedata_provider_online", "offline", "online"),
            ("Provider says", "onedata_provider_connected", "cut off", "connected"),
            ("Version", "onedata_provider_compatible", "incompatible", "compatible"),
        )
    ]


def _of_providers(expr: str) -> str:
    """Return the same, of the targets that a zone lists only."""
    return f"(\n{expr}\n)\nand on (target) max by (target) ({select('onedata_provider_info')})"


def _discovered() -> AnyPanel:
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
            Column("Providers", f"max by (target, state) ({_DISCOVERED}) > 0"),
        ],
        ("Zone", False),
        ("State", False),
    )


def _versions() -> AnyPanel:
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


def _clocks() -> AnyPanel:
    offset = select("onedata_clock_offset_seconds")
    return graph(
        About(
            "Clock offset",
            "The clock of each zone minus that of the exporter. Above 30 s, tokens and connections fail.",
            12,
            7,
            "no zone answers",
        ),
        "s",
        Query(f"max by (target) ({offset})", "{{target}}"),
    )


def _states() -> AnyPanel:
    return graph(
        About("Providers in each state", "The lists over time, of all zones together.", 12, 7, NO_DISCOVERY),
        "none",
        Query(f"sum by (state) (max by (target, state) ({_DISCOVERED})) > 0", "{{state}}"),
    )


def _list_age() -> AnyPanel:
    return graph(
        About("Age of the list", "Time since the zone last listed its providers.", 12, 7, NO_DISCOVERY),
        "s",
        Query(f"time() - {_LISTED_AT}", "{{target}}"),
    )
