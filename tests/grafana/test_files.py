"""The files that Grafana reads: as the code builds them, as Grafana's schema has them, and where it looks for them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from exporter.diagnosis.renewal import Renewal
from exporter.diagnosis.rules import Diagnosis
from exporter.operations.dns_check import DnsStatus
from exporter.operations.host_status import Status
from exporter.operations.web_certificate import WebCertificateStatus
from exporter.operations.worker_report import ReportStatus
from grafana.build import words
from grafana.build.__main__ import BUILDS, files
from grafana.build.frame import ANNOTATION_TITLES
from grafana.build.promql import AVAILABILITY_OBJECTIVE, OWN_LABELS
from tests.grafana.boards import BOARDS, ROOT, panels, queries, variables

every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))


def test_the_committed_dashboards_are_what_the_code_builds() -> None:
    assert {path.stem for path in files()} == set(BOARDS)
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run `make grafana`"


def lost(before: Any, after: Any, where: str = "") -> list[str]:
    """The places in which `after` lacks something that `before` has; what it has besides are defaults of the schema."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [each for key in before for each in lost(before[key], after.get(key), f"{where}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [each for index, pair in pairs for each in lost(*pair, f"{where}[{index}]")]
    return [] if before == after else [where]


@pytest.mark.parametrize("build", BUILDS)
def test_a_round_trip_through_grafanas_schema_loses_nothing(build: Callable[[], Dashboard]) -> None:
    built = json.loads(json.dumps(build(), cls=JSONEncoder))
    assert lost(built, BOARDS[built["uid"]]) == []


@every_board
def test_a_second_round_trip_changes_nothing(board: dict[str, Any]) -> None:
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    titles = {f".annotations.list[{number}].titleFormat" for number, _each in enumerate(ANNOTATION_TITLES)}
    assert set(lost(board, again)) == titles, "which the SDK has no field for"
    assert lost(again, board) == []


def test_uids_and_tags_are_those_that_links_and_alerts_rely_on() -> None:
    assert {uid: board["uid"] for uid, board in BOARDS.items()} == {uid: uid for uid in BOARDS}
    assert set(BOARDS) == {"onedata-fleet", "onedata-target", "onedata-federation", "onedata-exporter"}
    assert all(board["tags"] == ["onedata"] for board in BOARDS.values())


@every_board
def test_links_between_dashboards_keep_time_and_variables(board: dict[str, Any]) -> None:
    between = [link for link in board["links"] if link["type"] == "dashboards"]
    assert [(link["tags"], link["keepTime"], link["includeVars"]) for link in between] == [
        (["onedata"], True, True)
    ]
    for link in re.findall(r'"url": "/d/([^"]+)"', json.dumps(board)):
        assert link.startswith(tuple(BOARDS))
        assert "${__url_time_range}" in link
        kept = ("datasource", "job", "instance", "owner", "site", "scheme")
        assert all(f"${{{name}:queryparam}}" in link for name in kept)


@every_board
def test_every_dashboard_knows_over_what_browsers_reach_exporters(board: dict[str, Any]) -> None:
    (scheme,) = variables(board, "custom")
    assert (scheme["name"], scheme["query"], scheme["current"]["value"]) == ("scheme", "http,https", "http")
    shown = board["uid"] == "onedata-target"
    assert (scheme["hide"] == 0) is shown, "where the link is"
    assert ("${scheme}://${__value.text}/targets/" in json.dumps(board)) is shown


def test_tables_are_sorted_by_columns_that_they_have() -> None:
    for board in BOARDS.values():
        for panel in panels(board):
            if panel["type"] != "table":
                continue
            (arranged,) = (each["options"] for each in panel["transformations"] if each["id"] == "organize")
            titles = {*arranged["renameByName"].values()}
            assert {each["displayName"] for each in panel["options"]["sortBy"]} <= titles, panel["title"]


def test_the_fleet_begins_with_the_worst_and_keeps_equals_in_their_places() -> None:
    (table,) = (
        panel for panel in panels(BOARDS["onedata-fleet"]) if panel["title"].startswith("Every target")
    )
    order = [(each["displayName"], each["desc"]) for each in table["options"]["sortBy"]]
    assert order == [("Diagnosis", True), ("Services not healthy", True), ("Target", False)]


