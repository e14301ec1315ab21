"""The kinds of panel that the dashboards are made of, dressed alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import NamedTuple, TypeAlias, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import (
    dashboard,
    geomap,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heatmap_model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.build.words import GREY, below

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

_Panel = TypeVar(
    "_Panel",
    stat.Panel,
    table.Panel,
    timeseries.Panel,
    statetimeline.Panel,
    heatmap.Panel,
    geomap.Panel,
    dashboard.Panel,
)


@dataclass(frozen=True, slots=True)
class About:
    """The title and the description of a panel, and its width and height on a grid of 24 columns.

    `empty` is what it shows without data; `size` that of the text of tiles that bear a name, in pixels.
    """

    title: str
    description: str
    width: int
    height: int
    empty: str = "no data"
    size: int = 24


AnyPanel: TypeAlias = Builder[model.Panel]


class Query(NamedTuple):
    """An expression, and the name that its series are given."""

    expr: str
    legend: str = ""


def dress(panel: _Panel, about: About) -> _Panel:
    """Return the panel with everything that all panels have."""
    return (
        panel.title(about.title)
        .description(about.description)
        .span(about.width)
        .height(about.height)
        .datasource(DATASOURCE)
        .no_value(about.empty)
    )


def over_time(query: Query, reference: str = "A") -> prometheus.Dataquery:
    """Return the query, asked over the whole time range."""
    return _asked(query, reference).range().format(PromQueryFormat.TIME_SERIES)


def now(query: Query, reference: str = "A") -> prometheus.Dataquery:
    """Return the query, asked for the end of the time range only."""
    return _asked(query, reference).instant().format(PromQueryFormat.TIME_SERIES)


def as_rows(expr: str, reference: str) -> prometheus.Dataquery:
    """Return the query, asked for the end of the time range only, for a table: labels become columns."""
    return _asked(Query(expr, "__auto"), reference).instant().format(PromQueryFormat.TABLE)


def _asked(query: Query, reference: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .expr(query.expr)
        .legend_format(query.legend)
        .ref_id(reference)
        .datasource(DATASOURCE)
    )


def graph(about: About, unit: str, *queries: Query) -> timeseries.Panel:
    """Lines over time, with their names below."""
    panel = (
        dress(timeseries.Panel(), about)
        .unit(unit)
        .line_width(2)
        .fill_opacity(0)
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
        .show_points(common.VisibilityMode.NEVER)
        .legend(_legend(common.LegendPlacement.BOTTOM))
        .tooltip(
            common_builders.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
    )
    for query, reference in zip(queries, ascii_uppercase, strict=False):
        panel.with_target(over_time(query, reference))
    return panel


def _legend(placement: common.LegendPlacement) -> common_builders.VizLegendOptions:
    return (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(placement)
        .show_legend(True)
    )


def beside(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the same graph with its legend at the right, where many long names leave it its height."""
    return panel.legend(_legend(common.LegendPlacement.RIGHT))


def stacked(panel: timeseries.Panel, *, bars: bool = False) -> timeseries.Panel:
    """Return the same graph with its series on top of one another, as areas or as bars."""
    style = common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE
    return (
        panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
        .draw_style(style)
        .fill_opacity(70 if bars else 40)
        .line_width(1)
        .min(0)
    )


def states(about: About, *rows: tuple[Query, Sequence[model.ValueMapping]]) -> statetimeline.Panel:
    """States over time, a row for each series; each query has its own words."""
    panel = (
        dress(statetimeline.Panel(), about)
        .unit("none")
        .thresholds(below(above=GREY))
        .mappings(list(rows[0][1]))
        .show_value(common.VisibilityMode.AUTO)
        .merge_values(True)
        .align_value(common.TimelineValueAlignment.LEFT)
        .row_height(0.85)
        .line_width(0)
        .fill_opacity(85)
        .per_page(20)
        .legend(common_builders.VizLegendOptions().show_legend(False))
    )
    for (query, mappings), reference in zip(rows, ascii_uppercase, strict=False):
        panel.with_target(over_time(query, reference))
        if reference != "A":
            panel.override_by_query(reference, [model.DynamicConfigValue("mappings", list(mappings))])
    return panel


def latency_heatmap(about: About, expr: str) -> heatmap.Panel:
    """Return how many observations fell into each bucket of a histogram, over time."""
    query = _asked(Query(expr, "{{le}}"), "A").range().format(PromQueryFormat.HEATMAP)
    return (
        dress(heatmap.Panel(), about)
        .with_target(query)
        .unit("s")
        .calculate(False)
        .y_axis(heatmap.YAxisConfig().unit("s").axis_placement(common.AxisPlacement.LEFT))
        .cell_values(heatmap.CellValues().unit("cps"))
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmap_model.HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .steps(64)
        )
        .rows_frame(heatmap.RowsHeatmapOptions().layout(common.HeatmapCellLayout.AUTO))
    )
