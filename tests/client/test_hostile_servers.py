"""Whatever a server says, or does not say, a round ends in time and every failure has a reason of the closed set."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.reasons import Reason
from exporter.simulator import Authority, Credential
from exporter.targets import AccessPath
from tests.support.looking import PROXY, everywhere, look, reasons, target_at
from tests.support.servers import (
    LOOPBACK,
    BlackHole,
    Script,
    ScriptedServer,
    Wire,
    answering,
    answering_once,
    closed_port,
    healthy,
    http,
    silent,
)

# Long enough for a busy machine, and short for those who make us wait it out.
_PATIENT_SECONDS = 10.0
_SHORT_SECONDS = 0.4
_DRIP_SECONDS = 0.02

_JSON = b'{"serviceType":"onezone"}'


def endless(start: bytes, piece: bytes) -> Script:
    """Answer with something that goes on for as long as somebody takes it."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.say(start)
        while True:
            await wire.say(piece)
            await asyncio.sleep(0)

    return script


def dripping(data: bytes) -> Script:
    """Answer byte by byte, and never quite to the end."""

    async def script(wire: Wire) -> None:
        await wire.request()
        for byte in data * 1000:
            await wire.say(bytes([byte]))
            await asyncio.sleep(_DRIP_SECONDS)

    return script


async def greeting_of_ssh(wire: Wire) -> None:
    await wire.say(b"SSH-2.0-OpenSSH_9.2\r\n")
    await wire.listen()


async def closed_without_a_word(wire: Wire) -> None:
    await wire.request()


async def reset_without_a_word(wire: Wire) -> None:
    await wire.request()
    wire.reset()


async def reset_amid_the_answer(wire: Wire) -> None:
    await wire.request()
    await wire.say(http(_JSON, "content-length: 1000"))
    wire.reset()


