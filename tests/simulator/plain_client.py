"""A client so plain that it shows every byte of an answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from exporter.simulator import SimulatedZone
from exporter.targets import AccessPath


@dataclass(frozen=True)
class Heard:
    """A whole answer, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Asks one question on one connection, and hangs up."""

    def __init__(
        self, zone: SimulatedZone, node: str = "node1", server_name: str = "onezone.example"
    ) -> None:
        self._zone = zone
        self._server_name = server_name
        self._address = zone.node_addresses[node]
        self.context = zone.authority.client_context()

    async def connect(
        self, path: AccessPath, context: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        origin = urlsplit(self._zone.proxy_url if path is AccessPath.PROXY else self._zone.direct_url)
        return await asyncio.open_connection(
            self._address, origin.port, ssl=context or self.context, server_hostname=self._server_name
        )

    async def ask(
        self,
        path: AccessPath,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Heard:
        reader, writer = await self.connect(path)
        try:
            writer.write(request(target, method, {"connection": "close", **(headers or {})}, body))
            return parse(await reader.read())
        finally:
            writer.transport.abort()


def request(
    target: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "host: onezone.example"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"content-length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def parse(data: bytes) -> Heard:
    head, _gap, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Heard(int(first.split(" ")[1]), headers, body)
