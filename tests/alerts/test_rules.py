"""The rules by themselves: valid, tested one by one, documented, and about metrics that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.settings.durations import parse_duration
from tests.alerts.cases import CASES
from tests.alerts.cases.case import Case
from tests.alerts.faults import LOUD, NOT_END_TO_END, OF_PAIRS, OF_THE_EXPORTER
from tests.alerts.rule_files import (
    ALERTMANAGER,
    ALERTS,
    NAMES,
    PROMETHEUS,
    ROOT,
    RULE_FILES,
    RUNBOOKS,
    rules,
    run,
)
from tests.alerts.stack import promql_blocks
from tests.alerts.unit_tests import batches, has_holes, title, unit_tests
from tests.support.pending import PENDING
from tools import generate_alerts


def test_the_rules_pass_every_lint() -> None:
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)


def test_the_scrape_configuration_is_valid() -> None:
    run("promtool", "check", "config", "prometheus.yml")


@pytest.mark.parametrize("file", ["onedata-alerts.yml", "onedata-days.yml", "onedata-certificates.yml"])
def test_every_alert_fires_when_it_must_and_only_then(file: str) -> None:
    run("promtool", "test", "rules", file, folder=PROMETHEUS / "tests")


def test_the_configuration_of_alertmanager_is_valid() -> None:
    run("amtool", "check-config", str(ALERTMANAGER))


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("severity=critical", "pager"),
        ("severity=warning", "mail"),
        ("severity=info", "none"),
        ("severity=critical owner=storage", "storage-pager"),
        ("severity=warning owner=storage", "storage-mail"),
        ("severity=info owner=storage", "none"),
        ("severity=critical owner=unknown-team", "pager"),
    ],
)
def test_severity_and_owner_decide_the_receiver(labels: str, receiver: str) -> None:
    assert _route("alertname=OnedataProxyPathDown", "target=my-zone", *labels.split()) == receiver


def test_the_watchdog_goes_to_the_dead_mans_switch_alone() -> None:
    assert _route("alertname=OnedataWatchdog", "severity=none") == "dead-mans-switch"


def _route(*labels: str) -> str:
    routed = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    return routed.split()[-1]


def test_the_rendered_files_are_those_of_the_mixin() -> None:
    for path, text in generate_alerts.files().items():
        assert path.read_text(encoding="utf-8") == text, f"run `make docs`: {path}"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_has_a_first_step_and_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info", "none"}
    words = rule["annotations"]
    assert "First step: " in words["description"]
    assert words["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert sorted(page.stem for page in RUNBOOKS.glob("Onedata*.md")) == NAMES


_BATCHES = [batch for step in {case.step for case in CASES} for batch in batches(step)]


@pytest.mark.parametrize("batch", _BATCHES, ids=title)
def test_every_case_is_tested_in_all_ways(batch: list[Case]) -> None:
    """It fires with exact words, not one step earlier, missed scrapes or not."""
    tests = {test["name"]: test for file in unit_tests().values() for test in file["tests"]}
    fires = tests[title(batch)]
    for case in batch:
        checks = [check for check in fires["alert_rule_test"] if check["alertname"] == case.alert]
        *early, exact = checks[: 1 if case.alert == "OnedataWatchdog" else 2]
        assert all(_is_one_step(fires, before, exact) and not before["exp_alerts"] for before in early)
        (alert,) = exact["exp_alerts"]
        assert alert["exp_labels"]["severity"] == case.severity
    with_holes = [case for case in batch if has_holes(case)]
    if with_holes:
        survives = tests[f"{title(with_holes)}: missed scrapes change nothing"]
        checks = survives["promql_expr_test"]
        for before, exact in zip(checks[::2], checks[1::2], strict=True):
            assert _is_one_step(survives, before, exact)
            assert (len(before["exp_samples"]), len(exact["exp_samples"])) == (0, 1)
        scraped = [each for each in survives["input_series"] if not each["series"].startswith("up{")]
        assert all("stale" in each["values"] for each in scraped)
        assert not any(each["series"].startswith("onedata_target_info") for each in scraped)


def test_the_tests_have_every_case() -> None:
    tested = [(case.alert, case.severity) for batch in _BATCHES for case in batch]
    assert sorted(tested) == sorted((case.alert, case.severity) for case in CASES)


def test_every_alert_has_a_case() -> None:
    assert {(case.alert, case.severity) for case in CASES} == {
        (rule["alert"], rule["labels"]["severity"]) for rule in ALERTS
    }


def _is_one_step(test: dict[str, Any], one: dict[str, Any], next_one: dict[str, Any]) -> bool:
    times = [parse_duration(each["eval_time"]) for each in (one, next_one)]
    return times[1] - times[0] == parse_duration(test["interval"])


def test_every_alert_is_tested_end_to_end_or_there_is_a_reason() -> None:
    tested = {fault.alert for fault in LOUD} | OF_THE_EXPORTER | OF_PAIRS
    assert tested.isdisjoint(NOT_END_TO_END)
    assert sorted(tested | set(NOT_END_TO_END)) == NAMES


def _of_diagnosis(diagnosis: str) -> dict[str, Any]:
    """Return the one alert that begins with this diagnosis."""
    first = f'  job_target_node_diagnosis:onedata_target_diagnosis:quorum{{diagnosis="{diagnosis}"}}'
    (rule,) = (rule for rule in ALERTS if rule["expr"].splitlines()[1:2] == [first])
    return rule


@pytest.mark.parametrize("diagnosis", [each for each in Diagnosis if each is not Diagnosis.OK])
def test_every_diagnosis_has_an_alert_that_begins_with_its_first_step(diagnosis: Diagnosis) -> None:
    words = _of_diagnosis(diagnosis)["annotations"]["description"]
    assert words.endswith(f"First step: {RULE_OF[diagnosis].first_step}")


def test_a_diagnosis_resolves_before_another_fires() -> None:
    diagnosed = [_of_diagnosis(diagnosis) for diagnosis in Diagnosis if diagnosis is not Diagnosis.OK]
    assert {rule["keep_firing_for"] for rule in diagnosed} == {"1m"}
    assert min(int(rule["for"].removesuffix("m")) for rule in diagnosed) >= 2 + 1


def _expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for page in RUNBOOKS.glob("*.md"):
        for query in promql_blocks(page.read_text(encoding="utf-8")):
            yield page.stem, query


def _exported() -> set[str]:
    golden = (ROOT / "tests" / "golden" / "metrics.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^(\w+)[{ ]", golden, flags=re.MULTILINE))


def test_every_metric_that_is_asked_for_exists() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    labels = re.compile(
        r"\{[^}]*\}|\((job|target|zone_domain|instance|path|component|index|owner|onezone)[^()]*\)"
    )
    for where, expression in _expressions():
        asked = set(re.findall(r"[\w:]*\bonedata_[\w:]+", labels.sub("", expression)))
        assert asked <= _exported() | recorded | PENDING, (where, asked - _exported() - recorded)


def test_no_metric_is_pending_that_the_exporter_exports() -> None:
    assert PENDING.isdisjoint(_exported())


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
