"""The mixin by itself: what its `_config` changes, and what it rejects."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.rule_files import ALERTS, NAMES, ROOT, RULE_FILES, run
from tools import generate_alerts


def test_the_mixin_takes_another_selector_and_other_thresholds() -> None:
    config = {"selector": 'env="test"', "proxySlowSeconds": 7, "exporterSelector": 'job="other"'}
    rendered = generate_alerts.render_mixin(config)
    by_name = {
        rule["alert"]: rule["expr"]
        for group in rendered["alerts"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert "> bool 7)" in by_name["OnedataProxySlow"]
    assert 'up{job="other"}' in by_name["OnedataExporterDown"]
    rules_of_targets = [
        rule for part in ("alerts", "rules") for group in rendered[part]["groups"] for rule in group["rules"]
    ]
    selectors = [found for rule in rules_of_targets for found in re.findall(_SELECTOR, rule["expr"])]
    assert len(selectors) > 50
    assert all('env="test"' in selector for _name, selector in selectors), selectors


# A metric of the exporter and its matchers; recorded series and labels are none.
_SELECTOR = r"(?<![\w:.])(onedata_(?!exporter\b)\w+)(?!\w)(\{[^}]*\})?"


@pytest.mark.parametrize("table", ["after", "keep"])
def test_the_mixin_refuses_a_time_for_an_alert_that_it_does_not_have(table: str) -> None:
    with pytest.raises(RuntimeError, match="know no alert ProxypathDown"):
        generate_alerts.render_mixin({table: {"ProxypathDown": "9m"}})


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"grafanUrl": "https://grafana.domain.org"}, "_config.grafanUrl"),
        ({"certificateWarning": {"day": 20}}, "_config.certificateWarning.day"),
        ({"burnRates": {"2h": 3}}, "_config.burnRates.2h"),
        ({"after": {"ExporterDown": {"criticl": "1m"}}}, "_config.after.ExporterDown.criticl"),
    ],
)
def test_the_mixin_rejects_a_misspelt_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(RuntimeError, match=f"unknown key: {key}"):
        generate_alerts.render_mixin(config)


def test_the_mixin_rejects_a_target_label_that_alerts_have_themselves() -> None:
    with pytest.raises(RuntimeError, match="targetLabels: severity is a label of the alerts themselves"):
        generate_alerts.render_mixin({"targetLabels": ["owner", "severity"]})


def test_without_target_labels_alerts_carry_the_federation_only() -> None:
    text = json.dumps(generate_alerts.render_mixin({"targetLabels": []})["alerts"])
    assert "group_left (onezone, kind)" in text
    assert "owner" not in text


def test_every_key_of_the_mixins_configuration_is_heeded() -> None:
    numbers = itertools.count(1000)

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [f"label{next(numbers)}" for _each in value]
        if not isinstance(value, str):
            return next(numbers)
        return f"{value}{next(numbers)}" if len(value) > len("30m") else f"{next(numbers)}m"

    own = {"availabilityObjective": 0.5, "selector": 'env="test"'}
    config = {**other(generate_alerts.evaluate("mixin._config")), **own}
    text = json.dumps(generate_alerts.render_mixin(config)["alerts"], ensure_ascii=False)
    assert [key for key, words in _rendered(config) if json.dumps(words)[1:-1] not in text] == []


def _rendered(config: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Each key of the mixin's configuration, at any depth, and what the rules must make of its value."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _rendered(value, key)
        elif key == "availabilityObjective":
            yield key, f"an availability of {value:g}."
        elif within == "burnRates":
            yield key, f"> {value:g} * (1 - 0.5)\n"
        elif isinstance(value, list):
            yield key, ", ".join(value)
        elif key == "days" or key.endswith("Days"):
            yield f"{within} {key}", f" {value * 86_400}"
        else:
            yield f"{within} {key}", str(value).replace("%s", "OnedataUnreachable")


def test_how_long_each_alert_waits_is_set_in_one_place() -> None:
    config = generate_alerts.evaluate("mixin._config")
    assert sorted(f"Onedata{name}" for name in config["after"]) == NAMES
    alerts = list((ROOT / "deploy" / "mixin" / "alerts").glob("*.libsonnet"))
    assert len(alerts) == 8
    for file in alerts:
        assert not re.search(
            r"\b(for|keep_firing_for)\b\W*'\d|(after|keep)=", file.read_text(encoding="utf-8")
        )


URLS = {
    "grafanaUrl": "https://grafana.domain.org/",
    "exporterUrl": "https://exporter.domain.org:19443",
    "runbookUrl": "https://wiki.domain.org/%s",
}


def test_the_mixin_carries_every_dashboard_and_alerts_lead_to_them() -> None:
    carried = generate_alerts.evaluate("mixin.grafanaDashboards")
    files = (ROOT / "grafana" / "dashboards").glob("*.json")
    assert carried == {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}
    uids = {dashboard["uid"] for dashboard in carried.values()}
    linked = {
        re.findall(r"^https://grafana.domain.org/d/([\w-]+)", rule["annotations"]["dashboard_url"])[0]
        for rule in _alerts_with(URLS)
    }
    assert linked <= uids
    assert len(linked) > 2


def _alerts_with(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = generate_alerts.render_mixin(config)["alerts"]["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_an_alert_leads_to_the_pages_that_are_configured(tmp_path: Path) -> None:
    """The words of a name with a space, as Prometheus writes them."""
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump(generate_alerts.render_mixin({**URLS, "targetLabels": []})["alerts"])
    )
    labels = {"job": "onedata-exporter", "target": "my zone/1"}
    text = ",".join(f'{name}="{value}"' for name, value in labels.items())
    exp = {
        "exp_labels": {"severity": "critical", "diagnosis": "database_full", **labels},
        "exp_annotations": {
            "summary": "The database of my zone/1 is full",
            "description": "my zone/1: diagnosis database_full. Onepanel answers 503 to every public operation: its "
            "circuit breaker is open. First step: Free space on the database's disk, or enlarge it; the breaker "
            "closes by itself.",
            "runbook_url": "https://wiki.domain.org/OnedataDatabaseFull",
            "dashboard_url": "https://grafana.domain.org/d/onedata-target?var-target=my+zone%2F1",
            "exporter_url": "https://exporter.domain.org:19443/targets/my%20zone%2F1",
            "incidents_url": "https://exporter.domain.org:19443/incidents?target=my+zone%2F1",
        },
    }
    full = f'onedata_target_diagnosis{{instance="one",diagnosis="database_full",{text}}}'
    test = {
        "interval": "1m",
        "input_series": [{"series": full, "values": "1x10"}],
        "alert_rule_test": [{"eval_time": "5m", "alertname": "OnedataDatabaseFull", "exp_alerts": [exp]}],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [test]}))
    run("promtool", "test", "rules", "test.yml", folder=tmp_path)


def test_the_mixin_can_be_imported_from_its_own_folder_alone(tmp_path: Path) -> None:
    """As jsonnet-bundler installs it: a copy of the folder, with nothing beside it."""
    copy = shutil.copytree(ROOT / "deploy" / "mixin", tmp_path / "vendor" / "mixin")
    assert not [path for path in copy.rglob("*") if path.is_symlink()]
    parts = "{ alerts: mixin.prometheusAlerts, dashboards: mixin.grafanaDashboards }"
    rendered = generate_alerts.evaluate(parts, mixin=copy / "mixin.libsonnet")
    assert len(rendered["alerts"]["groups"]) == 3
    assert "onedata-fleet.json" in rendered["dashboards"]
    assert json.loads((copy / "jsonnetfile.json").read_text())["dependencies"] == []


def test_no_alert_leads_to_a_page_that_is_not_configured() -> None:
    for rule in ALERTS:
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    for rule in _alerts_with(dict.fromkeys(URLS, "")):
        assert set(rule["annotations"]) == {"summary", "description"}
    for file in RULE_FILES:
        assert "example.org" not in Path(file).read_text(encoding="utf-8")
