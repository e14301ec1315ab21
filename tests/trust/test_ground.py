"""Faults of the ground the exporter stands on: descriptors, streams, signals, clocks, the event loop itself."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import ssl
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from exporter.app import Exporter
from exporter.settings.loading import load
from exporter.simulator import INSTANT, Authority, SimulatedZone
from exporter.state.target_state import TargetState
from tests.support.processes import ROOT, ExporterProcess, Metrics, target_of, write_config
from tests.support.servers import LOOPBACK, ScriptedServer, silent
from tests.support.waiting import eventually
from tests.trust.test_hostile_details import Resolver

_INTERVAL = 1.0
UNHANDLED = "onedata_exporter_unhandled_errors_total"
FAILURES = "onedata_onepanel_request_failures_total"


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "onedata-exporter.yml"


@asynccontextmanager
async def running(config_file: Path) -> AsyncIterator[Exporter]:
    """The exporter in this process; a reload reads the file again."""
    async with Exporter(load(config_file), lambda: load(config_file)) as exporter:
        yield exporter
    asyncio.get_running_loop().set_exception_handler(None)


async def get(exporter: Exporter, path: str) -> tuple[int, str]:
    host, port = str(exporter.addresses[0]).rsplit(":", 1)
    async with aiohttp.ClientSession() as session, session.get(f"http://{host}:{port}{path}") as answer:
        return answer.status, await answer.text()


async def metrics_when(exporter: Exporter, holds: Callable[[Metrics], object]) -> Metrics:
    async def metrics() -> Metrics:
        return Metrics((await get(exporter, "/metrics"))[1])

    return await eventually(metrics, holds)


def state_of(exporter: Exporter, name: str) -> TargetState:
    state = exporter.store.state(name)
    assert state is not None
    return state


async def test_without_descriptors_rounds_fail_for_an_own_reason_and_recover_with_them(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with ExporterProcess(config) as exporter:
            await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            pid = exporter._process.pid
            usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (8, usual[1]))
            internal = {"target": "zone", "reason": "internal"}
            # A round may end while a scrape is written: its diagnosis and its failures may be in two scrapes.
            await exporter.metrics_when(
                lambda seen: seen.total(FAILURES, **internal) >= 4 and seen.diagnosis("zone") == "unknown"
            )
            page = (await exporter.get("/api/v1/targets"))[1]
            assert "the exporter itself is short of resources: Too many open files" in page
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
            again = await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
            assert again.total(UNHANDLED) == 0
            assert again.total(FAILURES, reason="connect") == 0


async def test_without_descriptors_pages_are_shown_for_the_first_time(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone, AsyncExitStack() as stack:
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        exporter = await stack.enter_async_context(ExporterProcess(config))
        await exporter.metrics_when(lambda seen: seen.diagnosis("zone") == "ok")
        pid = exporter._process.pid
        most = max(int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()) + 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        host, port = exporter.origin.removeprefix("http://").split(":")

        async def connection_limit() -> Metrics:
            """Connections that stay, until there is no descriptor left for anything else."""
            _, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.close)
            return await exporter.metrics()

        await eventually(connection_limit, lambda seen: seen.total(FAILURES, reason="internal") >= 4)
        for page in ("/", "/targets/zone", "/probe?target=zone&debug=true"):
            assert (await exporter.get(page))[0] == 200, exporter.log
        assert (await exporter.metrics()).total(UNHANDLED) == 0


async def _start(redirections: str, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *("sh", "-c", f'exec "$0" -m exporter "$@" {redirections}', sys.executable, *arguments),
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    )


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
@pytest.mark.parametrize("redirections", [">/dev/full 2>&1", ">&- 2>&-", "<&- >&- 2>&-"])
async def test_a_log_that_cannot_be_written_stops_nothing(
    redirections: str, log_format: str, config_file: Path, authority: Authority, ca_file: Path
) -> None:
    socket_file = config_file.with_name("socket")  # nothing can be read off the log, so no port either
    connector = aiohttp.UnixConnector(str(socket_file))
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        config = write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        options = (
            f"--web.listen-address=unix:{socket_file}",
            f"--log.format={log_format}",
            "--log.level=debug",
        )
        process = await _start(redirections, config, *options)

        async def diagnosis() -> str:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get("http://exporter/metrics") as answer:
                    return Metrics(await answer.text()).diagnosis("zone")
            return ""

        try:
            await eventually(diagnosis, lambda seen: seen == "ok", 30.0)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 15) == 0
        finally:
            await _end(process)


@pytest.mark.parametrize("line", [b"msg=starting", b"msg=listening", b"diagnosis changed"])
async def test_a_signal_during_the_start_stops_it(
    line: bytes, config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        targets = [target_of(zone, f"zone-{number}") for number in range(20)]
        process = await _start("", write_config(config_file, targets, ca_file, _INTERVAL))
        try:
            assert process.stderr is not None
            async with asyncio.timeout(30):
                while line not in await process.stderr.readline():
                    assert process.returncode is None
            process.terminate()
            rest = (await asyncio.wait_for(process.communicate(), 15))[1]
        finally:
            await _end(process)
    assert process.returncode in {0, -signal.SIGTERM}  # the latter before there is anything to end in order
    assert b"Traceback" not in rest


async def test_a_process_stopped_for_two_seconds_loses_no_target_and_reports_the_lag(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        targets = [target_of(zone, f"zone-{number}") for number in range(10)]
        config = write_config(config_file, targets, ca_file, interval=6.0)
        async with ExporterProcess(config) as exporter:
            names = [target["name"] for target in targets]
            await exporter.metrics_when(lambda seen: all(seen.diagnosis(name) == "ok" for name in names))
            before = await exporter.metrics()
            exporter.signal(signal.SIGSTOP)
            await asyncio.sleep(2.0)  # the fault itself
            exporter.signal(signal.SIGCONT)
            lag = "onedata_exporter_event_loop_lag_seconds"
            await exporter.metrics_when(lambda seen: (seen.value(lag) or 0) >= 1.5)
            polls = before.total("onedata_polls_total") + len(names)
            after = await exporter.metrics_when(lambda seen: seen.total("onedata_polls_total") >= polls)
            assert after.total(FAILURES) == 0
            assert after.total("onedata_polls_skipped_total") == 0
            assert {after.diagnosis(name) for name in names} == {"ok"}


@pytest.mark.parametrize("years", [10, -10])
async def test_a_clock_that_jumps_changes_timestamps_only(
    years: int,
    config_file: Path,
    authority: Authority,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true_time, shift = time.time, 0.0
    monkeypatch.setattr(time, "time", lambda: true_time() + shift)
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        write_config(config_file, [target_of(zone, "zone")], ca_file, _INTERVAL)
        async with running(config_file) as exporter:
            before = await metrics_when(exporter, lambda seen: seen.total("onedata_polls_total") >= 2)
            shift = years * 365 * 86400.0
            polls = before.total("onedata_polls_total") + 3
            after = await metrics_when(exporter, lambda seen: seen.total("onedata_polls_total") >= polls)
            for page in ("/", "/targets/zone", "/-/ready", "/api/v1/targets"):
                assert (await get(exporter, page))[0] == 200
    timestamp = "onedata_poll_last_attempt_timestamp_seconds"
    assert abs(after.total(timestamp) - before.total(timestamp) - shift) < 60
    for seen in (before, after):
        assert seen.diagnosis("zone") == "ok"
        assert list(seen.values("onedata_onepanel_healthy")) == [1, 1]
        assert 0 <= seen.total("onedata_poll_duration_seconds") < 30
        assert 0 <= seen.total("onedata_exporter_event_loop_lag_seconds") < 30
        assert seen.total("onedata_onepanel_request_duration_seconds_sum") < 30


async def test_a_reload_amid_a_round_ends_the_rounds_of_removed_targets_only(
    config_file: Path, ca_file: Path
) -> None:
    async with ScriptedServer(silent) as kept, ScriptedServer(silent) as removed:
        targets = [
            {"name": name, "url": f"https://{LOOPBACK}:{port}", "direct_url": f"https://localhost:{port}"}
            for name, port in (("kept", kept.port), ("removed", removed.port))
        ]
        write_config(config_file, targets, ca_file, interval=3.0)
        async with running(config_file) as exporter:
            await asyncio.gather(kept.connected(2), removed.connected(2))
            write_config(config_file, targets[:1], ca_file, interval=3.0)
            assert await exporter.reload()
            for wire in removed.wires:
                await asyncio.wait_for(wire.writer.wait_closed(), 5)
            assert not any(wire.reader.at_eof() for wire in kept.wires)
            state = state_of(exporter, "kept")
            await asyncio.wait_for(state.first_poll_done.wait(), 10)
            assert (
                kept.accepted == 4
            )  # each of two silent operations on a connection of its own, on each path
            assert (state.polls, state.polls_skipped) == (1, 0)
            assert exporter.store.state("removed") is None
            assert not exporter.store.unhandled_errors


async def test_an_unexpected_exception_is_counted_and_logged_and_costs_that_round_only(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    error = LookupError("nobody expected this")
    faults = [error]

    def find() -> str:
        if faults:
            raise faults.pop()
        return LOOPBACK

    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        target = target_of(zone, "zone")
        target["url"] = target["url"].replace(LOOPBACK, "localhost")
        write_config(config_file, [target, target_of(zone, "other")], ca_file, _INTERVAL)
        with capture_logs() as logged:
            async with running(config_file) as exporter:
                await exporter._client._resolver.close()
                exporter._client._resolver = Resolver(find)
                metrics = await metrics_when(exporter, lambda seen: seen.diagnosis("zone") == "ok")
    # The proxy path alone has a name to look up; both its operations share the look-up, and fail alike.
    assert metrics.value(UNHANDLED, where="client") == 2
    assert metrics.total(UNHANDLED) == 2
    assert metrics.total(FAILURES, target="zone", reason="internal") == 2
    assert metrics.total(FAILURES, reason="internal") == 2
    entries = [entry for entry in logged if "exc_info" in entry]
    assert len(entries) == 2
    for entry in entries:
        assert (entry["log_level"], entry["where"], entry["exc_info"]) == ("error", "client", error)
    assert error.__traceback__ is not None


async def test_a_handshake_that_fails_as_its_round_is_ended_is_no_bug_but_a_lost_task_is(
    config_file: Path, ca_file: Path
) -> None:
    async def fail() -> None:
        raise ConnectionError("nobody waits for this")

    write_config(config_file, [{"url": f"https://{LOOPBACK}:1"}], ca_file, _INTERVAL)
    async with running(config_file) as exporter:
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lost.set_exception(ssl.SSLCertVerificationError("certificate has expired"))
        del lost
        gc.collect()
        assert not exporter.store.unhandled_errors
        task = asyncio.ensure_future(fail())
        await asyncio.wait({task})
        del task
        gc.collect()
        assert exporter.store.unhandled_errors == {"loop": 1}
