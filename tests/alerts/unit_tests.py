"""The unit tests of the rules, made from `cases`: deploy/prometheus/tests, run with `promtool test rules`.

Each case is tested twice. Its alert fires, alone, with exact labels and annotations, not one step earlier, and ends
when its cause does; while other targets with the same fault are silent: in maintenance, expected to be offline,
with a path that is not expected to work, or found broken by one of two exporters only. And missed scrapes and
missing labels change nothing. Cases that need no exporter of their own share a test, each with a target of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from tests.alerts.cases import CASES
from tests.alerts.cases.case import HEALTHY, Case, of_exporter
from tests.alerts.lifetimes import lifetimes, lifetimes_in_minutes
from tests.alerts.scenes import STEP_MINUTES, Scene, duration, exactly, firing, silent
from tests.alerts.stories import stories, stories_of_days
from tests.alerts.timeline import Shape, always, recovers, series

RULE_FILES = ["../rules/onedata-alerts.yml", "../rules/onedata-recording.yml"]
GROUPS = ["onedata-availability", "onedata-exporter", "onedata-targets", "onedata-availability-alerts"]
HOUR_MINUTES = 60.0
_STAYS_MINUTES = 2.0


def unit_tests() -> dict[str, dict[str, Any]]:
    """Return the files of tests by name. What takes hours or days is evaluated less often, in files of its own."""
    return {
        f"{name}.yml": {
            "rule_files": RULE_FILES,
            "evaluation_interval": duration(step),
            "group_eval_order": GROUPS,
            "tests": [test for batch in batches(step) for test in _tests(batch)] + more,
        }
        for name, step, more in (
            ("onedata-alerts", STEP_MINUTES, [*stories(), *lifetimes_in_minutes()]),
            ("onedata-days", 5.0, list(stories_of_days())),
            ("onedata-certificates", HOUR_MINUTES, list(lifetimes())),
        )
    }


def batches(step: float) -> list[list[Case]]:
    """Return the cases with this step, as they share tests: no alert twice in one, and each with its own target."""
    together: list[list[Case]] = []
    for case in (each for each in CASES if each.step == step):
        # Every target that one of two exporters finds broken has a partial view.
        alone = case.alert == "OnedataPartialView"
        shared = case.of_target and not case.without and step == STEP_MINUTES and not alone
        room = next((batch for batch in together if shared and _has_room(batch, case)), None)
        if room is None:
            together.append([case])
        else:
            room.append(case)
    return [[_named(case) for case in batch] if len(batch) > 1 else batch for batch in together]


def _has_room(batch: list[Case], case: Case) -> bool:
    names = {each.alert for each in batch}
    return (
        "OnedataPartialView" not in names
        and batch[0].of_target
        and not batch[0].without
        and case.alert not in names
    )


def _named(case: Case) -> Case:
    """Return the case with a target that has the alert's name."""
    name = case.alert.removeprefix("Onedata").lower()

    def renamed(text: str) -> str:
        return text.replace("krakow", name)

    return replace(
        case,
        changes={renamed(own): shape for own, shape in case.changes.items()},
        elsewhere=case.elsewhere and {renamed(own): shape for own, shape in case.elsewhere.items()},
        labels={label: renamed(value) for label, value in case.labels.items()},
        summary=renamed(case.summary),
        description=renamed(case.description),
        target=name,
    )


def has_holes(case: Case) -> bool:
    """Return whether missed scrapes are tested: not where a step is longer than the windows of gauges."""
    return case.step == STEP_MINUTES and case.alert != "OnedataWatchdog"


def title(batch: list[Case]) -> str:
    """Return the name of the test of these cases."""
    variant = f": {batch[0].variant}" if batch[0].variant else ""
    first = f"{batch[0].alert} ({batch[0].severity}){variant}"
    return first if len(batch) == 1 else f"{first} and {len(batch) - 1} others"


