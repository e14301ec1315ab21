"""Several exporters: pairs that watch the same targets, shards that share them out, and labels they disagree about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.alerts.cases.case import EXPORTER, HEALTHY, OTHER, OWN, TARGET_INFO, of_exporter
from tests.alerts.cases.diagnoses import diagnosed
from tests.alerts.scenes import STEP_MINUTES, Scene, duration, exactly, story
from tests.alerts.timeline import Shape, always, begins, ends, series, turns

_PROXY_DOWN = ("OnedataProxyPathDown", "critical")
_PARTIAL = ("OnedataPartialView", "info")
_DOWN = ("OnedataExporterDown", "critical")
_REPLICA_DOWN = ("OnedataExporterDown", "warning")
_UNWATCHED = ("OnedataTargetUnwatched", "warning")
_SHARD = "onedata_exporter_shard_info"
_UP = series("up", target="")


def _seen_by(instance: str, changes: Mapping[str, Shape] | None = None) -> dict[str, Shape]:
    """Return all that another exporter reports of the same target."""
    return {of_exporter(name, instance): shape for name, shape in {**HEALTHY, **(changes or {})}.items()}


def _dead(instance: str = EXPORTER["instance"]) -> dict[str, Shape]:
    """Return what is left of an exporter that dies at the onset: `up` is 0."""
    series_of = {
        of_exporter(name, instance): ends(shape)
        for name, shape in HEALTHY.items()
        if not name.startswith("up{")
    }
    return {**series_of, of_exporter(_UP, instance): turns(1, 0)}


def _story(
    name: str,
    changes: Mapping[str, Shape],
    *times: tuple[float, *tuple[tuple[str, str], ...]],
    step: float = STEP_MINUTES,
) -> dict[str, Any]:
    scene = Scene(name, {**HEALTHY, **changes}, times[-1][0], step)
    return scene.test(promql_expr_test=[exactly(minutes, *alerts) for minutes, *alerts in times])


def of_several_exporters() -> Iterator[dict[str, Any]]:
    """Return the tests of pairs and shards."""
    yield from _of_quorum()
    yield from _of_dead_exporters()
    yield from _of_shards()


def _of_quorum() -> Iterator[dict[str, Any]]:
    down = diagnosed("proxy_down")
    yield _story(
        "Both exporters of a pair see the outage: one alert",
        {**down, **_seen_by(OTHER, down)},
        (10, _PROXY_DOWN),
    )
    yield _story(
        "One exporter of a pair sees an outage: no alert but the partial view",
        {**diagnosed("unreachable"), **_seen_by(OTHER)},
        (9.5,),
        (10, _PARTIAL),
        (30, _PARTIAL),
    )
    yield _story(
        "Two exporters of three see the outage",
        {**down, **_seen_by(OTHER, down), **_seen_by("third:19443")},
        (10, _PROXY_DOWN, _PARTIAL),
    )
    yield _story(
        "Both exporters see an outage, each another one: both alerts, of which Alertmanager keeps the worst",
        {**down, **_seen_by(OTHER, diagnosed("unreachable"))},
        (12.5, ("OnedataUnreachable", "critical"), _PROXY_DOWN),
    )
    unpolled = {
        series("onedata_polls_total"): always(0),
        series("onedata_target_diagnosis", diagnosis="ok"): always(0),
        series("onedata_target_diagnosis", diagnosis="unknown"): always(1),
        series("onedata_exporter_config_last_reload_success_timestamp_seconds", target=""): lambda minutes: (
            minutes * 60
        ),
    }
    new = {name: shape for name, shape in _seen_by(OTHER, unpolled).items() if "last_attempt" not in name}
    probed = {
        name.replace('"onedata-exporter"', '"onedata-probe"'): shape
        for name, shape in {**HEALTHY, **down}.items()
    }
    yield _story(
        "Prometheus probes the target, too: one alert all the same", {**down, **probed}, (10, _PROXY_DOWN)
    )
    yield _story("An exporter that has not polled yet has no say", {**down, **new}, (9.5,), (10, _PROXY_DOWN))


def _of_dead_exporters() -> Iterator[dict[str, Any]]:
    down = diagnosed("proxy_down")
    yield _story(
        "One exporter of a pair dies with the target: the other one is enough",
        {**down, **_seen_by(OTHER), **_dead(OTHER)},
        (7, _REPLICA_DOWN),
        (12, _REPLICA_DOWN, _PROXY_DOWN),
    )
    of_another = {name.replace('"krakow"', '"paris"'): shape for name, shape in _seen_by(OTHER).items()}
    yield _story(
        "An exporter dies that polls targets of its own, while another one lives",
        {**of_another, **_dead()},
        (6.5,),
        (7, _DOWN),
        (12, _DOWN, _UNWATCHED),
    )
    scene = Scene(
        "One exporter of a pair dies, then the other",
        {**_seen_by(OTHER), **_dead(), of_exporter(_UP): lambda minutes: float(minutes < 15)},
        18,
        STEP_MINUTES,
    )
    one = {("exporter:19443", "warning"): ',others="up"'}
    both = {("exporter:19443", "critical"): "", ("other:19443", "critical"): ""}
    yield scene.test(promql_expr_test=[_down(6.5, {}), _down(7, one), _down(15, one), _down(18, both)])


def _down(minutes: float, expected: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Return that these exporters are reported as down, with the label that shows whether others are up."""
    return {
        "expr": 'count by (instance, severity, others) (ALERTS{alertname="OnedataExporterDown",alertstate="firing"})',
        "eval_time": duration(minutes),
        "exp_samples": [
            {"labels": f'{{instance="{instance}",severity="{severity}"{others}}}', "value": 1}
            for (instance, severity), others in expected.items()
        ],
    }


