"""How a reply is put on the wire: whole, or broken in one of the ways in which networks and proxies break them."""

from __future__ import annotations

import asyncio
from asyncio import StreamWriter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from exporter.simulator.messages import Reply

# Sends a reply; raises ConnectionAbortedError to have the connection reset.
Delivery: TypeAlias = Callable[[StreamWriter, Reply], Awaitable[None]]

_DRIP_SECONDS = 1.0
_ENDLESS_BYTES = 2**62
_PIECE = b" " * 65536
_GREETING = b"220 mail.example ESMTP ready\r\n"


async def whole(writer: StreamWriter, reply: Reply) -> None:
    """Send the whole reply."""
    await _send(writer, reply.encode())


async def truncated(writer: StreamWriter, reply: Reply) -> None:
    """Send fewer bytes than promised, then end the connection."""
    await _send(writer, replace(reply, closing=True).encode(extra_length=100))


async def reset(writer: StreamWriter, reply: Reply) -> None:
    """Send most of the answer, then reset the connection."""
    await _send(writer, reply.encode(extra_length=100))
    raise ConnectionAbortedError


async def drip(writer: StreamWriter, reply: Reply) -> None:
    """Send one byte a second until the client closes the connection."""
    for byte in reply.encode():
        await _send(writer, bytes([byte]))
        await asyncio.sleep(_DRIP_SECONDS)


async def endless(writer: StreamWriter, reply: Reply) -> None:
    """Send a body without end, as fast as the client reads it."""
    await _send(writer, reply.encode(extra_length=_ENDLESS_BYTES))
    while True:
        await _send(writer, _PIECE)
        await asyncio.sleep(
            0
        )  # drain() alone need not give way, and then never notices that the client has gone


async def not_http(writer: StreamWriter, _reply: Reply) -> None:
    """Send the greeting of another protocol."""
    await _send(writer, _GREETING)


async def _send(writer: StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
