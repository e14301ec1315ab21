"""Every query of every panel, on a real Prometheus that has seen targets in fault; and what the panels then show."""

from __future__ import annotations

import re
from typing import Any

import pytest

from exporter.diagnosis.rules import RULE_OF, Diagnosis
from grafana.build import words
from tests.grafana.boards import BOARDS, Asked, queries, variables
from tests.grafana.monitored import Prometheus, interpolate

# What may be empty, and why; all else must have data for each of these targets.
EMPTY = {
    ("three-hosts", "Failures by reason", "A"): "nothing failed",
    (
        "worker-stopped",
        "Worker's report",
        "B",
    ): "all modules were ok until the worker stopped, and with it its report",
}
TARGETS = ("worker-stopped", "three-hosts")
NAMES = {"all-well", "certificate-expired", "panel-stopped", "three-hosts", "two-nodes", "worker-stopped"}


def query(uid: str, panel: str, reference: str = "A") -> Asked:
    """One query of a panel."""
    (found,) = (each for each in queries(BOARDS[uid]) if (each.panel, each.reference) == (panel, reference))
    return found


def latest_values(seen: Prometheus, asked: Asked, *labels: str, **chosen: str) -> dict[str, float]:
    """The last value of each series of a query, by some of its labels."""
    result = seen.ask(asked.expr, instant=asked.instant, **chosen)
    return {" ".join(filter(None, map(found.get, labels))): values[-1] for found, values in result}


