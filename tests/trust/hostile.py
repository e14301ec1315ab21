"""The table of hostile and broken servers: what each sends, the `reason` it must end in, what it may cost."""

from __future__ import annotations

import asyncio
import functools
import gzip
import socket
import zlib
from dataclasses import dataclass

from exporter.reasons import Reason
from tests.support.servers import Script, Wire, answering, answering_once, http, silent

# Long enough for a busy machine, and short for those who make us wait it out.
LONG_SECONDS = 10.0
SHORT_SECONDS = 0.4
METADATA_URL = "http://169.254.169.254/latest/meta-data/"
_DRIP_SECONDS = 0.02
_MEBIBYTE = 2**20

JSON = b'{"serviceType":"onezone"}'
_CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
_OPEN_END = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


@dataclass(frozen=True)
class Hostile:
    """A server that follows `script`, and what a round over both its paths ends in.

    The round may last `seconds`, which is the target's timeout, too, and allocate `mebibytes` at most,
    with what the server's end of both connections needs.
    """

    script: Script
    reason: Reason
    seconds: float = LONG_SECONDS
    mebibytes: float = 3.0


def endless(start: bytes, piece: bytes) -> Script:
    """Answer with something that continues as long as the client takes it."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(start)
        while True:
            await wire.send(piece)
            await asyncio.sleep(0)

    return script


def dripping(data: bytes) -> Script:
    """Answer byte by byte, and never quite to the end."""

    async def script(wire: Wire) -> None:
        await wire.request()
        for byte in data * 1000:
            await wire.send(bytes([byte]))
            await asyncio.sleep(_DRIP_SECONDS)

    return script


def reset_after(data: bytes) -> Script:
    """Answer the first request with these bytes, then reset the connection."""

    async def script(wire: Wire) -> None:
        await wire.request()
        if data:
            await wire.send(data)
        wire.reset()

    return script


def half_closed_after(data: bytes) -> Script:
    """Answer with these bytes, send no more, but continue to receive."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(data)
        wire.connection.shutdown(socket.SHUT_WR)
        await wire.listen()

    return script


def redirecting(status: str, *headers: str) -> Script:
    """Lead every request elsewhere."""
    return answering(http(b"", *headers, status=status))


@functools.cache
def gzip_of_zeros(mebibytes: int) -> bytes:
    """So many mebibytes of zeros, about a thousandth of that in length; without the checksum at the end."""
    squeezing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = squeezing.compress(bytes(_MEBIBYTE)) + squeezing.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * mebibytes


async def greeting_of_ssh(wire: Wire) -> None:
    """Another protocol, in which the server begins."""
    await wire.send(b"SSH-2.0-OpenSSH_9.2\r\n")
    await wire.listen()


async def closed_without_a_word(wire: Wire) -> None:
    """Take the request, then close."""
    await wire.request()


async def reset_at_once(wire: Wire) -> None:
    """Reset before anything is sent."""
    wire.reset()


