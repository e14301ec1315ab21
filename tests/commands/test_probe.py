from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from asyncio.subprocess import PIPE

import pytest

from exporter.reasons import Reason
from exporter.simulator import Fault, SimulatedZone
from tests.support.commands import ROOT
from tests.support.terminal import PASSPHRASE, TOKEN, Terminal


async def test_a_healthy_zone_is_ok_and_all_details_are_printed(terminal: Terminal) -> None:
    ended = await terminal.probe(*terminal.credentials(TOKEN))
    assert (ended.code, ended.err) == (0, "")
    for part in (
        "OK, ok",
        "proxy ",
        "direct",
        "verified",
        "tls ",
        "worker    127.0.0.1: healthy",
        "do first:",
    ):
        assert part in ended.out


@pytest.mark.parametrize(
    ("fault", "code", "diagnosis"),
    [
        (Fault.WORKER_STOPPED, 2, "proxy_down"),
        (Fault.PANEL_STOPPED, 2, "panel_down"),
        (Fault.DIRECT_CLOSED, 1, "direct_down"),
        (Fault.BREAKER_OPEN, 2, "database_full"),
        (Fault.LISTENER_FAILING, 2, "unhealthy"),
        (Fault.NOT_DEPLOYED, 1, "not_deployed"),
        (Fault.ELSEWHERE, 1, "mismatch"),
        (Fault.PROXY_CERTIFICATE_EXPIRED, 2, "certificate"),
    ],
)
async def test_exit_code_and_status_line_give_the_severity(
    zone: SimulatedZone, terminal: Terminal, fault: Fault, code: int, diagnosis: str
) -> None:
    await zone.only(fault)
    ended = await terminal.probe("--format", "nagios", "--timeout", "2s")
    assert ended.code == code
    words, bar, performance = ended.out.partition("|")
    assert words.startswith(f"ONEDATA {('OK', 'WARNING', 'CRITICAL')[code]} - 127.0.0.1: {diagnosis}")
    assert (ended.out.count("\n"), bar) == (1, "|")
    assert "duration=" in performance


async def test_the_json_has_the_same_severity_and_both_paths(terminal: Terminal, zone: SimulatedZone) -> None:
    await zone.only(Fault.WORKER_STOPPED)
    ended = await terminal.probe("--format", "json", *terminal.credentials(passphrase=PASSPHRASE))
    summary = json.loads(ended.out)
    assert (summary["severity"], summary["diagnosis"], summary["exit_code"]) == (
        "critical",
        "proxy_down",
        ended.code,
    )
    assert [summary["nodes"][0][path]["up"] for path in ("proxy", "direct")] == [False, True]
    assert summary["components"]["worker"] == {"127.0.0.1": "stopped"}
    assert summary["credentials_accepted"] == {"passphrase": True}


async def test_the_duration_is_that_of_everything_that_was_asked(
    terminal: Terminal, zone: SimulatedZone
) -> None:
    await zone.only(Fault.LATENCY)
    ended = await terminal.probe("--format", "json", *terminal.credentials(TOKEN))
    summary = json.loads(ended.out)
    assert summary["duration_seconds"] >= sum(each["seconds"] for each in summary["details"])


async def test_a_probe_ends_at_its_deadline_and_reports_what_it_left_out(
    terminal: Terminal, zone: SimulatedZone
) -> None:
    await zone.only(Fault.WORKER_SILENT)
    began = time.monotonic()
    await terminal.probe("--deadline", "60ms")
    start_seconds = time.monotonic() - began  # the deadline includes the start of the process
    limits = ("--deadline", f"{6000 + int(1000 * start_seconds)}ms", "--timeout", "4s")
    ended = await terminal.probe("--format", "json", *limits, *terminal.credentials(passphrase=PASSPHRASE))
    summary = json.loads(ended.out)
    assert summary["duration_seconds"] < 7.5  # the worker's silence alone would cost 8 s
    assert summary["components"]["worker"] == {"127.0.0.1": "unhealthy"}
    (late,) = (each["message"] for each in summary["findings"] if "no time was left" in each["message"])
    assert "worker_report" in late
    assert {each["operation"]: each["error"] for each in summary["details"]}["worker_report"] == (
        "not learnt (round at its end)"
    )


async def test_a_deadline_that_leaves_no_time_makes_a_healthy_zone_unknown_and_not_critical(
    terminal: Terminal,
) -> None:
    ended = await terminal.probe("--deadline", "60ms")
    assert ended.code == 3
    assert "the deadline leaves no time for a request" in ended.err


async def test_the_age_of_a_process_counts_from_its_start_and_not_from_its_imports() -> None:
    program = (
        "import time; began = time.monotonic(); "
        "from exporter.commands.process_age import process_age; age = process_age(); "
        "print(time.monotonic() - began, age)"
    )
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, cwd=ROOT)
    printed, _ = await process.communicate()
    since_the_first_import, age = map(float, printed.split())
    # The system counts in hundredths of a second.
    assert since_the_first_import - 0.01 <= age <= time.monotonic() - began + 0.05


