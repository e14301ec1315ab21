"""Reloading the configuration of a running exporter: nothing is lost, and a bad file changes nothing."""

from __future__ import annotations

import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.support.processes import ExporterProcess, Metrics, target_of, write_config
from tests.support.waiting import eventually

_INTERVAL = 0.5
SUCCESSFUL = "onedata_exporter_config_last_reload_successful"


def polls(metrics: Metrics, target: str) -> float:
    return metrics.total("onedata_polls_total", target=target)


async def test_unchanged_targets_keep_everything_new_ones_start_and_removed_ones_leave_nothing(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as kept,
        SimulatedZone(authority=authority, timing=INSTANT) as other,
    ):
        config = write_config(
            config_file, [target_of(kept, "kept"), target_of(other, "removed")], ca_file, _INTERVAL
        )
        async with ExporterProcess(config) as exporter:
            before = await exporter.metrics_when(
                lambda seen: min(polls(seen, "kept"), polls(seen, "removed")) >= 3
            )
            write_config(config_file, [target_of(kept, "kept"), target_of(other, "new")], ca_file, _INTERVAL)
            exporter.signal(signal.SIGHUP)
            after = await exporter.metrics_when(lambda seen: seen.diagnosis("new") == "ok")
            assert polls(after, "kept") >= polls(before, "kept")
            skipped = "onedata_polls_skipped_total"
            assert after.total(skipped, target="kept") >= before.total(skipped, target="kept")
            buckets = {"target": "kept", "path": "proxy", "operation": "health"}
            count = "onedata_onepanel_request_duration_seconds_count"
            assert after.total(count, **buckets) >= before.total(count, **buckets)
            assert not list(after.values("onedata_polls_total", target="removed"))
            assert 'target="removed"' not in (await exporter.get("/metrics"))[1]
            assert after.value(SUCCESSFUL) == 1
            assert after.value("onedata_exporter_targets") == 2
            assert exporter.logged("configuration reloaded")


async def test_a_bad_file_is_refused_with_every_fault_and_the_old_configuration_keeps_running(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            loaded = await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            timestamp = "onedata_exporter_config_last_reload_success_timestamp_seconds"
            config_file.write_text("pol: {}\ntargets: [{url: 'ftp://x'}]\n")
            exporter.signal(signal.SIGHUP)
            refused = await exporter.metrics_when(lambda seen: seen.value(SUCCESSFUL) == 0)
            message = "configuration rejected, the old one stays in use"
            await eventually(_count_of(exporter, message), lambda count: count >= 2)
            faults = exporter.logged(message)
            assert len(faults) == 2
            assert any("pol: unknown key" in line for line in faults)
            assert any("targets[0].url" in line for line in faults)
            (fault,) = json.loads((await exporter.get("/api/v1/targets"))[1])["faults"]
            assert "the last reload was rejected" in fault
            assert fault in (await exporter.get("/"))[1]
            assert refused.value(timestamp) == loaded.value(timestamp)
            goal = polls(refused, "zone") + 2
            await exporter.metrics_when(lambda seen: polls(seen, "zone") >= goal)
            write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
            exporter.signal(signal.SIGHUP)
            again = await exporter.metrics_when(lambda seen: seen.value(SUCCESSFUL) == 1)
            assert json.loads((await exporter.get("/api/v1/targets"))[1])["faults"] == []
            assert (again.value(timestamp) or 0) > (loaded.value(timestamp) or 0)
            assert not any("Traceback" in line for line in exporter.log)


async def test_reloading_over_http_works_only_where_it_is_enabled(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            assert await exporter.post("/-/reload", {}) == 403
            assert not exporter.logged("configuration reloaded")
        enabled = config_file.read_text().replace('"web": {', '"web": {"enable_lifecycle": true, ')
        config_file.write_text(enabled)
        async with ExporterProcess(config) as exporter:
            assert await exporter.post("/-/reload", {}) == 200
            assert (await exporter.get("/-/reload"))[0] == 405
            config_file.write_text("nonsense: true\n")
            assert await exporter.post("/-/reload", {}) == 500
            assert (await exporter.metrics()).value(SUCCESSFUL) == 0


async def test_many_reloads_at_once_follow_one_another(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            for _ in range(20):
                exporter.signal(signal.SIGHUP)
            await eventually(_count_of(exporter, "configuration reloaded"), bool)
            metrics = await exporter.metrics_when(lambda seen: polls(seen, "zone") >= 5)
            assert metrics.total("onedata_exporter_unhandled_errors_total") == 0
            assert (await exporter.stop())[0] == 0


async def test_a_change_that_needs_a_new_start_is_named(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            text = config_file.read_text()
            config_file.write_text(text.replace('"web": {', '"latency_buckets": [1, 2], "web": {'))
            exporter.signal(signal.SIGHUP)
            await eventually(_count_of(exporter, "configuration reloaded"), bool)
            lines = exporter.logged("changed in the configuration, but takes effect only at the next start")
            assert ["key=latency_buckets" in line for line in lines] == [True]


async def test_a_changed_ca_file_is_picked_up_without_a_restart(
    authority: Authority, config_file: Path, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    Authority().write_ca_file(ca_file)
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "certificate")
            authority.write_ca_file(ca_file)
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            ca_file.write_text("not a certificate")
            await eventually(
                _count_of(exporter, "cannot use changed TLS files, the old ones stay in use"), bool
            )
            goal = polls(await exporter.metrics(), "zone") + 2
            metrics = await exporter.metrics_when(lambda seen: polls(seen, "zone") >= goal)
            assert metrics.diagnosis("zone") == "ok"
            assert len(exporter.logged("cannot use changed TLS files, the old ones stay in use")) == 1


async def test_with_automatic_reloads_a_changed_file_is_enough_and_the_log_names_what_changed(
    authority: Authority, config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("first-secret")
    options = ("--config.enable-auto-reload", "--config.auto-reload-interval=1s")
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as kept,
        SimulatedZone(authority=authority, timing=INSTANT) as other,
    ):
        before = [target_of(kept, "kept"), target_of(other, "removed")]
        config = write_config(config_file, before, ca_file, _INTERVAL)
        async with ExporterProcess(config, *options) as exporter:
            changed = target_of(kept, "kept") | {"auth": {"token_file": str(token)}}
            write_config(config_file, [changed, target_of(other, "new")], ca_file, _INTERVAL)
            await exporter.metrics_when(lambda seen: seen.diagnosis("new") == "ok")
            await eventually(_count_of(exporter, "configuration reloaded"), bool)
            for message, words in (
                ("files of the configuration changed", f"count=1 files={config_file}"),
                ("targets added", "count=1 names=new"),
                ("targets removed", "count=1 names=removed"),
                ("targets changed", "count=1 names=kept keys=auth.token_file"),
                ("configuration reloaded", "targets=2 added=1 removed=1 changed=1"),
            ):
                assert [words in line for line in exporter.logged(message)] == [True], exporter.log
            token.write_text("second-secret")
            await eventually(_count_of(exporter, "configuration reloaded"), lambda count: count == 2)
            assert f"files={token}" in exporter.logged("files of the configuration changed")[1]
            assert not any("-secret" in line for line in exporter.log)


def _count_of(exporter: ExporterProcess, message: str) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(exporter.logged(message))

    return count
