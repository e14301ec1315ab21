"""The real command as a process of its own, and its /metrics and its log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp

from exporter.simulator import SimulatedZone
from tests.support.forking import Ended, run_forked
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
LOOPBACK_ANY_PORT = "127.0.0.1:0"
# Several demos at once need ports of their own.
ANY_SIMULATOR_PORTS = ("--simulator.proxy-port=0", "--simulator.direct-port=0")
DEMO = ("demo", f"--web.listen-address={LOOPBACK_ANY_PORT}", *ANY_SIMULATOR_PORTS)
_START_SECONDS = 30.0
_STOP_SECONDS = 30.0


_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Sample(NamedTuple):
    """One series."""

    labels: dict[str, str]
    value: float


class Metrics:
    """One answer of /metrics.

    Only lines that are asked for are read: a test that waits asks often, and the zones it waits for may live
    in the same process. Other tests check that every line has the right format, with the libraries' parsers.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[str, list[str]] = {}
        for line in text.split("\n"):
            if line and not line.startswith("#"):
                self._lines.setdefault(re.split("[{ ]", line, maxsplit=1)[0], []).append(line)

    def samples(self, name: str, **labels: str) -> Iterator[Sample]:
        """All series of this name with (at least) these labels."""
        for line in self._lines.get(name, ()):
            inner, _, value = line.rpartition(" ")
            found = {label: _unescaped(text) for label, text in _LABEL.findall(inner)}
            if labels.items() <= found.items():
                yield Sample(found, float(value))

    def values(self, name: str, **labels: str) -> Iterator[float]:
        """The values of these series."""
        return (sample.value for sample in self.samples(name, **labels))

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the only such series; None when there is none."""
        found = list(self.values(name, **labels))
        assert len(found) <= 1, f"{len(found)} series of {name} with {labels}"
        return found[0] if found else None

    def total(self, name: str, **labels: str) -> float:
        """The sum of all such series."""
        return sum(self.values(name, **labels))

    def diagnoses(self) -> dict[str, str]:
        """The diagnosis of every target that has one; for targets without nodes."""
        holding = [each.labels for each in self.samples("onedata_target_diagnosis") if each.value == 1]
        found = {labels["target"]: labels["diagnosis"] for labels in holding}
        assert len(found) == len(holding), holding
        return found

    def diagnosis(self, target: str) -> str:
        """The diagnosis of a target; empty when there is none."""
        found = self.samples("onedata_target_diagnosis", target=target)
        holding = [each.labels["diagnosis"] for each in found if each.value == 1]
        assert len(holding) <= 1, holding
        return holding[0] if holding else ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda found: _ESCAPED[found[0]], text) if "\\" in text else text


_NOT_INHERITED = "ONEDATA_EXPORTER_"


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    return {**own, "PYTHONUNBUFFERED": "1", **extra}


async def run_command(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    host_name: str = "",
    seconds: float = _START_SECONDS,
) -> Ended:
    """Run the command until it ends by itself, for so many seconds at most."""
    if not host_name:
        complete = _environment(environment or {})
        return await asyncio.to_thread(run_forked, arguments, complete, seconds=seconds)
    process = await _start(arguments, environment or {}, ROOT, host_name=host_name)
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    finally:
        await _kill(process)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def _start(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    python: Path = Path(sys.executable),
    host_name: str = "",
) -> Process:
    command = (*_on_host(host_name), str(python), "-m", "exporter", *arguments)
    return await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=PIPE, cwd=folder, env=_environment(environment)
    )


def _on_host(host_name: str) -> tuple[str, ...]:
    """Return what runs a command under another host name: in a namespace of its own, where it may set one."""
    if not host_name:
        return ()
    # Where containers forbid namespaces of users, root needs none.
    own_user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return (
        *("unshare", *own_user, "--uts"),
        *("sh", "-c", 'hostname "$0" && exec "$@"', host_name),
    )


async def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


class ExporterProcess:
    """A running exporter; an asynchronous context manager, entered when the exporter listens.

    `log` and `printed` are the lines of standard error and standard output so far. `folder` is where
    the package `exporter` is taken from, unless `python` has it installed. `host_name` is what the process sees.
    """

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
        python: Path = Path(sys.executable),
        host_name: str = "",
    ) -> None:
        self._arguments = arguments
        self._host_name = host_name
        self._environment = environment or {}
        self._folder = folder
        self._python = python
        self.log: list[str] = []
        self.printed: list[str] = []

    async def __aenter__(self) -> Self:
        # It is killed in the end, and cannot remove its temporary files itself.
        self._temporary = tempfile.TemporaryDirectory(prefix="onedata-exporter-test-")
        environment = {"TMPDIR": self._temporary.name, **self._environment}
        self._process = await _start(
            self._arguments, environment, self._folder, self._python, self._host_name
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            asyncio.ensure_future(_keep(self._process.stdout, self.printed)),
            asyncio.ensure_future(_keep(self._process.stderr, self.log)),
        ]
        self._session = aiohttp.ClientSession()
        try:
            lines = await eventually(self._listening, bool, _START_SECONDS)
        except BaseException:
            await self._leave()
            raise
        self.origin = "http://" + lines[0].rpartition("address=")[2]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        await self._session.close()
        await _kill(self._process)
        await asyncio.gather(*self._readers)
        self._temporary.cleanup()

    async def _listening(self) -> list[str]:
        assert self._process.returncode is None, self.log
        return self.logged("listening")

    def logged(self, message: str) -> list[str]:
        """The lines of the log with this message."""
        wanted = f"msg={message!r}".replace("'", '"') if " " in message else f"msg={message} "
        return [line for line in self.log if wanted in f"{line} "]

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and body of one of its pages."""
        async with self._session.get(self.origin + path, headers=headers) as response:
            return response.status, await response.text()

    async def post(self, path: str, form: Mapping[str, str]) -> int:
        """Send a form; the status of the answer."""
        async with self._session.post(self.origin + path, data=form, allow_redirects=False) as response:
            return response.status

    async def metrics(self) -> Metrics:
        """The present content of /metrics."""
        status, text = await self.get("/metrics")
        assert status == 200, text
        return Metrics(text)

    async def metrics_when(self, holds: Callable[[Metrics], object], seconds: float = 40.0) -> Metrics:
        """The content of /metrics as soon as it holds."""
        return await eventually(self.metrics, holds, seconds)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Stop it by a signal: its exit code, and how many seconds that took."""
        clock = asyncio.get_running_loop().time
        began = clock()
        self._process.send_signal(number)
        async with asyncio.timeout(_STOP_SECONDS):
            code = await self._process.wait()
        took = clock() - began
        await asyncio.gather(*self._readers)
        return code, took

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def resident_bytes(self) -> int:
        """How much memory it holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


async def _keep(stream: asyncio.StreamReader, lines: list[str]) -> None:
    while line := await stream.readline():
        lines.append(line.decode().rstrip("\n"))


def write_config(
    file: Path,
    targets: list[dict[str, Any]],
    ca_file: Path | None,
    interval: float,
    timeout: float | None = None,
) -> str:
    """Write a configuration file (JSON is YAML, too); returns the command's options to use it.

    Without a CA file, the authorities of the system are trusted.
    """
    document = {
        "poll": {"interval": interval, "timeout": timeout or 0.9 * interval},
        "web": {"listen_addresses": [LOOPBACK_ANY_PORT]},
        "defaults": {"tls": {"ca_file": str(ca_file)} if ca_file else {}},
        "targets": targets,
    }
    file.write_text(json.dumps(document))
    return f"--config.file={file}"


def target_of(zone: SimulatedZone, name: str) -> dict[str, Any]:
    """The keys of a target that is a simulated zone."""
    return {"name": name, "url": zone.proxy_url, "direct_url": zone.direct_url}