# What a server says over TLS -> the reason.
OVER_TLS: dict[str, tuple[Script, Reason]] = {
    "the greeting of SSH": (greeting_of_ssh, Reason.INVALID_BODY),
    "HTTP/0.9": (answering_once(b"<html>hello</html>\n"), Reason.INVALID_BODY),
    "a status that is no number": (answering_once(b"HTTP/1.1 yes OK\r\n\r\n"), Reason.INVALID_BODY),
    "endless headers": (endless(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n" * 100), Reason.INVALID_BODY),
    "one endless header": (endless(b"HTTP/1.1 200 OK\r\nx-more: ", b"1" * 1000), Reason.INVALID_BODY),
    "two lengths": (
        answering_once(http(_JSON, "content-length: 25", "content-length: 26")),
        Reason.INVALID_BODY,
    ),
    "a negative length": (answering_once(http(_JSON, "content-length: -1")), Reason.INVALID_BODY),
    "a NUL in a header": (answering_once(http(_JSON, "x-nul: \0")), Reason.INVALID_BODY),
    "an endless body": (
        endless(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1000\r\n" + b" " * 4096 + b"\r\n"
        ),
        Reason.TOO_LARGE,
    ),
    "an endless body without a length": (
        endless(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", b" " * 4096),
        Reason.TOO_LARGE,
    ),
    "a length beyond all measure, and no more": (
        answering_once(http(_JSON, f"content-length: {2**62}")),
        Reason.CONNECTION_LOST,
    ),
    "a truncated body": (answering_once(http(_JSON, "content-length: 1000")), Reason.CONNECTION_LOST),
    "a truncated head": (answering_once(b"HTTP/1.1 200 OK\r\ncontent-ty"), Reason.CONNECTION_LOST),
    "truncated chunks": (
        answering_once(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n19\r\n" + _JSON),
        Reason.CONNECTION_LOST,
    ),
    "a bad chunk": (
        answering_once(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n" + _JSON + b"\r\n"),
        Reason.INVALID_BODY,
    ),
    "gzip that nobody asked for": (
        answering(http(gzip.compress(_JSON), "content-encoding: gzip")),
        Reason.INVALID_BODY,
    ),
    "an empty body": (answering(http(b"")), Reason.INVALID_BODY),
    "no content": (answering(b"HTTP/1.1 204 No Content\r\n\r\n"), Reason.INVALID_BODY),
    "another protocol from here on": (
        answering_once(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
        Reason.INVALID_BODY,
    ),
    "the end before the answer": (closed_without_a_word, Reason.CONNECTION_LOST),
    "a reset before the answer": (reset_without_a_word, Reason.CONNECTION_LOST),
    "a reset amid the answer": (reset_amid_the_answer, Reason.CONNECTION_LOST),
}

# What makes us wait until our patience is over.
HANGING: dict[str, Script] = {
    "silence": silent,
    "a drip of headers": dripping(b"HTTP/1.1 200 OK\r\nx-slow: 1\r\nx-slower: 1\r\nx-slowest: 1\r\n"),
    "a drip of a body": dripping(http(_JSON, "content-length: 1000000")),
    "endless interim answers": endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


async def garbage_for_a_handshake(wire: Wire) -> None:
    await wire.reader.read(1)
    await wire.say(b"what do you want?\r\n" * 10)
    await wire.listen()


async def closed_in_the_handshake(wire: Wire) -> None:
    await wire.reader.read(65536)


async def reset_in_the_handshake(wire: Wire) -> None:
    await wire.reader.read(65536)
    wire.reset()


async def plain_http_server(wire: Wire) -> None:
    await wire.reader.read(65536)
    await wire.say(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


async def alert_at_once(wire: Wire) -> None:
    await wire.reader.read(65536)
    await wire.say(bytes.fromhex("15030100020228"))


# What a server says instead of a TLS handshake -> the reason.
IN_THE_HANDSHAKE: dict[str, tuple[Script, Reason]] = {
    "plain HTTP": (plain_http_server, Reason.TLS_HANDSHAKE),
    "garbage": (garbage_for_a_handshake, Reason.TLS_HANDSHAKE),
    "an alert": (alert_at_once, Reason.TLS_HANDSHAKE),
    "the end": (closed_in_the_handshake, Reason.TLS_HANDSHAKE),
    "a reset": (reset_in_the_handshake, Reason.TLS_HANDSHAKE),
}


async def check(
    url: str, reason: Reason, ca_file: Path | None = None, seconds: float = _PATIENT_SECONDS
) -> None:
    """A round of both paths at one URL: the reason, in words, and in time."""
    target = target_at(url, ca_file=ca_file, timeout=seconds)
    checkup = await look(target)
    assert reasons(checkup) == everywhere(reason)
    assert checkup.seconds < seconds + 1.0
    for visit in checkup.visits.values():
        for seen in visit.observations:
            assert seen.failure
            assert seen.failure.detail.isprintable()
            assert seen.failure.detail


@pytest.mark.parametrize("name", OVER_TLS)
async def test_a_bad_answer_over_tls(name: str, authority: Authority, ca_file: Path) -> None:
    script, reason = OVER_TLS[name]
    async with ScriptedServer(script, authority.server_context(Credential.GOOD)) as server:
        await check(f"https://{LOOPBACK}:{server.port}", reason, ca_file)


@pytest.mark.parametrize("name", HANGING)
async def test_whoever_keeps_us_waiting_is_left_when_the_time_is_over(
    name: str, authority: Authority, ca_file: Path
) -> None:
    async with ScriptedServer(HANGING[name], authority.server_context(Credential.GOOD)) as server:
        await check(f"https://{LOOPBACK}:{server.port}", Reason.TIMEOUT, ca_file, _SHORT_SECONDS)


@pytest.mark.parametrize("name", IN_THE_HANDSHAKE)
async def test_no_tls_where_tls_is_expected(name: str) -> None:
    script, reason = IN_THE_HANDSHAKE[name]
    async with ScriptedServer(script) as server:
        await check(f"https://{LOOPBACK}:{server.port}", reason)


async def test_silence_in_the_handshake_is_a_timeout() -> None:
    async with ScriptedServer(silent) as server:
        await check(f"https://{LOOPBACK}:{server.port}", Reason.TIMEOUT, seconds=_SHORT_SECONDS)


async def test_a_server_that_knows_only_old_versions_of_tls_is_refused() -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with ScriptedServer(silent, old) as server:
        await check(f"https://{LOOPBACK}:{server.port}", Reason.TLS_HANDSHAKE)


async def test_plain_http_to_a_tls_port_is_not_taken_for_an_answer(authority: Authority) -> None:
    async with ScriptedServer(healthy, authority.server_context(Credential.GOOD)) as server:
        checkup = await look(target_at(f"http://{LOOPBACK}:{server.port}"))
    found = {seen for path in reasons(checkup).values() for seen in path.values()}
    assert found <= {Reason.CONNECTION_LOST.value, Reason.INVALID_BODY.value}
    assert server.wires == []


async def test_a_tls_alert_in_answer_to_plain_http_is_not_http() -> None:
    async with ScriptedServer(alert_at_once) as server:
        await check(f"http://{LOOPBACK}:{server.port}", Reason.INVALID_BODY)


async def test_plain_http_works_where_it_is_asked_for() -> None:
    async with ScriptedServer(healthy) as server:
        checkup = await look(target_at(f"http://{LOOPBACK}:{server.port}"))
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
        pytest.param(_refused, Reason.CONNECTION_REFUSED, _PATIENT_SECONDS, id="nobody listens"),
        pytest.param(_unresolvable, Reason.RESOLVE, _PATIENT_SECONDS, id="the name does not exist"),
        pytest.param(_black_hole, Reason.CONNECT_TIMEOUT, _SHORT_SECONDS, id="packets are swallowed"),
    ],
)
async def test_no_connection(address: Callable[[], Iterator[str]], reason: Reason, seconds: float) -> None:
    with contextlib.contextmanager(address)() as url:
        await check(url, reason, seconds=seconds)


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(
    authority: Authority, ca_file: Path
) -> None:
    wrong = http(b'{"status":"sick"}')

    async def twice_at_first(wire: Wire) -> None:
        if "/configuration " in await wire.request():
            await wire.say(http(_JSON) + wrong)
        else:
            await wire.say(http(b'{"status":"healthy"}'))
        await wire.listen()

    async with ScriptedServer(twice_at_first, authority.server_context(Credential.GOOD)) as server:
        checkup = await look(target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file))
    assert reasons(checkup) == everywhere("ok")