OVER_TLS: dict[str, Hostile] = {
    # No HTTP, or none that can be read.
    "the greeting of SSH": Hostile(greeting_of_ssh, Reason.INVALID_BODY),
    "HTTP/0.9": Hostile(answering_once(b"<html>hello</html>\n"), Reason.INVALID_BODY),
    "a status that is no number": Hostile(answering_once(b"HTTP/1.1 yes OK\r\n\r\n"), Reason.INVALID_BODY),
    "another protocol from here on": Hostile(
        answering_once(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
        Reason.INVALID_BODY,
    ),
    # Headers.
    "endless headers": Hostile(endless(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n" * 100), Reason.INVALID_BODY),
    "one endless header": Hostile(endless(b"HTTP/1.1 200 OK\r\nx-more: ", b"1" * 1000), Reason.INVALID_BODY),
    "an endless phrase for a status": Hostile(endless(b"HTTP/1.1 200 ", b"OK" * 500), Reason.INVALID_BODY),
    "two lengths": Hostile(
        answering_once(http(JSON, "content-length: 25", "content-length: 26")), Reason.INVALID_BODY
    ),
    "a length and chunks": Hostile(
        answering_once(http(JSON, "content-length: 25", "transfer-encoding: chunked")), Reason.INVALID_BODY
    ),
    "a negative length": Hostile(answering_once(http(JSON, "content-length: -1")), Reason.INVALID_BODY),
    "a length beyond all measure": Hostile(
        answering_once(http(JSON, "content-length: " + "9" * 30)), Reason.INVALID_BODY
    ),
    "two media types": Hostile(
        answering(http(JSON, "content-type: application/json", "content-type: text/html")),
        Reason.INVALID_BODY,
    ),
    "a media type that is no text": Hostile(
        answering(http(JSON, "content-type: \xff\xfe\x80\x7f")), Reason.INVALID_BODY
    ),
    "a NUL in a header": Hostile(answering_once(http(JSON, "x-nul: \0")), Reason.INVALID_BODY),
    "a thousand cookies": Hostile(
        answering(http(b"", *(f"set-cookie: c{number}=1" for number in range(1000)))), Reason.INVALID_BODY
    ),
    # Bodies.
    "an endless body": Hostile(endless(_CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"), Reason.TOO_LARGE),
    "an endless body without a length": Hostile(endless(_OPEN_END, b" " * 4096), Reason.TOO_LARGE),
    "an endless body of an error": Hostile(
        endless(b"HTTP/1.1 500 No\r\ncontent-type: text/html\r\n\r\n", b"<br>" * 1000), Reason.TOO_LARGE
    ),
    "a gigabyte of gzip": Hostile(
        answering_once(http(gzip_of_zeros(1024), "content-encoding: gzip")), Reason.TOO_LARGE, mebibytes=5.0
    ),
    "as much gzip as fits": Hostile(
        answering_once(http(gzip_of_zeros(60), "content-encoding: gzip")), Reason.INVALID_BODY
    ),
    "gzip that nobody asked for": Hostile(
        answering(http(gzip.compress(JSON), "content-encoding: gzip")), Reason.INVALID_BODY
    ),
    "JSON nested too deeply": Hostile(answering(http(b"[" * 60_000)), Reason.INVALID_BODY),
    "objects nested too deeply": Hostile(answering(http(b'{"error":' * 7_000)), Reason.INVALID_BODY),
    "a number of sixty thousand digits": Hostile(answering(http(b"9" * 60_000)), Reason.INVALID_BODY),
    "no UTF-8": Hostile(answering(http(b"\xff\xfe")), Reason.INVALID_BODY),
    "a list where an object is expected": Hostile(answering(http(b"[{}]")), Reason.INVALID_BODY),
    "an error nested as deeply as JSON may be": Hostile(
        answering(
            http(b'{"error":{"id":"x","description":' + b"[" * 900 + b"]" * 900 + b"}}", status="418 No")
        ),
        Reason.CLIENT_ERROR,
    ),
    "an error of sixty thousand characters": Hostile(
        answering(http(b'{"error":{"id":"' + b"\\u0007x" * 7000 + b'"}}', status="418 No")),
        Reason.CLIENT_ERROR,
    ),
    "an empty body": Hostile(answering(http(b"")), Reason.INVALID_BODY),
    "no content": Hostile(answering(b"HTTP/1.1 204 No Content\r\n\r\n"), Reason.INVALID_BODY),
    # The end, where none is expected.
    "a length beyond all bodies, and no more": Hostile(
        answering_once(http(JSON, f"content-length: {2**62}")), Reason.CONNECTION_LOST
    ),
    "a truncated body": Hostile(answering_once(http(JSON, "content-length: 1000")), Reason.CONNECTION_LOST),
    "a truncated head": Hostile(answering_once(b"HTTP/1.1 200 OK\r\ncontent-ty"), Reason.CONNECTION_LOST),
    "truncated chunks": Hostile(answering_once(_CHUNKED + b"19\r\n" + JSON), Reason.CONNECTION_LOST),
    "a bad chunk": Hostile(answering_once(_CHUNKED + b"zz\r\n" + JSON + b"\r\n"), Reason.INVALID_BODY),
    "the end before the answer": Hostile(closed_without_a_word, Reason.CONNECTION_LOST),
    "half closed before the answer": Hostile(half_closed_after(b""), Reason.CONNECTION_LOST),
    "half closed amid the body": Hostile(
        half_closed_after(http(JSON, "content-length: 1000")), Reason.CONNECTION_LOST
    ),
    "a reset before the request": Hostile(reset_at_once, Reason.CONNECTION_LOST),
    "a reset before the answer": Hostile(reset_after(b""), Reason.CONNECTION_LOST),
    "a reset amid the head": Hostile(reset_after(b"HTTP/1.1 200 OK\r\nx-mo"), Reason.CONNECTION_LOST),
    "a reset amid the body": Hostile(reset_after(http(JSON, "content-length: 1000")), Reason.CONNECTION_LOST),
    # Leading elsewhere, which nobody follows.
    "a redirect to the metadata address": Hostile(
        redirecting("302 Found", f"location: {METADATA_URL}"), Reason.REDIRECT
    ),
    "a redirect to itself": Hostile(
        redirecting("307 Temporary Redirect", "location: /api/v3/onepanel/health"), Reason.REDIRECT
    ),
    "a redirect to nowhere": Hostile(
        redirecting("308 Permanent Redirect", "location: \x01//[", "refresh: 0"), Reason.REDIRECT
    ),
    # Servers whose requests end at the timeout.
    "silence": Hostile(silent, Reason.TIMEOUT, SHORT_SECONDS),
    "a drip of headers": Hostile(
        dripping(b"HTTP/1.1 200 OK\r\nx-slow: 1\r\nx-slower: 1\r\nx-slowest: 1\r\n"),
        Reason.TIMEOUT,
        SHORT_SECONDS,
    ),
    "a drip of a body": Hostile(
        dripping(http(JSON, "content-length: 1000000")), Reason.TIMEOUT, SHORT_SECONDS
    ),
    "endless interim answers": Hostile(endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), Reason.TOO_LARGE),
    "endless empty lines": Hostile(endless(b"", b"\r\n" * 1000), Reason.TOO_LARGE),
    "a chunk with an endless extension": Hostile(endless(_CHUNKED + b"1;", b"x" * 1000), Reason.TOO_LARGE),
    "a length of a chunk without end": Hostile(endless(_CHUNKED, b"0" * 1000), Reason.TOO_LARGE),
    "endless trailers": Hostile(endless(_CHUNKED + b"0\r\n", b"x-more: 1\r\n" * 100), Reason.CONNECTION_LOST),
}


async def garbage_for_a_handshake(wire: Wire) -> None:
    """Send something else than TLS."""
    await wire.reader.read(1)
    await wire.send(b"what do you want?\r\n" * 10)
    await wire.listen()


async def endless_garbage(wire: Wire) -> None:
    """Send something else than TLS, without end."""
    while True:
        await wire.send(bytes(4096))
        await asyncio.sleep(0)


async def endless_handshake(wire: Wire) -> None:
    """Announce a handshake message of 16 MiB, and send it record by record."""
    await wire.reader.read(65536)
    await wire.send(bytes.fromhex("1603030004 02ffffff"))
    while True:
        await wire.send(bytes.fromhex("1603034000") + bytes(2**14))
        await asyncio.sleep(0)


async def closed_in_the_handshake(wire: Wire) -> None:
    """Take the greeting, then close."""
    await wire.reader.read(65536)


async def reset_in_the_handshake(wire: Wire) -> None:
    """Take the greeting, then reset."""
    await wire.reader.read(65536)
    wire.reset()


async def closed_after_a_word(wire: Wire) -> None:
    """Begin to answer the greeting, then close."""
    await wire.reader.read(65536)
    await wire.send(bytes.fromhex("160303007a"))


async def plain_http_server(wire: Wire) -> None:
    """Answer in HTTP where TLS is expected."""
    await wire.reader.read(65536)
    await wire.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


async def alert_at_once(wire: Wire) -> None:
    """Refuse the handshake, as TLS has it."""
    await wire.reader.read(65536)
    await wire.send(bytes.fromhex("15030100020228"))


IN_THE_HANDSHAKE: dict[str, Hostile] = {
    "plain HTTP": Hostile(plain_http_server, Reason.TLS_HANDSHAKE),
    "garbage": Hostile(garbage_for_a_handshake, Reason.TLS_HANDSHAKE),
    "endless garbage": Hostile(endless_garbage, Reason.TLS_HANDSHAKE),
    "an endless message": Hostile(endless_handshake, Reason.TLS_HANDSHAKE),
    "an alert": Hostile(alert_at_once, Reason.TLS_HANDSHAKE),
    "the end": Hostile(closed_in_the_handshake, Reason.CONNECT),
    "a reset": Hostile(reset_in_the_handshake, Reason.CONNECT),
    "a reset at once": Hostile(reset_at_once, Reason.CONNECT),
    "the end after a word": Hostile(closed_after_a_word, Reason.TLS_HANDSHAKE),
    "silence": Hostile(silent, Reason.TIMEOUT, SHORT_SECONDS),
}
