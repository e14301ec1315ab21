"""HTTP/1.1 messages as the simulator reads and writes them: small, and exact to the byte.

A library would add headers of its own, and could not break the rules on demand.
"""

from __future__ import annotations

import json
import time
from asyncio import StreamReader
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from exporter.simulator.service_control import ServiceControl

JSON = "application/json"
# What an answer takes on an idle machine.
ANSWER_SECONDS = 0.005
_MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case; `path` is without the query, as it was sent."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the path; empty when nothing does."""
        return self.target.partition("?")[2]

    @property
    def wants_close(self) -> bool:
        """Whether the client asked that the connection be closed after the answer."""
        return self.headers.get("connection", "").lower() == "close"

    def encode(self) -> bytes:
        """Return the request as bytes."""
        headers = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{headers}\r\n".encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and how many seconds the server takes for it (at its usual pace).

    `headers` are those beside `content-type` and `content-length`. An empty body has no content type
    unless one is given. `stalled` answers also wait for another node that is frozen; a `silent` one
    never comes. `closing` means that the connection ends with this answer. `service_control` is done to the cluster
    before the answer is given. `clock_offset_seconds` is how far the server's clock is ahead.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = (("server", "Cowboy"),)
    seconds: float = ANSWER_SECONDS
    stalled: bool = False
    silent: bool = False
    closing: bool = False
    service_control: ServiceControl | None = None
    clock_offset_seconds: float = 0.0

    def encode(self, *, extra_length: int = 0) -> bytes:
        """Return the answer as bytes; `extra_length` promises more bytes than there are."""
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"date: {formatdate(time.time() + self.clock_offset_seconds, usegmt=True)}",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.content_type:
            lines.append(f"content-type: {self.content_type}")
        lines.append(f"content-length: {len(self.body) + extra_length}")
        if self.closing:
            lines.append("connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


def encode_json(value: object) -> bytes:
    """Return JSON as the server writes it: without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


async def read_request(reader: StreamReader) -> Request:
    """Read the next request of a connection.

    Raises EOFError when the client has gone, ValueError when what it sends is not HTTP.
    """
    first, headers = await _read_head(reader)
    method, target, protocol = first.split(" ")
    if not protocol.startswith("HTTP/1."):
        raise ValueError("not HTTP/1")
    return Request(method, target, headers, await _read_body(reader, headers))


async def read_reply(reader: StreamReader, *, has_body: bool = True) -> Reply:
    """Read an answer of Onepanel, as the worker does before it forwards it.

    Raises EOFError when the answer ends early, ValueError when it is not HTTP.
    """
    first, headers = await _read_head(reader)
    protocol, status = first.split(" ")[:2]
    if not protocol.startswith("HTTP/1."):
        raise ValueError("not HTTP/1")
    body = await _read_body(reader, headers) if has_body else b""
    own = ("content-type", "content-length", "date", "connection")
    passed_on = tuple((name, value) for name, value in headers.items() if name not in own)
    return Reply(int(status), body, headers.get("content-type", ""), passed_on, seconds=0.0)


async def _read_head(reader: StreamReader) -> tuple[str, dict[str, str]]:
    start = await reader.readexactly(1)
    if not start.isalpha():  # such as TLS on a plain port: there may never be an empty line
        raise ValueError("not HTTP")
    head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _colon, value in pairs}


async def _read_body(reader: StreamReader, headers: Mapping[str, str]) -> bytes:
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _MAX_BODY_BYTES:
        raise ValueError(f"a body of {length} bytes")
    return await reader.readexactly(length)