async def test_an_explanation_shows_headers_certificates_and_reasons(
    terminal: Terminal, zone: SimulatedZone
) -> None:
    await zone.only(Fault.PROXY_CERTIFICATE_UNTRUSTED)
    ended = await terminal.probe("--explain", *terminal.credentials(TOKEN))
    for part in (
        "X-Auth-Token: <masked>",
        "< Server: Cowboy",
        "certificates served (NOT verified)",
        "certificates served (verified)",
        "0: subject CN=",
        "proxy showed certificate",
        "certificate_untrusted",
    ):
        assert part in ended.out


async def test_an_empty_503_is_explained_as_an_answer_of_the_proxy(
    terminal: Terminal, zone: SimulatedZone
) -> None:
    await zone.only(Fault.PANEL_STOPPED)
    ended = await terminal.probe("--explain", "--format", "json")
    exchanges = json.loads(ended.out)["exchanges"]
    classified = {each["path"]: each["classification"] for each in exchanges if "health" in each["url"]}
    assert "so a proxy answered, not Onepanel" in classified["proxy"]
    assert "connection_refused" in {each["classification"].partition(":")[0] for each in exchanges}


async def test_an_empty_report_over_direct_is_explained_as_an_answer_of_onepanel(
    terminal: Terminal, zone: SimulatedZone
) -> None:
    await zone.only(Fault.WORKER_STOPPED)
    ended = await terminal.probe("--explain", *terminal.credentials(passphrase=PASSPHRASE))
    assert "  worker_report (over direct): HTTP 503 in " in ended.out
    reason = "worker_unreachable: an empty report, so Onepanel answers in place of the worker"
    (relayed,) = (each for each in ended.out.split("\ndirect: ") if "/onepanel/zone/nagios" in each)
    assert f"  = {reason}; {Reason.WORKER_UNREACHABLE.meaning}" in relayed
    assert "proxy_upstream" not in ended.out


@pytest.mark.parametrize("output_format", ["text", "json", "nagios"])
@pytest.mark.parametrize("given", ["file", "environment"])
async def test_no_output_shows_a_secret(terminal: Terminal, output_format: str, given: str) -> None:
    canary, phrase = "canary-of-a-token", "canary-of-a-passphrase"
    options = terminal.credentials(canary, phrase) if given == "file" else []
    if given == "environment":
        terminal.environ["ONEDATA_EXPORTER_DEFAULTS__AUTH__TOKEN"] = canary
        terminal.environ["ONEDATA_EXPORTER_DEFAULTS__AUTH__PASSPHRASE"] = phrase
    ended = await terminal.probe("--explain", "--format", output_format, *options)
    assert "not accepted" in ended.out
    # In Base64 three beginnings are possible; with the user `onepanel:` before it, it is this one.
    for secret in (canary, phrase, "b25lcGFuZWw6"):
        assert secret not in ended.out + ended.err


async def test_a_configured_target_is_probed_by_name(terminal: Terminal, zone: SimulatedZone) -> None:
    text = json.dumps(
        {
            "targets": [
                {
                    "name": "my-zone",
                    "url": zone.proxy_url,
                    "direct_url": zone.direct_url,
                    "tls": {"ca_file": terminal.file("ca.pem", zone.ca_pem)},
                }
            ]
        }
    )
    config = terminal.file("config.yml", text)
    ended = await terminal.run("probe", "my-zone", "--config.file", config, "--format", "nagios")
    assert ended.code == 0
    assert ended.out.startswith("ONEDATA OK - my-zone: ok")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["no-such-zone"], "no target is configured: give a URL, or --config.file"),
        (["https://user:secret@zone.example"], "user name or password"),  # pragma: allowlist secret
        (["ftp://zone.example"], "https://"),
        (["https://zone.example", "--config.file", "/does/not/exist"], "cannot be read"),
        (["https://zone.example", "--token-file", "/does/not/exist"], "No such file"),
        (["https://zone.example", "--timeout", "soon"], "duration"),
        (["https://zone.example", "--deadline", "0s"], "longer than 0"),
        (["https://zone.example", "--nonsense"], "unrecognized"),
        (["no-such-zone", "--tls.ca-file", "ca.pem"], "goes with a URL"),
    ],
)
async def test_bad_usage_and_configuration_are_unknown_to_nagios(
    terminal: Terminal, argv: list[str], message: str
) -> None:
    ended = await terminal.run("probe", *argv)
    assert ended.code == 3
    assert message in ended.err
    assert "secret" not in ended.err


async def test_a_bad_configuration_is_a_status_line_for_nagios(terminal: Terminal) -> None:
    ended = await terminal.run("probe", "no|such", "--format", "nagios")
    assert ended.code == 3
    assert ended.out.startswith("ONEDATA UNKNOWN - ")
    assert (ended.out.count("\n"), "|" in ended.out) == (1, False)


async def test_credentials_are_not_sent_without_verification(terminal: Terminal) -> None:
    insecure = "targets: [{name: z, url: 'https://127.0.0.1:1', tls: {insecure_skip_verify: true}}]"
    config = terminal.file("config.yml", insecure)
    ended = await terminal.run("probe", "z", "--config.file", config, *terminal.credentials(TOKEN))
    assert ended.code == 3
    assert "not verified" in ended.err


