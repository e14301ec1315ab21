"""The life of the process: how it starts, what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from exporter.simulator import INSTANT, Authority, Fault, SimulatedZone
from tests.support.processes import (
    LOOPBACK_ANY_PORT,
    ExporterProcess,
    run_command,
    target_of,
    write_config,
)
from tests.support.servers import LOOPBACK, ScriptedServer, silent
from tests.support.waiting import eventually

_STOP_SECONDS = 5.0
_START_SECONDS = 30.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_it_serves_before_the_first_round_and_stops_at_once_even_while_targets_hang(
    number: signal.Signals, config_file: Path, ca_file: Path
) -> None:
    async with ScriptedServer(silent) as hanging:
        targets = [{"name": f"zone-{n}", "url": f"https://{LOOPBACK}:{hanging.port}"} for n in range(5)]
        config = write_config(config_file, targets, ca_file, interval=60.0, timeout=50.0)
        async with ExporterProcess(config) as exporter:
            metrics = await exporter.metrics()
            assert {metrics.diagnosis(target["name"]) for target in targets} == {"unknown"}
            assert metrics.total("onedata_polls_total") == 0.0
            assert len(list(metrics.values("onedata_polls_total"))) == len(targets)
            assert list(metrics.values("onedata_onepanel_up")) == []
            assert (await exporter.get("/-/healthy"))[0] == 200
            assert (await exporter.get("/-/ready"))[0] == 200
            await hanging.connected(len(targets))
            code, seconds = await exporter.stop(number)
        assert code == 0
        assert seconds < _STOP_SECONDS
        assert exporter.logged("stopped")
        assert not any("Traceback" in line for line in exporter.log)


async def starting_until(module: str, *arguments: str) -> Process:
    """A process that has just imported this module: its first signs of life, long before it prints anything."""
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1", "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter", *arguments), stdout=PIPE, stderr=PIPE, env=environment
    )
    assert process.stderr is not None
    async with asyncio.timeout(_START_SECONDS):
        while (line := (await process.stderr.readline()).decode()).rpartition("|")[2].strip() != module:
            assert line, f"{module} is not imported"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda each: each.name)
@pytest.mark.parametrize("module", ["argparse", "aiohttp", "exporter.settings", "exporter.app"])
async def test_a_signal_at_any_time_of_the_start_ends_it_cleanly(module: str, number: signal.Signals) -> None:
    arguments = ("--target", f"https://{LOOPBACK}:1", "--web.listen-address", LOOPBACK_ANY_PORT)
    process = await starting_until(module, *arguments)
    process.send_signal(number)
    if number is signal.SIGHUP:
        process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_START_SECONDS):
        _, log = await process.communicate()
    assert process.returncode == 0
    assert "level=info msg=stopped" in log.decode()


async def test_it_is_not_ready_first_and_then_stops(config_file: Path, ca_file: Path) -> None:
    config = write_config(config_file, [{"url": f"https://{LOOPBACK}:1"}], ca_file, interval=60.0)
    async with ExporterProcess(config) as exporter:
        assert (await exporter.get("/-/ready"))[0] == 200
        stopping = asyncio.ensure_future(exporter.stop())
        refused = await eventually(lambda: exporter.get("/-/ready"), lambda answer: answer[0] != 200)
        assert refused == (503, "not ready: the exporter is stopping\n")
        assert (await stopping)[0] == 0


@pytest.mark.parametrize("key", ["configuration", "token_file", "ca_file", "web.config_file"])
async def test_a_pipe_in_place_of_a_file_is_named_at_the_start(
    config_file: Path, ca_file: Path, tmp_path: Path, key: str
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    target: dict[str, Any] = {"url": f"https://{LOOPBACK}:1"}
    if key == "token_file":
        target["auth"] = {"token_file": str(pipe)}
    config = write_config(config_file, [target], pipe if key == "ca_file" else ca_file, interval=60.0)
    options = [f"--config.file={pipe}"] if key == "configuration" else [config]
    if key == "web.config_file":
        options.append(f"--web.config-file={pipe}")
    finished = await run_command(*options)
    assert finished.code == 2
    assert "cannot be read: Not a regular file" in finished.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
async def test_a_file_system_that_does_not_answer_keeps_no_signal_waiting(
    number: signal.Signals, config_file: Path, tmp_path: Path
) -> None:
    """What reads the configuration is made to hang, as on a dead server; only the process is real."""
    script = tmp_path / "hangs.py"
    script.write_text(
        "import sys, threading\n"
        "import exporter.commands.serve as serve\n"
        "def hang(*_):\n"
        "    print('reading', flush=True)\n"
        "    threading.Event().wait()\n"
        "serve.load = hang\n"
        "from exporter.__main__ import main\n"
        "sys.exit(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), f"--config.file={config_file}"), stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(_START_SECONDS):
        assert await process.stdout.readline() == b"reading\n"
        process.send_signal(number)
        await process.communicate()
    assert process.returncode == 0


async def test_a_command_that_does_not_serve_is_killed_as_ever() -> None:
    process = await starting_until("argparse", "probe", f"https://{LOOPBACK}:1")
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_START_SECONDS):
        await process.communicate()
    assert process.returncode == -signal.SIGTERM


async def test_one_url_on_the_command_line_is_enough(authority: Authority, ca_file: Path) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ExporterProcess(
            *("--target", zone.proxy_url),
            *("--web.listen-address", LOOPBACK_ANY_PORT),
            *("--poll.interval", "500ms"),
            environment={"ONEDATA_EXPORTER_DEFAULTS__TLS__CA_FILE": str(ca_file)},
        ) as exporter,
    ):
        up = {"target": LOOPBACK, "path": "proxy"}
        metrics = await exporter.metrics_when(lambda seen: seen.value("onedata_onepanel_up", **up) == 1)
        assert metrics.value("onedata_poll_interval_seconds") == 0.5
        assert (await exporter.get("/-/ready"))[0] == 200
        status, page = await exporter.get("/")
        assert status == 200
        assert LOOPBACK in page


@pytest.fixture
def faulty_file(config_file: Path) -> Path:
    config_file.write_text(
        "poll: {interval: soon}\n"
        "targets:\n"
        "  - url: https://me:secret@zone.example\n"  # pragma: allowlist secret
        "  - url: https://other.example\n"
        "    nmae: other\n"
    )
    return config_file


async def test_a_bad_configuration_is_refused_with_a_line_for_each_fault(faulty_file: Path) -> None:
    finished = await run_command("--config.file", str(faulty_file))
    lines = finished.err.splitlines()
    assert finished.code == 2
    assert finished.out == ""
    assert len(lines) == 3
    for line, key in zip(sorted(lines), ("poll.interval", "targets[0].url", "targets[1].nmae"), strict=True):
        assert line.startswith(f"{faulty_file}: {key}: ")
    assert "secret" not in finished.err


async def test_a_port_in_use_is_one_line_of_the_log(config_file: Path, ca_file: Path) -> None:
    config = write_config(config_file, [{"url": "https://zone.example"}], ca_file, interval=60.0)
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        finished = await run_command(config, "--web.listen-address", f"{LOOPBACK}:{port}")
    assert finished.code == 1
    assert "Traceback" not in finished.err
    (line,) = (line for line in finished.err.splitlines() if "level=error" in line)
    assert "cannot serve" in line
    assert str(port) in line


async def test_the_log_has_a_line_for_a_change_and_none_for_a_round(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        # It has no health check, which is no reason for anything.
        await zone.set(Fault.OLD_VERSION, on=True)
        config = write_config(config_file, [target_of(zone, "my-zone")], ca_file, interval=0.3)
        async with ExporterProcess(config) as exporter:
            await exporter.metrics_when(lambda seen: seen.total("onedata_polls_total") >= 5)
            assert exporter.log[-1].endswith("proxy=ok direct=ok")
            before = len(exporter.log)
            await exporter.metrics_when(lambda seen: seen.total("onedata_polls_total") >= 10)
            assert len(exporter.log) == before
        (change,) = exporter.logged("diagnosis changed")
    assert "target=my-zone from=unknown to=ok reason=none " in change


@pytest.mark.parametrize(
    ("log_format", "beginning"),
    [
        ("logfmt", r"ts=\S+ level=info msg=stopped"),
        ("json", r'\{"ts": "\S+", "level": "info", "msg": "stopped"'),
    ],
)
async def test_a_line_begins_with_when_how_bad_and_what(log_format: str, beginning: str) -> None:
    arguments = ("--target", f"https://{LOOPBACK}:1", "--web.listen-address", LOOPBACK_ANY_PORT)
    process = await starting_until("exporter.app", *arguments, "--log.format", log_format)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_START_SECONDS):
        _, log = await process.communicate()
    assert re.match(beginning, log.decode().splitlines()[-1]), log


async def test_the_debug_level_shows_every_request(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "my-zone")], ca_file, interval=0.5)
        async with ExporterProcess(config, "--log.level=debug") as exporter:
            await exporter.metrics_when(lambda seen: seen.total("onedata_polls_total") >= 1)
        lines = exporter.logged("request")
    for path in ("proxy", "direct"):
        for operation in ("configuration", "health"):
            wanted = f"target=my-zone path={path} operation={operation} status=200 seconds="
            assert any(wanted in line and line.endswith("result=ok") for line in lines)


async def test_it_uses_as_many_descriptors_as_it_may(config_file: Path, ca_file: Path) -> None:
    config = write_config(config_file, [{"url": f"https://{LOOPBACK}:1"}], ca_file, interval=60.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 700), hard))
    try:
        async with ExporterProcess(config) as exporter:
            given = resource.prlimit(exporter._process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert given == (hard if 0 < hard < 65_536 else 65_536, hard)
    assert given[0] > 700
