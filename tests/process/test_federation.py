"""A federation found from one URL: the real exporter, in a process of its own, beside a simulated federation."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from exporter.settings.shards import shard_index
from exporter.simulator import Authority, Fault, FederationFault, SimulatedFederation
from exporter.simulator.tokens import serialize
from exporter.targets import AccessPath
from tests.support.federation import KRAKOW, LISBON, PROVIDERS, TOKEN, UPPSALA, configuration
from tests.support.processes import ROOT, ExporterProcess, Metrics, run_command
from tests.support.servers import closed_port
from tests.support.waiting import eventually


@pytest.fixture
async def federation(authority: Authority) -> AsyncIterator[SimulatedFederation]:
    async with SimulatedFederation(authority=authority) as running:
        yield running


@asynccontextmanager
async def watching(file: Path) -> AsyncIterator[ExporterProcess]:
    async with ExporterProcess("--config.file", str(file)) as exporter:
        yield exporter


def all_are(expected: Mapping[str, str], metrics: Metrics) -> bool:
    return expected.items() <= metrics.diagnoses().items()


def polls_only(names: set[str], metrics: Metrics) -> bool:
    return set(metrics.diagnoses()) == names


OK = {"zone": "ok", **dict.fromkeys(PROVIDERS, "ok")}


async def test_all_providers_of_a_zone_are_found_and_one_that_is_cut_off_is_named(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    async with watching(configuration(federation, tmp_path)) as exporter:
        found = await exporter.metrics_when(lambda metrics: all_are(OK, metrics))
        assert found.value("onedata_discovered_providers", target="zone", state="watched") == 3
        assert {
            each.labels["target"] for each in found.samples("onedata_provider_info", onezone="zone")
        } == set(PROVIDERS)
        connected = await exporter.metrics_when(
            lambda metrics: metrics.total("onedata_provider_connected") == 3
        )
        assert connected.total("onedata_provider_online", onezone="zone") == 3

        await federation.set(FederationFault.CUT_OFF, on=True, member="krakow")
        cut_off = await exporter.metrics_when(
            lambda metrics: all_are({**OK, KRAKOW: "zone_disconnected"}, metrics)
        )
        assert cut_off.total("onedata_onepanel_up", target=KRAKOW) == 2
        _status, page = await exporter.get(f"/targets/{KRAKOW}")
        assert "disconnected from the zone, as" in page

        await federation.set(FederationFault.REMOVED, on=True, member="lisbon")
        removed = await exporter.metrics_when(lambda metrics: LISBON not in metrics.diagnoses())
        assert not list(removed.samples("onedata_poll_interval_seconds", target=LISBON))
        assert exporter.logged("provider vanished")
        _status, page = await exporter.get("/targets/zone")
        assert f"providers discovered: {', '.join(PROVIDERS)}" in page
        assert f"provider vanished: {LISBON}" in page


async def test_discovered_providers_are_shared_out_among_shards(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    file = str(configuration(federation, tmp_path))
    shares = [{name for name in OK if shard_index(name, 3) == index} for index in range(3)]
    assert sum(not share.isdisjoint(PROVIDERS) for share in shares) == 2, shares
    async with AsyncExitStack() as stack:
        for index, share in enumerate(shares):
            exporter = await stack.enter_async_context(
                ExporterProcess("--config.file", file, f"--shard={index}/3")
            )
            found = await exporter.metrics_when(partial(polls_only, share))
            assert found.value("onedata_exporter_targets") == len(share)
            assert found.value("onedata_exporter_shard_info", index=str(index), count="3") == 1
            _status, listed = await exporter.get("/api/v1/sd")
            assert {each["labels"]["instance"] for each in json.loads(listed)} == share


async def test_fall_and_recovery_of_the_zone_change_no_diagnosis_of_its_providers(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    async with watching(configuration(federation, tmp_path)) as exporter:
        await exporter.metrics_when(lambda metrics: all_are(OK, metrics))
        await exporter.metrics_when(lambda metrics: metrics.total("onedata_provider_online") == 3)
        await federation.set(Fault.WORKER_STOPPED, on=True, member="zone")
        fallen = {**OK, "zone": "proxy_down"}
        await exporter.metrics_when(lambda metrics: all_are(fallen, metrics))
        polls = (await exporter.metrics()).total("onedata_polls_total", target=KRAKOW)
        # The providers notice within some rounds that their zone is away, and say so.
        later = await exporter.metrics_when(
            lambda metrics: metrics.total("onedata_polls_total", target=KRAKOW) > polls + 6
        )
        assert all_are(fallen, later), later.diagnoses()
        assert exporter.logged("providers not listed, the last list stays")

        # What they reported during the outage is no fault of theirs after it.
        await federation.set(Fault.WORKER_STOPPED, on=False, member="zone")
        back = await exporter.metrics_when(lambda metrics: all_are(OK, metrics))
        polls = back.total("onedata_polls_total", target=KRAKOW)
        await exporter.metrics_when(
            lambda metrics: metrics.total("onedata_polls_total", target=KRAKOW) > polls + 3
        )
        changed = [line for line in exporter.logged("diagnosis changed") if " from=ok " in line]
        assert [" target=zone " in line for line in changed] == [True], changed

        # What they report since then counts.
        await federation.set(FederationFault.CUT_OFF, on=True, member="krakow")
        page = await eventually(
            partial(exporter.get, f"/targets/{KRAKOW}"),
            lambda page: "disconnected from the zone, as the provider itself and the zone reports" in page[1],
        )
        assert "zone disconnected" in page[1]


async def test_requests_for_the_list_are_counted_as_the_zone_has_read_them(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    async with watching(configuration(federation, tmp_path, interval="1h")) as exporter:
        listed = await exporter.metrics_when(lambda metrics: set(PROVIDERS) <= metrics.diagnoses().keys())
    read = Counter(
        served.url_path.removeprefix("/api/v3/onezone/").partition("/")[0]
        for served in federation.zone.request_logs[AccessPath.PROXY].served.elements()
    )
    of_zone = {"target": "zone", "operation": "providers"}
    assert read["providers"] == read["clusters"] + 1 == len(PROVIDERS) + 1
    assert listed.value("onedata_onepanel_requests_total", path="proxy", **of_zone) == 2 * len(PROVIDERS) + 1
    assert listed.value("onedata_onepanel_requests_total", path="direct", **of_zone) is None
    assert not list(listed.samples("onedata_onepanel_request_failures_total", **of_zone))


async def test_a_list_that_the_zone_refuses_is_a_counted_failure(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    await federation.set(Fault.WORKER_STOPPED, on=True, member="zone")
    async with watching(configuration(federation, tmp_path, interval="1h")) as exporter:
        failed = await exporter.metrics_when(
            lambda metrics: metrics.value("onedata_discovery_last_attempt_timestamp_seconds", target="zone")
        )
    of_zone = {"target": "zone", "path": "proxy", "operation": "providers"}
    assert failed.value("onedata_onepanel_requests_total", **of_zone) == 1
    (counted,) = failed.samples("onedata_onepanel_request_failures_total", **of_zone)
    assert (counted.labels["reason"], counted.value) == ("connection_refused", 1)


async def test_the_cache_brings_the_providers_over_a_restart_without_the_zone(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    file = configuration(federation, tmp_path, cache_file="providers.json")
    async with watching(file) as exporter:
        await exporter.metrics_when(lambda metrics: all_are(OK, metrics))
    await federation.set(Fault.WORKER_STOPPED, on=True, member="zone")
    async with watching(file) as exporter:
        await exporter.metrics_when(lambda metrics: all_are({**OK, "zone": "proxy_down"}, metrics))


async def test_a_zone_that_leads_elsewhere_keeps_no_provider_of_the_old_place(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    file = configuration(federation, tmp_path, cache_file="providers.json")
    async with watching(file) as exporter:
        await exporter.metrics_when(lambda metrics: all_are(OK, metrics))
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        document["targets"][0]["url"] = f"https://127.0.0.1:{closed_port()}"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        exporter.signal(signal.SIGHUP)
        await exporter.metrics_when(partial(polls_only, {"zone"}))
    async with watching(file) as exporter:
        await exporter.metrics_when(partial(all_are, {"zone": "proxy_down"}))
        assert polls_only({"zone"}, await exporter.metrics())
        assert exporter.logged("provider cache ignored")


async def test_commands_know_a_discovered_provider_by_its_name(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    defaults = {"auth": {"token": TOKEN}, "maintenance_file": "maintenance/{name}"}
    file = configuration(federation, tmp_path, defaults=defaults)
    config = f"--config.file={file}"
    started = await run_command("maintenance", "start", KRAKOW, config, "--reason", "new disk")
    assert (started.code, started.err) == (0, "")
    assert [each.name for each in (tmp_path / "maintenance").iterdir()] == [KRAKOW]
    probed = await run_command("probe", KRAKOW, config, "--format", "json")
    report = json.loads(probed.out)
    assert (report["diagnosis"], report["maintenance"]) == ("ok", "new disk")
    unknown = await run_command("maintenance", "start", "nowhere.example.org", config)
    assert unknown.code == 2
    assert f"no target has this name; there are: zone, {', '.join(PROVIDERS)}" in unknown.err
    async with watching(file) as exporter:
        await exporter.metrics_when(
            lambda metrics: metrics.value("onedata_target_maintenance", target=KRAKOW) == 1
        )
        ended = await run_command("maintenance", "end", KRAKOW, config)
        assert ended.code == 0
        await exporter.metrics_when(
            lambda metrics: metrics.value("onedata_target_maintenance", target=KRAKOW) == 0
        )


async def test_a_token_that_every_listed_host_could_use_elsewhere_is_logged_once(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    defaults = {"auth": {"token": serialize("time < 4000000000")}}
    async with watching(configuration(federation, tmp_path, interval="1s", defaults=defaults)) as exporter:
        await exporter.metrics_when(lambda metrics: KRAKOW in metrics.diagnoses())
        before = (await exporter.metrics()).value(
            "onedata_discovery_last_success_timestamp_seconds", target="zone"
        )
        await exporter.metrics_when(
            lambda metrics: (
                metrics.value("onedata_discovery_last_success_timestamp_seconds", target="zone") != before
            )
        )
        (logged,) = exporter.logged("credentials of discovered clusters")
        assert "has no caveat `service`" in logged


async def test_the_command_prints_the_federation_as_a_table(
    federation: SimulatedFederation, tmp_path: Path
) -> None:
    file = configuration(federation, tmp_path, ignore=["*uppsala*", "*.4"])

    async def fleet(*options: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exporter", "fleet", "zone", "--config.file", str(file), *options),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
        return process.returncode, output.decode()

    await federation.set(FederationFault.INCOMPATIBLE_VERSION, on=True, member="lisbon")
    code, text = await fleet("--format", "json")
    clusters = {each["domain"]: each for each in json.loads(text)["clusters"]}
    assert (clusters[KRAKOW]["diagnosis"], clusters[KRAKOW]["compatible"]) == ("ok", True)
    assert clusters[KRAKOW]["proxy"] is clusters[KRAKOW]["direct"] is True
    assert clusters[LISBON]["compatible"] is False
    assert clusters[UPPSALA]["note"].startswith("ignored")
    _code, table = await fleet()
    assert table.startswith("NAME")
    assert len(table.splitlines()) == 5
    assert code in {0, 1, 2}
