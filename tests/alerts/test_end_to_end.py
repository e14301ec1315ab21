"""From a fault in a simulated zone to the pager: the real exporter, Prometheus and Alertmanager.

All zones are broken at once, and every duration of rules and routes is shortened. The tests follow one
another on the same stack; the last one kills the exporter.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.alerts.faults import (
    FAULTS,
    LOUD,
    NOTHING_TO_FIND,
    PENDING_ALERT,
    PENDING_TARGET,
    TAKES_AN_HOUR,
    FaultCase,
)
from tests.alerts.stack import ABSENT_JOB, TIMES_FASTER, Stack, promql_blocks, sooner_in
from tests.alerts.surveillance import Surveillance, surveillance
from tests.support.programs import program
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

ROOT = Path(__file__).parents[2]
JOB = "onedata-exporter"
ABSENT = {ABSENT_JOB: "OnedataExporterAbsent"}
ONGOING = {fault.target: fault.alert for fault in LOUD if fault.lasting} | ABSENT


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Surveillance]:
    async with surveillance(tmp_path_factory.mktemp("alerts"), FAULTS) as everything:
        yield everything


async def test_every_fault_notifies_once_with_its_text_and_is_resolved(
    scene: Surveillance, record_property: Callable[[str, object], None]
) -> None:
    stack = scene.stack
    await scene.all_well()
    began = asyncio.get_running_loop().time()
    configuration = scene.configuration
    scene.reload("targets: none")
    for fault in FAULTS:
        await scene.cause(fault)
    await stack.until_notified("firing", {JOB, ABSENT_JOB, *(fault.target for fault in LOUD)})
    pending = f'ALERTS{{alertname="{PENDING_ALERT}",alertstate="pending",target="{PENDING_TARGET}"}}'
    await eventually(lambda: stack.query(pending), lambda found: len(found) == 1)
    await _assert_every_documented_query_finds_something(scene)
    record_property(
        f"from the fault to the webhook, {TIMES_FASTER} times as fast as in real life, or faster",
        [f"{seen.at - began:5.1f} s  {', '.join(seen.names)}" for seen in stack.received if seen.job == JOB],
    )

    scene.reload(configuration)
    over = [fault for fault in FAULTS if not fault.lasting]
    for fault in over:
        await scene.mend(fault)
    await stack.until_notified("resolved", {JOB, *(fault.target for fault in over if fault.alert)})
    for fault in FAULTS:
        _assert_notified(fault, stack)
    _assert_notified_of_the_exporter(scene)
    await scene.fires_only(ONGOING)


def _pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _queries() -> set[str]:
    return {query for page in _pages() for query in promql_blocks(page.read_text(encoding="utf-8"))}


async def _assert_find_something(scene: Surveillance, queries: AbstractSet[str]) -> None:
    async def find_nothing() -> set[str]:
        return {
            query
            for query in queries
            if not await scene.stack.query(sooner_in(query).replace('="my-zone"', '=~".+"'))
        }

    await eventually(find_nothing, lambda found: not found, 60.0)


async def _assert_every_documented_query_finds_something(scene: Surveillance) -> None:
    """In at least one of the broken zones; where it cannot, that is known."""
    assert len(_queries()) > 20
    assert _queries() >= NOTHING_TO_FIND.keys() | TAKES_AN_HOUR
    await _assert_find_something(scene, _queries() - NOTHING_TO_FIND.keys() - TAKES_AN_HOUR)


def _assert_notified(fault: FaultCase, stack: Stack) -> None:
    """Exactly one call and one all-clear, at the right receiver, with exact labels; none for a silent target."""
    notifications = [seen for seen in stack.received if seen.is_of(fault.target)]
    wanted = [] if not fault.alert else ["firing"] if fault.lasting else ["firing", "resolved"]
    assert [(seen.status, seen.names) for seen in notifications] == [
        (each, [fault.alert]) for each in wanted
    ], fault
    if not fault.alert:
        return
    call = notifications[0]
    (alert,) = call.alerts
    severity = "critical" if fault.receiver.endswith("pager") else "warning"
    own = {"alertname": fault.alert, "severity": severity, "job": JOB, "target": fault.target}
    assert (call.receiver, alert["labels"]) == (fault.receiver, {**own, **fault.labels})
    words = alert["annotations"]
    assert fault.target in words["summary"]
    assert "First step: " in words["description"]
    assert words["runbook_url"].endswith(f"/docs/runbooks/{fault.alert}.md")


def _assert_notified_of_the_exporter(scene: Surveillance) -> None:
    """Of its broken configuration; and of another job's exporter, which does not exist."""
    notifications = [seen for seen in scene.stack.received if seen.is_of(JOB) or seen.is_of(ABSENT_JOB)]
    reload, absent = "OnedataConfigReloadFailed", "OnedataExporterAbsent"
    assert [(seen.receiver, seen.status, seen.names) for seen in notifications] == [
        ("pager", "firing", [absent]),
        ("mail", "firing", [reload]),
        ("mail", "resolved", [reload]),
    ]
    instance = urlsplit(scene.exporter.origin).netloc
    assert [seen.alerts[0]["labels"] for seen in notifications[:2]] == [
        {"alertname": absent, "severity": "critical", "job": ABSENT_JOB},
        {"alertname": reload, "severity": "warning", "job": JOB, "instance": instance},
    ]


