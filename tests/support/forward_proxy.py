"""A forward proxy on loopback, as the environment may name one."""

from __future__ import annotations

import asyncio

from tests.support.servers import Wire


class ForwardProxy:
    """A forward proxy: takes CONNECT requests and passes bytes on, or refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self._refuses = refuses
        self.asked: list[str] = []
        self.credentials: set[str] = set()

    async def __call__(self, wire: Wire) -> None:
        first, *headers = (await wire.request()).split("\r\n")
        method, where, _version = first.split(" ")
        self.credentials |= {line for line in headers if line.lower().startswith("proxy-authorization")}
        self.asked.append(f"{method} {where}")
        if self._refuses:
            await wire.send(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return
        host, _colon, port = where.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            await wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_pass_on(wire.reader, writer), _pass_on(reader, wire.writer))
        finally:
            writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
