"""One name of the scrape job, wherever it is written: rules that look for another one fire for ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import generate_alerts

ROOT = Path(__file__).parents[2]
JOB = "onedata-exporter"
# Rounds on demand over `/probe`, which the rules leave out.
PROBES = "onedata-probe"
_WRITTEN = re.compile(
    r"""job_name["']?:\s*["']?([\w-]+)|\bjob=~?\\?["']([^"'\\]+)|replacement:\s*(onedata[\w-]*)"""
)
_PLACES = [
    ROOT / "README.md",
    *(
        path
        for pattern in ("*.md", "*.yml", "*.yaml", "*.libsonnet", "*.txt", "*.tpl", "*.json", "*.py")
        for folder in ("docs", "deploy", "grafana", "exporter", "bench")
        for path in (ROOT / folder).rglob(pattern)
    ),
]


def names(text: str) -> set[str]:
    """Return the names of scrape jobs that a text writes; a variable of Grafana is none."""
    found = {name for groups in _WRITTEN.findall(text) for name in groups if name}
    return {name for name in found if not name.startswith("$")}


def test_every_example_rule_chart_and_page_has_the_same_scrape_job() -> None:
    written = {path: names(path.read_text(encoding="utf-8")) for path in _PLACES if path.is_file()}
    assert {path.relative_to(ROOT): found for path, found in written.items() if found - {JOB, PROBES}} == {}
    by_name = {str(path.relative_to(ROOT)) for path, found in written.items() if found}
    assert by_name >= {
        "README.md",
        "deploy/prometheus/prometheus.yml",
        "deploy/compose/prometheus.yml",
        "deploy/prometheus/rules/onedata-alerts.yml",
        "deploy/mixin/config.libsonnet",
        "deploy/helm/onedata-exporter/templates/servicemonitor.yaml",
        "docs/high-availability.md",
    }


def test_a_scrape_over_probe_has_the_job_that_the_rules_leave_out() -> None:
    chart = ROOT / "deploy" / "helm" / "onedata-exporter" / "templates" / "scrapeconfig.yaml"
    for page in (chart, ROOT / "docs" / "web.md"):
        assert PROBES in names(page.read_text(encoding="utf-8")), page
    selector = generate_alerts.evaluate("{ selector: mixin._config.selector }")
    assert selector == {"selector": f'job!="{PROBES}"'}


def test_the_rules_look_for_this_job() -> None:
    assert generate_alerts.evaluate("{ selector: mixin._config.exporterSelector }") == {
        "selector": f'job="{JOB}"'
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  - job_name: onedata", {"onedata"}),
        ('up{job="other"}', {"other"}),
        ('{"job_name": "third"}', {"third"}),
        ("replacement: onedata-watcher", {"onedata-watcher"}),
        ('job=~"$job"', set()),
    ],
)
def test_a_name_is_found_however_it_is_written(text: str, found: set[str]) -> None:
    assert names(text) == found