def _held(name: str, severity: str, **labels: str) -> dict[str, Any]:
    own = {"alertname": name, "severity": severity, "job": "held", "target": "zone"}
    return {"labels": {**own, **labels}}


async def _state_beside(
    scene: Surveillance, worse: Mapping[str, Any], lesser: Mapping[str, Any], job: str
) -> str:
    """What Alertmanager makes of the lesser alert while the worse one holds.

    It processes alerts one after another, after it has accepted them: so a pair that is known to work
    follows, and shows when they are processed.
    """

    async def state_of(alert: Mapping[str, Any], job: str) -> str:
        (seen,) = await scene.stack.held(job=job, alertname=alert["labels"]["alertname"])
        return str(seen["status"]["state"])

    async def post_alerts(*alerts: Mapping[str, Any], job: str) -> None:
        await scene.stack.post_alerts([{"labels": {**alert["labels"], "job": job}} for alert in alerts])

    follower = f"after-{job}"
    await post_alerts(worse, lesser, job=job)
    await post_alerts(_DOWN, _held("OnedataUnreachable", "critical"), job=follower)
    await eventually(
        lambda: state_of(_held("OnedataUnreachable", "critical"), follower),
        lambda state: state == "suppressed",
    )
    return await state_of(lesser, job)


_DOWN = {"labels": {"alertname": "OnedataExporterDown", "severity": "critical"}}
CRITICAL = (
    "OnedataUnreachable",
    "OnedataDatabaseFull",
    "OnedataHostFrozen",
    "OnedataPanelDown",
    "OnedataProxyPathDown",
)
_OF_ZONE = {"onezone": "zone"}
_DISCONNECTED = _held(
    "OnedataProviderDisconnected", "critical", target="provider", kind="oneprovider", **_OF_ZONE
)


async def test_alertmanager_lets_only_the_worst_of_a_target_through(scene: Surveillance) -> None:
    last = _held("OnedataAvailabilityBudgetBurn", "critical")
    pairs = [
        (_DOWN, _held("OnedataUnreachable", "critical")),
        (_held("OnedataPollingStalled", "critical"), _held("OnedataUnreachable", "critical")),
        (_held("OnedataProxyPathDown", "critical"), _held("OnedataProxyPathBroken", "critical")),
        (_held("OnedataProxyPathBroken", "critical"), last),
        (_held("OnedataCertificateExpired", "critical"), last),
        (_held("OnedataUnreachable", "critical"), _held("OnedataCertificateExpired", "critical")),
        (_held("OnedataServiceDown", "critical"), _held("OnedataWorkerModuleError", "warning")),
        (_held("OnedataShardMissing", "critical", target=""), _held("OnedataTargetUnwatched", "warning")),
        (
            {"labels": {**_DOWN["labels"], "others": "up"}},
            _held("OnedataTargetUnwatched", "warning"),
        ),
        (
            {"labels": {**_DOWN["labels"], "others": "up"}},
            _held("OnedataShardMissing", "critical", target=""),
        ),
        *((_held(worse, "critical", kind="onezone", **_OF_ZONE), _DISCONNECTED) for worse in CRITICAL),
        (_held("OnedataUnreachable", "critical"), _held("OnedataPartialView", "info")),
        *((_held(worse, "critical"), last) for worse in CRITICAL),
        *(
            (_held(worse, "critical"), _held(lesser, "critical"))
            for at, worse in enumerate(CRITICAL)
            for lesser in CRITICAL[at + 1 :]
        ),
    ]
    for number, (worse, lesser) in enumerate(pairs):
        state = await _state_beside(scene, worse, lesser, f"inhibited-{number}")
        assert state == "suppressed", (worse, lesser)


