"""Hostile answers where bodies may be large: the worker's report, the statuses of every host; certificates; DNS."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.client import Client
from exporter.client.routes_seen import RoutesSeen
from exporter.credentials import Auth, Secret
from exporter.observation import Details, Observation, Visit
from exporter.operations import OPERATIONS, TIMED_OPERATIONS
from exporter.operations.component_status import ComponentStatus
from exporter.operations.limits import MAX_HOSTS
from exporter.operations.operation import Known
from exporter.reasons import Failure, Reason
from exporter.simulator import INSTANT, Authority, Credential, SimulatedZone
from exporter.targets import Kind, Target
from tests.support.polling import everywhere, poll, reasons, target_at
from tests.support.servers import LOOPBACK, Script, ScriptedServer, Wire, healthy, http

_MEBIBYTE = 2**20
_DEEP_ENTITIES = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 10))


def _report(doctype: bytes, status: bytes = b"ok", inside: bytes = b"") -> bytes:
    return doctype + b'<healthdata status="' + status + b'">' + inside + b"</healthdata>"


# Worker reports, of a mebibyte at most: longer ones are too large.
BOMBS: dict[str, tuple[bytes, Reason]] = {
    "a billion laughs": (
        _report(b'<!DOCTYPE x [<!ENTITY e0 "ha">' + _DEEP_ENTITIES + b"]>", b"&e9;"),
        Reason.INVALID_BODY,
    ),
    "one long entity, many times": (
        _report(b'<!DOCTYPE x [<!ENTITY e "' + b"a" * 50_000 + b'">]>', b"", b"&e;" * 50_000),
        Reason.INVALID_BODY,
    ),
    "an entity that is a file": (
        _report(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', b"&e;"),
        Reason.INVALID_BODY,
    ),
    "elements without end": (_report(b"", b"ok", b"<a/>" * 250_000), Reason.INVALID_BODY),
    "elements of a million levels": (b"<a>" * 340_000, Reason.INVALID_BODY),
    "attributes without end": (
        b"<healthdata " + b" ".join(b'a%d="%d"' % (n, n) for n in range(50_000)) + b">",
        Reason.INVALID_BODY,
    ),
    "one name of a megabyte": (b"<" + b"a" * 1_000_000, Reason.INVALID_BODY),
    "more than a mebibyte": (_report(b"", b"ok", b" " * _MEBIBYTE), Reason.TOO_LARGE),
}
TEN_THOUSAND_HOSTS = json.dumps({f"node{n}\n\u202e.zone.example": "healthy" for n in range(10_000)}).encode()


def onepanel_with(report: bytes, statuses: bytes) -> Script:
    """A Onepanel that accepts any credentials, and answers so to what the details ask."""

    async def script(wire: Wire) -> None:
        while True:
            path = (await wire.request()).split()[1]
            if path == "/nagios":
                await wire.send(http(report, "content-type: application/xml"))
            elif path.endswith("/workers"):
                await wire.send(http(statuses))
            else:
                await wire.send(http(b"", status="404 Not Found"))

    return script


async def poll_details(target: Target) -> tuple[Details, float]:
    """One round of details over a path that is up, and the mebibytes that it took at most."""
    bugs: list[tuple[str, Exception]] = []
    client = Client(lambda where, error: bugs.append((where, error)))
    tracemalloc.start()
    try:
        details = await client.poll_details(
            target, OPERATIONS, Known(Kind.ONEZONE), RoutesSeen(target.routes, target.routes)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await client.close()
    assert not bugs, bugs
    return details, peak / _MEBIBYTE


def observation(details: Details, operation: str) -> Observation:
    (found,) = (seen for seen in details.observations if seen.operation == operation)
    return found


def zone_at(port: int, ca_file: Path) -> Target:
    url = f"https://{LOOPBACK}:{port}"
    return replace(target_at(url, ca_file=ca_file), auth=Auth(token=Secret("token")))


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_for_a_worker_report_costs_little(
    name: str, authority: Authority, ca_file: Path
) -> None:
    report, reason = BOMBS[name]
    tls = authority.server_context(Credential.GOOD)
    async with ScriptedServer(onepanel_with(report, b"{}"), tls) as server:
        details, mebibytes = await poll_details(zone_at(server.port, ca_file))
    assert isinstance(observation(details, "worker_report").outcome, Failure)
    public = observation(details, "worker_report").exchanges[0]
    assert public.failure is not None
    assert public.failure.reason is reason
    assert mebibytes < 24


async def test_ten_thousand_hosts_become_a_hundred_and_the_others_are_counted(
    authority: Authority, ca_file: Path
) -> None:
    tls = authority.server_context(Credential.GOOD)
    async with ScriptedServer(onepanel_with(b"<healthdata/>", TEN_THOUSAND_HOSTS), tls) as server:
        details, mebibytes = await poll_details(zone_at(server.port, ca_file))
    facts = observation(details, "workers").outcome
    assert isinstance(facts, ComponentStatus)
    assert len(facts.by_host) == MAX_HOSTS
    assert facts.dropped == 10_000 - MAX_HOSTS
    assert all(host.isprintable() for host in facts.by_host)
    assert mebibytes < 24


def _context_with_names(authority: trustme.CA, names: Sequence[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority.issue_cert(
        *names,
        organization_name="\u202e" + "o" * 10_000,
        organization_unit_name="u" * 10_000,
    )
    leaf.configure_cert(context)
    return context


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_a_certificate_with_names_of_ten_kilobytes_is_read_and_cut(
    is_trusted: bool,
    tmp_path: Path,
) -> None:
    ca, other = trustme.CA(), trustme.CA()
    ca_file = tmp_path / "ca.pem"
    (ca if is_trusted else other).cert_pem.write_to_path(ca_file)
    names = [LOOPBACK, *(f"{n}.{'long-name.' * 20}example" for n in range(50))]
    async with ScriptedServer(healthy, _context_with_names(ca, names)) as server:
        checkup = await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
    assert reasons(checkup) == everywhere("ok" if is_trusted else Reason.CERTIFICATE_UNTRUSTED)
    for route in checkup.routes:
        connection = checkup.connection(route)
        assert connection
        assert connection.certificate
        assert connection.certificate.subject.isprintable()
        assert len(connection.certificate.subject) <= 200
        assert connection.certificate.verified is is_trusted


class Resolver(AbstractResolver):
    """Answers with what `find` returns; waits for ever if that is None."""

    def __init__(self, find: Callable[[], str | None]) -> None:
        self._find = find
        self.waiting = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._find()
        if address is None:
            self.waiting += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.waiting -= 1
        return [ResolveResult(hostname=host, host=address or "", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""


async def look_with(resolver: Resolver, target: Target) -> tuple[list[Visit], float]:
    """A round with this resolver, and how many seconds it took."""
    bugs: list[tuple[str, Exception]] = []
    client = Client(lambda where, error: bugs.append((where, error)), resolver=resolver)
    began = time.perf_counter()
    try:
        due = [each for each in OPERATIONS if each.name in TIMED_OPERATIONS]
        visits = await client.poll(target, due, Known())
    finally:
        await client.close()
    assert not bugs, bugs
    return visits, time.perf_counter() - began


def _of(visits: list[Visit]) -> set[str]:
    return {
        str(seen.failure.reason if seen.failure else "ok") for visit in visits for seen in visit.observations
    }


@pytest.mark.parametrize("resolve_nodes", [False, True])
async def test_dns_that_hangs_ends_in_time_and_nothing_of_it_is_left(
    resolve_nodes: bool,
) -> None:
    resolver = Resolver(lambda: None)
    target = replace(
        target_at("https://onezone.example", "https://onezone.example:9443", timeout=0.4),
        resolve_nodes=resolve_nodes,
    )
    before = asyncio.all_tasks()
    visits, seconds = await look_with(resolver, target)
    assert _of(visits) == {"resolve"}
    assert seconds < target.schedule.interval + 1.0
    await asyncio.sleep(0)  # cancelled tasks end in the next turn of the loop
    assert resolver.waiting == 0
    assert asyncio.all_tasks() == before


async def test_addresses_that_change_are_followed_in_the_next_round(
    authority: Authority, ca_file: Path
) -> None:
    addresses = iter(["127.0.0.3", LOOPBACK, "127.0.0.3"])
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        proxy, direct = (
            url.replace(LOOPBACK, "onezone.example") for url in (zone.proxy_url, zone.direct_url)
        )
        target = target_at(proxy, direct, ca_file=ca_file)
        resolver = Resolver(lambda: next(addresses))
        seen = [_of((await look_with(resolver, target))[0]) for _round in range(3)]
    # Both paths of a round go to one address: a second question to DNS would have been another answer.
    assert seen == [{"connection_refused"}, {"ok"}, {"connection_refused"}]
