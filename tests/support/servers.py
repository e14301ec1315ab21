"""Servers on loopback that follow a script, byte for byte: for what the simulator is too well-behaved to do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

from exporter.simulator.listener import reset_on_close

LOOPBACK = "127.0.0.1"
LOOPBACK6 = "::1"
_WAIT_SECONDS = 15.0


@dataclass(slots=True)
class Wire:
    """One connection, as a script sees it. `heard` is everything that the client has sent."""

    connection: socket.socket
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: bytearray = field(default_factory=bytearray)

    async def request(self) -> str:
        """The head of the next request."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.heard += head
        return head.decode("latin-1")

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def listen(self) -> None:
        """Take whatever comes, until the client closes."""
        while data := await self.reader.read(65536):
            self.heard += data

    def reset(self) -> None:
        """End the connection as if the process had been killed."""
        reset_on_close(self.connection)
        self.writer.transport.abort()


Script: TypeAlias = Callable[[Wire], Awaitable[None]]


class ScriptedServer:
    """Runs a script for each connection; an asynchronous context manager.

    `context` makes it use TLS, which it starts after `handshake_delay` seconds. `accepted` counts the
    connections before TLS, `wires` are those on which the script began.
    """

    def __init__(
        self,
        script: Script,
        context: ssl.SSLContext | None = None,
        *,
        address: tuple[str, int] = (LOOPBACK, 0),
        handshake_delay: float = 0.0,
    ) -> None:
        self._script = script
        self._context = context
        self._handshake_delay = handshake_delay
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._listening = socket.create_server(address, family=family, backlog=1024)
        self._listening.settimeout(0)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port: int = self._listening.getsockname()[1]
        self.accepted = 0
        self._connected = asyncio.Condition()
        self.wires: list[Wire] = []

    async def __aenter__(self) -> Self:
        self._start(self._accept())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listening.close()

    @property
    def heard(self) -> list[bytes]:
        """What was received on each connection on which the script began."""
        return [bytes(wire.heard) for wire in self.wires]

    async def connected(self, count: int) -> None:
        """Wait until there were so many connections; raises TimeoutError after some seconds."""
        async with asyncio.timeout(_WAIT_SECONDS), self._connected:
            await self._connected.wait_for(lambda: self.accepted >= count)

    def _start(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _address = await loop.sock_accept(self._listening)
            async with self._connected:
                self.accepted += 1
                self._connected.notify_all()
            self._start(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        # Whatever goes wrong on a connection is for the client to notice.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            wire = await self._greet(connection)
            self.wires.append(wire)
            try:
                await self._script(wire)
            finally:
                wire.writer.close()

    async def _greet(self, connection: socket.socket) -> Wire:
        loop = asyncio.get_running_loop()
        if self._handshake_delay:
            await asyncio.sleep(self._handshake_delay)
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._context)
        return Wire(connection, reader, asyncio.StreamWriter(transport, protocol, reader, loop))


CONFIGURATION: dict[str, Any] = {
    "serviceType": "onezone",
    "clusterId": "onezone",
    "version": "21.02.7",
    "build": "1",
    "zoneName": "Scripted Zone",
    "zoneDomain": "onezone.example",
    "deployed": True,
}


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer; JSON, with a length, unless the headers differ."""
    given = {header.partition(":")[0].lower() for header in headers}
    usual = {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"HTTP/1.1 {status}", *headers]
    lines += [f"{name}: {value}" for name, value in usual.items() if name not in given]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def onepanel_answer(request: str) -> bytes:
    """What a healthy Onepanel answers to a public operation."""
    facts = CONFIGURATION if "/configuration " in request else {"status": "healthy"}
    return http(json.dumps(facts).encode())


async def healthy(wire: Wire) -> None:
    """A whole healthy Onepanel, request after request."""
    while True:
        await wire.send(onepanel_answer(await wire.request()))


async def silent(wire: Wire) -> None:
    """Take everything and send nothing."""
    await wire.listen()


def answering(data: bytes) -> Script:
    """Answer every request with the same bytes, and keep the connection."""

    async def script(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.send(data)

    return script


def answering_once(data: bytes) -> Script:
    """Answer the first request with these bytes, then close."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(data)

    return script


class BlackHole:
    """An address that never answers an attempt to connect: its queue is full, and nothing takes from it."""

    def __init__(self) -> None:
        self._listening = socket.create_server((LOOPBACK, 0), backlog=0)
        self.port: int = self._listening.getsockname()[1]
        self._queued = [self._knock() for _ in range(4)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for each in (*self._queued, self._listening):
            each.close()

    def _knock(self) -> socket.socket:
        knocking = socket.socket()
        knocking.settimeout(0)
        knocking.connect_ex((LOOPBACK, self.port))
        return knocking


def closed_port() -> int:
    """A port on loopback without a listener: below those of the kernel, which gives it to no other socket by chance."""
    while True:
        port = 21_000 + secrets.randbelow(8_000)
        with socket.socket() as bound, contextlib.suppress(OSError):
            bound.bind((LOOPBACK, port))
            return port


def shaking_hands(context: ssl.SSLContext) -> Script:
    """A TLS handshake by hand: unlike asyncio's, a failed one sends its alert before it closes, as real servers do."""

    async def script(wire: Wire) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            incoming.write(await wire.reader.read(65536))
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await wire.send(outgoing.read())
            except ssl.SSLError:
                await wire.send(outgoing.read())
                return

    return script
