"""The paths of the fleet: a tile for each target and path."""

from __future__ import annotations

from grafana.build.fleet_tables import NOBODY
from grafana.build.panels import About, AnyPanel, Query
from grafana.build.promql import path_state
from grafana.build.tiles import tiles
from grafana.build.words import PATHS, mapped

_TILES = 16


def worst() -> AnyPanel:
    """The worst paths of all targets in one panel, in the order of how bad they are."""
    return tiles(
        About(
            "Paths, those that are down first",
            f"Whether Onepanel answers over each path; the {_TILES} that are worst, as many as can be read.",
            24,
            6,
            NOBODY,
            size=16,
        ),
        Query(f"sort(bottomk({_TILES}, {path_state()}))", "{{target}} {{path}}"),
        mapped(PATHS),
    )
