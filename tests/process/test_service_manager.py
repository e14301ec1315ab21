"""The notifications to a service manager such as systemd: ready, reloading, stopping, and that its event loop runs."""

from __future__ import annotations

import os
import re
import signal
import uuid
from pathlib import Path

import pytest

from exporter.commands.service_manager import ServiceManager
from tests.support.notifications import notify_socket
from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, write_config
from tests.support.servers import LOOPBACK

_TARGET = {"name": "zone", "url": f"https://{LOOPBACK}:1", "direct_url": f"https://{LOOPBACK}:2"}


@pytest.mark.parametrize("is_abstract", [False, True], ids=["path", "abstract"])
async def test_the_service_manager_is_notified_of_start_reload_and_stop(
    is_abstract: bool,
    config_file: Path,
    ca_file: Path,
    tmp_path: Path,
) -> None:
    config = write_config(config_file, [_TARGET], ca_file, interval=60.0)
    with notify_socket(f"@test-{uuid.uuid4()}" if is_abstract else tmp_path / "notify") as manager:
        async with ExporterProcess(config, environment={"NOTIFY_SOCKET": manager.name}) as exporter:
            assert await manager.first("READY=1") == 0
            assert (await exporter.get("/-/healthy"))[0] == 200

            exporter.signal(signal.SIGHUP)
            reloading = await manager.first("RELOADING=1")
            await manager.first("READY=1", after=reloading)
            assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=[0-9]+", manager.states()[reloading])

            code, _ = await exporter.stop()
            assert code == 0
        assert manager.states()[-1] == "STOPPING=1"
        assert not any(state.startswith("WATCHDOG") for state in manager.states())


async def test_the_end_of_a_failed_reload_is_reported_too(
    config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    config = write_config(config_file, [_TARGET], ca_file, interval=60.0)
    with notify_socket(tmp_path / "notify") as manager:
        async with ExporterProcess(config, environment={"NOTIFY_SOCKET": manager.name}) as exporter:
            config_file.write_text("targets: nothing of the kind")
            exporter.signal(signal.SIGHUP)
            await manager.first("READY=1", after=await manager.first("RELOADING=1"))
            assert (await exporter.get("/-/healthy"))[0] == 200


async def test_a_running_process_notifies_the_watchdog_regularly(
    config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    config = write_config(config_file, [_TARGET], ca_file, interval=60.0)
    with notify_socket(tmp_path / "notify") as manager:
        environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"}
        async with ExporterProcess(config, environment=environment):
            for _ in range(3):
                await manager.first("WATCHDOG=1", after=len(manager.states()))


async def test_a_service_manager_that_reads_nothing_does_not_hold_up_the_exporter(
    config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    config = write_config(config_file, [_TARGET], ca_file, interval=60.0)
    with notify_socket(tmp_path / "notify") as manager:
        environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "2000"}  # a full queue within a second
        async with ExporterProcess(config, environment=environment) as exporter:
            for _ in range(50):
                assert (await exporter.get("/-/healthy"))[0] == 200
            code, seconds = await exporter.stop()
    assert code == 0
    assert seconds < 5.0


@pytest.mark.parametrize("pid", ["", "own", "1"], ids=["no pid", "own pid", "another pid"])
def test_children_inherit_nothing_of_the_service_manager(pid: str) -> None:
    environment = {"NOTIFY_SOCKET": "/nonexistent", "WATCHDOG_USEC": "1000000", "PATH": "/bin"}
    if pid:
        environment["WATCHDOG_PID"] = str(os.getpid()) if pid == "own" else pid
    manager = ServiceManager(environment)
    assert environment == {"PATH": "/bin"}
    manager.ready()  # a manager that has gone is no error


async def test_without_a_service_manager_nothing_is_notified(config_file: Path, ca_file: Path) -> None:
    config = write_config(config_file, [_TARGET], ca_file, interval=60.0)
    async with ExporterProcess(config, f"--web.listen-address={LOOPBACK_ANY_PORT}") as exporter:
        assert (await exporter.get("/-/healthy"))[0] == 200
        assert (await exporter.stop())[0] == 0
