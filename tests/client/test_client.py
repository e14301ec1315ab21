"""How the client asks: at the same time, over one connection a path, without credentials, only configured addresses."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import os
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from exporter.client.connection import RouteConnection
from exporter.diagnosis.checkup import CONFIGURATION, HEALTH
from exporter.observation import Phase
from exporter.reasons import Reason
from exporter.simulator import INSTANT, Authority, Credential, SimulatedZone
from exporter.targets import AccessPath, IpProtocol, Node, Route, Schedule
from tests.support.forward_proxy import ForwardProxy
from tests.support.polling import DIRECT, PROXY, everywhere, poll, reasons, target_at
from tests.support.servers import (
    LOOPBACK,
    LOOPBACK6,
    ScriptedServer,
    Wire,
    answering,
    closed_port,
    healthy,
    http,
    onepanel_answer,
    silent,
)
from tests.trust.hostile import IN_THE_HANDSHAKE, closed_without_a_word


async def test_one_connection_a_path_carries_both_operations(authority: Authority, ca_file: Path) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        checkup = await poll(target_at(zone.proxy_url, zone.direct_url, ca_file))
    for path, request_log in zone.request_logs.items():
        assert request_log.connections == 1, path
        assert request_log.count(status=200) == 2
        assert len(checkup.visits[Route(path)].connections) == 1


async def test_a_server_that_closes_after_each_answer_is_connected_to_again(
    authority: Authority, ca_file: Path
) -> None:
    async def one_answer(wire: Wire) -> None:
        await wire.send(onepanel_answer(await wire.request()))

    async with ScriptedServer(one_answer, authority.server_context(Credential.GOOD)) as server:
        checkup = await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
    assert reasons(checkup) == everywhere("ok")
    assert server.accepted == 4
    assert [len(visit.connections) for visit in checkup.visits.values()] == [2, 2]


async def test_connections_are_closed_at_the_end_of_the_round(authority: Authority, ca_file: Path) -> None:
    ended = asyncio.Semaphore(0)

    async def until_the_end(wire: Wire) -> None:
        try:
            await healthy(wire)
        finally:
            ended.release()

    async with ScriptedServer(until_the_end, authority.server_context(Credential.GOOD)) as server:
        await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
        async with asyncio.timeout(5):
            for _ in server.wires:
                await ended.acquire()


async def test_a_connection_to_a_frozen_server_does_not_outlive_the_round(
    authority: Authority, ca_file: Path
) -> None:
    ended = asyncio.Semaphore(0)

    async def freeze_after_the_handshake(wire: Wire) -> None:
        """TLS by hand, so that the client's close is not answered, as asyncio would do."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = authority.server_context(Credential.GOOD).wrap_bio(incoming, outgoing, server_side=True)
        with contextlib.suppress(ConnectionError):
            while data := await wire.reader.read(65536):
                incoming.write(data)
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                await wire.send(outgoing.read())
        ended.release()

    async with ScriptedServer(freeze_after_the_handshake) as server:
        target = target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file, timeout=0.5)
        assert reasons(await poll(target)) == everywhere(Reason.TIMEOUT)
        async with asyncio.timeout(5):
            for _ in server.wires:
                await ended.acquire()


async def test_both_paths_are_asked_at_the_same_time(authority: Authority, ca_file: Path) -> None:
    both_are_asked = asyncio.Barrier(2)

    async def wait_for_the_other_path(wire: Wire) -> None:
        while True:
            request = await wire.request()
            await both_are_asked.wait()
            await wire.send(onepanel_answer(request))

    context = authority.server_context(Credential.GOOD)
    async with (
        ScriptedServer(wait_for_the_other_path, context) as proxy,
        ScriptedServer(wait_for_the_other_path, context) as direct,
    ):
        proxy_url, direct_url = (f"https://{LOOPBACK}:{server.port}" for server in (proxy, direct))
        checkup = await poll(target_at(proxy_url, direct_url, ca_file))
    assert reasons(checkup) == everywhere("ok")


