"""The commands of the runbooks, run as they stand there, on a simulated zone: what is stopped, they start."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from exporter.simulator import INSTANT, Authority, SimulatedZone, Worker
from tests.alerts.faults import PASSPHRASE
from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, target_of
from tests.support.programs import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
_COMMANDS = sorted(
    {
        command
        for page in RUNBOOKS.glob("Onedata*.md")
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for command in block.splitlines()
    }
)
# Run elsewhere, or not at all, for these reasons.
_NOT_HERE = {
    "amtool": "on the real Alertmanager, in test_end_to_end",
    "promtool": "on the scrape configuration, in test_rules",
    "df": "the disk of a database's host",
    "check-credentials": "it warns of a passphrase, which is all that this zone has",
    "journalctl": "the journal of a host",
    "systemctl": "the services of a host",
}
HERE = [command for command in _COMMANDS if not any(words in command for words in _NOT_HERE)]
STARTING = [command for command in HERE if "-X PATCH" in command]
ASKING = [command for command in HERE if command not in STARTING]


@dataclass(frozen=True)
class Ground:
    """The configuration of the exporter that runs, in a folder; its zone; and what the runbooks' names mean here."""

    folder: Path
    zone: SimulatedZone
    names: dict[str, str]

    async def run(self, command: str) -> tuple[int | None, str]:
        """The exit code of a command of the runbooks, and its output."""
        for name, own in self.names.items():
            command = command.replace(name, own)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        shell = await asyncio.create_subprocess_exec(
            program("bash"),
            *("-o", "pipefail", "-c", command),
            cwd=self.folder,
            env={**os.environ, "PATH": path, "CURL_CA_BUNDLE": str(self.folder / "ca.pem")},
            stdout=PIPE,
            stderr=STDOUT,
        )
        output, _nothing = await shell.communicate()
        return shell.returncode, output.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    folder = tmp_path_factory.mktemp("runbooks")
    authority = Authority()
    ca_file = str(authority.write_ca_file(folder / "ca.pem"))
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        target = {**target_of(zone, "my-zone"), **PASSPHRASE, "tls": {"ca_file": ca_file}}
        file = folder / "onedata-exporter.yml"
        file.write_text(json.dumps({"web": {"listen_addresses": [LOOPBACK_ANY_PORT]}, "targets": [target]}))
        names = {
            "my.zone.domain.org:9443": urlsplit(target["direct_url"]).netloc,
            "my.zone.domain.org:443": urlsplit(target["url"]).netloc,
            "https://my.zone.domain.org": target["url"],
            "-u onepanel ": f"-u onepanel:{PASSPHRASE['auth']['passphrase']} ",
            "curl ": "curl --fail-with-body ",
        }
        async with ExporterProcess(f"--config.file={file}") as exporter:
            yield Ground(folder, zone, {**names, "http://exporter:19443": exporter.origin})


@pytest.mark.parametrize("command", ASKING)
async def test_a_command_of_the_runbooks_works(ground: Ground, command: str) -> None:
    code, output = await ground.run(command)
    assert code == 0, output
    assert output


@pytest.mark.parametrize("command", STARTING)
async def test_a_command_that_starts_a_service_starts_it(ground: Ground, command: str) -> None:
    (component,) = re.findall(r"/zone/(\w+)\?started=true", command)
    words = dict.fromkeys(("managers", "databases"), "stopped")
    await ground.zone.change_node("node1", worker=Worker.STOPPED, words=words)
    try:
        code, output = await ground.run(command)
        assert code == 0, output
        (host_state,) = ground.zone.cluster.host_states.values()
        states = {name: host_state.status(name) for name in ("workers", *words)}
        assert [name for name, state in states.items() if state == "healthy"] == [component]
    finally:
        await ground.zone.change_node("node1", worker=Worker.RUNNING, words={})
