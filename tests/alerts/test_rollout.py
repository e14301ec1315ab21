"""A rollout from two shards to three: the exporters of a StatefulSet, on the real Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

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
class Pod:
    """A pod of a StatefulSet: an address that stays while its exporter is replaced."""

    origin: str = ""
    exporter: ExporterProcess | None = None

    async def metrics(self, _request: web.Request) -> web.Response:
        """Answer a scrape as the exporter does; without one, there is nothing."""
        if self.exporter is None:
            raise web.HTTPServiceUnavailable
        _status, text = await self.exporter.get("/metrics")
        return web.Response(text=text)


@asynccontextmanager
async def _pod() -> AsyncIterator[Pod]:
    pod, app = Pod(), web.Application()
    app.router.add_get("/metrics", pod.metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        pod.origin = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        yield pod
    finally:
        await runner.cleanup()


@pytest.fixture
async def config(authority: Authority, tmp_path: Path) -> AsyncIterator[str]:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        targets = [target_of(zone, name) for name in _NAMES]
        for target in targets:
            if target["name"] in _DOWN:
                closed = f"https://{LOOPBACK}:{closed_port()}"
                target |= {"proxy_url": closed, "direct_url": closed.replace(LOOPBACK, "127.0.0.2")}
        ca_file = authority.write_ca_file(tmp_path / "ca.pem")
        yield write_config(tmp_path / "exporter.yml", targets, ca_file, 2.0)


async def _shards(stack: Stack) -> list[tuple[str, str]]:
    found = await stack.query("onedata_exporter_shard_info")
    return sorted((each["metric"]["index"], each["metric"]["count"]) for each in found)


async def _replace(pod: Pod, stack: Stack, new: ExporterProcess, shard: tuple[str, str]) -> None:
    """Replace the exporter of a pod as a StatefulSet does: the old one has ended before the new one serves."""
    if pod.exporter is not None:
        pod.exporter = None
        down = f'up{{instance="{pod.origin.removeprefix("http://")}"}} == 0'
        await eventually(lambda: stack.query(down), bool, 30.0)
    pod.exporter = new
    await eventually(lambda: _shards(stack), lambda found: shard in found, 30.0)


async def test_a_rollout_loses_no_target_and_reports_each_outage_once(config: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as entered:

        async def exporter(ordinal: int, count: int) -> ExporterProcess:
            process = ExporterProcess(config, f"--shard=auto/{count}", host_name=f"exporter-r0-{ordinal}")
            return await entered.enter_async_context(process)

        pods = [await entered.enter_async_context(_pod()) for _ordinal in range(3)]
        for ordinal in range(2):
            pods[ordinal].exporter = await exporter(ordinal, 2)
        # Started beforehand: the rules are hurried, the start of a process is not.
        new = {ordinal: await exporter(ordinal, 3) for ordinal in (2, 1, 0)}
        stack = await entered.enter_async_context(
            running_stack(tmp_path / "stack", *(pod.origin for pod in pods))
        )
        polled = await eventually(lambda: stack.query(_POLLED), lambda found: len(found) == len(_NAMES), 60.0)
        assert {each["value"][1] for each in polled} == {"1"}
        await stack.until_notified("firing", _DOWN)
        for ordinal, process in new.items():
            await _replace(pods[ordinal], stack, process, (str(ordinal), "3"))
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
        notifications = sorted(
            (alert["labels"]["target"], seen.status)
            for seen in stack.received
            for alert in seen.alerts
            if "target" in alert["labels"]
        )
        assert notifications == sorted((name, "firing") for name in _DOWN)


def test_the_story_has_targets_that_move_and_targets_that_stay() -> None:
    assert len(_DOWN) == 2
    assert 0 < len(_MOVES) < len(_NAMES)
