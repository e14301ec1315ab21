"""The farm: simulated clusters in a process of their own, which answers quickly and records every connection.

A thousand full simulators would cost more than what is measured. Here the answers of one simulated
cluster are written once, and every cluster is an address of 127/8 with the same two ports. Run as
`python -m bench.farm CORE ECDSA|RSA`; it prints one line of JSON, then one for each line on its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import trustme
import uvloop

from bench.machine import pin_to
from exporter.operations.providers import ZONE_API
from exporter.simulator import Authority, Cluster, Credential
from exporter.simulator.messages import Request
from exporter.simulator.onepanel import API_ROOT, answer
from exporter.simulator.resources import RESOURCES
from exporter.simulator.worker import own_answer

CONFIGURATION = f"{API_ROOT}configuration"
HEALTH = f"{API_ROOT}health"
WORKER_REPORT = "/nagios"
SERVER_NAME = "localhost"
# Clusters of the federation: the zone, and its providers.
PROVIDERS = 1000
_EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - 127/8 has no other name
_FIRST_OF_A_ROUND = b"/onepanel/configuration"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@dataclass(slots=True)
class Record:
    """What was served since the last record: how many requests, the seconds they took here, and the connections.

    `arrivals` are (address, port, monotonic seconds) of every connection that a round has opened, which begins with
    the public configuration. The time is that of the end of its handshake.
    """

    requests: int = 0
    seconds: float = 0.0
    arrivals: list[tuple[str, int, float]] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One connection of a client. Requests have no bodies, and come one at a time."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._opened: list[tuple[str, int, float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember when the connection was opened."""
        self._transport = cast("asyncio.Transport", transport)
        address, port = transport.get_extra_info("sockname")
        self._opened.append((address, port, time.monotonic()))

    def data_received(self, data: bytes) -> None:
        """Answer as soon as the request is complete."""
        began = time.perf_counter()
        self._received += data
        if not self._received.endswith(b"\r\n\r\n") or self._transport is None:
            return
        path = self._received.split(b" ", 2)[1]
        self._received = b""
        if path.endswith(_FIRST_OF_A_ROUND):
            self._farm.record.arrivals += self._opened
        self._opened = []
        self._transport.write(self._farm.answers.get(path, _NOT_FOUND))
        self._farm.record.requests += 1
        self._farm.record.seconds += time.perf_counter() - began


class Farm:
    """Both ports, the answers by URL path, and the record of what was served."""

    def __init__(self, key_type: trustme.KeyType) -> None:
        self.authority = Authority(key_type)
        self.record = Record()
        self.answers = written_answers()

    async def listen(self) -> tuple[int, int]:
        """Open both ports on all loopback addresses; returns them, the proxy's first."""
        loop = asyncio.get_running_loop()
        context = self.authority.server_context(Credential.GOOD)
        servers = [
            await loop.create_server(
                lambda: Connection(self),
                _EVERY_ADDRESS,
                0,
                ssl=context,
                backlog=1024,
            )
            for _path in ("proxy", "direct")
        ]
        proxy, direct = (server.sockets[0].getsockname()[1] for server in servers)
        return proxy, direct

    def take_record(self) -> Record:
        """Return the record so far, and begin a new one."""
        taken, self.record = self.record, Record()
        return taken


def written_answers() -> dict[bytes, bytes]:
    """Return every answer of a healthy cluster, as bytes, by the URL path."""
    cluster = Cluster()
    answers = {
        path.encode(): answer(Request("GET", path), cluster, RESOURCES).encode()
        for path in (CONFIGURATION, HEALTH)
    }
    report = own_answer(Request("GET", WORKER_REPORT), cluster)
    return {**answers, WORKER_REPORT.encode(): report.encode() if report else _NOT_FOUND, **_zone_answers()}


def _zone_answers() -> dict[bytes, bytes]:
    """Return the answers of the REST API of a zone whose providers are the other clusters, by the URL path."""
    ids = [f"provider-{index:04}" for index in range(1, PROVIDERS)]
    answers: dict[str, object] = {f"{ZONE_API}/providers": {"providers": ids}}
    for index, provider_id in enumerate(ids, 1):
        domain = f"127.1.{index // 250}.{index % 250 + 1}"
        place = {"latitude": 50.06, "longitude": 19.94}
        answers[f"{ZONE_API}/providers/{provider_id}"] = {
            "providerId": provider_id,
            "name": f"Provider {index}",
            "domain": domain,
            "online": True,
            **place,
        }
        answers[f"{ZONE_API}/clusters/{provider_id}"] = {
            "onepanelProxy": True,
            "workerVersion": {"release": "21.02.8"},
        }
    return {path.encode(): _json_response(body) for path, body in answers.items()}


def _json_response(body: object) -> bytes:
    payload = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
    return head.encode() + payload


async def _serve(key_type: trustme.KeyType) -> None:
    farm = Farm(key_type)
    with TemporaryDirectory() as folder:
        ca_file = farm.authority.write_ca_file(Path(folder, "ca.pem"))
        proxy, direct = await farm.listen()
        _print({"proxy": proxy, "direct": direct, "ca_file": str(ca_file)})
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            _print(asdict(farm.take_record()))


def _print(words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    pin_to(int(sys.argv[1]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(trustme.KeyType[sys.argv[2]]))
