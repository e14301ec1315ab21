"""Each fault has the effect of its text: on both paths, and in the exporter's own diagnosis."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.client.client import Client as ExporterClient
from exporter.diagnosis.conclusion import conclude
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from exporter.simulator.behaviour import Listening
from exporter.simulator.effects import EFFECTS, behaviours_under, host_state_under
from exporter.simulator.host_state import WELL as A_WELL_HOST
from exporter.targets import AccessPath, Schedule, Target, TlsOptions
from tests.simulator.plain_client import Client, parse, request

HEALTH = "/api/v3/onepanel/health"
CONFIGURATION = "/api/v3/onepanel/configuration"
QUICK = Timing(scale=0.0, connect_timeout_seconds=0.5, receive_timeout_seconds=0.5, latency_seconds=0.2)
PATIENCE_SECONDS = 1.0

WELL = "200 application/json"
EMPTY_503 = "503 -"
# What `/health` shows on the proxy path, and on the direct path.
SHOWN = {
    Fault.WORKER_STOPPED: ("refused", WELL),
    Fault.WORKER_SILENT: ("silent", WELL),
    Fault.PANEL_STOPPED: (EMPTY_503, "refused"),
    Fault.PANEL_FROZEN: (EMPTY_503, "silent in the handshake"),
    Fault.PANEL_SILENT: (EMPTY_503, "silent"),
    Fault.HOST_DOWN: ("refused", "refused"),
    Fault.HOST_FROZEN: ("silent in the handshake", "silent in the handshake"),
    Fault.NEIGHBOUR_STOPPED: ("500 application/json", "500 application/json"),
    Fault.NEIGHBOUR_FROZEN: (EMPTY_503, "silent"),
    Fault.DIRECT_CLOSED: (WELL, "refused"),
    Fault.LISTENER_FAILING: ("500 application/json", "500 application/json"),
    Fault.BREAKER_OPEN: ("503 application/json", "503 application/json"),
    Fault.EXECUTOR_STUCK: (WELL, WELL),
    Fault.DATABASE_DOWN: ("500 application/json", "500 application/json"),
    Fault.TABLE_LOCKED: (WELL, WELL),
    Fault.TEMPORARY_FAILURE: ("503 application/json", "503 application/json"),
    Fault.INTERNAL_TIMEOUT: ("503 application/json", "503 application/json"),
    Fault.NO_CONNECTION_TO_ONEZONE: ("503 application/json", "503 application/json"),
    Fault.UNREGISTERED_ONEPROVIDER: ("503 application/json", "503 application/json"),
    Fault.LIMIT_REACHED: ("503 application/json", "503 application/json"),
    Fault.OLD_VERSION: ("404 -", "404 -"),
    Fault.NOT_DEPLOYED: (WELL, WELL),
    Fault.LATENCY: (WELL, WELL),
    Fault.ELSEWHERE: (WELL, WELL),
    Fault.FOREIGN_PROXY: ("502 text/html", WELL),
    Fault.PROXY_NOT_FOUND: ("404 -", WELL),
    Fault.PROXY_LOGIN: ("401 text/html", WELL),
    Fault.PROXY_REDIRECT: ("302 text/html", WELL),
    Fault.DIRECT_FOREIGN: (WELL, "200 text/html"),
    Fault.PROXY_CERTIFICATE_ENDING: (WELL, WELL),
    Fault.PROXY_CERTIFICATE_EXPIRED: ("certificate has expired", WELL),
    Fault.PROXY_CERTIFICATE_NOT_YET_VALID: ("certificate is not yet valid", WELL),
    Fault.PROXY_CERTIFICATE_OTHER_NAME: ("Hostname mismatch", WELL),
    Fault.PROXY_CERTIFICATE_UNTRUSTED: ("unable to get local issuer certificate", WELL),
    Fault.PROXY_ISSUER_EXPIRED: ("certificate has expired", WELL),
    Fault.PROXY_CHAIN_INCOMPLETE: ("unable to get local issuer certificate", WELL),
    Fault.PROXY_CERTIFICATES_DIFFER: (WELL, WELL),
    Fault.CERTIFICATE_RENEWED: (WELL, WELL),
    Fault.DIRECT_CERTIFICATE_EXPIRED: (EMPTY_503, "certificate has expired"),
    Fault.DIRECT_CERTIFICATE_NOT_YET_VALID: (EMPTY_503, "certificate is not yet valid"),
    Fault.DIRECT_CERTIFICATE_OTHER_NAME: (WELL, "Hostname mismatch"),
    Fault.DIRECT_CERTIFICATE_UNTRUSTED: (EMPTY_503, "unable to get local issuer certificate"),
    Fault.PROXY_PLAIN_HTTP: ("no TLS", WELL),
    Fault.PROXY_NOT_HTTP: ("not HTTP", WELL),
    Fault.PROXY_WRONG_TYPE: ("200 text/html", WELL),
    Fault.PROXY_INVALID_JSON: (WELL, WELL),
    Fault.PROXY_ENDLESS: ("endless", WELL),
    Fault.PROXY_TRUNCATED: ("truncated", WELL),
    Fault.PROXY_RESET: ("reset", WELL),
    Fault.PROXY_LOSSY: ("reset", WELL),
    Fault.DIRECT_LOSSY: (WELL, "reset"),
    Fault.PROXY_DRIP: ("silent", WELL),
}


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(authority=authority, timing=QUICK) as zone:
        yield zone


async def poll(client: Client, path: AccessPath) -> str:
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


def test_every_fault_is_in_the_tables() -> None:
    assert set(Fault) == set(EFFECTS) == set(SHOWN)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
async def test_a_fault_shows_on_both_paths_and_ends(
    zone: SimulatedZone, client: Client, fault: Fault
) -> None:
    await zone.set(fault, on=True)
    assert zone.faults == {fault}
    shown = await asyncio.gather(*(poll(client, path) for path in AccessPath))
    assert tuple(shown) == SHOWN[fault]
    await zone.set(fault, on=False)
    assert zone.faults == frozenset()
    assert [await poll(client, path) for path in AccessPath] == [WELL, WELL]


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
async def test_the_exporter_concludes_what_the_fault_promises(
    zone: SimulatedZone, tmp_path: Path, fault: Fault
) -> None:
    await zone.only(fault)
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
        visits = await client.poll(target, OPERATIONS, Known())
    finally:
        await client.close()
    assert bugs == []
    assert conclude(target, visits, 0.0, 0.0).diagnoses == {"": fault.diagnosis}


async def test_a_fault_of_the_content_shows_in_the_body(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.NOT_DEPLOYED)
    assert b'"deployed":false' in (await client.ask(AccessPath.DIRECT, CONFIGURATION)).body
    await zone.only(Fault.ELSEWHERE)
    bodies = [(await client.ask(path, CONFIGURATION)).body for path in AccessPath]
    assert [b"Another Zone" in body for body in bodies] == [True, False]
    await zone.only(Fault.PROXY_INVALID_JSON)
    assert (await client.ask(AccessPath.PROXY, HEALTH)).body == b'{"status":"healthy"'


async def test_latency_delays_every_answer(zone: SimulatedZone, client: Client) -> None:
    loop = asyncio.get_running_loop()
    await zone.only(Fault.LATENCY)
    for path in AccessPath:
        start = loop.time()
        await client.ask(path, HEALTH)
        assert loop.time() - start >= QUICK.latency_seconds


async def test_faults_combine(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.PROXY_CERTIFICATE_EXPIRED, Fault.PANEL_STOPPED)
    assert await poll(client, AccessPath.PROXY) == "certificate has expired"
    assert await poll(client, AccessPath.DIRECT) == "refused"
    await zone.set(Fault.PROXY_CERTIFICATE_EXPIRED, on=False)
    assert await poll(client, AccessPath.PROXY) == EMPTY_503


@pytest.mark.parametrize("other", Fault, ids=lambda fault: fault.value)
def test_a_stopped_process_stays_stopped_whatever_else_is_wrong(other: Fault) -> None:
    faults = frozenset({other, Fault.HOST_DOWN})
    behaviours = behaviours_under(faults, host_state_under(faults, A_WELL_HOST))
    assert {behaviour.listening for behaviour in behaviours} == {Listening.CLOSED}


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_an_endless_answer_costs_no_memory_however_slowly_it_is_read(
    zone: SimulatedZone, client: Client
) -> None:
    await zone.only(Fault.PROXY_ENDLESS)
    reader, writer = await client.connect(AccessPath.PROXY)
    writer.write(request(HEALTH))
    await reader.readexactly(1_000_000)
    before = resident_bytes()
    for _turn in range(2000):
        await asyncio.sleep(0)  # the server's turn, to send as much as it wants
        await reader.read(1000)
    assert resident_bytes() - before < 20_000_000
    writer.transport.abort()
