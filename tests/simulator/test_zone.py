"""The simulated zone as a server: its ports, its protocol, its records, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from exporter.simulator import INSTANT, Authority, Credential, Fault, SimulatedZone, Timing
from exporter.simulator.request_log import Served
from exporter.targets import AccessPath
from tests.simulator.plain_client import Client, request

HEALTH = "/api/v3/onepanel/health"
BOTH = pytest.mark.parametrize("path", AccessPath)


async def read_answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length"))
    return head, await reader.readexactly(int(length.partition(": ")[2]))


@BOTH
async def test_onepanels_answers_carry_its_headers_and_no_others(client: Client, path: AccessPath) -> None:
    heard = await client.ask(path, HEALTH)
    assert set(heard.headers) == {
        "date",
        "server",
        "access-control-allow-origin",
        "content-type",
        "content-length",
        "connection",
    }
    assert heard.headers["server"] == "Cowboy"
    assert heard.headers["access-control-allow-origin"] == "*"


async def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    heard = await client.ask(AccessPath.DIRECT, HEALTH, method="POST")
    assert (heard.status, heard.headers["allow"]) == (405, "OPTIONS, GET")


async def test_the_test_image_is_a_small_png(client: Client) -> None:
    heard = await client.ask(AccessPath.PROXY, "/api/v3/onepanel/test_image")
    assert heard.headers["content-type"] == "image/png"
    assert heard.body.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(heard.body) < 200


async def test_the_worker_answers_for_itself(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.PANEL_STOPPED)
    report = await client.ask(AccessPath.PROXY, "/nagios")
    assert (report.status, report.headers["content-type"]) == (200, "application/xml")
    assert b'<oz_worker name="oz_worker@127.0.0.1" status="ok">' in report.body
    health = await client.ask(AccessPath.PROXY, "/api/v3/onezone/health")
    assert (health.status, health.body) == (200, b'{"status":"healthy"}')


async def test_a_token_is_accepted_only_while_the_worker_runs(zone: SimulatedZone, client: Client) -> None:
    async def status(token: str) -> int:
        heard = await client.ask(AccessPath.DIRECT, "/api/v3/onepanel/hosts", headers={"x-auth-token": token})
        return heard.status

    right = next(iter(zone.cluster.tokens))
    assert [await status(right), await status("garbage")] == [200, 401]
    await zone.set(Fault.WORKER_STOPPED, on=True)
    assert [await status(right), await status("garbage")] == [503, 503]


@BOTH
async def test_a_connection_serves_thirty_requests(client: Client, path: AccessPath) -> None:
    reader, writer = await client.connect(path)
    heads = []
    for _ in range(30):
        writer.write(request(HEALTH))
        heads.append((await read_answer(reader))[0])
    assert [index for index, head in enumerate(heads) if "connection: close" in head] == [29]
    assert await reader.read() == b""
    writer.transport.abort()


UNKNOWN = "/api/v3/onepanel/no_such_thing"
UNKNOWN_ROUTES = [
    ("GET", "*/*", 404, ""),
    ("GET", "application/json, */*;q=0.1", 404, ""),
    ("GET", "application/json", 406, ""),
    *((method, "*/*", 405, "HEAD, GET, OPTIONS") for method in ("POST", "PUT", "PATCH", "DELETE")),
    ("OPTIONS", "*/*", 200, "HEAD, GET, OPTIONS"),
    ("HEAD", "*/*", 500, ""),
]


@pytest.mark.parametrize(("method", "accept", "status", "allow"), UNKNOWN_ROUTES)
async def test_an_unknown_route_is_served_by_the_web_interface(
    client: Client, method: str, accept: str, status: int, allow: str
) -> None:
    heard = await client.ask(AccessPath.DIRECT, UNKNOWN, method=method, headers={"accept": accept})
    assert (heard.status, heard.headers.get("allow", ""), heard.body) == (status, allow, b"")
    assert ("access-control-allow-origin" in heard.headers) == (method != "HEAD")


async def test_a_head_of_seventy_kilobytes_is_too_large(client: Client) -> None:
    heard = await client.ask(AccessPath.DIRECT, HEALTH, headers={"x-padding": "x" * 70_000})
    assert heard.status == 431


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_it_accepts_modern_tls(client: Client, version: ssl.TLSVersion) -> None:
    client.context.minimum_version = client.context.maximum_version = version
    client.context.set_alpn_protocols(["h2", "http/1.1"])
    _reader, writer = await client.connect(AccessPath.DIRECT)
    tls = writer.get_extra_info("ssl_object")
    assert tls.version() == version.name.replace("_", ".")
    assert tls.selected_alpn_protocol() == "http/1.1"
    writer.transport.abort()


@BOTH
async def test_stopping_a_process_resets_the_connections_it_had(
    zone: SimulatedZone, client: Client, path: AccessPath
) -> None:
    reader, writer = await client.connect(path)
    writer.write(request(HEALTH))
    await read_answer(reader)
    await zone.only(Fault.HOST_DOWN)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.transport.abort()


async def test_connections_made_while_frozen_are_served_after_the_thaw(
    zone: SimulatedZone, client: Client
) -> None:
    await zone.only(Fault.PANEL_FROZEN)
    opening = asyncio.create_task(client.connect(AccessPath.DIRECT))
    await asyncio.wait([opening], timeout=0.1)
    assert not opening.done()
    await zone.only()
    reader, writer = await opening
    writer.write(request(HEALTH))
    assert (await read_answer(reader))[1] == b'{"status":"healthy"}'
    writer.transport.abort()


async def test_a_frozen_onepanel_falls_silent_on_the_connections_it_has(
    zone: SimulatedZone, client: Client
) -> None:
    reader, writer = await client.connect(AccessPath.DIRECT)
    writer.write(request(HEALTH))
    await read_answer(reader)
    await zone.only(Fault.PANEL_FROZEN)
    writer.write(request(HEALTH))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    assert zone.request_logs[AccessPath.DIRECT].count("/health", 0) == 1
    writer.transport.abort()


async def test_the_request_log_holds_the_requests_of_each_path(zone: SimulatedZone, client: Client) -> None:
    await client.ask(AccessPath.PROXY, HEALTH + "?x=1")
    await client.ask(AccessPath.DIRECT, "/nowhere", headers={"authorization": "Basic x"})
    proxy, direct = (zone.request_logs[path] for path in AccessPath)
    assert (proxy.count(), proxy.count("/health", 200), proxy.count("/health", 500)) == (1, 1, 0)
    assert proxy.served == {Served("GET", HEALTH, 200): 1}
    assert direct.with_credentials == {Served("GET", "/nowhere", 404): 1}
    assert proxy.with_credentials == {}
    assert (proxy.connections, proxy.server_names, proxy.hosts) == (
        1,
        {"onezone.example"},
        {"onezone.example"},
    )


async def test_usual_delays_make_the_proxy_slower_than_the_direct_path(authority: Authority) -> None:
    loop = asyncio.get_running_loop()
    async with SimulatedZone(authority=authority, timing=Timing()) as zone:
        client = Client(zone)
        seconds = {}
        for path in AccessPath:
            start = loop.time()
            await client.ask(path, HEALTH)
            seconds[path] = loop.time() - start
    assert seconds[AccessPath.DIRECT] >= 0.05
    assert seconds[AccessPath.PROXY] >= 0.105


async def test_the_ports_are_kept_while_closed_and_over_a_restart(zone: SimulatedZone) -> None:
    urls = (zone.proxy_url, zone.direct_url)
    await zone.only(Fault.HOST_DOWN)
    async with SimulatedZone(authority=zone.authority, timing=INSTANT) as other:
        assert {other.proxy_url, other.direct_url}.isdisjoint(urls)
    await zone.stop()
    await zone.start()
    assert (zone.proxy_url, zone.direct_url) == urls
    assert zone.faults == {Fault.HOST_DOWN}


async def test_a_taken_port_is_an_error_that_leaves_nothing_behind(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        zone = SimulatedZone(authority=authority, direct_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            await zone.start()


async def test_it_stops_at_once_whatever_hangs_on_it(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.WORKER_SILENT)
    hanging = [await client.connect(AccessPath.PROXY) for _ in range(5)]
    for _reader, writer in hanging:
        writer.write(request(HEALTH))
    await until(lambda: zone.request_logs[AccessPath.PROXY].count("/health", 0) == 5)
    knocking = socket.create_connection(("127.0.0.1", int(zone.proxy_url.rpartition(":")[2])))
    before = asyncio.all_tasks()
    async with asyncio.timeout(1.0):
        await zone.stop()
    assert len(asyncio.all_tasks()) < len(before)
    assert all("exporter/simulator" not in repr(task) for task in asyncio.all_tasks())
    knocking.close()
    for reader, writer in hanging:
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.transport.abort()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the request log has no events to wait for
            await asyncio.sleep(0.005)


async def test_a_farm_shares_one_authority(authority: Authority) -> None:
    zones = [SimulatedZone(authority=authority, timing=INSTANT) for _ in range(50)]
    await asyncio.gather(*(zone.start() for zone in zones))
    try:
        assert len({zone.proxy_url for zone in zones} | {zone.direct_url for zone in zones}) == 100
        await asyncio.gather(*(zone.set(Fault.PANEL_FROZEN, on=True) for zone in zones[:25]))
        heard = await asyncio.gather(*(Client(zone).ask(AccessPath.PROXY, HEALTH) for zone in zones[25:]))
        assert {one.status for one in heard} == {200}
    finally:
        await asyncio.gather(*(zone.stop() for zone in zones))


def test_it_runs_on_uvloop_and_leaves_nothing_open() -> None:
    async def run() -> None:
        async with SimulatedZone(timing=INSTANT) as zone:
            client = Client(zone)
            assert [(await client.ask(path, HEALTH)).status for path in AccessPath] == [200, 200]
            await zone.only(Fault.WORKER_STOPPED)
            with pytest.raises(ConnectionRefusedError):
                await client.connect(AccessPath.PROXY)
            await zone.only(Fault.PROXY_CERTIFICATE_EXPIRED)
            with pytest.raises(ssl.SSLCertVerificationError):
                await client.connect(AccessPath.PROXY)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())
        gc.collect()


def test_a_ca_file_makes_the_zone_trusted(authority: Authority, tmp_path: Path) -> None:
    file = authority.write_ca_file(tmp_path / "ca.pem")
    assert ssl.create_default_context(cafile=str(file)).get_ca_certs()
    assert file.read_text() == authority.ca_pem


def test_certificates_are_made_once(authority: Authority) -> None:
    assert authority.server_context(Credential.GOOD) is authority.server_context(Credential.GOOD)
