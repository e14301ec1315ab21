"""What the exporter shows of each simulated fault: one real round of every fault, in processes of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, Metrics, run_command, target_of
from tests.support.waiting import eventually

PASSPHRASE = "simulated-passphrase"  # pragma: allowlist secret
# So long that no second round comes.
_INTERVAL_SECONDS = 86400.0
# Long enough for a busy machine; short where it is waited out: once in a round, or by each operation of the details.
_TIMEOUT_SECONDS = 30.0
_TIMEOUTS_WAITED_OUT = {
    Fault.WORKER_SILENT: 3.0,
    Fault.PROXY_DRIP: 3.0,
    Fault.HOST_FROZEN: 3.0,
    Fault.PANEL_FROZEN: 6.0,
    Fault.PANEL_SILENT: 6.0,
    Fault.TABLE_LOCKED: 6.0,
}
_LONGEST_PROBE_SECONDS = 60.0
_TARGET = re.compile(r'target="(\w+)"')
_REQUESTS = "onedata_onepanel_requests_total"
# A frozen node costs the others less than a real one.
_TIMING = Timing(scale=0.0, latency_seconds=0.1, first_stall_seconds=0.3, stall_seconds=0.3, hang_seconds=0.0)
# Where Onepanel is silent, the worker gives up on it before the exporter gives up on the worker.
_TIMING_OF_SILENCE = replace(_TIMING, connect_timeout_seconds=2.0, receive_timeout_seconds=2.0)


class Shown(NamedTuple):
    """What is shown of one target: its JSON, page, metrics and log lines, and its line of `probe --format nagios`."""

    status: Mapping[str, Any]
    page: str
    metrics: Metrics
    log: tuple[str, ...]
    probe: str


class ShownFaults(NamedTuple):
    """What is shown of each fault, by its value, and the exit code of the probe of all."""

    by_fault: Mapping[str, Shown]
    probe_code: int


async def show_faults(folder: Path, authority: Authority, with_details: Collection[Fault]) -> ShownFaults:
    """Have one round of each fault, for some of them with details that need credentials, and one probe."""
    zones = {
        fault: SimulatedZone(
            authority=authority, timing=_TIMING_OF_SILENCE if fault in _TIMEOUTS_WAITED_OUT else _TIMING
        )
        for fault in dict.fromkeys((*_TIMEOUTS_WAITED_OUT, *Fault))  # the probe waits for these at once
    }
    async with AsyncExitStack() as stack:
        for fault, zone in zones.items():
            await stack.enter_async_context(zone)
            await zone.only(fault)
        config = _configure(folder, authority, zones, with_details)
        async with ExporterProcess(config) as exporter:
            await eventually(partial(_diagnosed, exporter), lambda number: number == len(Fault))
            await eventually(partial(_reported, exporter), {fault.value for fault in with_details}.issubset)
            metrics, statuses = await _metrics_by_target(exporter), await _statuses(exporter)
            pages = {fault.value: (await exporter.get(f"/targets/{fault.value}"))[1] for fault in Fault}
        # Some faults show in their first seconds, or in every second connection.
        for fault, zone in zones.items():
            await zone.only()
            await zone.only(fault)
        probed = await run_command(
            *("probe", "--all", config, "--format=nagios", f"--deadline={_LONGEST_PROBE_SECONDS:g}s"),
            seconds=_LONGEST_PROBE_SECONDS + 5.0,
        )
    assert probed.err == ""
    lines = dict(_subject_of(line) for line in probed.out.splitlines()[1:])
    shown = {
        fault.value: Shown(
            statuses[fault.value],
            pages[fault.value],
            metrics[fault.value],
            tuple(line for line in exporter.log if f" target={fault.value} " in f"{line} "),
            lines[fault.value],
        )
        for fault in Fault
    }
    return ShownFaults(shown, probed.code)


def _configure(
    folder: Path, authority: Authority, zones: Mapping[Fault, SimulatedZone], with_details: Collection[Fault]
) -> str:
    """Write the configuration; return the option that names it."""
    ca_file = authority.write_ca_file(folder / "ca.pem")
    targets = [
        {
            **target_of(zone, fault.value),
            "poll": {"timeout": _TIMEOUTS_WAITED_OUT.get(fault, _TIMEOUT_SECONDS)},
            "auth": {"passphrase": PASSPHRASE} if fault in with_details else {},
        }
        for fault, zone in zones.items()
    ]
    document = {
        "poll": {
            # No round is cut for others that wait: it would be had twice.
            "max_concurrency": 4 * len(zones),
            "interval": _INTERVAL_SECONDS,
            "details_interval": _INTERVAL_SECONDS,
        },
        "web": {"listen_addresses": [LOOPBACK_ANY_PORT]},
        "defaults": {"tls": {"ca_file": str(ca_file)}},
        "targets": targets,
    }
    file = folder / "faults.yml"
    file.write_text(json.dumps(document), encoding="utf-8")
    return f"--config.file={file}"


async def _statuses(exporter: ExporterProcess) -> dict[str, Mapping[str, Any]]:
    _status, text = await exporter.get("/api/v1/targets")
    return {each["name"]: each for each in json.loads(text)["targets"]}


async def _metrics_by_target(exporter: ExporterProcess) -> dict[str, Metrics]:
    """Return the metrics of each target alone, which are quick to search."""
    _status, text = await exporter.get("/metrics")
    lines: dict[str, list[str]] = {fault.value: [] for fault in Fault}
    for line in text.splitlines():
        found = _TARGET.search(line)
        if found:
            lines[found[1]].append(line)
    return {target: Metrics("\n".join(of_target)) for target, of_target in lines.items()}


async def _diagnosed(exporter: ExporterProcess) -> int:
    """Return how many targets had their round."""
    return len(exporter.logged("diagnosis changed"))


async def _reported(exporter: ExporterProcess) -> set[str]:
    """Return the targets that had their details, which end with the worker's report."""
    _status, text = await exporter.get(f"/metrics?name[]={_REQUESTS}")
    reported = Metrics(text).samples(_REQUESTS, operation="worker_report")
    return {each.labels["target"] for each in reported if each.value}


def _subject_of(line: str) -> tuple[str, str]:
    return line.partition(" - ")[2].partition(":")[0], line
