"""`demo`: what somebody sees who has just installed the exporter."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, run_command
from tests.support.servers import LOOPBACK
from tests.support.waiting import eventually

_INTERVAL_SECONDS = 1.0
_BUSY_MACHINE_SECONDS = 2.0


async def test_the_demo_shows_what_a_stopped_worker_looks_like_within_two_intervals() -> None:
    options = ("--web.listen-address", LOOPBACK_ANY_PORT, "--poll.interval", "1s")
    two_intervals = 2 * _INTERVAL_SECONDS + _BUSY_MACHINE_SECONDS
    switch = "/demo/faults/worker_stopped"
    async with ExporterProcess("demo", *options) as exporter:
        metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok")
        assert metrics.total("onedata_onepanel_up", target="demo-zone") == 2.0
        for page in ("/demo", "/", "/metrics"):
            assert any(f"{exporter.origin}{page} " in line for line in exporter.printed)
            assert (await exporter.get(page))[0] == 200

        assert await exporter.post(switch, {"on": "1"}) == 303
        await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "proxy_down", two_intervals)
        assert await exporter.post(switch, {"on": "0"}) == 303
        await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok", two_intervals)

        code, seconds = await exporter.stop(signal.SIGINT)
    assert code == 0
    assert seconds < 5.0
    assert not any("Traceback" in line for line in exporter.log)


async def test_a_demo_that_cannot_listen_says_why() -> None:
    async with ExporterProcess("demo", "--web.listen-address", LOOPBACK_ANY_PORT) as exporter:
        taken = exporter.origin.rpartition(":")[2]
        finished = await run_command("demo", "--web.listen-address", f"{LOOPBACK}:{taken}")
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    (line,) = (line for line in finished.stderr.splitlines() if "cannot start the demo" in line)
    assert taken in line


async def test_a_demo_on_a_unix_socket_tells_its_pages_without_an_origin(tmp_path: Path) -> None:
    async with ExporterProcess("demo", "--web.listen-address", f"unix:{tmp_path}/demo") as exporter:
        await eventually(lambda: asyncio.sleep(0, exporter.printed), lambda lines: "Ctrl-C ends it." in lines)
        code, _seconds = await exporter.stop()
    assert code == 0
    assert any(line.startswith("  /demo ") for line in exporter.printed)


async def test_a_demo_on_all_interfaces_tells_an_address_that_a_browser_can_open() -> None:
    async with ExporterProcess("demo", "--web.listen-address", "0.0.0.0:0") as exporter:
        await eventually(lambda: asyncio.sleep(0, exporter.printed), lambda lines: "Ctrl-C ends it." in lines)
    assert any(line.startswith("  http://127.0.0.1:") for line in exporter.printed)


async def test_a_slow_onepanel_is_no_fault_at_the_pace_of_the_demo() -> None:
    async with ExporterProcess("demo", "--web.listen-address", LOOPBACK_ANY_PORT) as exporter:
        await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok")
        assert await exporter.post("/demo/faults/latency", {"on": "1"}) == 303
        before = (await exporter.metrics()).total("onedata_polls_total")
        # The first of these rounds may have begun before the switch.
        metrics = await exporter.metrics_when(lambda seen: seen.total("onedata_polls_total") >= before + 2)
    assert metrics.diagnosis("demo-zone") == "ok"
    assert metrics.total("onedata_poll_duration_seconds") > 1.0
