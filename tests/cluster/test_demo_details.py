"""`demo` also shows what needs credentials."""

from __future__ import annotations

from tests.cluster.reported import accepted, statuses
from tests.support.processes import DEMO, ExporterProcess


async def test_the_demo_shows_services_modules_certificate_dns_and_users() -> None:
    async with ExporterProcess(*DEMO, "--poll.interval", "1s", "--poll.timeout", "900ms") as exporter:
        metrics = await exporter.metrics_when(
            lambda seen: seen.value("onedata_zone_users") is not None and len(seen.diagnoses()) == 4
        )
        assert accepted(metrics, "demo-zone") == {"token": 1.0, "passphrase": None}  # the token goes first
        for component in ("worker", "manager", "database"):
            assert statuses(metrics, "demo-zone", component, ("127.0.0.1",)) == ["healthy"]
        for name in ("onedata_worker_status", "onedata_web_certificate_status", "onedata_dns_check_status"):
            assert metrics.total(name) >= 1.0
        assert metrics.value("onedata_zone_users") == 1.0