def legend(template: str, labels: dict[str, str]) -> str:
    """A name as Grafana makes it of the labels of a series."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], match[1]), template)


def texts(chosen: tuple[words.Word, ...], values: dict[str, float]) -> dict[str, str]:
    """Values as the words that the panel shows for them."""
    text_of = {word.code: word.text for word in chosen}
    return {name: text_of[int(value)] for name, value in values.items()}


@pytest.mark.parametrize(
    "asked", list(queries(BOARDS["onedata-target"])), ids=lambda asked: f"{asked.panel}-{asked.reference}"
)
@pytest.mark.parametrize("target", TARGETS)
def test_every_query_about_a_target_has_data(seen: Prometheus, asked: Asked, target: str) -> None:
    found = seen.ask(asked.expr, instant=asked.instant, target=target)
    assert found or (target, asked.panel, asked.reference) in EMPTY


@pytest.mark.parametrize("uid", ["onedata-fleet", "onedata-exporter"])
def test_every_query_about_all_targets_has_data(seen: Prometheus, uid: str) -> None:
    for asked in queries(BOARDS[uid]):
        assert seen.ask(asked.expr, instant=asked.instant), asked


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_every_variable_has_values(seen: Prometheus, board: dict[str, Any]) -> None:
    values = {}
    for variable in variables(board, "query"):
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
        assert match
        matcher = interpolate(match[1], {})
        begin = seen.end - 60
        values[match[2]] = seen.get(
            f"label/{match[2]}/values", **{"match[]": matcher, "start": begin, "end": seen.end}
        )
    assert values["job"] == ["onedata-exporter"]
    assert len(values["instance"]) == 1
    assert set(values["target"]) == NAMES
    assert set(values["path"]) == {"proxy", "direct"}


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_annotations_show_changes_and_reloads(seen: Prometheus, board: dict[str, Any]) -> None:
    faults, loads, alerts = (
        seen.ask(annotation["expr"], instant=False) for annotation in board["annotations"]["list"]
    )
    assert {"target": "worker-stopped", "diagnosis": "proxy_down"} in [labels for labels, _values in faults]
    assert not alerts, "there are no rules here"
    assert loads, "its configuration was reloaded"
    assert all(value > 0 for _labels, values in loads for value in values)
    titles = [annotation["titleFormat"] for annotation in board["annotations"]["list"]]
    assert "worker-stopped: proxy_down" in {legend(titles[0], labels) for labels, _values in faults}
    assert all(legend(titles[1], labels).startswith("127.0.0.1:") for labels, _values in loads)


def test_the_fleet_shows_broken_targets_and_paths(seen: Prometheus) -> None:
    table = "Every target, the broken ones first"
    diagnoses = texts(words.DIAGNOSES, latest_values(seen, query("onedata-fleet", table), "target"))
    assert diagnoses == {
        "all-well": "ok",
        "certificate-expired": "certificate",
        "panel-stopped": "panel down",
        "three-hosts": "ok",
        "two-nodes": "unreachable",
        "worker-stopped": "proxy down",
    }
    paths = texts(
        words.PATHS,
        latest_values(seen, query("onedata-fleet", "Paths, those that are down first"), "target", "path"),
    )
    down = {name for name, text in paths.items() if text == "DOWN"}
    assert down == {
        "certificate-expired proxy",
        "panel-stopped direct",
        "panel-stopped proxy",
        "two-nodes direct",
        "two-nodes proxy",
        "worker-stopped proxy",
    }
    assert {text for name, text in paths.items() if name not in down} == {"up"}
    assert latest_values(seen, query("onedata-fleet", "Targets in fault")) == {"": 4}
    assert latest_values(seen, query("onedata-fleet", "Paths down")) == {"": 6}
    assert latest_values(seen, query("onedata-fleet", "Services not healthy")) == {"": 1 + 3 + 3}
    assert latest_values(seen, query("onedata-fleet", "Targets watched")) == {"": 6}
    assert latest_values(seen, query("onedata-fleet", "Exporters down")) == {"": 0}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("all-well", {"proxy": "up", "direct": "up"}),
        ("worker-stopped", {"proxy": "DOWN", "direct": "up"}),
        ("two-nodes", {"proxy": "DOWN", "direct": "DOWN"}),
    ],
)
def test_every_path_of_every_target_has_a_tile(
    seen: Prometheus, target: str, expected: dict[str, str]
) -> None:
    found = [
        latest_values(seen, query("onedata-fleet", "$target", tile), "path", target=target) for tile in "AB"
    ]
    assert [texts(words.PATHS, tile) for tile in found] == [{path: text} for path, text in expected.items()]


def test_the_fleets_table_shows_duration_and_other_findings(seen: Prometheus) -> None:
    table = "Every target, the broken ones first"
    columns = {
        column: latest_values(seen, query("onedata-fleet", table, column), "target") for column in "BEFG"
    }
    broken_for, unhealthy, days, success = columns.values()
    assert broken_for["all-well"] == 0
    assert 5 <= broken_for["worker-stopped"] <= 60
    assert unhealthy["worker-stopped"] == 1
    assert unhealthy["all-well"] == 0
    assert unhealthy["three-hosts"] == 3  # a worker stopped, one unhealthy, a database unhealthy
    assert days["certificate-expired"] < 0 < days["worker-stopped"]
    assert success["panel-stopped"] < success["worker-stopped"] - 5000


def test_the_fleet_counts_what_was_lost(seen: Prometheus) -> None:
    day, month, left = (
        latest_values(seen, query("onedata-fleet", "Availability and error budget", column), "target", "path")
        for column in "BCA"
    )
    assert day["all-well proxy"] == month["all-well proxy"] == left["all-well proxy"] == 1
    assert 0 <= day["worker-stopped proxy"] < 1
    assert left["worker-stopped proxy"] < 0
    assert latest_values(seen, query("onedata-fleet", "Smallest error budget"))[""] == min(left.values())


def test_only_targets_that_were_in_fault_have_a_history(seen: Prometheus) -> None:
    history = latest_values(seen, query("onedata-fleet", "Diagnoses of targets that were in fault"), "target")
    assert set(history) == NAMES - {"all-well", "three-hosts"}


def test_a_stopped_worker_is_seen_as_such(seen: Prometheus) -> None:
    def last(panel: str, *labels: str) -> dict[str, float]:
        return latest_values(seen, query("onedata-target", panel), *labels, target="worker-stopped")

    assert texts(words.DIAGNOSES, last("Diagnosis")) == {"": "proxy down"}
    (step,) = texts(words.FIRST_STEPS, last("First step")).values()
    assert step == RULE_OF[Diagnosis.PROXY_DOWN].first_step
    assert texts(words.PATHS, last("Both paths", "path")) == {"proxy": "DOWN", "direct": "up"}
    assert texts(words.COMPONENTS, last("Services on each host", "component")) == {
        "worker": "stopped",
        "manager": "healthy",
        "database": "healthy",
    }
    assert last("HTTP status", "path", "operation") == {
        "direct configuration": 200,
        "direct health": 200,
        "proxy configuration": 0,
        "proxy health": 0,
    }
    failures = last("Failures by reason", "path", "operation", "reason")
    assert {f"proxy {each} connection_refused" for each in ("configuration", "health")} <= set(failures)
    assert min(failures.values()) > 0


def test_the_history_of_a_stopped_worker_has_both_what_was_and_what_is(seen: Prometheus) -> None:
    asked = query("onedata-target", "Diagnosis and paths over time")
    ((_labels, values),) = seen.ask(asked.expr, instant=False, target="worker-stopped")
    shown = [word.text for value in dict.fromkeys(values) for word in words.DIAGNOSES if word.code == value]
    assert shown[-2:] == ["ok", "proxy down"]


def test_each_host_is_shown_with_its_own_fault(seen: Prometheus) -> None:
    services = latest_values(
        seen, query("onedata-target", "Services on each host"), "host", "component", target="three-hosts"
    )
    shown = {name: text for name, text in texts(words.COMPONENTS, services).items() if text != "healthy"}
    assert shown == {
        "host2.example worker": "stopped",
        "host3.example worker": "unhealthy",
        "host3.example database": "unhealthy",
    }
    modules = latest_values(
        seen, query("onedata-target", "Worker's report", "B"), "host", "module", target="three-hosts"
    )
    assert texts(words.REPORTS, modules)["host3.example gs_worker"] == "out of sync"
    assert texts(words.REPORTS, modules)["host2.example dispatcher"] == "error"
    view = "Onepanel's own view of certificate and DNS"
    web = latest_values(seen, query("onedata-target", view), target="three-hosts")
    assert texts(words.WEB_CERTIFICATES, web) == {"": "near expiration"}
    dns = latest_values(seen, query("onedata-target", view, "B"), "check", target="three-hosts")
    assert texts(words.DNS_CHECKS, dns) == {"domain": "ok", "dns_zone": "bad records"}
    renewal = latest_values(seen, query("onedata-target", view, "C"), target="three-hosts")
    assert texts(words.RENEWALS, renewal) == {"": "job lost"}


def test_each_node_is_seen_for_itself(seen: Prometheus) -> None:
    paths = latest_values(
        seen,
        query("onedata-target", "Diagnosis and paths over time", "B"),
        "node",
        "path",
        target="two-nodes",
    )
    assert texts(words.PATHS, paths) == {
        "node1 proxy": "unhealthy",  # it cannot reach the other
        "node1 direct": "unhealthy",
        "node2 proxy": "DOWN",
        "node2 direct": "DOWN",
    }


def test_an_expired_certificate_is_seen_as_such(seen: Prometheus) -> None:
    table = "Certificates as served"
    days = latest_values(seen, query("onedata-target", table), "path", target="certificate-expired")
    verified = latest_values(seen, query("onedata-target", table, "B"), "path", target="certificate-expired")
    assert days["proxy"] < 0 < days["direct"]
    assert verified == {"proxy": 0, "direct": 1}
    chain = latest_values(seen, query("onedata-target", table, "C"), "path", target="certificate-expired")
    assert chain == pytest.approx(days, abs=0.01)
    different = latest_values(seen, query("onedata-target", table, "D"), "path", target="certificate-expired")
    # The certificate may have been another one before the fault.
    assert different["proxy"] in {1, 2}
    assert different["direct"] == 1


def test_the_exporter_is_seen_to_be_trustworthy(seen: Prometheus) -> None:
    def one(panel: str) -> float:
        ((_name, value),) = latest_values(seen, query("onedata-exporter", panel)).items()
        return value

    assert (one("Exporters"), one("Targets overdue"), one("Bugs met"), one("Configuration")) == (1, 0, 0, 1)
    table = "Every target, the longest without a round first"
    age, credentials = (
        latest_values(seen, query("onedata-exporter", table, column), "target") for column in "AG"
    )
    assert set(age) == NAMES
    assert max(age.values()) < 3
    assert credentials["worker-stopped"] == 1
    finished = latest_values(seen, query("onedata-exporter", "Rounds a minute", "A"))
    assert finished[""] == pytest.approx(
        latest_values(seen, query("onedata-exporter", "Rounds a minute", "C"))[""], rel=0.4
    )
