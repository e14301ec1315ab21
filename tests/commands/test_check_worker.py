"""The drop-ins for the plugins of 2018: options, exit codes, and one line for Nagios."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping

import pytest

from exporter.commands.check_worker import judge
from exporter.operations.worker_report import ReportStatus, WorkerReport
from exporter.report.severity import Severity
from exporter.simulator import Fault, SimulatedZone
from tests.support.forking import Ended, run_forked
from tests.support.terminal import Terminal

OK, ERROR, OUT_OF_SYNC = ReportStatus.OK, ReportStatus.ERROR, ReportStatus.OUT_OF_SYNC
LINE = re.compile(
    r"ONEDATA (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n<>]+ \| time=[0-9.]+s;;;0;[0-9]+( workers_ok=\d+;;;0;\d+)?\n"
)


async def check(*argv: str, program: str = "check_onezone") -> Ended:
    function = f"exporter.commands.check_worker:{program}"
    return await asyncio.to_thread(run_forked, argv, os.environ, program=function)


@pytest.mark.parametrize(
    ("modules", "status", "severity", "not_ok"),
    [
        ({"a": {"m": OK}, "b": {"m": OK}}, OK, Severity.OK, ()),
        ({"a": {"m": OK}, "b": {"m": OK, "n": ERROR}}, ERROR, Severity.WARNING, ("b",)),
        ({"a": {"m": OUT_OF_SYNC}, "b": {"m": OK}}, OUT_OF_SYNC, Severity.WARNING, ("a",)),
        ({"a": {"m": ERROR}, "b": {"m": ERROR}}, ERROR, Severity.CRITICAL, ("a", "b")),
        ({"a": {}}, OK, Severity.OK, ()),
        ({"a": {}, "b": {"m": OK}}, ERROR, Severity.WARNING, ("a",)),
        ({}, OK, Severity.UNKNOWN, ()),
    ],
)
def test_the_workers_decide(
    modules: Mapping[str, Mapping[str, ReportStatus]],
    status: ReportStatus,
    severity: Severity,
    not_ok: tuple[str, ...],
) -> None:
    workers = judge(WorkerReport(status, modules))
    assert (workers.severity, workers.not_ok) == (severity, not_ok)


@pytest.mark.parametrize("program", ["check_onezone", "check_oneprovider"])
async def test_a_cluster_whose_workers_are_ok(zone: SimulatedZone, terminal: Terminal, program: str) -> None:
    host, _, port = zone.proxy_url.removeprefix("https://").rpartition(":")
    ca_file = terminal.file("ca.pem", zone.ca_pem)
    for options in (
        ("-H", host, "-p", port),
        ("--hostname", host, "--port", port),
        ("-u", f"{zone.proxy_url}/nagios"),
    ):
        ended = await check(*options, "--ca-file", ca_file, "-t", "5", program=program)
        assert (ended.code, ended.err) == (0, "")
        assert LINE.fullmatch(ended.out)
        assert "1 of 1 workers ok" in ended.out


async def test_a_report_that_cannot_be_fetched_is_critical(zone: SimulatedZone, terminal: Terminal) -> None:
    url = f"{zone.proxy_url}/nagios"
    unverified = await check("-u", url)
    assert (unverified.code, unverified.err) == (2, "")
    assert "certificate_untrusted" in unverified.out
    assert (await check("-u", url, "--insecure")).code == 0
    await zone.only(Fault.WORKER_STOPPED)
    refused = await check("-u", url, "--ca-file", terminal.file("ca.pem", zone.ca_pem))
    assert refused.code == 2
    assert LINE.fullmatch(refused.out)
    assert "connection_refused" in refused.out


async def test_a_report_that_cannot_be_understood_is_unknown(zone: SimulatedZone, terminal: Terminal) -> None:
    url = f"{zone.proxy_url}/api/v3/onepanel/configuration"
    ended = await check("-u", url, "--ca-file", terminal.file("ca.pem", zone.ca_pem))
    assert ended.code == 3
    assert LINE.fullmatch(ended.out)


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("-H", "a", "-u", "https://a/nagios"),
        ("-H", "a", "-p", "x7secret"),
        ("-H", "a", "--passphrase", "x7secret"),
        ("-H", "a", "-t", "x7secret"),
        ("-u", "ftp://x7secret"),
        ("-u", "https://user:x7secret@a/nagios"),  # pragma: allowlist secret
        ("-H", "a/x7secret"),
        ("-H", "a", "--ca-file", "absent.pem"),
    ],
)
async def test_bad_usage_is_unknown_and_repeats_no_value(argv: tuple[str, ...]) -> None:
    ended = await check(*argv)
    assert ended.code == 3
    assert ended.out.startswith("ONEDATA UNKNOWN - ")
    assert ended.out.count("\n") == 1
    assert "x7secret" not in ended.out + ended.err


async def test_help_names_every_option() -> None:
    ended = await check("-h")
    assert ended.code == 0
    for option in (
        "-H HOST, --hostname",
        "-p PORT, --port",
        "-t SECONDS, --timeout",
        "-u URL, --url",
        "--insecure",
    ):
        assert option in ended.out
