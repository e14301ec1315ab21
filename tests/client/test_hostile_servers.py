"""Whatever a server sends, or does not send, a round ends in time and every failure has a reason of the closed set."""

from __future__ import annotations

import contextlib
import ssl
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.reasons import Reason
from exporter.simulator import Authority, Credential
from exporter.targets import AccessPath
from tests.support.polling import PROXY, everywhere, poll, reasons, target_at
from tests.support.servers import (
    LOOPBACK,
    BlackHole,
    ScriptedServer,
    Wire,
    closed_port,
    healthy,
    http,
    shaking_hands,
)
from tests.trust.hostile import (
    IN_THE_HANDSHAKE,
    JSON,
    LONG_SECONDS,
    OVER_TLS,
    SHORT_SECONDS,
    Hostile,
    alert_at_once,
)


async def check(url: str, reason: Reason, ca_file: Path | None = None, seconds: float = LONG_SECONDS) -> None:
    """A round of both paths at one URL: the reason, its text, and in time."""
    target = target_at(url, ca_file=ca_file, timeout=seconds)
    checkup = await poll(target)
    assert reasons(checkup) == everywhere(reason)
    assert checkup.seconds < seconds + 1.0
    for visit in checkup.visits.values():
        for seen in visit.observations:
            assert seen.failure
            assert seen.failure.detail.isprintable()
            assert seen.failure.detail
            assert not seen.failure.detail.endswith("Error")  # a name of Python's tells people nothing
            assert len(seen.failure.detail) <= 200


async def check_costs(url: str, hostile: Hostile, ca_file: Path | None = None) -> None:
    """The same for an entry of the table, with what it may cost of memory."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await check(url, hostile.reason, ca_file, hostile.seconds)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (peak - before) / 2**20 < hostile.mebibytes


@pytest.mark.long
@pytest.mark.parametrize("name", OVER_TLS)
async def test_any_answer_over_tls_has_its_reason(name: str, authority: Authority, ca_file: Path) -> None:
    async with ScriptedServer(OVER_TLS[name].script, authority.server_context(Credential.GOOD)) as server:
        await check_costs(f"https://{LOOPBACK}:{server.port}", OVER_TLS[name], ca_file)
        assert server.accepted <= 2 * len(AccessPath)  # no request is sent again, and no redirect followed


@pytest.mark.parametrize("name", IN_THE_HANDSHAKE)
async def test_no_tls_where_tls_is_expected(name: str) -> None:
    async with ScriptedServer(IN_THE_HANDSHAKE[name].script) as server:
        await check_costs(f"https://{LOOPBACK}:{server.port}", IN_THE_HANDSHAKE[name])


async def test_a_server_that_knows_only_old_versions_of_tls_is_refused() -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with ScriptedServer(shaking_hands(old)) as server:
        await check(f"https://{LOOPBACK}:{server.port}", Reason.TLS_HANDSHAKE)


async def test_plain_http_to_a_tls_port_is_not_taken_for_an_answer(authority: Authority) -> None:
    async with ScriptedServer(healthy, authority.server_context(Credential.GOOD)) as server:
        checkup = await poll(target_at(f"http://{LOOPBACK}:{server.port}"))
    found = {seen for path in reasons(checkup).values() for seen in path.values()}
    assert found <= {Reason.CONNECTION_LOST.value, Reason.INVALID_BODY.value}
    assert server.wires == []


async def test_a_tls_alert_in_answer_to_plain_http_is_not_http() -> None:
    async with ScriptedServer(alert_at_once) as server:
        await check(f"http://{LOOPBACK}:{server.port}", Reason.INVALID_BODY)


async def test_plain_http_works_where_it_is_asked_for() -> None:
    async with ScriptedServer(healthy) as server:
        checkup = await poll(target_at(f"http://{LOOPBACK}:{server.port}"))
    assert reasons(checkup) == everywhere("ok")
    assert server.accepted == len(AccessPath)
    connection = checkup.connection(PROXY)
    assert connection is not None
    assert connection.certificate is None


def _refused() -> Iterator[str]:
    yield f"https://{LOOPBACK}:{closed_port()}"


def _unresolvable() -> Iterator[str]:
    yield "https://nosuch.invalid"


def _black_hole() -> Iterator[str]:
    with BlackHole() as hole:
        yield f"https://{LOOPBACK}:{hole.port}"


@pytest.mark.parametrize(
    ("address", "reason", "seconds"),
    [
        pytest.param(_refused, Reason.CONNECTION_REFUSED, LONG_SECONDS, id="the port is closed"),
        pytest.param(_unresolvable, Reason.RESOLVE, LONG_SECONDS, id="the name does not exist"),
        pytest.param(_black_hole, Reason.CONNECT_TIMEOUT, SHORT_SECONDS, id="packets are dropped"),
    ],
)
async def test_no_connection(address: Callable[[], Iterator[str]], reason: Reason, seconds: float) -> None:
    with contextlib.contextmanager(address)() as url:
        await check(url, reason, seconds=seconds)


async def test_an_unrequested_answer_is_not_used_for_the_next_request(
    authority: Authority, ca_file: Path
) -> None:
    wrong = http(b'{"status":"sick"}')

    async def twice_at_first(wire: Wire) -> None:
        if "/configuration " in await wire.request():
            await wire.send(http(JSON) + wrong)
        else:
            await wire.send(http(b'{"status":"healthy"}'))
        await wire.listen()

    async with ScriptedServer(twice_at_first, authority.server_context(Credential.GOOD)) as server:
        checkup = await poll(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
    assert reasons(checkup) == everywhere("ok")
