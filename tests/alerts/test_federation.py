"""A federation found from one URL, on the real Prometheus and Alertmanager: what is sent about which target."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.simulator import Authority, Fault, FederationFault, SimulatedFederation
from tests.alerts.stack import Stack, running_stack
from tests.support.federation import KRAKOW, PROVIDERS, configuration
from tests.support.processes import ExporterProcess
from tests.support.waiting import eventually

pytestmark = pytest.mark.long

_CONNECTED = "count(onedata_provider_connected == 1 and on (target) onedata_provider_online == 1)"


def _notifications(stack: Stack, target: str) -> list[tuple[str, list[str]]]:
    return [(seen.status, seen.names) for seen in stack.received if seen.is_of(target)]


async def test_a_provider_without_its_zone_notifies_once_and_a_zone_outage_for_no_provider(
    authority: Authority, tmp_path: Path
) -> None:
    async with (
        SimulatedFederation(authority=authority) as federation,
        ExporterProcess(f"--config.file={configuration(federation, tmp_path)}") as exporter,
        running_stack(tmp_path / "stack", exporter.origin) as stack,
    ):
        await eventually(lambda: stack.query(f"{_CONNECTED} == {len(PROVIDERS)}"), bool, 60.0)
        await federation.set(FederationFault.CUT_OFF, on=True, member="krakow")
        await stack.until_notified("firing", [KRAKOW])
        (alert,) = next(seen.alerts for seen in stack.received if seen.is_of(KRAKOW))
        assert (alert["labels"]["onezone"], alert["labels"]["severity"]) == ("zone", "critical")
        await federation.set(FederationFault.CUT_OFF, on=False, member="krakow")
        await stack.until_notified("resolved", [KRAKOW])
        cut_off = ["OnedataProviderDisconnected"]
        assert _notifications(stack, KRAKOW) == [("firing", cut_off), ("resolved", cut_off)]

        stack.received.clear()
        await federation.set(Fault.WORKER_STOPPED, on=True, member="zone")
        await stack.until_notified("firing", ["zone"])
        # As long again as a provider that is cut off takes to be reported.
        polls = (await exporter.metrics()).total("onedata_polls_total", target=KRAKOW)
        await exporter.metrics_when(
            lambda metrics: metrics.total("onedata_polls_total", target=KRAKOW) > polls + 30, 90.0
        )
        assert {name for seen in stack.received for name in seen.names if seen.is_of("zone")} == {
            "OnedataProxyPathDown"
        }
        assert [
            notification for provider in PROVIDERS for notification in _notifications(stack, provider)
        ] == []
