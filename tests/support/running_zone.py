"""A zone in a process of its own, and a target that lists its providers."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from exporter.client.client import Client
from exporter.credentials import Auth, Secret
from exporter.observation import SentRequests
from exporter.polling.provider_lister import Lister, Listing
from exporter.reasons import Failure
from exporter.state.counters import RouteCounters
from exporter.targets import Discovery, Target, TlsOptions

ROOT = Path(__file__).parents[2]
KRAKOW = {
    "providerId": "idk",
    "name": "Kraków\n",
    "domain": "krakow.example.org",
    "latitude": 50.06,
    "longitude": 19.94,
    "online": True,
}
CLUSTER = {"onepanelProxy": False, "workerVersion": {"release": "21.02.7"}}


class RunningZone:
    """A zone whose target lists its providers, with what it has read and what of that was counted."""

    def __init__(self, target: Target, file: Path, requests: list[str]) -> None:
        self.target = target
        self.requests = requests
        self.counters = RouteCounters()
        self._file = file

    def set_state(self, **state: Any) -> None:
        whole = {"privileged": True, "providers": [KRAKOW], "clusters": {"idk": CLUSTER}, **state}
        self._file.write_text(json.dumps(whole), encoding="utf-8")

    async def list_providers(self, limit: int = 1000, seconds: float = 20.0) -> Listing | Failure:
        client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"))
        try:
            lister = Lister(client, self.target, time.perf_counter() + seconds, self._count)
            return await lister.list_providers(limit)
        finally:
            await client.close()

    async def counted_and_read(self) -> tuple[int, int]:
        """How many requests were counted, and how many lines the zone has printed for those it has read."""
        return self.counters.requests.total(), len(self.requests)

    def _count(self, target: Target, sent: SentRequests) -> None:
        assert target is self.target
        (opened,) = sent.connections.values()
        for connection in opened:
            self.counters.add_connection(connection)
        for seen in sent.observations:
            for exchange in seen.exchanges:
                self.counters.add_exchange(seen.operation, exchange)


@asynccontextmanager
async def run_zone(tmp_path: Path, token: str) -> AsyncIterator[RunningZone]:
    """Run the zone of `zone_rest.py`; the exporter sends it this token."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "cert.pem")
    file = tmp_path / "zone.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.zone_rest", str(tmp_path / "cert.pem"), str(file)),
        cwd=ROOT,
        stdout=PIPE,
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    requests: list[str] = []

    async def collect(lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            requests.append(line.decode().strip())

    reading = asyncio.create_task(collect(process.stdout))
    url = f"https://127.0.0.1:{port}"
    tls = TlsOptions(ca_file=str(tmp_path / "ca.pem"))
    auth = Auth(token=Secret(token), passphrase=Secret("emergency-passphrase"))
    zone = RunningZone(
        Target("zone", url, url, url, auth=auth, tls=tls, discovery=Discovery()), file, requests
    )
    zone.set_state()
    try:
        yield zone
    finally:
        process.kill()
        await process.wait()
        await reading
