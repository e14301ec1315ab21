"""A server of raw sockets in a process of its own, which reports each request that it has read.

Run as `python -m tests.support.raw_server CERTIFICATE KEY MODE...` (the files may be empty): prints its ports, then
the port of each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self

from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
_LINGER_NOT = struct.pack("ii", 1, 0)
_CONFIGURATION = {"serviceType": "onezone", "clusterId": "onezone", "version": "21.02.7", "deployed": True}
_CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
_numbers = itertools.count()


def _answer(head: bytes) -> bytes:
    facts: object = _CONFIGURATION if b"/configuration " in head else {"status": "healthy"}
    body = json.dumps(facts).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


class Line:
    """One connection: its number, and how many requests were read from it."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.connection = connection
        self.number = number
        self.requests = 0
        self.port = 0

    def request(self) -> bytes:
        """Read the head of a request; empty at the end."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = self.connection.recv(1)
            if not data:
                return b""
            head += data
        self.requests += 1
        os.write(1, b"%d\n" % self.port)
        return head

    def reset(self) -> None:
        """End the connection as if the process had been killed."""
        raw = socket.socket(fileno=os.dup(self.connection.fileno()))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.connection.close()
        raw.close()


def losing(
    part: Callable[[bytes], bytes], *, reset: bool, kept: bool = False, turn: int = 0
) -> Callable[[Line], None]:
    """Answer, but on every second connection (or the second request of each) only a part, then end it."""

    def serve(line: Line) -> None:
        while head := line.request():
            if line.requests == 2 if kept else line.number % 2 == turn:
                line.connection.sendall(part(_answer(head)))
                if reset:
                    line.reset()
                return
            line.connection.sendall(_answer(head))

    return serve


def _nothing(_answer: bytes) -> bytes:
    return b""


def _half_a_head(answer: bytes) -> bytes:
    return answer[:20]


def _half_a_body(answer: bytes) -> bytes:
    return answer[:-5]


def _healthy(line: Line) -> None:
    """Answer every request."""
    while head := line.request():
        line.connection.sendall(_answer(head))


def _closing(line: Line) -> None:
    """Close after each answer, without announcing it."""
    line.connection.sendall(_answer(line.request()))


def _silent(line: Line) -> None:
    """Send nothing on every second connection, beginning with the first."""
    while head := line.request():
        if line.number % 2 == 0:
            line.connection.recv(1)
            return
        line.connection.sendall(_answer(head))


def _endless(start: bytes, piece: bytes) -> Callable[[Line], None]:
    def serve(line: Line) -> None:
        if line.request():
            line.connection.sendall(start)
            while True:
                line.connection.sendall(piece)

    return serve


def _ever_new(line: Line) -> None:
    """Answer as large as may be, and never twice the same."""
    while head := line.request():
        number = next(_numbers)
        body = json.dumps({**_CONFIGURATION, "zoneName": f"{number:06}" * 20}).encode()
        if b"/zone/users " in head:
            body = json.dumps({"ids": [f"{number:012}{index:06}" * 2 for index in range(90_000)]}).encode()
        parameters = b"; x=" + b"%06d" % number * 1300
        line.connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json"
            + (b"/%06d" % number * 1000 if number % 2 else b"")
            + parameters
            + b"\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        )


MODES: dict[str, Callable[[Line], None]] = {
    "nothing is lost": _healthy,
    "reset before the answer": losing(_nothing, reset=True),
    "closed before the answer": losing(_nothing, reset=False),
    "reset amid the head": losing(_half_a_head, reset=True),
    "closed amid the head": losing(_half_a_head, reset=False),
    "reset amid the body": losing(_half_a_body, reset=True),
    "closed amid the body": losing(_half_a_body, reset=False),
    "a kept connection is reset": losing(_nothing, reset=True, kept=True),
    "a kept connection is closed": losing(_nothing, reset=False, kept=True),
    "closed after each answer": _closing,
    "silence": _silent,
    "the second connection is reset": losing(_nothing, reset=True, turn=1),
    "endless interim answers": _endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000),
    "endless empty lines": _endless(b"", b"\r\n" * 30_000),
    "endless extensions of a chunk": _endless(_CHUNKED + b"1;", b"x" * 60_000),
    "a length of a chunk without end": _endless(_CHUNKED, b"0" * 60_000),
    "endless tiny chunks": _endless(_CHUNKED, b"1\r\n \r\n" * 10_000),
    "endless answers": _endless(b"", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" * 1500),
    "never twice the same": _ever_new,
}


def _serve(
    connection: socket.socket, number: int, serve: Callable[[Line], None], context: ssl.SSLContext | None
) -> None:
    with contextlib.suppress(OSError, ValueError):
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            serve(Line(connection, number))


def _listen(listening: socket.socket, serve: Callable[[Line], None], context: ssl.SSLContext | None) -> None:
    for number in itertools.count():
        connection, _address = listening.accept()
        threading.Thread(target=_serve, args=(connection, number, serve, context), daemon=True).start()


def main(chain: str, key: str, *modes: str) -> None:
    """Serve every mode on a port of its own until killed; over TLS if there are files."""
    context = None
    if chain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
    ports = []
    for mode in modes:
        listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        ports.append(listening.getsockname()[1])
        serve = partial(_tagged, MODES[mode], ports[-1])
        threading.Thread(target=_listen, args=(listening, serve, context), daemon=True).start()
    os.write(1, json.dumps(ports).encode() + b"\n")
    signal.pause()


def _tagged(serve: Callable[[Line], None], port: int, line: Line) -> None:
    line.port = port
    serve(line)


class RawServers:
    """The servers as an asynchronous context manager: a port for each mode, in a process of its own."""

    def __init__(self, *modes: str, chain: Path | None = None, key: Path | None = None) -> None:
        self._arguments = (str(chain or ""), str(key or ""), *modes)
        self.ports: list[int] = []
        self._read: list[int] = []

    async def __aenter__(self) -> Self:
        command = (sys.executable, "-m", "tests.support.raw_server", *self._arguments)
        self._process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        self.ports = json.loads(await self._process.stdout.readline())
        self._reading = asyncio.ensure_future(self._read_ports(self._process.stdout))
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._reading
        await self._process.wait()

    @property
    def requests(self) -> list[int]:
        """How many requests each has read until now."""
        return [self._read.count(port) for port in self.ports]

    async def until(self, count: int) -> None:
        """Wait until all have read so many requests: what a client has sent may still be on its way."""
        await eventually(self._number, lambda number: number >= count)

    async def _number(self) -> int:
        return len(self._read)

    async def _read_ports(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            self._read.append(int(line))


def lossy_modes() -> Iterator[str]:
    """Yield the modes in which connections are lost, in one way or another."""
    yield from list(MODES)[1:11]


if __name__ == "__main__":
    main(*sys.argv[1:])
