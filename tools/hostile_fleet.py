"""Hostile servers for the soak, in a process of their own, so that what they burn is not the exporter's.

Run as a module it writes the file of their authority, prints their names and ports, and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from exporter.operations.limits import MAX_HOSTS
from exporter.simulator import Authority, Credential
from exporter.targets import AccessPath
from tests.support.servers import LOOPBACK, Script, ScriptedServer, Wire, http, onepanel_answer
from tests.trust.hostile import IN_THE_HANDSHAKE, OVER_TLS

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_MODULES = 15
_USERS = 10_000
# The costliest come first: a small fleet has these only.
_WORST = (
    "new names in every answer",
    "endless interim answers",
    "a chunk with an endless extension",
    "endless headers",
    "endless trailers",
    "a gigabyte of gzip",
    "a reset amid the body",
    "silence",
)


def report_of_new_hosts(number: int) -> bytes:
    """Return a large report of the worker, with names that no other one has."""
    hosts = (
        f'<oz_worker name="oz_worker@{number:06}-{host:03}.{"h" * 50}.example" status="error">'
        + "".join(f'<m{number:06}-{module:02}{"m" * 60} status="error"/>' for module in range(_MODULES))
        + "</oz_worker>"
        for host in range(MAX_HOSTS)
    )
    return f'<healthdata status="error">{"".join(hosts)}</healthdata>'.encode()


def renaming() -> Script:
    """Answer as an Onepanel whose worker, zone, hosts and users have other names in every answer."""
    numbers = itertools.count()

    def answer(request: str) -> bytes:
        path, number = request.split()[1], next(numbers)
        if path.endswith("/nagios"):
            return http(report_of_new_hosts(number), "content-type: application/xml")
        if path.endswith("/workers"):
            return http(json.dumps({f"{number}-{n}.example": "healthy" for n in range(MAX_HOSTS)}).encode())
        if path.endswith("/zone/users"):
            return http(json.dumps({"ids": [f"{number:020}{n:012}" for n in range(_USERS)]}).encode())
        if path.endswith("/configuration"):
            facts = {
                "serviceType": "onezone",
                "zoneName": f"{number}",
                "version": f"{number}",
                "deployed": True,
            }
            return http(json.dumps(facts).encode())
        return onepanel_answer(request)

    async def script(wire: Wire) -> None:
        while True:
            await wire.send(answer(await wire.request()))

    return script


def kinds() -> Iterator[tuple[str, Script, bool]]:
    """Yield the kinds of hostile servers: the name, the script, and whether it follows a handshake of TLS."""
    over_tls = {_WORST[0]: renaming()} | {name: each.script for name, each in OVER_TLS.items()}
    ordered = [*_WORST, *(name for name in over_tls if name not in _WORST)]
    yield from ((name, over_tls[name], True) for name in ordered)
    yield from ((f"handshake: {name}", each.script, False) for name, each in IN_THE_HANDSHAKE.items())


async def _forget(servers: list[ScriptedServer]) -> None:
    """Keep nothing of connections that have ended."""
    while True:
        await asyncio.sleep(1.0)
        for each in servers:
            each.wires.clear()


async def _serve(ca_file: Path, count: int) -> None:
    authority = Authority()
    authority.write_ca_file(ca_file)
    tls: ssl.SSLContext = authority.server_context(Credential.GOOD)
    async with AsyncExitStack() as stack:
        ports, started = {}, []
        for number, (name, script, is_tls) in zip(range(count), itertools.cycle(kinds()), strict=False):
            servers = [ScriptedServer(script, tls if is_tls else None) for _path in AccessPath]
            for each in servers:
                await stack.enter_async_context(each)
            ports[f"hostile-{number} ({name})"] = [each.port for each in servers]
            started += servers
        forgetting = asyncio.ensure_future(_forget(started))
        print(json.dumps(ports), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        forgetting.cancel()


class HostileFleet:
    """So many hostile servers, in a process of their own; an asynchronous context manager."""

    def __init__(self, count: int, ca_file: Path) -> None:
        self._count = count
        self._ca_file = ca_file
        self._ports: dict[str, list[int]] = {}

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tools.hostile_fleet", str(self._ca_file), str(self._count)),
            stdin=PIPE,
            stdout=PIPE,
            limit=2**20,
        )
        if self._process.stdout is not None:
            async with asyncio.timeout(_START_SECONDS):
                self._ports = json.loads(await self._process.stdout.readline())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._process.kill()
        async with asyncio.timeout(_STOP_SECONDS):
            await self._process.wait()

    @property
    def targets(self) -> list[dict[str, object]]:
        """Return the targets for a configuration. They have a token, so that all is asked of them."""
        return [
            {
                "name": name.partition(" ")[0],
                "url": f"https://{LOOPBACK}:{proxy}",
                "direct_url": f"https://{LOOPBACK}:{direct}",
                "tls": {"ca_file": str(self._ca_file)},
                "auth": {"token": "hostile"},
            }
            for name, (proxy, direct) in self._ports.items()
        ]


if __name__ == "__main__":
    # The exporter breaks every connection off, which trips up asyncio, too.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
