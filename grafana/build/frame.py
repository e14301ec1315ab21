"""What all dashboards have in common: variables, links to one another, annotations, panel ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from grafana.build.panels import DATASOURCE, AnyPanel
from grafana.build.promql import EXPORTER, OWN_LABELS, TARGET, select
from grafana.build.words import BLUE, ORANGE, RED

TAG = "onedata"
DOCS = "https://github.com/onedata/onedata-exporter/blob/main/docs"
# A link into another dashboard keeps the time range and all variables but the target.
KEPT = ("datasource", "job", "instance", *OWN_LABELS, "scheme")
KEEP = "&".join(["${__url_time_range}", *(f"${{{name}:queryparam}}" for name in KEPT)])

# What an annotation says of itself in Grafana's own words; the SDK knows no field for it.
ANNOTATION_TITLES = {
    "Diagnosis other than ok": "{{target}}: {{diagnosis}}",
    "Configuration loaded": "{{instance}} loaded its configuration",
    "Alert firing": "{{alertname}} {{target}}",
}

Row = tuple[str, Sequence[AnyPanel]]


def to_target(name: str) -> tuple[str, str]:
    """Return the title and URL of a link to all about a target; `name` is what Grafana replaces by its name."""
    return f"Everything about {name}", f"/d/onedata-target?var-target={name}&{KEEP}"


@dataclass(frozen=True, slots=True)
class Head:
    """The identity of a dashboard; the uid never changes. `one_target`: it shows one target at a time."""

    uid: str
    title: str
    description: str
    since: str
    one_target: bool = False


def compose(head: Head, rows: Iterable[Row], folded: Iterable[Row] = ()) -> model.Dashboard:
    """Return a dashboard of rows of panels; a row without a title has no heading.

    Rows that are `folded` are the last ones. Grafana asks for their data only when they are opened.
    """
    board = (
        dashboard.Dashboard(head.title)
        .uid(head.uid)
        .description(head.description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time(head.since, "now")
        .refresh("30s")
    )
    for variable in _variables(one_target=head.one_target):
        board.with_variable(variable)
    for annotation in _annotations():
        board.annotation(annotation)
    for link in _links():
        board.link(link)
    for title, panels in rows:
        if title:
            board.with_row(dashboard.Row(title))
        for panel in panels:
            board.with_panel(panel)
    for title, panels in folded:
        row = dashboard.Row(title)
        for panel in panels:
            row.with_panel(panel)
        board.with_row(row)
    return _numbered(board.build())


def _numbered(built: model.Dashboard) -> model.Dashboard:
    for number, panel in enumerate(_all_panels(built), start=1):
        panel.id_val = number
    return built


def _all_panels(built: model.Dashboard) -> Iterator[model.Panel | model.RowPanel]:
    for panel in built.panels or ():
        yield panel
        if isinstance(panel, model.RowPanel):
            yield from panel.panels


def _variables(*, one_target: bool) -> list[Builder[model.VariableModel]]:
    return [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _variable("job", "label_values(onedata_exporter_targets, job)"),
        _variable("instance", f"label_values({select('onedata_exporter_targets', by=('job',))}, instance)"),
        # The configured labels that the mixin knows (`targetLabels`). A target may be without them.
        *(
            _variable(
                label, f"label_values({select('onedata_target_info', by=EXPORTER)}, {label})"
            ).all_value(".*")
            for label in OWN_LABELS
        ),
        # No `.+` for all: a choice of owners or sites leaves the targets of others out.
        _variable(
            "target",
            f"label_values({select('onedata_target_info', by=(*EXPORTER, *OWN_LABELS))}, target)",
            many=not one_target,
            everything="",
        ),
        _variable("path", f"label_values({select('onedata_path_expected', by=TARGET)}, path)"),
        _scheme(shown=one_target),
    ]


def _scheme(*, shown: bool) -> dashboard.CustomVariable:
    """Return how browsers reach exporters, which no series contains; every dashboard has it, so that links keep it."""
    return (
        dashboard.CustomVariable("scheme")
        .label("Exporter's page over")
        .values("http,https")
        .current(model.VariableOption(selected=True, text="http", value="http"))
        .hide(model.VariableHide.DONT_HIDE if shown else model.VariableHide.HIDE_VARIABLE)
    )


def _variable(name: str, query: str, *, many: bool = True, everything: str = ".+") -> dashboard.QueryVariable:
    """Return a variable that Prometheus fills; `many`: several values can be chosen, or all.

    `everything` is what stands for all; if empty, it is the list of the values.
    """
    variable = (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .query(query)
        .datasource(DATASOURCE)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(many)
        .include_all(many)
    )
    if not many:
        return variable
    if everything:
        variable.all_value(everything)
    return variable.current(model.VariableOption(selected=True, text=["All"], value=["$__all"]))


def _annotations() -> list[dashboard.AnnotationQuery]:
    troubled = select("onedata_target_diagnosis", 'diagnosis!="ok"')
    reload = select("onedata_exporter_config_last_reload_success_timestamp_seconds", by=EXPORTER)
    alerts = 'ALERTS{alertname=~"Onedata.+", alertstate="firing", target=~"$target|"}'
    return [
        _annotation("Diagnosis other than ok", RED, f"max by (target, diagnosis) ({troubled}) == 1"),
        _annotation("Configuration loaded", BLUE, f"changes({reload}[$__rate_interval]) > 0"),
        _annotation("Alert firing", ORANGE, alerts, shown=False),
    ]


def _annotation(name: str, color: str, expr: str, *, shown: bool = True) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .icon_color(color)
        .expr(expr)
        .enable(shown)
    )


def _links() -> list[dashboard.DashboardLink]:
    return [
        dashboard.DashboardLink("Onedata dashboards")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(True)
        .keep_time(True),
        _link("Diagnoses", "What each diagnosis means, and what to do first", f"{DOCS}/diagnosis.md"),
        _link("Runbooks", "What to do when an alert calls", f"{DOCS}/runbooks/README.md"),
    ]


def _link(title: str, tooltip: str, url: str) -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink(title)
        .type(model.DashboardLinkType.LINK)
        .tooltip(tooltip)
        .url(url)
        .icon("doc")
        .target_blank(True)
    )
