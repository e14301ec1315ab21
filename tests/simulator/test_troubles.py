"""Each trouble shows what it says: on both paths, and in the exporter's own diagnosis."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.checkup import conclude
from exporter.client.client import Client as ExporterClient
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.simulator import Authority, Pace, SimulatedZone, Trouble
from exporter.simulator.condition import WELL as A_WELL_HOST
from exporter.simulator.conduct import Door
from exporter.simulator.effects import EFFECTS, condition_under, conducts_under
from exporter.targets import AccessPath, Schedule, Target, TlsOptions
from tests.simulator.plain_client import Client, parse, request

HEALTH = "/api/v3/onepanel/health"
CONFIGURATION = "/api/v3/onepanel/configuration"
QUICK = Pace(scale=0.0, connect_timeout_seconds=0.5, receive_timeout_seconds=0.5, latency_seconds=0.2)
PATIENCE_SECONDS = 1.0

WELL = "200 application/json"
EMPTY_503 = "503 -"
# What `/health` shows on the proxy path, and on the direct path.
SHOWN = {
    Trouble.WORKER_STOPPED: ("refused", WELL),
    Trouble.WORKER_SILENT: ("silent", WELL),
    Trouble.PANEL_STOPPED: (EMPTY_503, "refused"),
    Trouble.PANEL_FROZEN: (EMPTY_503, "silent in the handshake"),
    Trouble.PANEL_SILENT: (EMPTY_503, "silent"),
    Trouble.HOST_DOWN: ("refused", "refused"),
    Trouble.DIRECT_CLOSED: (WELL, "refused"),
    Trouble.LISTENER_SICK: ("500 application/json", "500 application/json"),
    Trouble.BREAKER_OPEN: ("503 application/json", "503 application/json"),
    Trouble.DATABASE_DOWN: ("401 application/json", "401 application/json"),
    Trouble.OLD_VERSION: ("404 -", "404 -"),
    Trouble.NOT_DEPLOYED: (WELL, WELL),
    Trouble.LATENCY: (WELL, WELL),
    Trouble.ELSEWHERE: (WELL, WELL),
    Trouble.FOREIGN_PROXY: ("502 text/html", WELL),
    Trouble.PROXY_NOT_FOUND: ("404 -", WELL),
    Trouble.PROXY_LOGIN: ("401 text/html", WELL),
    Trouble.PROXY_REDIRECT: ("302 text/html", WELL),
    Trouble.DIRECT_FOREIGN: (WELL, "200 text/html"),
    Trouble.PROXY_CERTIFICATE_ENDING: (WELL, WELL),
    Trouble.PROXY_CERTIFICATE_EXPIRED: ("certificate has expired", WELL),
    Trouble.PROXY_CERTIFICATE_NOT_YET_VALID: ("certificate is not yet valid", WELL),
    Trouble.PROXY_CERTIFICATE_OTHER_NAME: ("Hostname mismatch", WELL),
    Trouble.PROXY_CERTIFICATE_UNTRUSTED: ("unable to get local issuer certificate", WELL),
    Trouble.DIRECT_CERTIFICATE_EXPIRED: (EMPTY_503, "certificate has expired"),
    Trouble.DIRECT_CERTIFICATE_NOT_YET_VALID: (EMPTY_503, "certificate is not yet valid"),
    Trouble.DIRECT_CERTIFICATE_OTHER_NAME: (WELL, "Hostname mismatch"),
    Trouble.DIRECT_CERTIFICATE_UNTRUSTED: (EMPTY_503, "unable to get local issuer certificate"),
    Trouble.PROXY_PLAIN_HTTP: ("no TLS", WELL),
    Trouble.PROXY_NOT_HTTP: ("not HTTP", WELL),
    Trouble.PROXY_WRONG_TYPE: ("200 text/html", WELL),
    Trouble.PROXY_INVALID_JSON: (WELL, WELL),
    Trouble.PROXY_ENDLESS: ("endless", WELL),
    Trouble.PROXY_TRUNCATED: ("truncated", WELL),
    Trouble.PROXY_RESET: ("reset", WELL),
    Trouble.PROXY_DRIP: ("silent", WELL),
}


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(authority=authority, pace=QUICK) as zone:
        yield zone


async def look(client: Client, path: AccessPath) -> str:
    """What a path shows, in a few words."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await client.connect(path)
    except OSError as error:
        return describe_error(error, " in the handshake")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(request(HEALTH, headers={"connection": "close"}))
            return describe(await all_of(reader))
    except OSError as error:
        return describe_error(error)
    finally:
        writer.transport.abort()


def describe_error(error: OSError, when: str = "") -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.partition(",")[0]
    words = {
        TimeoutError: "silent" + when,
        ConnectionRefusedError: "refused",
        ConnectionResetError: "reset",
        ssl.SSLError: "no TLS",
    }
    return words[type(error)]