def both_targets(terminal: Terminal, zone: SimulatedZone) -> str:
    """A configuration with a zone, and one where nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        closed = f"https://127.0.0.1:{bound.getsockname()[1]}"
    ca_file = {"ca_file": terminal.file("ca.pem", zone.ca_pem)}
    targets = [
        {"name": "up", "url": zone.proxy_url, "direct_url": zone.direct_url, "tls": ca_file},
        {"name": "gone", "url": closed, "direct_url": closed.replace("127.0.0.1", "127.0.0.2")},
    ]
    return terminal.file("config.yml", json.dumps({"targets": targets}))


@pytest.mark.parametrize("output_format", ["nagios", "json", "text"])
async def test_all_targets_are_probed_and_the_worst_one_decides(
    terminal: Terminal, zone: SimulatedZone, output_format: str
) -> None:
    config = both_targets(terminal, zone)
    ended = await terminal.run("probe", "--all", "--config.file", config, "--format", output_format)
    assert (ended.code, ended.err) == (2, "")
    if output_format == "json":
        assert {each["target"]: each["diagnosis"] for each in json.loads(ended.out)} == {
            "up": "ok",
            "gone": "unreachable",
        }
    elif output_format == "nagios":
        first, gone, up = ended.out.splitlines()
        words, _bar, performance = first.partition(" | ")
        assert words == "ONEDATA CRITICAL - 1 of 2 targets ok; gone: unreachable"
        assert performance == "ok=1;;;0;2 unknown=0;;;0;2 warning=0;;;0;2 critical=1;;;0;2"
        assert gone.startswith("ONEDATA CRITICAL - gone: unreachable")
        assert up.startswith("ONEDATA OK - up: ok")
        assert "|" not in gone + up
    else:
        assert ended.out.index("up (https://") < ended.out.index("gone (https://")


@pytest.mark.parametrize("options", [["zone", "--all"], [], ["--all", "--token-file", "x"]])
async def test_all_goes_with_no_single_target(
    terminal: Terminal, zone: SimulatedZone, options: list[str]
) -> None:
    ended = await terminal.run("probe", *options, "--config.file", both_targets(terminal, zone))
    assert ended.code == 3
    assert "--all" in ended.err or "goes with a single target" in ended.err


async def test_the_first_step_names_the_options_of_the_command(
    terminal: Terminal, zone: SimulatedZone
) -> None:
    await zone.only(Fault.PROXY_CERTIFICATE_UNTRUSTED)
    by_url = await terminal.probe()
    assert "for a private authority, trust it with `--tls.ca-file`" in by_url.out
    await zone.only(Fault.DIRECT_CLOSED)
    by_name = await terminal.run("probe", "up", "--config.file", both_targets(terminal, zone))
    assert "set `paths: [proxy]` in the configuration file" in by_name.out


async def test_a_host_that_refuses_connections_is_critical(terminal: Terminal) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        urls = (f"https://127.0.0.1:{port}", "--direct-url", f"https://localhost:{port}")
        ended = await terminal.run("probe", *urls)
    assert ended.code == 2
    assert "unreachable" in ended.out


@pytest.mark.parametrize("shard", ["0/8", "7/8", "auto/8", ""])
async def test_a_command_works_for_every_target_whatever_the_shard_of_its_host(
    terminal: Terminal, shard: str
) -> None:
    terminal.environ["ONEDATA_EXPORTER_SHARD"] = shard
    by_url = await terminal.probe()
    assert (by_url.code, by_url.err) == (0, "")
    target = terminal.target()
    file = terminal.file("config.yml", json.dumps({"shard": shard or "1/8", "targets": [target]}))
    by_name = await terminal.run("probe", "my-zone", "--config.file", file)
    assert (by_name.code, by_name.err) == (0, "")


@pytest.mark.long
async def test_a_probe_of_a_silent_server_ends_within_its_deadline_counted_from_the_start_of_the_process() -> (
    None
):
    """A server that accepts connections and sends nothing: the timeout of 10 s never ends the wait."""
    with socket.create_server(("", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        direct = url.replace("127.0.0.1", "127.0.0.2")
        # Tests beside this one may hold up its process: a deadline that is counted wrongly is missed every time.
        seconds = min([await _probe_until_deadline(url, direct) for _ in range(3)])
    assert seconds <= 3.0 + 0.2


async def _probe_until_deadline(url: str, direct_url: str) -> float:
    """Return how long the process of a probe with a deadline of three seconds took."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter", "probe", url, "--direct-url", direct_url),
        *("--deadline", "3s", "--format", "nagios"),
        stdout=PIPE,
        cwd=ROOT,
    )
    printed, _ = await process.communicate()
    seconds = time.monotonic() - began
    assert process.returncode == 3
    assert printed.startswith(b"ONEDATA UNKNOWN - 127.0.0.1: unknown")
    return seconds
