"""`demo`: the first sight of the exporter, and a place to practise."""

from __future__ import annotations

import asyncio
import itertools
import signal
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.processes import ANY_SIMULATOR_PORTS, DEMO, ExporterProcess, run_command
from tests.support.servers import LOOPBACK
from tests.support.waiting import eventually

DEMO_AT = ("demo", *ANY_SIMULATOR_PORTS, "--web.listen-address")
PROVIDERS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
_INTERVAL_SECONDS = 1.0
_BUSY_MACHINE_SECONDS = 2.0
_DISCOVERED_SECONDS = 15.0


async def test_the_demo_shows_what_a_stopped_worker_looks_like_within_two_intervals() -> None:
    two_intervals = 2 * _INTERVAL_SECONDS + _BUSY_MACHINE_SECONDS
    switch = "/demo/faults/worker_stopped"
    async with ExporterProcess(*DEMO, "--poll.interval", "1s") as exporter:
        metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok")
        assert metrics.total("onedata_onepanel_up", target="demo-zone") == 2.0
        for page in ("/demo", "/", "/metrics"):
            assert any(f"{exporter.origin}{page} " in line for line in exporter.printed)
            assert (await exporter.get(page))[0] == 200
        status, text = await exporter.get("/demo", {"Host": "rebound.test"})
        assert (status, "web.allowed_hosts" in text) == (421, True)

        assert await exporter.post(switch, {"on": "1"}) == 303
        await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "proxy_down", two_intervals)
        assert await exporter.post(switch, {"on": "0"}) == 303
        await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok", two_intervals)

        code, seconds = await exporter.stop(signal.SIGINT)
    assert code == 0
    assert seconds < 5.0
    assert not any("Traceback" in line for line in exporter.log)


async def test_a_demo_that_cannot_listen_names_the_address() -> None:
    async with ExporterProcess(*DEMO) as exporter:
        taken = exporter.origin.rpartition(":")[2]
        finished = await run_command(*DEMO_AT, f"{LOOPBACK}:{taken}")
    assert finished.code == 1
    assert "Traceback" not in finished.err
    (line,) = (line for line in finished.err.splitlines() if "cannot start the demo" in line)
    assert "--web.listen-address" in line
    assert taken in line


async def test_a_demo_whose_simulator_ports_are_taken_names_the_option() -> None:
    async with ExporterProcess(*DEMO) as exporter:
        document = await printed_configuration(exporter)
        port = urlsplit(document["targets"][0]["url"]).port
        finished = await run_command("demo", f"--simulator.proxy-port={port}", "--simulator.direct-port=0")
    assert finished.code == 1
    (line,) = finished.err.splitlines()
    assert line.startswith(f"cannot start the demo: [Errno 98] port {port} of {LOOPBACK}")
    assert line.endswith("choose another with --simulator.proxy-port (0: any free port)")


@pytest.mark.parametrize("port", ["-1", "65536", "x", "٣"])
async def test_what_is_no_port_is_refused(port: str) -> None:
    finished = await run_command("demo", f"--simulator.direct-port={port}")
    assert finished.code == 2
    assert "a port is a number from 0 to 65535" in finished.err


async def printed_configuration(exporter: ExporterProcess) -> Any:
    """The configuration that the demo prints, and keeps in a file."""
    await eventually(
        lambda: asyncio.sleep(0, exporter.printed), lambda lines: "Ctrl-C ends the demo." in lines
    )
    (line,) = (line for line in exporter.printed if line.startswith("The configuration, also in"))
    file = Path(line.partition("also in ")[2].rstrip(":"))
    begin = exporter.printed.index(line) + 2
    text = "\n".join(itertools.takewhile(bool, exporter.printed[begin:]))
    assert yaml.safe_load(text) == yaml.safe_load(file.read_text())
    return yaml.safe_load(text)