def test_every_path_has_a_tile_that_leads_to_its_target() -> None:
    (panel,) = BOARDS["onedata-fleet"]["panels"][-1]["panels"]
    assert (panel["title"], panel["repeat"]) == ("$target", "target")
    (worst,) = (each for each in panels(BOARDS["onedata-fleet"]) if each["title"].startswith("Paths, "))
    for tiles in (worst, panel):
        (link,) = tiles["fieldConfig"]["defaults"]["links"]
        assert link["url"].startswith("/d/onedata-target?var-target=${__field.labels.target}&")


def test_rows_that_are_folded_are_the_last_ones() -> None:
    for board in BOARDS.values():
        folded = [row["collapsed"] for row in board["panels"] if row["type"] == "row"]
        assert folded == sorted(folded)


def test_the_labels_that_targets_are_chosen_by_are_those_that_alerts_carry() -> None:
    config = (ROOT / "deploy" / "mixin" / "config.libsonnet").read_text(encoding="utf-8")
    (labels,) = re.findall(r"targetLabels: \[(.+)\]", config)
    assert tuple(re.findall(r"'(\w+)'", labels)) == OWN_LABELS


def test_tables_know_values_by_the_names_that_grafana_gives_them() -> None:
    for board in BOARDS.values():
        for panel in panels(board):
            if panel["type"] != "table":
                continue
            asked = [target["refId"] for target in panel["targets"]]
            called = ["Value"] if len(asked) == 1 else [f"Value #{reference}" for reference in asked]
            (arranged,) = (each["options"] for each in panel["transformations"] if each["id"] == "organize")
            assert {*called} <= {*arranged["renameByName"], *arranged["excludeByName"]}, panel["title"]


@every_board
def test_panels_do_not_overlap_and_fill_the_width(board: dict[str, Any]) -> None:
    cells: set[tuple[int, int]] = set()
    *before, last = board["panels"]
    # Grafana moves up what follows a folded row.
    for panel in [*(each for row in before for each in (row, *row.get("panels", ()))), last]:
        at = panel["gridPos"]
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not own & cells, panel["title"]
        cells |= own
    assert len(cells) == 24 * (max(y for _x, y in cells) + 1)


@every_board
def test_every_panel_has_an_id_and_every_query_of_a_panel_a_name_of_its_own(board: dict[str, Any]) -> None:
    ids = [each["id"] for panel in board["panels"] for each in (panel, *panel.get("panels", ()))]
    assert len(ids) == len(set(ids))
    asked = [(each.panel, each.reference) for each in queries(board)]
    assert len(asked) == len(set(asked))


def test_no_value_is_shown_by_its_colour_alone() -> None:
    for board in BOARDS.values():
        for panel in panels(board):
            for mapping in re.findall(r'"options": (\{"\d+": .*?\}\})', json.dumps(panel)):
                assert all(result["text"] for result in json.loads(mapping).values())


@pytest.mark.parametrize(
    ("chosen", "states"),
    [
        (words.DIAGNOSES, Diagnosis),
        (words.COMPONENTS, Status),
        (words.REPORTS, ReportStatus),
        (words.WEB_CERTIFICATES, WebCertificateStatus),
        (words.RENEWALS, Renewal),
        (words.DNS_CHECKS, DnsStatus),
    ],
)
def test_every_state_of_the_exporter_has_a_word(chosen: tuple[words.Word, ...], states: Any) -> None:
    assert {word.state for word in chosen} == {state.value for state in states}
    assert [word.code for word in chosen] == list(range(len(chosen)))


def test_the_error_budget_is_that_of_the_alert_rules() -> None:
    config = (ROOT / "deploy" / "mixin" / "config.libsonnet").read_text(encoding="utf-8")
    (objective,) = re.findall(r"availabilityObjective: ([0-9.]+)", config)
    assert float(objective) == AVAILABILITY_OBJECTIVE


def test_grafana_finds_data_source_and_dashboards_in_the_compose_stack() -> None:
    provisioning = ROOT / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "onedata.yml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yml").read_text())
    mounted = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    assert mounted["../../grafana/provisioning"] == "/etc/grafana/provisioning"
    assert mounted["../../grafana/dashboards"] == provider["options"]["path"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose["services"]["prometheus"]["networks"]["default"]["aliases"]
    assert provider["allowUiUpdates"] is False
