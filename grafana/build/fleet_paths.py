"""The paths of the fleet: a tile for each target and path."""

from __future__ import annotations

from grafana_foundation_sdk.models.common import VizOrientation

from grafana.build.fleet_tables import NO_EXPORTER
from grafana.build.frame import to_target
from grafana.build.panels import About, AnyPanel, Query, now
from grafana.build.promql import BOTH_PATHS, path_state
from grafana.build.tiles import linked, tiles
from grafana.build.words import PATHS, mapped

_TILES = 16
_PANELS_PER_ROW = 6
_TO_TARGET = to_target("${__field.labels.target}")


def worst() -> AnyPanel:
    """Return the worst paths of all targets in one panel, in the order of how bad they are."""
    panel = tiles(
        About(
            "Paths, those that are down first",
            f"Whether Onepanel answers over each path; the {_TILES} that are worst, as many as can be read. "
            "The row `Every path` below has them all.",
            24,
            7,
            NO_EXPORTER,
            size=16,
        ),
        Query(f"sort(bottomk({_TILES}, {path_state()}))", "{{target}} {{path}}"),
        mapped(PATHS),
    )
    return linked(panel, *_TO_TARGET)


def every() -> AnyPanel:
    """Both paths of one target; Grafana repeats the panel for each target, however many there are."""
    about = About(
        "$target",
        "Whether Onepanel answers over each path; of several nodes, the worst.",
        24 // _PANELS_PER_ROW,
        3,
        "not known",
        size=14,
    )
    proxy, direct = (Query(path_state(f'path="{path}"'), "{{path}}") for path in BOTH_PATHS)
    both = tiles(about, proxy, mapped(PATHS)).with_target(now(direct, "B"))
    side_by_side = both.orientation(VizOrientation.VERTICAL)
    repeated = side_by_side.repeat("target").repeat_direction("h").max_per_row(_PANELS_PER_ROW)
    return linked(repeated, *_TO_TARGET)