async def test_the_commands_that_the_demo_prints_work_as_they_are() -> None:
    async with ExporterProcess(*DEMO) as exporter:
        await printed_configuration(exporter)
        begin = exporter.printed.index("Commands for another shell:") + 1
        commands = list(itertools.takewhile(bool, exporter.printed[begin:]))
        endings = {}
        for command in commands:
            process = await asyncio.create_subprocess_shell(command, stdout=PIPE, stderr=STDOUT)
            output, _ = await process.communicate()
            endings[command.split("exporter ", 1)[1].split()[0]] = (process.returncode, output.decode())
        job = yaml.safe_load("\n".join(exporter.printed[exporter.printed.index("  scrape_configs:") :][:5]))
    assert endings["probe"][0] == 0
    assert endings["probe"][1].startswith(f"{LOOPBACK} (https://{LOOPBACK}:")
    assert endings["check-credentials"][0] == 1  # the token of an administrator allows more than is needed
    assert "token: workers: allowed" in endings["check-credentials"][1]
    assert endings["users"] == (0, "9d2f3c1b7a5e4860a1b2c3d4e5f60718  admin  Administrator\n")
    assert job["scrape_configs"][0]["static_configs"] == [
        {"targets": [exporter.origin.removeprefix("http://")]}
    ]


async def test_every_cluster_of_the_demo_is_discovered_and_can_be_broken() -> None:
    async with ExporterProcess(*DEMO, "--poll.interval", "1s") as exporter:
        everything = dict.fromkeys(("demo-zone", *PROVIDERS), "ok")
        (zone,) = (await printed_configuration(exporter))["targets"]
        assert zone["discover"]["defaults"]["auth"].keys() == {"token_file"}
        found = await exporter.metrics_when(
            lambda seen: seen.diagnoses() == everything, _DISCOVERED_SECONDS + _BUSY_MACHINE_SECONDS
        )
        assert found.value("onedata_discovered_providers", state="watched") == len(PROVIDERS)
        await exporter.metrics_when(lambda seen: len(list(seen.samples("onedata_credentials_accepted"))) >= 4)
        assert not exporter.logged("credentials of discovered clusters")
        broken = {"on": "1", "member": "krakow"}
        assert await exporter.post("/demo/faults/worker_stopped", broken) == 303
        await exporter.metrics_when(lambda seen: seen.diagnoses() == everything | {"127.0.0.2": "proxy_down"})
        page = (await exporter.get("/demo?member=krakow"))[1]
        assert "Start the worker</button>" in page
        assert await exporter.post("/demo/recovery", {"member": "krakow"}) == 303
        await exporter.metrics_when(lambda seen: seen.diagnoses() == everything)
        assert await exporter.post("/demo/faults/removed", broken) == 303
        await exporter.metrics_when(lambda seen: "127.0.0.2" not in seen.diagnoses())
        assert "not monitored" in (await exporter.get("/demo"))[1]


async def test_a_demo_on_a_unix_socket_prints_its_pages_without_an_origin(tmp_path: Path) -> None:
    async with ExporterProcess(*DEMO_AT, f"unix:{tmp_path}/demo") as exporter:
        await eventually(
            lambda: asyncio.sleep(0, exporter.printed), lambda lines: "Ctrl-C ends the demo." in lines
        )
        code, _seconds = await exporter.stop()
    assert code == 0
    assert any(line.startswith("  /demo ") for line in exporter.printed)


async def test_a_demo_on_all_interfaces_prints_an_address_for_a_browser() -> None:
    async with ExporterProcess(*DEMO_AT, "0.0.0.0:0") as exporter:
        await eventually(
            lambda: asyncio.sleep(0, exporter.printed), lambda lines: "Ctrl-C ends the demo." in lines
        )
    assert any(line.startswith("  http://127.0.0.1:") for line in exporter.printed)


async def test_a_slow_onepanel_is_no_fault_at_the_pace_of_the_demo() -> None:
    async with ExporterProcess(*DEMO) as exporter:
        await exporter.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok")
        assert await exporter.post("/demo/faults/latency", {"on": "1"}) == 303
        before = (await exporter.metrics()).total("onedata_polls_total", target="demo-zone")
        # The first of these rounds may have begun before the switch.
        metrics = await exporter.metrics_when(
            lambda seen: seen.total("onedata_polls_total", target="demo-zone") >= before + 2
        )
    assert metrics.diagnosis("demo-zone") == "ok"
    assert metrics.total("onedata_poll_duration_seconds", target="demo-zone") > 1.0