async def test_every_phase_of_opening_a_connection_is_measured_apart(
    authority: Authority, ca_file: Path
) -> None:
    delay = 0.3

    async def slow_answer(wire: Wire) -> None:
        while True:
            request = await wire.request()
            await asyncio.sleep(0.1)
            await wire.send(onepanel_answer(request))

    context = authority.server_context(Credential.GOOD)
    async with ScriptedServer(slow_answer, context, handshake_delay=delay) as server:
        target = target_at(f"https://localhost:{server.port}", ca_file=ca_file)
        checkup = await poll(replace(target, ip_protocol=IpProtocol.IPV4))
    for route in (PROXY, DIRECT):
        connection = checkup.connection(route)
        assert connection is not None
        assert set(connection.phases) == set(Phase)
        assert all(seconds > 0 for seconds in connection.phases.values())
        assert connection.phases[Phase.RESOLVE] < delay
        assert connection.phases[Phase.CONNECT] < delay
        assert delay <= connection.phases[Phase.TLS] <= checkup.seconds
        for operation in (CONFIGURATION, HEALTH):  # the first one opened the connection: that is not its time
            seen = checkup.observation(route, operation)
            assert seen is not None
            assert seen.last.seconds is not None
            assert 0.1 <= seen.last.seconds < delay


async def test_a_failure_keeps_the_phases_that_were_finished() -> None:
    async with ScriptedServer(silent) as server:
        checkup = await poll(target_at(f"https://{LOOPBACK}:{server.port}", timeout=0.3))
    for visit in checkup.visits.values():
        assert len(visit.connections) == 2  # each operation had one of its own
        for connection in visit.connections:
            assert set(connection.phases) == {Phase.CONNECT}
            assert connection.failure is not None
            assert connection.failure.reason is Reason.TIMEOUT


@pytest.mark.parametrize(
    ("protocol", "reached"),
    [(IpProtocol.IPV4, {"v4"}), (IpProtocol.IPV6, {"v6"}), (IpProtocol.AUTO, {"v4", "v6"})],
    ids=lambda value: value.value if isinstance(value, IpProtocol) else "",
)
async def test_the_ip_version_is_the_one_that_was_asked_for(
    protocol: IpProtocol, reached: set[str], authority: Authority, ca_file: Path
) -> None:
    if not _has_ipv6():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("this machine has no IPv6")
    context = authority.server_context(Credential.GOOD)
    v4 = ScriptedServer(healthy, context)
    v6 = ScriptedServer(healthy, context, address=(LOOPBACK6, v4.port))
    async with v4, v6:
        target = target_at(f"https://localhost:{v4.port}", ca_file=ca_file)
        checkup = await poll(replace(target, ip_protocol=protocol))
    seen = {name for name, server in (("v4", v4), ("v6", v6)) if server.accepted}
    assert reasons(checkup) == everywhere("ok")
    assert seen <= reached
    assert v4.accepted + v6.accepted == len(AccessPath)


