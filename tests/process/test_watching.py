"""The whole exporter, watching simulated zones that break and heal."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from exporter.reasons import CERTIFICATE_REASONS, Reason
from exporter.simulator import INSTANT, Authority, Fault, SimulatedZone, Timing
from exporter.targets import AccessPath
from tests.support.processes import ExporterProcess, Metrics, target_of, write_config

_INTERVAL_SECONDS = 1.0
# What the log blames for the diagnosis `certificate`, whichever of the paths shows the certificate.
_OF_CERTIFICATES = {reason.value for reason in (*CERTIFICATE_REASONS, Reason.TLS_HANDSHAKE)}
# The proxy gives up on Onepanel well before the exporter gives up on the proxy.
_PACE = Timing(scale=0.0, connect_timeout_seconds=0.3, receive_timeout_seconds=0.3, latency_seconds=0.1)


def up(metrics: Metrics, name: str) -> dict[str, float | None]:
    """Of each path of a target whether Onepanel is up."""
    return {
        path.value: metrics.value("onedata_onepanel_up", target=name, path=path.value) for path in AccessPath
    }


async def test_a_worker_that_stops_and_starts_again_is_seen_over_both_paths(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "my-zone")], ca_file, _INTERVAL_SECONDS)
        async with ExporterProcess(config) as exporter:
            metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("my-zone") == "ok")
            assert up(metrics, "my-zone") == {"proxy": 1.0, "direct": 1.0}
            assert metrics.value("onedata_onepanel_healthy", path="proxy") == 1.0
            assert metrics.value("onedata_paths_agree") == 1.0
            assert metrics.value("onedata_tls_certificate_verified", path="direct") == 1.0

            # A worker that stops amid a round cuts its connection, which looks like something else for one round.
            rounds = metrics.total("onedata_polls_total")
            await exporter.metrics_when(lambda seen: seen.total("onedata_polls_total") > rounds)
            await zone.set(Fault.WORKER_STOPPED, on=True)
            metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("my-zone") == "proxy_down")
            assert up(metrics, "my-zone") == {"proxy": 0.0, "direct": 1.0}
            refused = {"path": "proxy", "operation": "health", "reason": "connection_refused"}
            assert metrics.total("onedata_onepanel_request_failures_total", **refused) >= 1
            assert metrics.value("onedata_onepanel_healthy", path="proxy") is None

            await zone.set(Fault.WORKER_STOPPED, on=False)
            metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("my-zone") == "ok")
            assert up(metrics, "my-zone") == {"proxy": 1.0, "direct": 1.0}
            assert metrics.value("onedata_exporter_unhandled_errors_total", where="client") in {0.0, None}
        changes = exporter.logged("diagnosis changed")
    assert [line.partition(" from=")[2].partition(" reason=")[0] for line in changes] == [
        "unknown to=ok",
        "ok to=proxy_down",
        "proxy_down to=ok",
    ]
    assert "reason=connection_refused" in changes[1]


async def test_each_fault_has_its_diagnosis_and_recovers(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    zones = {fault: SimulatedZone(authority=authority, timing=_PACE) for fault in Fault}
    expected = {fault.value: fault.diagnosis.value for fault in Fault}

    async with AsyncExitStack() as stack:
        for zone in zones.values():
            await stack.enter_async_context(zone)
        targets = [target_of(zone, fault.value) for fault, zone in zones.items()]
        config = write_config(config_file, targets, ca_file, 2 * _INTERVAL_SECONDS)
        exporter = await stack.enter_async_context(ExporterProcess(config))
        all_well = dict.fromkeys(expected, "ok")
        await exporter.metrics_when(lambda seen: seen.diagnoses() == all_well, 90.0)
        for fault, zone in zones.items():
            await zone.set(fault, on=True)
        await exporter.metrics_when(lambda seen: seen.diagnoses() == expected, 90.0)
        blamed = [line for line in exporter.logged("diagnosis changed") if " to=certificate " in line]
        assert {line.partition(" reason=")[2].split()[0] for line in blamed} == _OF_CERTIFICATES
        for zone in zones.values():
            await zone.only()
        metrics = await exporter.metrics_when(lambda seen: seen.diagnoses() == all_well, 90.0)
        assert metrics.total("onedata_exporter_unhandled_errors_total") == 0.0
        assert metrics.total("onedata_onepanel_request_failures_total", reason="internal") == 0.0


async def test_what_the_exporter_counts_is_what_the_servers_have_seen(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    names = {
        "configuration": "/onepanel/configuration",
        "health": "/onepanel/health",
        "worker_report": "/nagios",
    }
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        await zone.set(Fault.LISTENER_FAILING, on=True)
        config = write_config(config_file, [target_of(zone, "my-zone")], ca_file, 0.5)

        def served() -> dict[str, int]:
            return {
                f"{path}/{operation}": request_log.count(end)
                for path, request_log in zone.request_logs.items()
                for operation, end in names.items()
            }

        def failed_health_checks() -> int:
            return sum(request_log.count(status=500) for request_log in zone.request_logs.values())

        def counted(metrics: Metrics) -> dict[str, float]:
            requests = "onedata_onepanel_requests_total"
            return {
                f"{path}/{operation}": metrics.total(requests, path=path.value, operation=operation)
                for path in zone.request_logs
                for operation in names
            }

        def adds_up(metrics: Metrics) -> bool:
            enough = metrics.total("onedata_polls_total") >= 5
            failures = metrics.total("onedata_onepanel_request_failures_total", reason="unhealthy")
            return enough and counted(metrics) == served() and failures == failed_health_checks()

        async with ExporterProcess(config) as exporter:
            # A round may be under way, whose requests are served, but not counted yet.
            metrics = await exporter.metrics_when(adds_up)
        assert served()["proxy/worker_report"] in {1, 2}  # at once, and the minute's own moment may follow
        assert failed_health_checks() >= 10
        everything = sum(sum(request_log.served.values()) for request_log in zone.request_logs.values())
        assert everything == metrics.total("onedata_onepanel_requests_total")
        assert not any(request_log.with_credentials for request_log in zone.request_logs.values())