async def all_of(reader: asyncio.StreamReader) -> bytes:
    data = b""
    while len(data) < 1_000_000 and (piece := await reader.read(65536)):
        data += piece
    return data


def describe(data: bytes) -> str:
    if not data.startswith(b"HTTP/"):
        return "not HTTP"
    heard = parse(data)
    if len(heard.body) >= 100_000:
        return "endless"
    if len(heard.body) < int(heard.headers["content-length"]):
        return "truncated"
    return f"{heard.status} {heard.headers.get('content-type', '-')}"


def test_every_trouble_is_in_the_tables() -> None:
    assert set(Trouble) == set(EFFECTS) == set(SHOWN)


@pytest.mark.parametrize("trouble", Trouble, ids=lambda trouble: trouble.value)
async def test_a_trouble_shows_on_both_paths_and_goes_away(
    zone: SimulatedZone, client: Client, trouble: Trouble
) -> None:
    await zone.set(trouble, on=True)
    assert zone.troubles == {trouble}
    shown = await asyncio.gather(*(look(client, path) for path in AccessPath))
    assert tuple(shown) == SHOWN[trouble]
    await zone.set(trouble, on=False)
    assert zone.troubles == frozenset()
    assert [await look(client, path) for path in AccessPath] == [WELL, WELL]


@pytest.mark.parametrize("trouble", Trouble, ids=lambda trouble: trouble.value)
async def test_the_exporter_concludes_what_the_trouble_promises(
    zone: SimulatedZone, tmp_path: Path, trouble: Trouble
) -> None:
    await zone.only(trouble)
    target = Target(
        name="zone",
        url=zone.proxy_url,
        proxy_url=zone.proxy_url,
        direct_url=zone.direct_url,
        tls=TlsOptions(ca_file=str(zone.authority.write_ca_file(tmp_path / "ca.pem"))),
        schedule=Schedule(interval=10.0, timeout=PATIENCE_SECONDS),
    )
    bugs: list[BaseException] = []
    client = ExporterClient(lambda _where, bug: bugs.append(bug))
    try:
        visits = await client.look(target, OPERATIONS, Known())
    finally:
        await client.close()
    assert bugs == []
    assert conclude(target, visits, 0.0, 0.0).diagnoses == {"": trouble.diagnosis}


async def test_an_exact_trouble_of_the_words_is_seen_in_what_is_said(
    zone: SimulatedZone, client: Client
) -> None:
    await zone.only(Trouble.NOT_DEPLOYED)
    assert b'"deployed":false' in (await client.ask(AccessPath.DIRECT, CONFIGURATION)).body
    await zone.only(Trouble.ELSEWHERE)
    bodies = [(await client.ask(path, CONFIGURATION)).body for path in AccessPath]
    assert [b"Another Zone" in body for body in bodies] == [True, False]
    await zone.only(Trouble.PROXY_INVALID_JSON)
    assert (await client.ask(AccessPath.PROXY, HEALTH)).body == b'{"status":"healthy"'


async def test_latency_delays_every_answer(zone: SimulatedZone, client: Client) -> None:
    loop = asyncio.get_running_loop()
    await zone.only(Trouble.LATENCY)
    for path in AccessPath:
        start = loop.time()
        await client.ask(path, HEALTH)
        assert loop.time() - start >= QUICK.latency_seconds


async def test_troubles_combine(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Trouble.PROXY_CERTIFICATE_EXPIRED, Trouble.PANEL_STOPPED)
    assert await look(client, AccessPath.PROXY) == "certificate has expired"
    assert await look(client, AccessPath.DIRECT) == "refused"
    await zone.set(Trouble.PROXY_CERTIFICATE_EXPIRED, on=False)
    assert await look(client, AccessPath.PROXY) == EMPTY_503


@pytest.mark.parametrize("other", Trouble, ids=lambda trouble: trouble.value)
def test_a_stopped_process_stays_stopped_whatever_else_is_wrong(other: Trouble) -> None:
    troubles = frozenset({other, Trouble.HOST_DOWN})
    conducts = conducts_under(troubles, condition_under(troubles, A_WELL_HOST))
    assert {conduct.door for conduct in conducts} == {Door.CLOSED}


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_an_endless_answer_costs_no_memory_however_slowly_it_is_read(
    zone: SimulatedZone, client: Client
) -> None:
    await zone.only(Trouble.PROXY_ENDLESS)
    reader, writer = await client.connect(AccessPath.PROXY)
    writer.write(request(HEALTH))
    await reader.readexactly(1_000_000)
    before = resident_bytes()
    for _turn in range(2000):
        await asyncio.sleep(0)  # the server's turn, to send as much as it wants
        await reader.read(1000)
    assert resident_bytes() - before < 20_000_000
    writer.transport.abort()
