"""The command line, run in a process of its own as a person would run it, against a simulated zone."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exporter.simulator import SimulatedZone
from tests.support.forking import Ended, run_forked

TOKEN = "simulated-token"
PASSPHRASE = "simulated-passphrase"


@dataclass
class Terminal:
    """Runs the command with the options of a zone; `environ` is added to its environment."""

    zone: SimulatedZone
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def file(self, name: str, text: str) -> str:
        """A file with this text."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def at_zone(self) -> list[str]:
        """The options with the zone's address, for `users` (`probe` takes the URL itself)."""
        return ["--direct-url", self.zone.direct_url, "--tls.ca-file", self.file("ca.pem", self.zone.ca_pem)]

    def target(self, **keys: object) -> dict[str, object]:
        """The zone as a target of a configuration, with further keys."""
        return {
            "name": "my-zone",
            "url": self.zone.proxy_url,
            "direct_url": self.zone.direct_url,
            "tls": {"ca_file": self.file("ca.pem", self.zone.ca_pem)},
            **keys,
        }

    def credentials(self, token: str = "", passphrase: str = "") -> list[str]:
        options = ["--token-file", self.file("token", token)] if token else []
        return options + (["--passphrase-file", self.file("passphrase", passphrase)] if passphrase else [])

    async def start(self, *argv: str, redirections: str = "") -> Process:
        """Begin to run the command line."""
        return await asyncio.create_subprocess_exec(
            *("sh", "-c", f'exec "$0" -m exporter "$@" {redirections}', sys.executable, *argv),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, "PYTHONWARNINGS": "error", **self.environ},
        )

    async def run(self, *argv: str, stdin: str = "", redirections: str = "") -> Ended:
        """Run the command line in a process of its own; `redirections` are written as for a shell."""
        if redirections:
            process = await self.start(*argv, redirections=redirections)
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
            assert process.returncode is not None
            ended = Ended(process.returncode, out.decode(), err.decode())
        else:
            environment = {**os.environ, **self.environ}
            ended = await asyncio.to_thread(run_forked, argv, environment, stdin=stdin)
        assert "Traceback" not in ended.err
        return ended

    async def probe(self, *options: str, redirections: str = "") -> Ended:
        where = (self.zone.proxy_url, *self.at_zone())
        return await self.run("probe", *where, *options, redirections=redirections)

    async def users(
        self, action: Sequence[str], *options: str, stdin: str = "", redirections: str = ""
    ) -> Ended:
        where = ("--url", self.zone.proxy_url, *self.at_zone())
        return await self.run("users", *action, *where, *options, stdin=stdin, redirections=redirections)
