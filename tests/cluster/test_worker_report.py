"""The worker's report: public where it is available, else through Onepanel; and what that costs a token."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from exporter.credentials import Auth, AuthMethod, Secret
from exporter.report import summarize
from exporter.simulator import INSTANT, Authority, Cluster, Fault, HostState, SimulatedZone, Worker
from tests.cluster.polled_target import polled_zone, polling, target_at
from tests.cluster.reported import COMPONENTS, TOKEN, served, statuses

HOST = "127.0.0.1"


async def test_modules_out_of_sync_or_in_error_are_exported_for_every_worker(
    authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file, Auth())) as polled,
    ):
        modules = {"dispatcher": "out_of_sync", "datastore_worker": "error: no_db"}
        await zone.change_node("node1", modules=modules)
        await polled.poll()
        metrics = await polled.metrics()
        name, labels = "onedata_worker_module_status", {"host": HOST}
        assert metrics.value(name, **labels, module="dispatcher", status="out_of_sync") == 1.0
        assert metrics.value(name, **labels, module="datastore_worker", status="error") == 1.0
        assert metrics.value(name, **labels, module="node_manager", status="ok") == 1.0
        assert metrics.value("onedata_worker_status", status="error") == 1.0
        assert served(zone, "/onepanel/zone/nagios") == 0


async def test_onepanel_passes_the_report_on_where_the_worker_does_not_answer_the_public(
    authority: Authority, ca_file: Path
) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        await zone.set(Fault.PROXY_NOT_FOUND, on=True)
        await polled.poll()
        metrics = await polled.metrics()
        assert metrics.value("onedata_worker_status", status="ok") == 1.0
        assert served(zone, "/onepanel/zone/nagios", 200) == 1
        # Counted, but no latency of a public operation: Onepanel asks the worker on our behalf.
        labels = {"operation": "worker_report", "path": "direct"}
        assert metrics.value("onedata_onepanel_requests_total", **labels) == 1.0
        assert metrics.value("onedata_onepanel_request_duration_seconds_count", **labels) == 0.0


async def test_a_report_that_cannot_be_relayed_is_no_verdict_on_the_token(
    authority: Authority, ca_file: Path
) -> None:
    """Onepanel answers 503 for a report while a host has left, as it does to a token that cannot be verified."""
    cluster = Cluster(hosts=(HOST, "left.example"), host_states={"left.example": HostState(forgotten=True)})
    async with (
        SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file, Auth(token=Secret(TOKEN)))) as polled,
    ):
        await zone.set(Fault.PROXY_NOT_FOUND, on=True)
        details = await polled.poll()
        assert served(zone, "/onepanel/zone/nagios", 503) == 1
        assert details.accepted == {AuthMethod.TOKEN: True}
        assert statuses(await polled.metrics(), "zone", "worker", (HOST,)) == ["healthy"]


async def test_the_wait_for_a_silent_worker_costs_no_status(authority: Authority, ca_file: Path) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        target = target_at(zone, ca_file)
        brief = replace(target.schedule, details_interval=target.schedule.timeout)
        async with polling(replace(target, schedule=brief)) as polled:
            await zone.set(Fault.WORKER_SILENT, on=True)
            await polled.poll()
            metrics = await polled.metrics()
            assert list(metrics.values("onedata_worker_status")) == []
            reported = [statuses(metrics, "zone", component, (HOST,)) for component in COMPONENTS]
            assert reported == [["unhealthy"], ["healthy"], ["healthy"]]


async def test_a_stopped_worker_has_no_report_and_its_manager_a_status(
    authority: Authority, ca_file: Path
) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        await zone.change(host_states={HOST: HostState(worker=Worker.STOPPED)})
        await polled.poll()
        metrics = await polled.metrics()
        assert list(metrics.values("onedata_worker_status")) == []
        assert statuses(metrics, "zone", "worker", (HOST,)) == ["stopped"]
        assert statuses(metrics, "zone", "manager", (HOST,)) == ["healthy"]


async def test_a_rejected_credential_is_reported_of_the_path_that_it_was_sent_over(
    authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file, Auth(passphrase=Secret("another")))) as polled,
    ):
        await zone.set(Fault.WORKER_STOPPED, on=True)
        await polled.poll()
    details = summarize(polled.latest).details
    rejected = [each for each in details if each.status == HTTPStatus.UNAUTHORIZED]
    assert {(each.path, each.error.partition(":")[0]) for each in rejected} == {("direct", "unauthorized")}
    # The worker refuses connections, and a credential that is set aside is not sent again to have the report relayed.
    (report,) = (each for each in details if each.operation == "worker_report")
    assert (report.path, report.status, report.error.partition(":")[0]) == ("proxy", 0, "connection_refused")
    assert served(zone, "/onepanel/zone/nagios") == 0
