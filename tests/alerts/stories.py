"""What only several series, or several moments, can show of the rules: who speaks, and who keeps silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.alerts.cases import (
    HEALTHY,
    OF_LETS_ENCRYPT,
    SLOW_AVAILABILITY,
    certificate,
    component,
    diagnosed,
)
from tests.alerts.scenes import STEP_MINUTES, Scene, duration, firing, only, silent
from tests.alerts.timeline import ONSET_MINUTES, Shape, always, series, turns

_PROXY_DOWN = ("OnedataProxyPathDown", "critical")
# Those that say that a path is not up.
_OF_PATHS = ("proxy_down", "proxy_broken", "panel_down", "unreachable", "certificate", "direct_down")
_UNREACHABLE = ("OnedataUnreachable", "critical")


def stories() -> Iterator[dict[str, Any]]:
    """Those of minutes."""
    yield from _of_diagnoses()
    yield from _of_maintenance()
    yield from _of_services()
    yield from _of_exporters()


def stories_of_days() -> Iterator[dict[str, Any]]:
    """Those that take hours."""
    (case,) = SLOW_AVAILABILITY
    affected = {name: HEALTHY[name] for name in HEALTHY if name not in case.without} | dict(case.changes)
    for path, seen in (("proxy", silent), ("direct", firing)):
        flapping = series("ALERTS", alertname="OnedataPathFlapping", alertstate="firing", path=path)
        name = f"The {path} path is called flapping: what of the availability of the proxy path?"
        scene = Scene(name, {**affected, flapping: always(1)}, case.fires_at, case.step)
        yield scene.test(alert_rule_test=[seen(case, case.fires_at)])

    def outage(minutes: float) -> float:
        return float(600 <= minutes < 640)

    def well(minutes: float) -> float:
        return 1 - outage(minutes)

    changes = {
        series("onedata_target_diagnosis", diagnosis="ok"): well,
        series("onedata_target_diagnosis", diagnosis="proxy_down"): outage,
        series("onedata_onepanel_up", path="proxy"): well,
    }
    scene = Scene(
        "A long outage was called: nobody hears of it again", {**HEALTHY, **changes}, 760, case.step
    )
    yield scene.test(promql_expr_test=[only(620, *_PROXY_DOWN), only(670), only(700), only(760)])


def _story(
    name: str, changes: Mapping[str, Shape], *timestamps: tuple[float, *tuple[str, ...]]
) -> dict[str, Any]:
    """What fires at these moments (minutes, alert, severity) when these series differ from a healthy target's."""
    scene = Scene(name, {**HEALTHY, **changes}, timestamps[-1][0], STEP_MINUTES)
    return scene.test(promql_expr_test=[only(minutes, *alert) for minutes, *alert in timestamps])


def _of_diagnoses() -> Iterator[dict[str, Any]]:
    yield _story(
        "One diagnosis after another: never two alerts at once",
        {
            series("onedata_target_diagnosis", diagnosis="ok"): turns(1, 0),
            series("onedata_target_diagnosis", diagnosis="proxy_down"): lambda time: float(10 <= time < 20),
            series("onedata_target_diagnosis", diagnosis="unreachable"): lambda time: float(time >= 20),
        },
        (15, *_PROXY_DOWN),
        (20, *_PROXY_DOWN),
        (22.5, *_PROXY_DOWN),
        (23, *_UNREACHABLE),
        (30, *_UNREACHABLE),
    )
    for diagnosis in _OF_PATHS:
        path = "direct" if diagnosis == "direct_down" else "proxy"
        yield _story(
            f"A path comes and goes: it is flapping, not {diagnosis}",
            _one_round_in_four(diagnosis, path),
            (15,),
            (20, "OnedataPathFlapping", "warning"),
        )
    yield _story(
        "The certificate has expired: it is not also called untrusted",
        {**diagnosed("certificate"), **certificate(OF_LETS_ENCRYPT, 0, "proxy")},
        (30, "OnedataCertificateExpired", "critical"),
    )


def _of_maintenance() -> Iterator[dict[str, Any]]:
    def resting(begin: float, end: float) -> dict[str, Shape]:
        return {series("onedata_target_maintenance"): lambda time: float(begin <= time < end)}

    yield _story(
        "A maintenance window begins while an alert fires: it ends after keep_firing_for, for as long",
        {**diagnosed("proxy_down"), **resting(20, 40)},
        (20.5, *_PROXY_DOWN),
        (21,),
        (40,),
        (46,),
        (47, *_PROXY_DOWN),
    )
    yield _story(
        "A maintenance window begins before an alert fires: it does not",
        {**diagnosed("proxy_down"), **resting(14.5, 40)},
        (15,),
        (30,),
    )


def _one_round_in_four(diagnosis: str, path: str) -> dict[str, Shape]:
    """What a single sick node looks like where four answer to one name."""

    def bad(minutes: float) -> float:
        return float(minutes >= ONSET_MINUTES and minutes % 2 == 0)

    def good(minutes: float) -> float:
        return 1 - bad(minutes)

    return {
        series("onedata_target_diagnosis", diagnosis="ok"): good,
        series("onedata_target_diagnosis", diagnosis=diagnosis): bad,
        series("onedata_onepanel_up", path=path): good,
    }


def _of_services() -> Iterator[dict[str, Any]]:
    worker = series("onedata_component_status", component="worker", host="node1", status="healthy")
    yield _story(
        "The worker is stopped: no second alert about the service",
        {**diagnosed("proxy_down"), worker: turns(1, 0)},
        (30, *_PROXY_DOWN),
    )
    away = diagnosed("unhealthy")
    for kind in ("worker", "manager", "database"):
        away |= component(kind, "node1", well=True) | component(kind, "node2", well=False, word="unreachable")
    yield _story(
        "One host of two is away: the diagnosis says it, once", away, (30, "OnedataPanelUnhealthy", "warning")
    )


def _of_exporters() -> Iterator[dict[str, Any]]:
    own = series("up", target="")
    yield _story(
        "Every other scrape fails: the exporter is not down", {own: lambda time: float(time % 1 == 0)}, (30,)
    )
    other = series("up", target="", instance="other:19443")
    scene = Scene(
        "One of two exporters is down, then both: is another one up?",
        {own: turns(1, 0), other: lambda time: float(time < 20)},
        22,
        STEP_MINUTES,
    )
    one, both = {"exporter:19443": ',others="up"'}, {"exporter:19443": "", "other:19443": ""}
    yield scene.test(
        promql_expr_test=[_down(11.5, {}), _down(12, one), _down(20, one), _down(22, both)],
    )
    # The last attempt is exported once there was one.
    scene = Scene(
        "No round since the start",
        {name: shape for name, shape in HEALTHY.items() if "last_attempt" not in name}
        | {series("onedata_polls_total"): always(0)},
        5,
        STEP_MINUTES,
    )
    yield scene.test(promql_expr_test=[only(4.5), only(5, "OnedataPollingStalled", "critical")])


def _down(minutes: float, expected: Mapping[str, str]) -> dict[str, Any]:
    """At this moment these exporters are called down; with the label that says whether others are up."""
    return {
        "expr": 'count by (instance, others) (ALERTS{alertname="OnedataExporterDown",alertstate="firing"})',
        "eval_time": duration(minutes),
        "exp_samples": [
            {"labels": f'{{instance="{instance}"{others}}}', "value": 1}
            for instance, others in expected.items()
        ],
    }