async def test_alertmanager_inhibits_no_unrelated_alert(scene: Surveillance) -> None:
    pairs = [
        (
            _held("OnedataUnreachable", "critical", node="node1"),
            _held("OnedataProxyPathDown", "critical", node="node2"),
        ),
        (
            _held("OnedataUnreachable", "critical", target="another"),
            _held("OnedataProxyPathDown", "critical"),
        ),
        (
            _held("OnedataProxyPathDown", "critical"),
            _held("OnedataServiceDown", "critical", component="database"),
        ),
        (_held("OnedataProxyPathDown", "warning"), _held("OnedataDnsCheckFailed", "warning")),
        (_held("OnedataPanelDown", "critical"), _held("OnedataUnreachable", "critical")),
        (_held("OnedataCertificateRenewalOverdue", "critical"), _held("OnedataDirectPathDown", "warning")),
        ({"labels": {**_DOWN["labels"], "others": "up"}}, _held("OnedataUnreachable", "critical")),
        (
            {"labels": {**_DOWN["labels"], "severity": "warning", "others": "up"}},
            _held("OnedataTargetUnwatched", "warning"),
        ),
        (_held("OnedataPollingStalled", "warning"), _held("OnedataUnreachable", "critical")),
        (
            _held("OnedataUnreachable", "critical", target="other", kind="oneprovider", **_OF_ZONE),
            _DISCONNECTED,
        ),
        (
            _held("OnedataUnreachable", "critical", target="other", kind="onezone", onezone="other"),
            _DISCONNECTED,
        ),
        (
            _held("OnedataUnreachable", "critical"),
            _held("OnedataProviderDisconnected", "critical", target="alone"),
        ),
    ]
    for number, (one, other) in enumerate(pairs):
        state = await _state_beside(scene, one, other, f"kept-{number}")
        assert state == "active", (one, other)


async def test_the_watchdog_reaches_the_dead_mans_switch_again_and_again(scene: Surveillance) -> None:
    def heard() -> list[Any]:
        return [seen for seen in scene.stack.received if seen.receiver == "dead-mans-switch"]

    before = len(heard())

    async def count() -> int:
        return len(heard()) - before

    await eventually(count, lambda more: more >= 2, 60.0)
    assert {(seen.status, *seen.names) for seen in heard()} == {("firing", "OnedataWatchdog")}
    assert "OnedataWatchdog" not in {
        name for seen in scene.stack.received if seen.receiver != "dead-mans-switch" for name in seen.names
    }


async def test_prometheus_evaluates_every_rule_without_error(scene: Surveillance) -> None:
    async def rules() -> list[dict[str, Any]]:
        groups = (await scene.stack.ask("rules"))["groups"]
        return [rule for group in groups for rule in group["rules"]]

    seen = await eventually(rules, lambda found: all(rule["health"] != "unknown" for rule in found))
    assert [(rule["name"], rule.get("lastError")) for rule in seen if rule["health"] != "ok"] == []


async def test_alertmanager_accepts_every_silence_of_the_runbooks(scene: Surveillance) -> None:
    for page in _pages():
        for line in re.findall(r"^amtool .*$", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            shorter = line.replace("--duration=2h", "--duration=1s")
            own = shorter.replace("http://localhost:9093", scene.stack.alertmanager)
            arguments = shlex.split(own)[1:]
            process = await asyncio.create_subprocess_exec(
                program("amtool"), *arguments, stdout=PIPE, stderr=STDOUT
            )
            output, _nothing = await process.communicate()
            assert process.returncode == 0, (page.name, output)


async def test_documented_queries_over_an_hour_find_something_after_it(scene: Surveillance) -> None:
    await _assert_find_something(scene, TAKES_AN_HOUR)


async def _a_round_of_notifications(scene: Surveillance) -> None:
    """Return when every group of Alertmanager had its turn: an alert of our own was sent, and its end, too."""
    alert = _held("OnedataProxyPathDown", "critical", target="clock")
    await scene.stack.post_alerts([alert])
    await scene.stack.until_notified("firing", ["clock"])
    await scene.stack.post_alerts([{**alert, "endsAt": datetime.now(UTC).isoformat()}])
    await scene.stack.until_notified("resolved", ["clock"])


async def test_a_killed_exporter_alerts_and_resolves_no_outage(scene: Surveillance) -> None:
    await scene.fires_only(ONGOING)
    scene.stack.received.clear()
    await scene.exporter.stop(signal.SIGKILL)
    await scene.fires_only({JOB: "OnedataExporterDown"} | ABSENT, besides="OnedataTargetUnwatched")
    await _a_round_of_notifications(scene)
    notifications = [(seen.status, seen.names) for seen in scene.stack.received if seen.job == JOB]
    assert notifications == [("firing", ["OnedataExporterDown"])]
