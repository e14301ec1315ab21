"""What only several series, or several moments, can show of the rules: which alerts fire, and which do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.alerts.cases.case import HEALTHY
from tests.alerts.cases.certificates import certificate
from tests.alerts.cases.diagnoses import diagnosed
from tests.alerts.cases.quality import SLOW_AVAILABILITY
from tests.alerts.cases.services import component
from tests.alerts.scenes import STEP_MINUTES, Scene, firing, only, silent, story
from tests.alerts.several import of_days, of_labels, of_several_exporters
from tests.alerts.timeline import ONSET_MINUTES, Shape, always, series, turns

_PROXY_DOWN = ("OnedataProxyPathDown", "critical")
# Those that say that a path is not up.
_OF_PATHS = ("proxy_down", "proxy_broken", "panel_down", "unreachable", "certificate", "direct_down")
_UNREACHABLE = ("OnedataUnreachable", "critical")


def stories() -> Iterator[dict[str, Any]]:
    """Those of minutes."""
    yield from _of_diagnoses()
    yield from _of_chains()
    yield from _of_maintenance()
    yield from _of_services()
    yield from _of_exporters()
    yield from of_several_exporters()
    yield from of_labels()


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
    yield from of_days()


def _of_diagnoses() -> Iterator[dict[str, Any]]:
    yield story(
        "One diagnosis after another: never two alerts at once",
        {
            series("onedata_target_diagnosis", diagnosis="ok"): turns(1, 0),
            series("onedata_target_diagnosis", diagnosis="proxy_down"): lambda time: float(5 <= time < 15),
            series("onedata_target_diagnosis", diagnosis="unreachable"): lambda time: float(time >= 15),
        },
        (10, *_PROXY_DOWN),
        (15, *_PROXY_DOWN),
        (17.5, *_PROXY_DOWN),
        (18, *_UNREACHABLE),
        (20, *_UNREACHABLE),
    )
    for diagnosis in _OF_PATHS:
        path = "direct" if diagnosis == "direct_down" else "proxy"
        yield story(
            f"A path comes and goes: it is flapping, not {diagnosis}",
            _one_round_in_four(diagnosis, path),
            (10,),
            (20, "OnedataPathFlapping", "warning"),
        )
    yield story(
        "The certificate has expired: it is not also called untrusted",
        {**diagnosed("certificate"), **certificate(90, 5 / 24 / 60, "proxy")},
        (15, "OnedataCertificateExpired", "critical"),
    )


def _of_chains() -> Iterator[dict[str, Any]]:
    for verified in (0, 1):
        changes = {
            **certificate(90, 60, "proxy"),
            series("onedata_tls_chain_not_after_timestamp_seconds", path="proxy"): always(60),
            series("onedata_tls_certificate_verified", path="proxy"): always(verified),
        }
        alert = () if verified else ("OnedataCertificateExpired", "critical")
        needed = "not needed, as the chain is verified: no alert" if verified else "needed: the alert fires"
        yield story(f"One of the chain has expired, and is {needed}", changes, (15, *alert))


def _of_maintenance() -> Iterator[dict[str, Any]]:
    def resting(begin: float, end: float) -> dict[str, Shape]:
        return {series("onedata_target_maintenance"): lambda time: float(begin <= time < end)}

    yield story(
        "A maintenance window begins while an alert fires: it ends after keep_firing_for, for as long",
        {**diagnosed("proxy_down"), **resting(15, 35)},
        (15.5, *_PROXY_DOWN),
        (16,),
        (35,),
        (41,),
        (42, *_PROXY_DOWN),
    )
    yield story(
        "A maintenance window begins before an alert fires: it does not",
        {**diagnosed("proxy_down"), **resting(9.5, 35)},
        (10,),
        (25,),
    )


def _one_round_in_four(diagnosis: str, path: str) -> dict[str, Shape]:
    """The series of a single unhealthy node of four that share one name."""

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
    yield story(
        "The worker is stopped: no second alert about the service",
        {**diagnosed("proxy_down"), worker: turns(1, 0)},
        (15, *_PROXY_DOWN),
    )
    unhealthy = diagnosed("unhealthy")
    for kind in ("worker", "manager", "database"):
        unhealthy |= component(kind, "node1", well=True) | component(
            kind, "node2", well=False, word="unreachable"
        )
    yield story(
        "One host of two is unreachable: one alert",
        unhealthy,
        (20, "OnedataPanelUnhealthy", "warning"),
    )


def _of_exporters() -> Iterator[dict[str, Any]]:
    own = series("up", target="")
    yield story(
        "Every other scrape fails: the exporter is not down", {own: lambda time: float(time % 1 == 0)}, (30,)
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
    slow = {
        series("onedata_poll_interval_seconds"): always(600),
        series("onedata_exporter_config_last_reload_success_timestamp_seconds", target=""): always(0),
    }
    scene = replace(scene, name="No round since the start, of a target that is polled every ten minutes")
    scene = replace(scene, series={**scene.series, **slow}, minutes=37.5)
    yield scene.test(promql_expr_test=[only(37), only(37.5, "OnedataPollingStalled", "critical")])
    rare = replace(
        scene,
        name="A target that is polled every five seconds and scraped once a minute",
        step=1.0,
        minutes=20,
    )
    quick = {series("onedata_poll_interval_seconds"): always(5)}
    yield replace(rare, series={**HEALTHY, **quick}).test(
        promql_expr_test=[
            {"expr": "job_instance_target:onedata_poll_age:intervals > 3", "eval_time": at, "exp_samples": []}
            for at in ("10m", "10m30s", "11m")
        ]
    )
    yield story(
        "A target that is polled every ten minutes: its own interval counts",
        {
            series("onedata_poll_interval_seconds"): always(600),
            series("onedata_poll_last_attempt_timestamp_seconds"): lambda minutes: minutes // 10 * 600,
        },
        (35,),
    )