def _shard(instance: str, index: int, count: int) -> str:
    return series(_SHARD, target="", instance=instance, index=str(index), count=str(count))


def _of_shards() -> Iterator[dict[str, Any]]:
    without = {series(_SHARD, target="", index="0", count="1"): lambda _minutes: None}
    pairs = {_shard(f"{pod}-{replica}", pod, 3): always(1) for pod in range(3) for replica in range(2)}
    yield _story("Three shards, two exporters each: all is well", {**without, **pairs}, (30,))
    before = {_shard(f"pod-{pod}", pod, 2): ends(always(1), 12) for pod in range(2)}
    after = {_shard(f"pod-{pod}", pod, 3): begins(always(1), 8 + 2 * pod) for pod in range(3)}
    yield _story(
        "A rollout from two shards to three takes some minutes", {**without, **before, **after}, (40,)
    )
    halves = {_shard("pod-0", 0, 2): always(1), _shard("pod-1", 2, 3): always(1)}
    missing = ("OnedataShardMissing", "critical")
    scene = Scene(
        "A rollout that stopped half-way: an alert for each count",
        {**HEALTHY, **without, **halves},
        20,
        STEP_MINUTES,
    )
    alert = {"labels": f'{{alertname="{missing[0]}",severity="{missing[1]}"}}', "value": 2}
    yield scene.test(promql_expr_test=[exactly(14.5), {**exactly(15), "exp_samples": [alert]}])
    yield _story(
        "A target moves to another exporter: it is watched all the time",
        {
            **{name: ends(shape) for name, shape in HEALTHY.items() if "target=" in name},
            **{name: begins(shape, 8) for name, shape in _seen_by(OTHER).items()},
        },
        (20,),
    )


def of_days() -> Iterator[dict[str, Any]]:
    """Return the tests of hours."""
    of_another = {name.replace('"krakow"', '"paris"'): shape for name, shape in _seen_by(OTHER).items()}
    yield _story(
        "An exporter with targets of its own stays dead for hours: the call goes on, the targets are forgotten",
        {**of_another, **_dead()},
        (20, _DOWN, _UNWATCHED),
        (60, _DOWN, _UNWATCHED),
        (75, _DOWN),
        (240, _DOWN),
        step=5.0,
    )


def of_labels() -> Iterator[dict[str, Any]]:
    """Return the tests of the labels that alerts carry."""
    down = diagnosed("proxy_down")
    of_dev = TARGET_INFO.replace('owner="ops"', 'owner="dev"')
    disagreeing = {**down, **_seen_by(OTHER, down), of_exporter(TARGET_INFO): always(1)}
    disagreeing.pop(of_exporter(TARGET_INFO))
    yield _story(
        "Two exporters disagree about the owner during a rollout: one alert all the same",
        {**disagreeing, of_exporter(of_dev): always(1)},
        (9.5,),
        (10, _PROXY_DOWN),
    )
    yield story(
        "The labels of a target change while its alert waits: it starts anew at most once",
        {
            **down,
            TARGET_INFO: lambda time: 1.0 if time < 7 else None,
            of_dev: lambda time: 1.0 if time >= 7 else None,
        },
        (9.5,),
        (14, *_PROXY_DOWN),
        (20, *_PROXY_DOWN),
    )
    info = {
        series("onedata_provider_info", onezone="zone", provider_id="1", name="krakow"): always(1),
        series(
            "onedata_provider_info", target="paris", onezone="zone", provider_id="2", name="paris"
        ): always(1),
    }
    zone = {
        name.replace('"krakow"', '"zone"'): shape
        for name, shape in {**HEALTHY, **down}.items()
        if "target=" in name
    }
    unlabelled = {name: shape for name, shape in zone.items() if "target_info" not in name}
    scene = Scene(
        "A zone and its provider: both alerts carry the zone",
        {**HEALTHY, **down, **info, **unlabelled},
        10,
        0.5,
    )
    place = {"onezone": "zone", "job": "onedata-exporter"}
    expected = (
        {**OWN, **place, "kind": "oneprovider"},
        {**place, "target": "zone", "kind": "onezone"},
    )
    yield scene.test(
        promql_expr_test=[
            {
                "expr": 'ALERTS{alertname="OnedataProxyPathDown",alertstate="firing"} * 1',
                "eval_time": "10m",
                "exp_samples": [{"labels": _written(labels), "value": 1} for labels in expected],
            }
        ]
    )


def _written(labels: Mapping[str, str]) -> str:
    own = {"alertname": "OnedataProxyPathDown", "alertstate": "firing", "diagnosis": "proxy_down"}
    every = {**own, "severity": "critical", **labels}
    return "{" + ",".join(f'{name}="{value}"' for name, value in every.items()) + "}"
