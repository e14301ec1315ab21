"""The unit tests of the rules, made from `cases`: deploy/prometheus/tests, run with `promtool test rules`.

For each case two tests. It fires, alone, with exact labels and annotations, not one step earlier, and ends
when its cause does; while two other targets with the same trouble are silent: one in maintenance, one whose
path is not expected to work. And missed scrapes change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from tests.alerts.cases import CASES, HEALTHY, OF_LETS_ENCRYPT, Case, certificate, diagnosed
from tests.alerts.timeline import ONSET_MINUTES, Shape, always, missed, series, turns, written

RULE_FILES = ["../rules/onedata-alerts.yml", "../rules/onedata-recording.yml"]
RUNBOOK = "https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/{}.md"
DASHBOARD = {
    "target": "https://grafana.example.org/d/onedata-target?var-target=krakow",
    "exporter": "https://grafana.example.org/d/onedata-exporter",
    "fleet": "https://grafana.example.org/d/onedata-fleet",
}
_STEP = 0.5
_STAYS_MINUTES = 5.0


@dataclass(frozen=True)
class Scene:
    """Series over time. From `recovered_at` on they are as at the beginning; holes are missed scrapes."""

    name: str
    series: Mapping[str, Shape]
    minutes: float
    step: float
    recovered_at: float = float("inf")
    holes: bool = False

    def test(self, **expectations: Any) -> dict[str, Any]:
        """A test of promtool: the series, and what must be seen."""
        return {
            "name": self.name,
            "interval": _duration(self.step),
            "input_series": [
                {"series": name, "values": written(self._values(name, shape))}
                for name, shape in self.series.items()
            ],
            **expectations,
        }

    def _values(self, name: str, shape: Shape) -> Iterator[float | None]:
        # `up` is written by Prometheus itself, whatever a scrape comes to.
        holes = self.holes and not name.startswith("up{")
        for step in range(int(self.minutes / self.step) + 1):
            minutes = step * self.step
            if holes and missed(step):
                yield None
            else:
                yield shape(0.0 if minutes >= self.recovered_at else minutes)


def unit_tests() -> dict[str, dict[str, Any]]:
    """The files of tests by name. What takes days is looked at every five minutes, in a file of its own."""
    return {
        f"{name}.yml": {
            "rule_files": RULE_FILES,
            "evaluation_interval": _duration(step),
            "group_eval_order": ["onedata-availability", "onedata-availability-alerts"],
            "tests": [test for case in CASES if case.step == step for test in _tests(case)] + more,
        }
        for name, step, more in (("onedata-alerts", _STEP, list(_stories())), ("onedata-days", 5.0, []))
    }


def _tests(case: Case) -> Iterator[dict[str, Any]]:
    base = {name: shape for name, shape in HEALTHY.items() if name not in case.without}
    affected = {**base, **case.changes}
    scene = Scene(f"{case.alert} ({case.severity})", affected, case.fires_at + _STAYS_MINUTES, case.step)
    yield _fires(case, replace(scene, series={**affected, **_bystanders(case, affected)}))
    if case.step > _STEP:  # a scrape more or less is nothing to it
        return
    holes = replace(scene, name=f"{scene.name} survives missed scrapes", holes=True)
    before, at = case.fires_at - case.step, case.fires_at + case.late_by_holes
    yield holes.test(promql_expr_test=[_only(before), _only(at, case.alert, case.severity)])


def _bystanders(case: Case, affected: Mapping[str, Shape]) -> dict[str, Shape]:
    """Other targets with the same trouble that must be silent: in maintenance; with the path not expected."""
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
    checks = [_silent(case, case.fires_at - case.step), _firing(case, case.fires_at)]
    if case.gone_after is not None:
        end = case.fires_at + _STAYS_MINUTES
        gone = end + case.gone_after
        scene = replace(scene, minutes=gone, recovered_at=end)
        checks += [_firing(case, end), _silent(case, gone)]
    return scene.test(
        alert_rule_test=checks, promql_expr_test=[_only(case.fires_at, case.alert, case.severity)]
    )


def _stories() -> Iterator[dict[str, Any]]:
    """What only several series, or several moments, can show."""
    after_another = {
        series("onedata_target_diagnosis", diagnosis="ok"): turns(1, 0),
        series("onedata_target_diagnosis", diagnosis="proxy_down"): lambda time: float(10 <= time < 20),
        series("onedata_target_diagnosis", diagnosis="unreachable"): lambda time: float(time >= 20),
    }
    scene = Scene(
        "One diagnosis after another: never two alerts at once", {**HEALTHY, **after_another}, 30, _STEP
    )
    down, unreachable = ("OnedataProxyPathDown", "critical"), ("OnedataUnreachable", "critical")
    moments = ((15, down), (20, down), (22.5, down), (23, unreachable), (30, unreachable))
    yield scene.test(promql_expr_test=[_only(time, *alert) for time, alert in moments])

    yield from (_comes_and_goes(*seen) for seen in (("proxy_down", "proxy"), ("direct_down", "direct")))

    worker = series("onedata_component_status", component="worker", host="node1", status="healthy")
    stopped = {**HEALTHY, **diagnosed("proxy_down"), worker: turns(1, 0)}
    scene = Scene("The worker is stopped: no second alert about the service", stopped, 30, _STEP)
    yield scene.test(promql_expr_test=[_only(30, *down)])

    expired = {**HEALTHY, **diagnosed("certificate"), **certificate(OF_LETS_ENCRYPT, 0, "proxy")}
    scene = Scene("The certificate has expired: it is not also called untrusted", expired, 30, _STEP)
    yield scene.test(promql_expr_test=[_only(30, "OnedataCertificateExpired", "critical")])

    blinking = {series("up", target=""): lambda minutes: float(minutes % 1 == 0)}
    scene = Scene("Every other scrape fails: the exporter is not down", {**HEALTHY, **blinking}, 30, _STEP)
    yield scene.test(promql_expr_test=[_only(30)])

    never = {name: shape for name, shape in HEALTHY.items() if "last_attempt" not in name}
    scene = Scene("No round since the start", {**never, series("onedata_polls_total"): always(0)}, 10, _STEP)
    yield scene.test(promql_expr_test=[_only(4.5), _only(5, "OnedataPollingStalled", "critical")])


def _comes_and_goes(diagnosis: str, path: str) -> dict[str, Any]:
    """One round in four is bad, as where one node of several behind one name is sick."""

    def bad(minutes: float) -> float:
        return float(minutes >= ONSET_MINUTES and minutes % 2 == 0)

    def good(minutes: float) -> float:
        return 1 - bad(minutes)

    changes = {
        series("onedata_target_diagnosis", diagnosis="ok"): good,
        series("onedata_target_diagnosis", diagnosis=diagnosis): bad,
        series("onedata_onepanel_up", path=path): good,
    }
    scene = Scene(f"The {path} path comes and goes: flapping, not down", {**HEALTHY, **changes}, 20, _STEP)
    return scene.test(promql_expr_test=[_only(15), _only(20, "OnedataPathFlapping", "warning")])


def _only(minutes: float, *alert: str) -> dict[str, Any]:
    """At this moment exactly this alert (name, severity) fires, once; or none at all."""
    labels = '{{alertname="{}",severity="{}"}}'
    return {
        "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
        "eval_time": _duration(minutes),
        "exp_samples": [{"labels": labels.format(*alert), "value": 1}] if alert else [],
    }


def _firing(case: Case, minutes: float) -> dict[str, Any]:
    alert = {
        "exp_labels": {"severity": case.severity, **case.labels},
        "exp_annotations": {
            "summary": case.summary,
            "description": case.description,
            "runbook_url": RUNBOOK.format(case.alert),
            "dashboard_url": DASHBOARD[case.dashboard],
        },
    }
    return {"eval_time": _duration(minutes), "alertname": case.alert, "exp_alerts": [alert]}


def _silent(case: Case, minutes: float) -> dict[str, Any]:
    return {"eval_time": _duration(minutes), "alertname": case.alert, "exp_alerts": []}


def _duration(minutes: float) -> str:
    seconds = round(minutes * 60)
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
