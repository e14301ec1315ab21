"""The rules of the chart are those of the mixin, whatever the values set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.chart import RULES, only, refusal, render_with
from tests.support.commands import succeed
from tools.generate_alerts import render_mixin
from tools.generate_chart_rules import LINKS, leaves, nested, settings

Groups = list[dict[str, Any]]


def of_the_chart(config: dict[str, Any], folder: Path, **links: str) -> Groups:
    given = {"prometheusRule": {"enabled": True, "config": config}, **links}
    groups: Groups = only(render_with(given, folder), "PrometheusRule")["spec"]["groups"]
    return groups


def of_the_mixin(config: dict[str, Any]) -> Groups:
    rendered = render_mixin(config)
    return [group for part in ("alerts", "rules") for group in rendered[part]["groups"]]


def test_the_rules_are_those_of_the_project(tmp_path: Path) -> None:
    groups = of_the_chart({}, tmp_path)
    assert RULES
    assert groups == [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": groups}))
    succeed("promtool", "check", "rules", file)


def another(value: Any, number: int) -> Any:
    """A value unlike the default, and unlike those of all other settings."""
    if isinstance(value, list):
        return ["team", "site"]
    if isinstance(value, int | float):
        return float(f"{value + number / 1000:.3g}") if value < 1 else int(value) + number
    return f"{number}m" if not value or re.fullmatch("[0-9]+[smhdw]", value) else f'job="other{number}"'


def test_every_setting_changes_the_rules_as_it_changes_those_of_the_mixin(tmp_path: Path) -> None:
    config = nested(
        {
            path: 'env="production"' if path == ("selector",) else another(value, number)
            for number, (path, value) in enumerate(leaves(settings()), 1)
            if path[0] not in LINKS
        }
    )
    assert of_the_chart(config, tmp_path) == of_the_mixin(config)


@pytest.mark.parametrize(
    "config",
    [
        {"targetLabels": []},
        {"targetLabels": ["owner", "site", "team"]},
        {"after": {"ProxyPathDown": ""}},
        {"after": {"ExporterDown": {"critical": "7m"}}},
        {"keepFiring": ""},
        {"exporterSelector": 'job=~"a|b",env!="test"'},
    ],
)
def test_a_single_setting_leaves_the_others(config: dict[str, Any], tmp_path: Path) -> None:
    assert of_the_chart(config, tmp_path) == of_the_mixin(config)
    assert of_the_mixin(config) != of_the_mixin({})


@pytest.mark.parametrize(
    "links",
    [
        {"grafanaUrl": "https://grafana.domain.org/", "exporterUrl": "https://exporter.domain.org/onedata"},
        {"runbookUrl": "https://wiki.domain.org/%s?view=1"},
        {"runbookUrl": "", "exporterUrl": "https://exporter.domain.org"},
    ],
)
def test_links_follow_the_values_or_are_absent(links: dict[str, str], tmp_path: Path) -> None:
    assert of_the_chart({}, tmp_path, **links) == of_the_mixin(dict(links))


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("proxySlowSecond=2", "/prometheusRule/config"),
        ("after.ProxyPathGone=2m", "/prometheusRule/config/after"),
        ("after.ProxyPathDown=soon", "/prometheusRule/config/after/ProxyPathDown"),
        ("proxySlowSeconds=0", "/prometheusRule/config/proxySlowSeconds"),
        ("targetLabels={a-b}", "/prometheusRule/config/targetLabels/0"),
        ("grafanaUrl=https://grafana.domain.org", "/prometheusRule/config"),
    ],
)
def test_an_unknown_setting_is_refused(setting: str, place: str) -> None:
    assert f"'{place}'" in refusal("--set", f"prometheusRule.config.{setting}")
