"""Tiles: present values in large letters."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard, stat
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from grafana.build.panels import About, Query, dress, now
from grafana.build.words import GREEN, GREY, NONE, RED, below


def tiles(
    about: About,
    query: Query,
    mappings: Sequence[model.ValueMapping] = (),
    thresholds: dashboard.ThresholdsConfig | None = None,
    unit: str = "none",
) -> stat.Panel:
    """One tile for each series, with its present value as text; coloured when its values are good or bad."""
    judged = bool(mappings or thresholds)
    named = bool(query.legend)
    sizes = common_builders.VizTextDisplayOptions().title_size(12).value_size(about.size if named else 36)
    return (
        dress(stat.Panel(), about)
        .with_target(now(query))
        .unit(unit)
        .decimals(0)
        .mappings(list(mappings))
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID if judged else common.BigValueColorMode.NONE)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME if named else common.BigValueTextMode.VALUE)
        .text(sizes)
        .wide_layout(False)
        .justify_mode(common.BigValueJustifyMode.CENTER)
        .thresholds(thresholds or below(above=GREY))
    )


def faults(about: About, expr: str) -> stat.Panel:
    """Return how many of something that there should be none of."""
    return tiles(about, Query(expr), NONE, thresholds=below((1, GREEN), above=RED))


def sentence(about: About, expr: str, mappings: Sequence[model.ValueMapping]) -> stat.Panel:
    """Return a whole sentence for the present value."""
    return (
        tiles(about, Query(expr), mappings)
        .color_mode(common.BigValueColorMode.NONE)
        .text(common_builders.VizTextDisplayOptions().value_size(20))
    )


def linked(panel: stat.Panel, title: str, url: str) -> stat.Panel:
    """Return the same tiles, each of which leads to another dashboard when it is clicked."""
    return panel.data_links([dashboard.DashboardLink(title).type(model.DashboardLinkType.LINK).url(url)])
