"""Two exporters poll one zone, as a pair does: on the real Prometheus and Alertmanager, with durations shortened."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from exporter.simulator import INSTANT, Authority, Fault, SimulatedZone
from tests.alerts.stack import Notification, Stack, running_stack
from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, target_of
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

_INTERVAL_SECONDS = 2.0
_ZONE = "shared-zone"
_OWN = "second-only"


@dataclass(frozen=True)
class Pair:
    """A zone, two exporters that poll it, and all that follows. The second one polls another zone, too."""

    zone: SimulatedZone
    exporters: tuple[ExporterProcess, ExporterProcess]
    files: tuple[Path, Path]
    stack: Stack

    async def firing(self, *alerts: tuple[str, str, str]) -> None:
        """Return once exactly these alerts fire in Prometheus: name, severity and target."""

        async def seen() -> list[tuple[str, ...]]:
            found = [entry["metric"] for entry in await self.stack.query('ALERTS{alertstate="firing"}')]
            return sorted(
                (alert["alertname"], alert["severity"], alert.get("target", ""))
                for alert in found
                if alert["alertname"] not in {"OnedataWatchdog", "OnedataExporterAbsent"}
            )

        await eventually(seen, lambda found: found == sorted(alerts), 60.0)

    def sent(self) -> list[Notification]:
        """Return what Alertmanager sent about the zone or the exporters."""
        return [seen for seen in self.stack.received if seen.job == "onedata-exporter"]

    def cut_off(self, exporter: int) -> None:
        """Take the network from an exporter: every address that it polls refuses connections."""
        config = json.loads(self.files[exporter].read_text())
        for target in config["targets"]:
            target |= {key: f"https://{LOOPBACK}:{closed_port()}" for key in ("proxy_url", "direct_url")}
        self.reload(exporter, config)

    def reload(self, exporter: int, config: dict[str, Any]) -> None:
        """Have an exporter load another configuration."""
        self.files[exporter].write_text(json.dumps(config))
        self.exporters[exporter].signal(signal.SIGHUP)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    authority = Authority()
    ca_file = authority.write_ca_file(folder / "ca.pem")
    async with AsyncExitStack() as stack:
        zone, own = [
            await stack.enter_async_context(SimulatedZone(authority=authority, timing=INSTANT))
            for _each in range(2)
        ]
        targets = [target_of(zone, _ZONE)]
        files, exporters = [], []
        for number in range(2):
            config = {
                "poll": {"interval": _INTERVAL_SECONDS, "timeout": 1.9},
                "web": {"listen_addresses": [LOOPBACK_ANY_PORT]},
                "defaults": {"tls": {"ca_file": str(ca_file)}},
                "targets": targets + ([target_of(own, _OWN)] if number else []),
            }
            files.append(folder / f"exporter-{number}.yml")
            files[-1].write_text(json.dumps(config))
            exporters.append(await stack.enter_async_context(ExporterProcess(f"--config.file={files[-1]}")))
        origins = [exporter.origin for exporter in exporters]
        parts = await stack.enter_async_context(running_stack(folder, *origins))
        yield Pair(zone, (exporters[0], exporters[1]), (files[0], files[1]), parts)


async def test_an_outage_seen_by_one_exporter_of_two_is_a_partial_view_without_a_page(pair: Pair) -> None:
    await eventually(
        lambda: pair.stack.query(f'onedata_target_diagnosis{{diagnosis="ok",target="{_ZONE}"}} == 1'),
        lambda found: len(found) == 2,
        60.0,
    )
    config = json.loads(pair.files[1].read_text())
    pair.cut_off(1)
    await pair.firing(("OnedataPartialView", "info", _ZONE), ("OnedataUnreachable", "critical", _OWN))
    await pair.stack.until_notified("firing", [_OWN])
    pair.reload(1, config)
    await pair.firing()
    await pair.stack.until_notified("resolved", [_OWN])
    assert not [seen for seen in pair.sent() if seen.is_of(_ZONE)]


async def test_an_outage_that_both_see_pages_exactly_once(pair: Pair) -> None:
    await pair.zone.only(Fault.PANEL_STOPPED, Fault.WORKER_STOPPED)
    await pair.firing(("OnedataUnreachable", "critical", _ZONE))
    await pair.stack.until_notified("firing", [_ZONE])
    await pair.zone.only()
    await pair.stack.until_notified("resolved", [_ZONE])
    notifications = [(seen.receiver, seen.status, seen.names) for seen in pair.sent() if seen.is_of(_ZONE)]
    assert notifications == [("pager", status, ["OnedataUnreachable"]) for status in ("firing", "resolved")]


async def test_a_dead_exporter_of_two_is_a_warning_until_a_target_is_not_watched(pair: Pair) -> None:
    pair.stack.received.clear()
    await pair.firing()
    await pair.exporters[0].stop(signal.SIGKILL)
    await pair.firing(("OnedataExporterDown", "warning", ""))
    assert await pair.stack.query(f'onedata_target_diagnosis{{diagnosis="ok",target="{_ZONE}"}} == 1')
    config = json.loads(pair.files[1].read_text())
    config["targets"] = [target for target in config["targets"] if target["name"] == _ZONE]
    pair.reload(1, config)
    await pair.firing(("OnedataExporterDown", "warning", ""), ("OnedataTargetUnwatched", "warning", _OWN))
    await pair.stack.until_notified("firing", [_OWN])
    assert {seen.receiver for seen in pair.sent()} == {"mail"}
