"""Federation: are the Oneproviders connected to their Onezone, do versions and clocks fit, and is discovery current?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import federation_tables as tables
from grafana.build.federation_map import providers_map
from grafana.build.federation_tables import DISCOVERED, NO_DISCOVERY
from grafana.build.frame import Head, compose
from grafana.build.panels import About, AnyPanel, Query, graph
from grafana.build.promql import select
from grafana.build.tiles import faults, tiles
from grafana.build.words import GREEN, ORANGE, RED, below

_HEAD = Head(
    "onedata-federation",
    "Onedata / Federation",
    "The Oneproviders that each Onezone lists: connection to the zone, versions, clocks and discovery.",
    since="now-6h",
)
_LISTED_AT = f"max by (target) ({select('onedata_discovery_last_success_timestamp_seconds')})"


def build() -> Dashboard:
    """Return the dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_summary(), tables.providers()]),
            ("Location", [providers_map(), tables.discovered()]),
            ("Versions and clocks", [tables.versions(), _clocks()]),
            ("Discovery", [_states(), _list_age()]),
        ],
    )


def _summary() -> list[AnyPanel]:
    return [
        tiles(
            About("Providers listed", "Oneproviders that the zones list, in all states.", 6, 4, NO_DISCOVERY),
            Query(f"sum(max by (target, state) ({DISCOVERED}))"),
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
        Query(f"sum by (state) (max by (target, state) ({DISCOVERED})) > 0", "{{state}}"),
    )


def _list_age() -> AnyPanel:
    return graph(
        About("Age of the list", "Time since the zone last listed its providers.", 12, 7, NO_DISCOVERY),
        "s",
        Query(f"time() - {_LISTED_AT}", "{{target}}"),
    )
