"""Oneproviders: registered or not, nameless, of an old version; and Onezones that are old or reduced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.operations.component_status import ComponentStatus
from exporter.operations.host_status import Status
from exporter.report import summarize
from exporter.simulator import INSTANT, Authority, Cluster, Fault, SimulatedZone
from exporter.targets import Kind
from tests.cluster.polled_target import polled_zone, polling, target_at
from tests.cluster.reported import COMPONENTS, paths_with_credentials, served, statuses

HOST = ("127.0.0.1",)
PROVIDER = Cluster(kind=Kind.ONEPROVIDER, cluster_id="")


async def test_a_oneprovider_is_recognised_and_queried_for_its_own_services(
    authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, cluster=PROVIDER, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        await polled.poll()
        metrics = await polled.metrics()
        info = {"kind": "oneprovider", "domain": "provider.example", "zone_domain": "onezone.example"}
        assert metrics.value("onedata_cluster_info", **info) == 1.0
        assert 'name="Simulated Provider"' in await polled.page()
        assert metrics.value("onedata_cluster_registered") == 1.0
        assert metrics.value("onedata_configuration_complete") == 1.0
        assert [statuses(metrics, "zone", one, HOST) for one in COMPONENTS] == [["healthy"]] * 3
        assert {path.split("/")[4] for path in paths_with_credentials(zone)} == {
            "provider",
            "web_cert",
            "dns_check",
        }
        assert list(metrics.values("onedata_zone_users")) == []
        assert list(metrics.values("onedata_dns_check_status", check="dns_zone")) == []


async def test_a_registered_oneprovider_without_its_worker_is_nameless_and_incomplete(
    authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, cluster=PROVIDER, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        await zone.set(Fault.WORKER_STOPPED, on=True)
        checkup = await polled.round()
        await polled.details(checkup)
        metrics = await polled.metrics()
        assert metrics.value("onedata_cluster_registered") == 1.0
        assert metrics.value("onedata_configuration_complete") == 0.0
        assert metrics.diagnosis("zone") == "proxy_down"
        assert statuses(metrics, "zone", "worker", HOST) == ["stopped"]
        found = [finding.message for finding in summarize(checkup).findings]
        assert any("does not know its own name" in message for message in found)


async def test_an_unregistered_oneprovider_is_complete_and_not_registered(
    authority: Authority, ca_file: Path
) -> None:
    cluster = replace(PROVIDER, provider=None)
    async with (
        SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        await polled.poll()
        metrics = await polled.metrics()
        assert metrics.value("onedata_cluster_registered") == 0.0
        assert metrics.value("onedata_configuration_complete") == 1.0
        assert metrics.diagnosis("zone") == "ok"


@pytest.mark.parametrize("kind", [Kind.ONEZONE, Kind.ONEPROVIDER])
async def test_the_old_version_works_without_health_and_with_fewer_keys(
    authority: Authority, ca_file: Path, kind: Kind
) -> None:
    cluster = replace(Cluster(kind=kind), version="20.02.19")
    async with (
        SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        await polled.poll()
        metrics = await polled.metrics()
        assert served(zone, "/api/v3/onepanel/health", 404) == 2
        assert list(metrics.values("onedata_onepanel_healthy")) == []
        assert metrics.total("onedata_onepanel_up") == 2.0
        assert metrics.diagnosis("zone") == "ok"
        assert metrics.value("onedata_configuration_complete") == 1.0
        assert metrics.value("onedata_cluster_info", kind=kind, version="20.02.19") == 1.0
        assert statuses(metrics, "zone", "database", HOST) == ["healthy"]


async def test_a_host_is_in_one_state_at_a_time(authority: Authority, ca_file: Path) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        await zone.change_node("node1", words={"workers": "starting", "managers": "melting"})
        details = await polled.poll()
        metrics = await polled.metrics()
        for component in COMPONENTS:
            values = list(metrics.values("onedata_component_status", component=component))
            assert (len(values), sum(values)) == (len(Status), 1.0)
        assert [statuses(metrics, "zone", one, HOST) for one in COMPONENTS] == [
            ["starting"],
            ["unknown"],
            ["healthy"],
        ]
        (managers,) = (seen.outcome for seen in details.observations if seen.operation == "managers")
        assert isinstance(managers, ComponentStatus)
        assert managers.unrecognised == {"melting"}
