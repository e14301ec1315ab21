"""A rollout from two shards to three: the exporters of a StatefulSet, on the real Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.settings.shards import shard_index
from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.alerts.stack import Stack, running_stack
from tests.support.processes import ExporterProcess, target_of, write_config
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.long

_NAMES = [f"oneprovider{number}.example.org" for number in range(8)]
_MOVES = [name for name in _NAMES if shard_index(name, 2) != shard_index(name, 3)]
# One target that moves to the new pod is down during the whole rollout, and one that stays.
_DOWN = {_MOVES[0], next(name for name in _NAMES if name not in _MOVES)}
_POLLED = 'count by (target) (onedata_poll_interval_seconds{job="onedata-exporter"})'


@dataclass
class Pods:
    """The pods of a StatefulSet, by ordinal."""

    config: str
    running: dict[int, tuple[ExporterProcess, AsyncExitStack]] = field(default_factory=dict)

    async def start(self, ordinal: int, count: int) -> tuple[ExporterProcess, AsyncExitStack]:
        """Start a pod with a new address, beside the one with the same ordinal."""
        stack = AsyncExitStack()
        pod = ExporterProcess(self.config, f"--shard=auto/{count}", host_name=f"exporter-r0-{ordinal}")
        return await stack.enter_async_context(pod), stack

    async def stop(self, ordinal: int) -> None:
        """Stop a pod."""
        pod, stack = self.running.pop(ordinal)
        await pod.stop()
        await stack.aclose()

    @property
    def origins(self) -> list[str]:
        """The addresses of the pods that run."""
        return [pod.origin for pod, _stack in self.running.values()]


@pytest.fixture
async def pods(authority: Authority, tmp_path: Path) -> AsyncIterator[Pods]:
    async with AsyncExitStack() as stack:
        zone = await stack.enter_async_context(SimulatedZone(authority=authority, timing=INSTANT))
        targets = [target_of(zone, name) for name in _NAMES]
        for target in targets:
            if target["name"] in _DOWN:
                closed = f"https://{LOOPBACK}:{closed_port()}"
                target |= {"proxy_url": closed, "direct_url": closed.replace(LOOPBACK, "127.0.0.2")}
        ca_file = authority.write_ca_file(tmp_path / "ca.pem")
        found = Pods(write_config(tmp_path / "exporter.yml", targets, ca_file, 2.0))
        yield found
        for ordinal in list(found.running):
            await found.stop(ordinal)


async def _shards(stack: Stack) -> list[tuple[str, str]]:
    found = await stack.query("onedata_exporter_shard_info")
    return sorted((each["metric"]["index"], each["metric"]["count"]) for each in found)


async def _replace(
    pods: Pods, stack: Stack, ordinal: int, new: tuple[ExporterProcess, AsyncExitStack]
) -> None:
    """Replace a pod as a StatefulSet does: the old one ends before the new one is scraped."""
    if ordinal in pods.running:
        await pods.stop(ordinal)
        await stack.scrape(*pods.origins)
        await eventually(lambda: _shards(stack), lambda found: len(found) == len(pods.running), 30.0)
    pods.running[ordinal] = new
    await stack.scrape(*pods.origins)
    await eventually(lambda: _shards(stack), lambda found: (str(ordinal), "3") in found, 30.0)


async def test_a_rollout_loses_no_target_and_reports_each_outage_once(pods: Pods, tmp_path: Path) -> None:
    for ordinal in range(2):
        pods.running[ordinal] = await pods.start(ordinal, 2)
    # Started beforehand: the rules are hurried, the start of a process is not.
    new = {ordinal: await pods.start(ordinal, 3) for ordinal in (2, 1, 0)}
    async with running_stack(tmp_path, *pods.origins) as stack:
        polled = await eventually(lambda: stack.query(_POLLED), lambda found: len(found) == len(_NAMES), 60.0)
        assert {each["value"][1] for each in polled} == {"1"}
        await stack.told("firing", _DOWN)
        for ordinal, pod in new.items():
            await _replace(pods, stack, ordinal, pod)
        assert await _shards(stack) == [(str(index), "3") for index in range(3)]
        await eventually(
            lambda: stack.query(f"{_POLLED} == 1"),
            lambda found: {each["metric"]["target"] for each in found} == set(_NAMES),
            60.0,
        )
        fired = await stack.query('max_over_time(ALERTS{alertstate="firing",target!=""}[5m])')
        assert {(each["metric"]["alertname"], each["metric"]["target"]) for each in fired} == {
            ("OnedataUnreachable", name) for name in _DOWN
        }
        told = sorted(
            (alert["labels"]["target"], seen.status)
            for seen in stack.received
            for alert in seen.alerts
            if "target" in alert["labels"]
        )
        assert told == sorted((name, "firing") for name in _DOWN)


def test_the_story_has_targets_that_move_and_targets_that_stay() -> None:
    assert len(_DOWN) == 2
    assert 0 < len(_MOVES) < len(_NAMES)
