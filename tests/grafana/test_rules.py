"""The rules of Grafana's dashboard-linter, for every dashboard, panel and query; none is excluded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import promql_parser as promql
import pytest

from tests.grafana.boards import BOARDS, panels, queries, variables

QUERIES = [asked for board in BOARDS.values() for asked in queries(board)]
PANELS = [panel for board in BOARDS.values() for panel in panels(board)]
SOURCE = "${datasource}"
# Ranges that stand for Grafana's own, and which nobody would write.
RATE_INTERVAL, INTERVAL, RANGE = "11d", "12d", "13d"
UNITS = {"none", "short", "s", "bytes", "percentunit", "cpm", "dateTimeFromNow"}

every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
every_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])


def parsed(expr: str) -> Any:
    """The syntax tree of an expression, with Grafana's intervals replaced; variables stay as they are."""
    for name, stand_in in (("rate_interval", RATE_INTERVAL), ("interval", INTERVAL), ("range", RANGE)):
        expr = expr.replace(f"$__{name}", stand_in)
    return promql.parse(expr)


_CHILDREN: dict[type, tuple[str, ...]] = {
    promql.BinaryExpr: ("lhs", "rhs"),
    promql.AggregateExpr: ("expr", "param"),
    promql.ParenExpr: ("expr",),
    promql.UnaryExpr: ("expr",),
    promql.SubqueryExpr: ("expr",),
    promql.MatrixSelector: ("vector_selector",),
}


def nodes(tree: Any, *parents: Any) -> Iterator[tuple[Any, ...]]:
    """Every node of a syntax tree, each followed by its parents, the nearest first."""
    yield tree, *parents
    children = [getattr(tree, name) for name in _CHILDREN.get(type(tree), ())]
    for child in [*children, *getattr(tree, "args", ())]:
        if child is not None:
            yield from nodes(child, tree, *parents)


def selectors(expr: str) -> list[Any]:
    """All vector selectors of an expression."""
    return [node for node, *_parents in nodes(parsed(expr)) if isinstance(node, promql.VectorSelector)]


@every_board
def test_the_data_source_is_a_variable(board: dict[str, Any]) -> None:
    (source,) = variables(board, "datasource")
    assert (source["name"], source["label"], source["query"]) == ("datasource", "Data source", "prometheus")


@every_board
@pytest.mark.parametrize("name", ["job", "instance"])
def test_job_and_instance_are_variables_that_may_have_many_values(board: dict[str, Any], name: str) -> None:
    (variable,) = (each for each in variables(board, "query") if each["name"] == name)
    assert variable["label"] == name.capitalize()
    assert variable["datasource"]["uid"] == SOURCE
    assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")


@every_board
def test_every_variable_asks_prometheus_with_valid_promql(board: dict[str, Any]) -> None:
    assert [each["name"] for each in variables(board, "query")] == [
        *("job", "instance", "owner", "site", "target", "path")
    ]
    for variable in variables(board, "query"):
        match = re.fullmatch(r"label_values\((.+), \w+\)", variable["query"])
        assert match, variable["query"]
        parsed(match[1])


@every_board
def test_a_choice_of_owners_or_sites_leaves_the_targets_of_others_out(board: dict[str, Any]) -> None:
    by_name = {each["name"]: each for each in variables(board, "query")}
    assert [by_name[name]["allValue"] for name in ("owner", "site")] == [".*", ".*"]
    assert 'owner=~"$owner", site=~"$site"' in by_name["target"]["query"]
    assert not by_name["target"].get("allValue"), "All must be the listed targets"


def test_no_dashboard_computes_a_day_or_more_from_single_scrapes() -> None:
    for asked in QUERIES:
        for node, *_parents in nodes(parsed(asked.expr)):
            if isinstance(node, promql.SubqueryExpr):
                assert node.range in {timedelta(hours=1), timedelta(days=int(RANGE[:-1]))}, asked.expr


@every_board
def test_variables_are_asked_for_again_when_the_time_range_changes(board: dict[str, Any]) -> None:
    assert {variable["refresh"] for variable in variables(board, "query")} == {2}


@every_board
def test_dashboards_are_not_editable(board: dict[str, Any]) -> None:
    assert board["editable"] is False


@every_panel
def test_every_panel_uses_the_chosen_data_source(panel: dict[str, Any]) -> None:
    used = [panel, *panel.get("targets", ())] if panel["type"] != "alertlist" else []
    assert {each["datasource"]["uid"] for each in used} <= {SOURCE}


@every_panel
def test_every_panel_has_a_title_and_a_description(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")


@every_panel
def test_every_panel_that_draws_data_has_a_valid_unit_and_a_word_for_no_data(panel: dict[str, Any]) -> None:
    if panel["type"] == "alertlist":
        return
    defaults = panel["fieldConfig"]["defaults"]
    overridden = [
        value["value"]
        for override in panel["fieldConfig"]["overrides"]
        for value in override["properties"]
        if value["id"] == "unit"
    ]
    assert {defaults["unit"], *overridden} <= UNITS
    assert defaults["noValue"]


@every_panel
def test_every_panel_that_draws_data_asks_for_some(panel: dict[str, Any]) -> None:
    assert panel.get("targets") or panel["type"] == "alertlist"


def test_every_query_is_valid_promql() -> None:
    for asked in QUERIES:
        parsed(asked.expr)


def test_every_rate_uses_the_rate_interval() -> None:
    marks = [annotation["expr"] for board in BOARDS.values() for annotation in board["annotations"]["list"]]
    for expr in [*marks, *(asked.expr for asked in QUERIES)]:
        for node, *parents in nodes(parsed(expr)):
            if isinstance(node, promql.MatrixSelector) and parents[0].func.name in {
                "rate",
                "irate",
                "changes",
            }:
                assert node.range.days == int(RATE_INTERVAL[:-1]), expr


def test_every_selector_is_narrowed_by_job_and_instance() -> None:
    for asked in QUERIES:
        # Recorded series are a judgement of several exporters.
        for selector in (each for each in selectors(asked.expr) if ":" not in (each.name or "")):
            matchers = {(each.name, str(each.op), each.value) for each in selector.matchers.matchers}
            assert {(name, "MatchOp.Re", f"${name}") for name in ("job", "instance")} <= matchers, asked.expr


def test_every_counter_is_shown_as_a_rate_or_an_increase() -> None:
    for asked in QUERIES:
        for node, *parents in nodes(parsed(asked.expr)):
            if isinstance(node, promql.VectorSelector) and re.search(
                "_(total|count|sum|bucket)$", node.name or ""
            ):
                assert isinstance(parents[0], promql.MatrixSelector), asked.expr
                assert parents[1].func.name in {"rate", "irate", "increase"}, asked.expr


def test_no_quantile_is_averaged() -> None:
    for asked in QUERIES:
        for node, *parents in nodes(parsed(asked.expr)):
            if isinstance(node, promql.Call) and node.func.name == "histogram_quantile":
                assert not any(isinstance(parent, promql.AggregateExpr) for parent in parents), asked.expr
