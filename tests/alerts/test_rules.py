"""The rules by themselves: valid, tested one by one, documented, and about metrics that exist."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.settings.durations import parse_duration
from tests.alerts.faults import LOUD, NOT_END_TO_END, OF_THE_EXPORTER
from tests.alerts.stack import promql_blocks
from tests.alerts.unit_tests import unit_tests
from tests.support.programs import program
from tools import generate_alerts

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
RULE_FILES = sorted(map(str, (PROMETHEUS / "rules").glob("*.yml")))


def run(name: str, *arguments: str, folder: Path = PROMETHEUS) -> str:
    """What a program prints; fails with it when the program does."""
    done = subprocess.run(  # noqa: S603 - the program's path is looked up, its arguments are ours
        [program(name), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for file in RULE_FILES
        for group in yaml.safe_load(Path(file).read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


ALERTS = [rule for rule in rules() if "alert" in rule]
NAMES = sorted({rule["alert"] for rule in ALERTS})


def test_the_rules_pass_every_lint() -> None:
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)


def test_the_scrape_configuration_is_valid() -> None:
    run("promtool", "check", "config", "prometheus.yml")


@pytest.mark.parametrize("file", ["onedata-alerts.yml", "onedata-days.yml"])
def test_every_alert_fires_when_it_must_and_only_then(file: str) -> None:
    run("promtool", "test", "rules", file, folder=PROMETHEUS / "tests")


def test_the_configuration_of_alertmanager_is_valid() -> None:
    run("amtool", "check-config", str(ALERTMANAGER))


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "pager"), ("warning", "mail"), ("info", "nobody")]
)
def test_the_severity_decides_who_is_told(severity: str, receiver: str) -> None:
    labels = ("alertname=OnedataProxyPathDown", f"severity={severity}", "target=my-zone")
    routed = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert routed.split()[-1] == receiver


def test_the_rendered_files_are_those_of_the_mixin() -> None:
    for path, text in generate_alerts.files().items():
        assert path.read_text(encoding="utf-8") == text, f"run `make docs`: {path}"


def test_the_mixin_takes_another_selector_and_other_thresholds() -> None:
    config = {"selector": 'env="test"', "proxySlowSeconds": 7, "exporterSelector": 'job="other"'}
    rendered = generate_alerts.render_mixin(config)
    by_name = {
        rule["alert"]: rule["expr"] for group in rendered["alerts"]["groups"] for rule in group["rules"]
    }
    assert "> 7" in by_name["OnedataProxySlow"]
    assert 'up{job="other"}' in by_name["OnedataExporterDown"]
    for name in set(by_name) - {
        "OnedataExporterDown",
        "OnedataExporterAbsent",
        "OnedataAvailabilityBudgetBurn",
    }:
        metrics = re.findall(r"\bonedata_\w+(\{[^}]*\})?", by_name[name])
        assert metrics, name
        assert all('env="test"' in selector for selector in metrics), name


@pytest.mark.parametrize("table", ["after", "keep"])
def test_the_mixin_refuses_a_time_for_an_alert_that_it_does_not_have(table: str) -> None:
    with pytest.raises(RuntimeError, match="know no alert ProxypathDown"):
        generate_alerts.render_mixin({table: {"ProxypathDown": "9m"}})


def test_every_key_of_the_mixins_configuration_is_heeded() -> None:
    numbers = itertools.count(1000)

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(inner) for key, inner in value.items()}
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
            yield key, f"at {(1 - value) * 100:g} %"
        elif within == "burnRates":
            yield key, f"> {value / 2:g}\n"
        elif key.endswith("Days"):
            yield key, f" {value * 86_400}"
        else:
            yield f"{within} {key}", str(value).replace("%s", "OnedataUnreachable")


def test_how_long_each_alert_waits_is_set_in_one_place() -> None:
    config = generate_alerts.evaluate("mixin._config")
    assert sorted(f"Onedata{name}" for name in config["after"]) == NAMES
    alerts = list((ROOT / "deploy" / "mixin" / "alerts").glob("*.libsonnet"))
    assert len(alerts) == 6
    for file in alerts:
        assert not re.search(
            r"\b(for|keep_firing_for)\b\W*'\d|(after|keep)=", file.read_text(encoding="utf-8")
        )


def test_the_mixin_carries_every_dashboard_and_alerts_lead_to_them() -> None:
    carried = generate_alerts.evaluate("mixin.grafanaDashboards")
    files = (ROOT / "grafana" / "dashboards").glob("*.json")
    assert carried == {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}
    uids = {dashboard["uid"] for dashboard in carried.values()}
    linked = {re.findall(r"/d/([\w-]+)", rule["annotations"]["dashboard_url"])[0] for rule in ALERTS}
    assert linked <= uids


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_says_what_to_do_and_where_to_look(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    words = rule["annotations"]
    assert set(words) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert "First step: " in words["description"]
    assert words["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert sorted(page.stem for page in RUNBOOKS.glob("Onedata*.md")) == NAMES


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_has_all_four_kinds_of_unit_tests(rule: dict[str, Any]) -> None:
    """It fires with exact words, not one step earlier, missed scrapes or not."""
    name = f"{rule['alert']} ({rule['labels']['severity']})"
    fires, survives = _unit_tests(name), _unit_tests(f"{name} survives missed scrapes")
    assert 0 < len(fires) == len(survives)
    for test in fires:
        early, exact = test["alert_rule_test"][:2]
        assert _is_one_step(test, early, exact)
        assert (early["alertname"], early["exp_alerts"]) == (rule["alert"], [])
        (alert,) = exact["exp_alerts"]
        assert alert["exp_labels"]["severity"] == rule["labels"]["severity"]
        assert alert["exp_annotations"].keys() == rule["annotations"].keys()
    for test in survives:
        early, exact = test["promql_expr_test"]
        assert _is_one_step(test, early, exact)
        assert (len(early["exp_samples"]), len(exact["exp_samples"])) == (0, 1)
        scraped = [each for each in test["input_series"] if not each["series"].startswith("up{")]
        assert all("stale" in each["values"] for each in scraped)


def _unit_tests(name: str) -> list[dict[str, Any]]:
    return [test for file in unit_tests().values() for test in file["tests"] if test["name"] == name]


def _is_one_step(test: dict[str, Any], one: dict[str, Any], next_one: dict[str, Any]) -> bool:
    times = [parse_duration(each["eval_time"]) for each in (one, next_one)]
    return times[1] - times[0] == parse_duration(test["interval"])


def test_every_alert_is_tested_end_to_end_or_there_is_a_reason() -> None:
    tested = {fault.alert for fault in LOUD} | OF_THE_EXPORTER
    assert tested.isdisjoint(NOT_END_TO_END)
    assert sorted(tested | set(NOT_END_TO_END)) == NAMES


@pytest.mark.parametrize("diagnosis", [each for each in Diagnosis if each is not Diagnosis.OK])
def test_every_diagnosis_has_an_alert_that_begins_with_its_first_step(diagnosis: Diagnosis) -> None:
    (rule,) = (
        rule for rule in ALERTS if f'diagnosis="{diagnosis}"}}[2m])) == 1' in rule["expr"].partition("\n")[0]
    )
    assert rule["annotations"]["description"].endswith(f"First step: {RULE_OF[diagnosis].first_step}")


def test_a_diagnosis_is_over_before_another_can_fire() -> None:
    diagnosed = [rule for rule in ALERTS if rule["expr"].startswith("max by (job, target, node, diagnosis)")]
    assert len(diagnosed) == len(Diagnosis) - 1
    assert {rule["keep_firing_for"] for rule in diagnosed} == {"1m"}
    assert min(int(rule["for"].removesuffix("m")) for rule in diagnosed) >= 2 + 1


def _expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for page in RUNBOOKS.glob("*.md"):
        for query in promql_blocks(page.read_text(encoding="utf-8")):
            yield page.stem, query


def test_every_metric_that_is_asked_for_exists() -> None:
    golden = (ROOT / "tests" / "golden" / "metrics.txt").read_text(encoding="utf-8")
    exported = set(re.findall(r"^(\w+)[{ ]", golden, flags=re.MULTILINE))
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for where, expression in _expressions():
        without_labels = re.sub(
            r"\{[^}]*\}|\((job|target|zone_domain|instance|path|component)[^()]*\)", "", expression
        )
        asked = set(re.findall(r"\b(?:job_target_path:)?onedata_[\w:]+", without_labels))
        assert asked <= exported | recorded, (where, asked - exported - recorded)


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("Onedata*.md")), ids=lambda page: page.stem)
def test_a_runbook_has_its_sections_and_names_known_commands(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == [
        "Meaning",
        "Impact",
        "Diagnosis",
        "Mitigation",
        "Silence",
    ]
    known = {"amtool", "curl", "df", "journalctl", "onedata-exporter", "openssl", "promtool", "systemctl"}
    for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            assert shlex.split(line)[0] in known, line
    assert f"alertname={page.stem} " in text
