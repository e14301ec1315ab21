"""Certificates while the exporter runs: renewed, served in turn, and issued by a root that is trusted later."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

from exporter.simulator import INSTANT, Authority, Fault, SimulatedZone
from tests.support.processes import ExporterProcess, Metrics, target_of, write_config
from tests.support.waiting import eventually

_INTERVAL = 0.5
SERVED = "onedata_tls_certificates_served"
INFO = "onedata_tls_certificate_info"
END = "onedata_tls_chain_not_after_timestamp_seconds"


def events_in(file: Path) -> bool:
    """Whether an event is in a history file: the process that has it open locks it, but not its log."""
    log = file.with_name(f"{file.name}-wal")
    return b"certificate renewed" in file.read_bytes() + log.read_bytes()


def served(metrics: Metrics, path: str) -> float | None:
    return metrics.value(SERVED, path=path)


def fingerprints(metrics: Metrics) -> dict[str, str]:
    return {each.labels["path"]: each.labels["fingerprint_sha256"] for each in metrics.samples(INFO)}


async def test_a_renewal_with_a_restart_of_both_listeners_is_an_event_and_no_incident(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            before = await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            assert [served(before, path) for path in ("proxy", "direct")] == [1.0, 1.0]
            await zone.only(Fault.HOST_DOWN)
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "unreachable")
            assert json.loads((await exporter.get("/api/v1/incidents"))[1])
            await zone.only(Fault.CERTIFICATE_RENEWED)
            after = await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            assert [served(after, path) for path in ("proxy", "direct")] == [2.0, 2.0]
            assert fingerprints(after)["proxy"] != fingerprints(before)["proxy"]
            assert len(set(fingerprints(after).values())) == 1
            assert json.loads((await exporter.get("/api/v1/incidents"))[1]) == []
            target = json.loads((await exporter.get("/api/v1/targets/zone"))[1])
            (event,) = target["events"]
            assert event["text"].startswith("certificate renewed (valid until ")
            assert "the listeners restarted within" in event["text"]
            (line,) = exporter.logged("certificate renewed")
            assert "level=info" in line


async def test_the_event_of_a_renewal_is_on_the_page_after_a_kill_and_a_restart(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    file = config_file.with_name("history.sqlite")
    renewed = "certificate renewed (valid until "
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        document = json.loads(config_file.read_text(encoding="utf-8")) | {"history": {"file": str(file)}}
        config_file.write_text(json.dumps(document), encoding="utf-8")
        async with ExporterProcess(config) as exporter:
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            await zone.only(Fault.CERTIFICATE_RENEWED)
            await eventually(lambda: exporter.get("/targets/zone"), lambda page: renewed in page[1])
            await eventually(lambda: asyncio.to_thread(events_in, file), bool)
            code, _seconds = await exporter.stop(signal.SIGKILL)
            assert code == -signal.SIGKILL
        async with ExporterProcess(config) as exporter:
            await eventually(lambda: exporter.get("/targets/zone"), lambda page: renewed in page[1])
            assert not exporter.logged("certificate renewed")


async def test_certificates_in_turn_are_counted_and_each_round_shows_one(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        await zone.only(Fault.PROXY_CERTIFICATES_DIFFER)
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            metrics = await exporter.metrics_when(lambda seen: served(seen, "proxy") == 2.0)
            assert served(metrics, "direct") == 1.0
            assert len(list(metrics.samples(INFO))) == 2
            assert metrics.diagnosis("zone") == "ok"


async def test_an_expired_issuer_is_shown_beside_a_certificate_that_has_not_expired(
    authority: Authority, config_file: Path, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        await zone.only(Fault.PROXY_ISSUER_EXPIRED)
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "certificate")
            own = metrics.value("onedata_tls_certificate_not_after_timestamp_seconds", path="proxy") or 0.0
            now = metrics.value("onedata_poll_last_attempt_timestamp_seconds") or 0.0
            assert (metrics.value(END, path="proxy") or 0.0) < now < own
            failures = "onedata_onepanel_request_failures_total"
            assert metrics.total(failures, path="proxy", reason="certificate_issuer_expired") >= 2.0


async def test_a_root_that_is_added_to_the_system_is_trusted_without_a_restart(
    authority: Authority, config_file: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store.pem"
    store.write_text(Authority().ca_pem)
    environment = {"SSL_CERT_FILE": str(store), "SSL_CERT_DIR": str(tmp_path / "none")}
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], None, _INTERVAL)
        async with ExporterProcess(config, environment=environment) as exporter:
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "certificate")
            page = (await exporter.get("/targets/zone"))[1]
            assert "is not in the trust store" in page
            store.write_text(store.read_text() + authority.ca_pem)
            metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            assert metrics.value("onedata_tls_certificate_verified", path="proxy") == 1.0
