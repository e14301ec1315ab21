"""The unit tests of the rules, made from `cases`: deploy/prometheus/tests, run with `promtool test rules`.

For each case two tests. It fires, alone, with exact labels and annotations, not one step earlier, and ends
when its cause does; while two other targets with the same fault are silent: one in maintenance, one whose
path is not expected to work. And missed scrapes change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from tests.alerts.cases import CASES, HEALTHY, Case
from tests.alerts.scenes import STEP_MINUTES, Scene, duration, firing, only, silent
from tests.alerts.stories import stories, stories_of_days
from tests.alerts.timeline import Shape, always, series

RULE_FILES = ["../rules/onedata-alerts.yml", "../rules/onedata-recording.yml"]
_STAYS_MINUTES = 5.0


def unit_tests() -> dict[str, dict[str, Any]]:
    """The files of tests by name. What takes days is looked at every five minutes, in a file of its own."""
    return {
        f"{name}.yml": {
            "rule_files": RULE_FILES,
            "evaluation_interval": duration(step),
            "group_eval_order": ["onedata-availability", "onedata-availability-alerts"],
            "tests": [test for case in CASES if case.step == step for test in _tests(case)] + more,
        }
        for name, step, more in (
            ("onedata-alerts", STEP_MINUTES, list(stories())),
            ("onedata-days", 5.0, list(stories_of_days())),
        )
    }


def _tests(case: Case) -> Iterator[dict[str, Any]]:
    base = {name: shape for name, shape in HEALTHY.items() if name not in case.without}
    affected = {**base, **case.changes}
    scene = Scene(f"{case.alert} ({case.severity})", affected, case.fires_at + _STAYS_MINUTES, case.step)
    yield _fires(case, replace(scene, series={**affected, **_bystanders(case, affected)}))
    at = case.fires_at + case.late_by_holes
    holes = replace(
        scene, name=f"{scene.name} survives missed scrapes", minutes=at + _STAYS_MINUTES, holes=True
    )
    yield holes.test(promql_expr_test=[only(at - case.step), only(at, case.alert, case.severity)])


def _bystanders(case: Case, affected: Mapping[str, Shape]) -> dict[str, Shape]:
    """Other targets with the same fault that must be silent: in maintenance; with the path not expected."""
    others: dict[str, Shape] = {}
    if case.of_target:
        others |= _renamed(affected, "resting") | {
            series("onedata_target_maintenance", target="resting-krakow"): always(1),
            series("onedata_target_maintenance", target="resting-paris"): always(1),
        }
    if case.path:
        expected = series("onedata_path_expected", target="unexpected-krakow", path=case.path)
        others |= _renamed(affected, "unexpected") | {expected: always(0)}
    return others


def _renamed(affected: Mapping[str, Shape], prefix: str) -> dict[str, Shape]:
    """The series of targets (and of their zone), with other names."""
    names = ("krakow", "paris", "zone.example")
    return {
        reduce(lambda text, name: text.replace(f'"{name}"', f'"{prefix}-{name}"'), names, own): shape
        for own, shape in affected.items()
        if "target=" in own
    }


def _fires(case: Case, scene: Scene) -> dict[str, Any]:
    checks = [silent(case, case.fires_at - case.step), firing(case, case.fires_at)]
    if case.gone_after is not None:
        end = case.fires_at + _STAYS_MINUTES
        gone = end + case.gone_after
        scene = replace(scene, minutes=gone, recovered_at=end)
        checks += [firing(case, end), silent(case, gone)]
    return scene.test(
        alert_rule_test=checks, promql_expr_test=[only(case.fires_at, case.alert, case.severity)]
    )
