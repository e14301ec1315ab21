"""What panels show of series that simulated zones don't have: several nodes, several exporters, overdue rounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from grafana.build import words
from tests.grafana.boards import BOARDS, queries
from tests.grafana.monitored import interpolate
from tests.support.commands import succeed

_HEADER = 'job="onedata-exporter", instance="{exporter}", target="zone"'


def series(metric: str, value: int, exporter: str = "one", /, **labels: str) -> dict[str, str]:
    """A series of one exporter about the one target, with the same value all the time."""
    matchers = ", ".join(
        [_HEADER.format(exporter=exporter), *(f'{key}="{label}"' for key, label in labels.items())]
    )
    return {"series": f"{metric}{{{matchers}}}", "values": f"{value}x10"}


def direct(node: str, up: int, healthy: int | None = None) -> list[dict[str, str]]:
    """The series of a round about the direct path of a node."""
    values = {"onedata_onepanel_up": up, "onedata_onepanel_healthy": healthy}
    return [
        series(metric, value, path="direct", node=node)
        for metric, value in values.items()
        if value is not None
    ]


# A rate is asked over five seconds, and needs samples as close together.
_INTERVALS = {"Failures by reason": "1s"}


def check(
    folder: Path,
    panel: str,
    reference: str,
    given: list[dict[str, str]],
    expected: Mapping[str, float],
) -> None:
    """Hold a query of a panel to labels and values, by promtool."""
    (asked,) = {
        each.expr
        for board in BOARDS.values()
        for each in queries(board)
        if (each.panel, each.reference) == (panel, reference)
    }
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    test = {
        "interval": _INTERVALS.get(panel, "1m"),
        "input_series": given,
        "promql_expr_test": [{"expr": interpolate(asked, {}), "eval_time": "5m", "exp_samples": samples}],
    }
    file = folder / "test.json"
    file.write_text(json.dumps({"tests": [test]}))
    succeed("promtool", "test", "rules", file)


def code(chosen: tuple[words.Word, ...], text: str) -> int:
    """The number of a word."""
    (found,) = (word.code for word in chosen if word.text == text)
    return found


TABLE = "Every target, the broken ones first"
EXPECTED = series("onedata_path_expected", 1, path="direct")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1, 1), (1, 1), "up"),
        ((1, 1), (1,), "up"),
        ((1, 1), (1, 0), "unhealthy"),
        ((1, 1), (0,), "DOWN"),
        ((1, 0), (0,), "DOWN"),
    ],
)
def test_a_path_is_as_good_as_its_worst_node(
    tmp_path: Path, first: tuple[int, ...], second: tuple[int, ...], expected: str
) -> None:
    given = [EXPECTED, *direct("a", *first), *direct("b", *second)]
    check(tmp_path, TABLE, "D", given, {'{target="zone"}': code(words.PATHS, expected)})


def test_a_target_with_overdue_rounds_is_unknown(tmp_path: Path) -> None:
    unknown = code(words.DIAGNOSES, "unknown")
    check(tmp_path, TABLE, "A", [EXPECTED], {'{target="zone"}': unknown})
    check(tmp_path, "Targets in fault", "A", [EXPECTED], {"{}": 1})


@pytest.mark.parametrize(("up", "down"), [((1, 1), 0), ((1, 0), 1)])
def test_an_exporter_that_is_not_scraped_is_down(tmp_path: Path, up: tuple[int, int], down: int) -> None:
    scraped = {
        f'up{{job="{job}", instance="{instance}"}}': value
        for job, instance, value in (
            ("onedata-exporter", "one", up[0]),
            ("onedata-exporter", "two", up[1]),
            ("another", "three", 0),
        )
    }
    given = [{"series": name, "values": f"{value}x10"} for name, value in scraped.items()]
    known = {"series": 'onedata_exporter_targets{job="onedata-exporter", instance="one"}', "values": "1x10"}
    check(tmp_path, "Exporters down", "A", [*given, known], {"{}": down})
    of_exporters = {name: value for name, value in scraped.items() if "another" not in name}
    check(tmp_path, "Exporters", "A", [*given, known], of_exporters)


def test_a_target_may_be_watched_by_several_exporters(tmp_path: Path) -> None:
    given = [
        series(metric, 1, exporter, **labels)
        for exporter in ("one", "two")
        for metric, labels in (
            ("onedata_cluster_info", {"name": "Zone", "kind": "onezone", "version": "21.02.7"}),
            ("onedata_cluster_deployed", {}),
        )
    ]
    check(tmp_path, "Cluster", "A", given, {'{name="Zone"}': 1})


def test_a_failure_that_two_exporters_see_counts_once(tmp_path: Path) -> None:
    name, labels = "onedata_onepanel_request_failures_total", {"path": "proxy", "operation": "health"}
    given = [
        {**series(name, 0, exporter, reason="timeout", **labels), "values": "0+4x400"}
        for exporter in ("one", "two")
    ]
    expected = {'{path="proxy", operation="health", reason="timeout"}': 240}
    check(tmp_path, "Failures by reason", "A", given, expected)


def test_the_availability_of_a_month_is_read_from_the_recorded_series(tmp_path: Path) -> None:
    recorded = "job_target_path:onedata_onepanel_unavailable:ratio_avg30d"
    given = [
        {
            "series": f'{recorded}{{job="onedata-exporter", target="zone", path="proxy"}}',
            "values": "0.25x10",
        },
        series("onedata_onepanel_up", 1, path="proxy"),
        series("onedata_onepanel_up", 1, path="direct"),
        series("onedata_path_expected", 1, path="proxy"),
        series("onedata_path_expected", 1, path="direct"),
    ]
    expected = {'{target="zone", path="proxy"}': 0.75, '{target="zone", path="direct"}': 1}
    check(tmp_path, "Availability and error budget", "C", given, expected)


def test_of_two_exporters_the_earliest_end_of_a_certificate_counts(tmp_path: Path) -> None:
    name = "onedata_tls_certificate_not_after_timestamp_seconds"
    given = [
        series(name, days * 86_400 + 300, exporter, path="proxy")
        for exporter, days in (("one", 3), ("two", 90))
    ]
    check(tmp_path, "Certificates as served", "A", given, {'{path="proxy"}': 3})
