"""Tables: several queries, one row for each thing they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import common, dashboard

from grafana.build.panels import About, as_rows, dress
from grafana.build.words import below


@dataclass(frozen=True, slots=True)
class Column:
    """A column: of a query's value, or of a label when there is no `expr`.

    A query without a title only brings its labels. `empty` is shown where there is no value; `link` is a title
    and a URL. Thresholds colour the text, mappings without thresholds the whole cell.
    """

    title: str
    expr: str = ""
    source: str = ""
    unit: str = "none"
    mappings: Sequence[dashboard.ValueMapping] = ()
    thresholds: builders.ThresholdsConfig | None = None
    width: int = 0
    decimals: int = 0
    empty: str = ""
    link: tuple[str, str] = ("", "")


def rows(about: About, columns: Sequence[Column], *sort: tuple[str, bool]) -> table.Panel:
    """Return a table of the columns, sorted by the titles of some (and whether the highest comes first).

    The first one decides, each further one among equals: where the order is not to change from one refresh to the
    next, the last one should be the name of what a row is about.

    Grafana calls values by their query, but just `Value` where a single one has an answer.
    """
    panel = dress(table.Panel(), about).unit("none").thresholds(below(above="transparent"))
    renamed: dict[str, str] = {}
    references = iter(ascii_uppercase)
    alone = sum(bool(column.expr) for column in columns) == 1
    for column in columns:
        source = column.source
        if column.expr:
            reference = next(references)
            panel.with_target(as_rows(column.expr, reference))
            source = "Value" if alone else f"Value #{reference}"
        renamed[source] = column.title
        panel.override_by_name(column.title, _properties(column))
    return (
        panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_arranged(renamed))
        .sort_by(
            [common_builders.TableSortByFieldState().display_name(title).desc(down) for title, down in sort]
        )
        .cell_height(common.TableCellHeight.SM)
        .show_header(True)
    )


def _arranged(renamed: dict[str, str]) -> dashboard.DataTransformerConfig:
    """Columns in the order of their declaration under their titles; a query whose column has no title is dropped."""
    return dashboard.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": {source: True for source in ("Time", "Value") if source not in renamed}
            | {source: True for source, title in renamed.items() if not title},
            "indexByName": {source: index for index, source in enumerate(renamed)},
            "renameByName": {source: title for source, title in renamed.items() if title},
        },
    )


def _properties(column: Column) -> list[dashboard.DynamicConfigValue]:
    """Return what distinguishes the column from the others."""
    cell: dict[str, object] = {}
    if column.thresholds:
        cell = {"type": "color-text"}
    elif column.mappings:
        cell = {"type": "color-background", "mode": "basic"}
    properties: list[tuple[str, object]] = [
        ("unit", column.unit),
        ("decimals", column.decimals),
        ("noValue", column.empty),
        ("mappings", list(column.mappings) or None),
        ("thresholds", column.thresholds.build() if column.thresholds else None),
        ("custom.width", column.width or None),
        ("custom.align", "left"),
        ("custom.cellOptions", cell or None),
        ("links", _links(*column.link)),
    ]
    return [
        dashboard.DynamicConfigValue(name, value) for name, value in properties if value not in (None, "")
    ]


def _links(title: str, url: str) -> list[dict[str, object]] | None:
    return [{"title": title, "url": url, "targetBlank": not url.startswith("/d/")}] if url else None