def _has_ipv6() -> bool:
    try:
        with socket.create_server((LOOPBACK6, 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


async def test_the_other_ip_version_is_tried_when_one_is_closed(authority: Authority, ca_file: Path) -> None:
    async with ScriptedServer(healthy, authority.server_context(Credential.GOOD)) as v4:
        checkup = await poll(target_at(f"https://localhost:{v4.port}", ca_file=ca_file))
    assert reasons(checkup) == everywhere("ok")


async def test_a_node_is_pinned_to_its_address_and_asked_by_the_name_of_the_domain(
    authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        urls = (url.replace(LOOPBACK, "onezone.example") for url in (zone.proxy_url, zone.direct_url))
        proxy_url, direct_url = urls
        target = target_at(proxy_url, direct_url, ca_file)
        checkup = await poll(replace(target, nodes=(Node("node1", LOOPBACK),)))
    assert checkup.diagnoses == {"node1": "ok"}
    for request_log in zone.request_logs.values():
        assert request_log.server_names == {"onezone.example"}
        assert {host.partition(":")[0] for host in request_log.hosts} == {"onezone.example"}


async def test_one_of_32_nodes_that_hangs_delays_no_other_and_not_the_next_round() -> None:
    nodes = tuple(Node(f"n{number}", f"127.0.1.{number}") for number in range(1, 33))
    hanging = nodes[7]

    async def script(wire: Wire) -> None:
        if wire.connection.getsockname()[0] == hanging.address:
            await wire.listen()
        await healthy(wire)

    async with ScriptedServer(script, address=("", 0)) as server:
        target = replace(target_at(f"http://onezone.example:{server.port}"), nodes=nodes)
        interval = 4.0
        target = replace(target, schedule=Schedule(interval, timeout=4 * interval))
        checkup = await poll(target)
    assert checkup.seconds < interval + 1.0  # a busy machine
    late = {route.node for route in checkup.routes if not checkup.onepanel_answered(route)}
    assert late == {hanging.name}
    others = [
        checkup.health_seconds(route) or interval for route in checkup.routes if route.node != hanging.name
    ]
    assert max(others) < interval


async def test_redirects_are_not_followed(authority: Authority, ca_file: Path) -> None:
    context = authority.server_context(Credential.GOOD)
    async with ScriptedServer(healthy, context) as elsewhere:
        location = f"location: https://{LOOPBACK}:{elsewhere.port}/api/v3/onepanel/health"
        answer = http(b"", location, status="301 Moved Permanently")
        async with ScriptedServer(answering(answer), context) as server:
            checkup = await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
        assert elsewhere.accepted == 0
    assert reasons(checkup) == everywhere(Reason.REDIRECT)


async def test_a_request_is_short_and_shows_nothing_of_us(authority: Authority, ca_file: Path) -> None:
    async with ScriptedServer(healthy, authority.server_context(Credential.GOOD)) as server:
        await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
    for heard in server.heard:
        first, second, rest = heard.decode().split("\r\n\r\n")
        assert rest == ""
        assert first.startswith("GET /api/v3/onepanel/configuration HTTP/1.1\r\n")
        assert second.startswith("GET /api/v3/onepanel/health HTTP/1.1\r\n")
        for head in (first, second):
            names = {line.partition(":")[0].lower() for line in head.split("\r\n")[1:]}
            assert names == {"host", "accept", "user-agent"}


async def test_cookies_are_not_sent_back(authority: Authority, ca_file: Path) -> None:
    async def sweet(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.send(http(b'{"status":"healthy","version":"1"}', "set-cookie: id=1; Path=/"))

    async with ScriptedServer(sweet, authority.server_context(Credential.GOOD)) as server:
        checkup = await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
    assert reasons(checkup) == everywhere("ok")
    assert b"cookie" not in b"".join(server.heard).lower()


async def test_the_proxy_of_the_environment_is_ignored_unless_asked_for(
    environment: pytest.MonkeyPatch, authority: Authority, ca_file: Path
) -> None:
    forward = ForwardProxy()
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ScriptedServer(forward) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", f"http://{LOOPBACK}:{proxy.port}")
        target = target_at(zone.proxy_url, zone.direct_url, ca_file)
        assert (await poll(target)).worst == "ok"
        assert proxy.accepted == 0
        checkup = await poll(replace(target, proxy_from_environment=True))
        assert checkup.worst == "ok"
        wanted = {f"CONNECT {url.removeprefix('https://')}" for url in (zone.proxy_url, zone.direct_url)}
        assert set(forward.asked) == wanted
        assert len(forward.asked) == 2
        connection = checkup.connection(PROXY)
        assert connection is not None
        assert connection.certificate is not None
        assert connection.certificate.verified


async def test_the_password_of_a_proxy_is_for_the_proxy_only(
    environment: pytest.MonkeyPatch, authority: Authority, ca_file: Path
) -> None:
    forward = ForwardProxy()
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ScriptedServer(forward) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", f"me:secret@{LOOPBACK}:{proxy.port}")
        target = target_at(zone.proxy_url, zone.direct_url, ca_file)
        checkup = await poll(replace(target, proxy_from_environment=True))
    assert checkup.worst == "ok"
    assert forward.credentials == {f"Proxy-Authorization: Basic {base64.b64encode(b'me:secret').decode()}"}
    assert not any(request_log.with_credentials for request_log in zone.request_logs.values())


@pytest.mark.parametrize("named", ["socks5://proxy.example:1080", "http://", "http://[me:secret"])
async def test_a_proxy_that_cannot_be_one_is_no_connection_and_its_name_is_not_repeated(
    named: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", named)
    target = replace(target_at(f"https://{LOOPBACK}:{closed_port()}"), proxy_from_environment=True)
    checkup = await poll(target)
    assert reasons(checkup) == everywhere(Reason.CONNECT)
    assert str(checkup.failure(PROXY)) == "connect: HTTPS_PROXY is not the URL of an HTTP proxy"


async def test_no_proxy_is_used_for_hosts_that_the_environment_excepts(
    environment: pytest.MonkeyPatch, authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ScriptedServer(ForwardProxy()) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", f"http://{LOOPBACK}:{proxy.port}")
        environment.setenv("NO_PROXY", LOOPBACK)
        target = replace(target_at(zone.proxy_url, zone.direct_url, ca_file), proxy_from_environment=True)
        assert (await poll(target)).worst == "ok"
        assert proxy.accepted == 0


async def test_a_proxy_of_the_environment_that_refuses_is_no_connection(
    environment: pytest.MonkeyPatch, authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ScriptedServer(ForwardProxy(refuses=True)) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", f"http://{LOOPBACK}:{proxy.port}")
        target = replace(target_at(zone.proxy_url, zone.direct_url, ca_file), proxy_from_environment=True)
        assert reasons(await poll(target)) == everywhere(Reason.CONNECT)


@pytest.mark.parametrize("from_environment", [False, True])
async def test_passwords_of_the_environment_are_never_sent(
    *, from_environment: bool, environment: pytest.MonkeyPatch, authority: Authority, ca_file: Path
) -> None:
    del environment
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        target = target_at(zone.proxy_url, zone.direct_url, ca_file)
        checkup = await poll(replace(target, proxy_from_environment=from_environment))
    assert checkup.worst == "ok"
    assert not any(request_log.with_credentials for request_log in zone.request_logs.values())


async def test_a_round_that_is_given_up_leaves_nothing_behind(authority: Authority, ca_file: Path) -> None:
    gone = asyncio.Event()
    asked = asyncio.Event()

    async def notice_the_end(wire: Wire) -> None:
        await wire.request()
        asked.set()
        await wire.listen()
        gone.set()

    async with ScriptedServer(notice_the_end, authority.server_context(Credential.GOOD)) as server:
        target = target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file)
        looking = asyncio.create_task(poll(target))
        async with asyncio.timeout(5):
            await asked.wait()
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking
            await gone.wait()
    assert len(asyncio.all_tasks()) == 1


async def test_the_check_of_a_kept_connection_is_no_part_of_the_latency() -> None:
    """The exporter waits 5 ms to see whether the server closes the connection."""
    async with ScriptedServer(healthy) as server:
        target = target_at(f"http://{LOOPBACK}:{server.port}")
        rounds = [await poll(target) for _ in range(10)]
    latencies = [
        health.last.seconds
        for checkup in rounds
        for route in (PROXY, DIRECT)
        if (health := checkup.observation(route, HEALTH)) is not None
    ]
    assert len(latencies) == 20
    assert min(seconds for seconds in latencies if seconds is not None) < 0.005


@pytest.mark.parametrize("name", [*IN_THE_HANDSHAKE, "no TLS", "a closed port"])
def test_a_connection_that_failed_does_not_wait_for_the_garbage_collector(name: str) -> None:
    script = IN_THE_HANDSHAKE[name].script if name in IN_THE_HANDSHAKE else closed_without_a_word

    async def rounds() -> None:
        async with ScriptedServer(script) as server:
            scheme = "http" if name == "no TLS" else "https"
            port = closed_port() if name == "a closed port" else server.port
            await poll(target_at(f"{scheme}://{LOOPBACK}:{port}", timeout=0.4))

    gc.collect()
    gc.disable()
    try:
        uvloop.run(rounds())
        assert not [each for each in gc.get_objects() if isinstance(each, RouteConnection)]
    finally:
        gc.enable()