def _tests(batch: list[Case]) -> Iterator[dict[str, Any]]:
    yield Scene(
        title(batch),
        {
            name: shape
            for case in batch
            for name, shape in {**_affected(case, recovers_at(case)), **_others(case)}.items()
        },
        max(map(ends_at, batch)),
        batch[0].step,
    ).test(
        alert_rule_test=[check for case in batch for check in _checks(case)],
        promql_expr_test=[_alone(case, case.fires_at) for case in batch],
    )
    with_holes = [case for case in batch if has_holes(case)]
    if with_holes:
        unlabelled = {
            name: shape
            for case in with_holes
            for name, shape in _affected(case).items()
            if not name.startswith("onedata_target_info")
        }
        at = {case.alert: case.fires_at + case.late_by_holes for case in with_holes}
        scene = Scene(
            f"{title(with_holes)}: missed scrapes change nothing",
            unlabelled,
            max(at.values()),
            STEP_MINUTES,
            holes=True,
        )
        yield scene.test(
            promql_expr_test=[
                check
                for case in with_holes
                for check in (
                    _alone(case, at[case.alert] - case.step, fires=False),
                    _alone(case, at[case.alert]),
                )
            ]
        )


def recovers_at(case: Case) -> float:
    """Return when the cause of the alert ends."""
    return case.fires_at + max(case.step, _STAYS_MINUTES)


def ends_at(case: Case) -> float:
    """Return when the test of the case ends."""
    return recovers_at(case) + (case.gone_after or 0)


def _affected(case: Case, until: float = float("inf")) -> dict[str, Shape]:
    """Return all series of the case: those of a healthy target, changed; healthy again from a time on."""
    base = {_of(case, name): shape for name, shape in HEALTHY.items() if name not in case.without}
    return {
        name: recovers(shape, until) if case.gone_after else shape
        for name, shape in {**base, **case.changes}.items()
    }


def _of(case: Case, own: str) -> str:
    return own.replace('"krakow"', f'"{case.target}"')


def _others(case: Case) -> dict[str, Shape]:
    """Return other targets with the same fault that must be silent."""
    affected = _affected(case)
    others: dict[str, Shape] = {}
    if case.of_target:
        for prefix, metric in (("resting", "maintenance"), ("offline", "expected_offline")):
            others |= _renamed(case, affected, prefix) | {
                series(f"onedata_target_{metric}", target=f"{prefix}-{name}"): always(1)
                for name in (case.target, "paris")
            }
    if case.path:
        expected = series("onedata_path_expected", target=f"unexpected-{case.target}", path=case.path)
        others |= _renamed(case, affected, "unexpected") | {expected: always(0)}
    if case.of_target and case.elsewhere is not None:
        healthy = {_of(case, name): shape for name, shape in HEALTHY.items()}
        well = {name: healthy.get(name, always(shape(0) or 0)) for name, shape in affected.items()}
        partial = {of_exporter(name): shape for name, shape in {**well, **case.elsewhere}.items()}
        others |= _renamed(case, {**affected, **partial}, "partial")
    return others


def _renamed(case: Case, affected: Mapping[str, Shape], prefix: str) -> dict[str, Shape]:
    """Return the series of targets (and of their zone), with other names."""
    names = (case.target, "paris", "zone.example")
    return {
        reduce(lambda text, name: text.replace(f'"{name}"', f'"{prefix}-{name}"'), names, own): shape
        for own, shape in affected.items()
        if "target=" in own
    }


def _checks(case: Case) -> Iterator[dict[str, Any]]:
    if case.alert != "OnedataWatchdog":
        yield silent(case, case.fires_at - case.step)
    yield firing(case, case.fires_at)
    if case.gone_after is not None:
        yield firing(case, recovers_at(case))
        yield silent(case, ends_at(case))


def _alone(case: Case, minutes: float, *, fires: bool = True) -> dict[str, Any]:
    """Return that of the case's targets this alert fires alone, or none."""
    alerts = [(case.alert, case.severity)] if fires else []
    return exactly(minutes, *alerts, of="" if case.target == "krakow" else case.target)
