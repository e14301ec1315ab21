"""The processes that are compared: the real exporter, and blackbox_exporter, each on the first core."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.farm import CONFIGURATION, HEALTH, SERVER_NAME
from bench.machine import cpu_seconds

BLACKBOX = "prometheus-blackbox-exporter"
WORK_CORE, FARM_CORE = 0, 1
_ROOT = Path(__file__).parents[1]
_START_SECONDS = 60.0
# As Prometheus asks.
_SCRAPE_HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class FarmProcess:
    """The running farm: its two ports, the authority to trust, and how to ask it for its record."""

    process: Process
    proxy: int
    direct: int
    ca_file: str

    async def record(self) -> dict[str, Any]:
        """Return what was served since the last time this was asked: the fields of `bench.farm.Record`."""
        self.process.stdin.write(b"record\n")  # type: ignore[union-attr]  # it is a pipe
        record: dict[str, Any] = json.loads(await self.process.stdout.readline())  # type: ignore[union-attr]  # likewise
        return record


@asynccontextmanager
async def farm(key_type: str = "ECDSA") -> AsyncIterator[FarmProcess]:
    """Start a farm whose certificates have keys of this type: ECDSA or RSA."""
    command = (sys.executable, "-m", "bench.farm", str(FARM_CORE), key_type)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=_ROOT, limit=2**26)
    async with _ended(process):
        line = await process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        yield FarmProcess(process, **json.loads(line))


@dataclass(frozen=True, slots=True)
class Contestant:
    """A running exporter of either kind: its process, where it listens, and its CPU when it first answered."""

    pid: int
    origin: str
    session: aiohttp.ClientSession
    start_cpu: float

    async def get(self, path: str, *, plain: bool = False) -> bytes:
        """Return the body of a page as it came over the wire, compressed unless `plain`; raise unless it is a 200."""
        headers = {**_SCRAPE_HEADERS, "Accept-Encoding": "identity"} if plain else _SCRAPE_HEADERS
        async with self.session.get(self.origin + path, headers=headers) as response:
            body = await response.read()
            response.raise_for_status()
            return body


def address_of(index: int) -> str:
    """Return the loopback address of one target."""
    return f"127.1.{index // 250}.{index % 250 + 1}"


def write_exporter_config(file: Path, where: FarmProcess, targets: int, interval: float, **poll: Any) -> Path:
    """Return the exporter's configuration file: everything as by default, but for what is given."""
    document = {
        "poll": {"interval": interval, "timeout": min(2 / 3 * interval, 10.0), **poll},
        "web": {"listen_addresses": ["127.0.0.1:0"]},
        "defaults": {"tls": {"ca_file": where.ca_file, "server_name": SERVER_NAME}},
        "targets": [
            {
                "name": f"zone-{index:04}",
                "url": f"https://{address_of(index)}:{where.proxy}",
                "direct_url": f"https://{address_of(index)}:{where.direct}",
            }
            for index in range(targets)
        ],
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


@asynccontextmanager
async def exporter(config_file: Path, operations: int = 2) -> AsyncIterator[Contestant]:
    """Provide the real exporter; operations of a round beyond two request the configuration, too."""
    module = ("-m", "exporter") if operations == 2 else ("-m", "bench.longer_rounds", str(operations))  # noqa: PLR2004 - those there are
    command = (sys.executable, *module, "serve", f"--config.file={config_file}")
    async with _running(command, rb"msg=listening .*address=(\S+)", "/metrics") as contestant:
        yield contestant


@asynccontextmanager
async def bare_loop(
    where: FarmProcess, targets: int, connections_per_second: float
) -> AsyncIterator[Process]:
    """`bench.bare`, at this rate."""
    arguments = (where.ca_file, where.proxy, where.direct, targets, connections_per_second)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.bare", *map(str, arguments)), cwd=_ROOT, preexec_fn=_to_work_core
    )
    async with _ended(process):
        yield process


def write_blackbox_config(file: Path, ca_file: str) -> Path:
    """Return the same two checks for blackbox_exporter: verified TLS, status 200, the words that mean good health."""
    modules = {
        name: {
            "prober": "http",
            "timeout": "10s",
            "http": {
                "headers": {"Accept": "application/json"},
                "tls_config": {"ca_file": ca_file, "server_name": SERVER_NAME},
                "fail_if_body_not_matches_regexp": [pattern],
                "preferred_ip_protocol": "ip4",
            },
        }
        for name, pattern in (("configuration", '"serviceType":"onezone"'), ("health", '"status":"healthy"'))
    }
    file.write_text(json.dumps({"modules": modules}), encoding="utf-8")
    return file


@asynccontextmanager
async def blackbox(config_file: Path) -> AsyncIterator[Contestant]:
    """blackbox_exporter, as its package installs it."""
    command = (BLACKBOX, f"--config.file={config_file}", "--web.listen-address=127.0.0.1:0")
    async with _running(command, rb"msg=\"?Listening on\"?.* address=(\S+)", "/-/healthy") as contestant:
        yield contestant


def probe_paths(where: FarmProcess, targets: int) -> list[str]:
    """Return the probes that ask what one round of the exporter asks of every target."""
    checks = [("configuration", CONFIGURATION), ("health", HEALTH)]
    return [
        f"/probe?module={module}&target=https://{address_of(index)}:{port}{path}"
        for index in range(targets)
        for port in (where.proxy, where.direct)
        for module, path in checks
    ]


def blackbox_version() -> str:
    """Return the first line of its `--version`; empty when it is not installed."""
    program = shutil.which(BLACKBOX)
    if program is None:
        return ""
    with os.popen(f"{program} --version 2>&1") as output:  # noqa: S605 - a fixed program
        found = re.search(r"version (\S+)", output.read())
    return found[1].rstrip(",") if found else ""


@asynccontextmanager
async def _running(command: tuple[str, ...], listening: bytes, first_page: str) -> AsyncIterator[Contestant]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=DEVNULL,
        stderr=PIPE,
        cwd=_ROOT,
        preexec_fn=_to_work_core,
    )
    async with (
        _ended(process),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            auto_decompress=False,  # it would take as long as what is measured
        ) as session,
    ):
        origin = await asyncio.wait_for(_origin(process, listening), _START_SECONDS)
        contestant = Contestant(process.pid, origin, session, 0.0)
        await contestant.get(first_page)
        start_cpu = cpu_seconds(process.pid)
        reader = asyncio.ensure_future(_drain(process))
        try:
            yield Contestant(process.pid, origin, session, start_cpu)
        finally:
            reader.cancel()


def _to_work_core() -> None:
    os.sched_setaffinity(0, {_core(WORK_CORE)})


def _core(index: int) -> int:
    cores = sorted(CORES)
    return cores[index % len(cores)]


# Before this process is pinned itself.
CORES = os.sched_getaffinity(0)


async def _origin(process: Process, listening: bytes) -> str:
    output = b""
    while line := await process.stderr.readline():  # type: ignore[union-attr]  # it is a pipe
        output += line
        found = re.search(listening, line)
        if found:
            return f"http://{found[1].decode()}"
    raise RuntimeError(f"it did not start: {output.decode(errors='replace')}")


async def _drain(process: Process) -> None:
    while await process.stderr.read(65536):  # type: ignore[union-attr]  # it is a pipe
        pass


@asynccontextmanager
async def _ended(process: Process) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 10.0)
        except TimeoutError:
            process.kill()
            await process.wait()
