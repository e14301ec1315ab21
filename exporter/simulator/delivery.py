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
    """As it should be."""
    await _send(writer, reply.encode())


async def truncated(writer: StreamWriter, reply: Reply) -> None:
    """Fewer bytes than promised, and then the end."""
    await _send(writer, replace(reply, closing=True).encode(extra_length=100))


async def reset(writer: StreamWriter, reply: Reply) -> None:
    """Most of the answer, then a reset."""
    await _send(writer, reply.encode(extra_length=100))
    raise ConnectionAbortedError


async def drip(writer: StreamWriter, reply: Reply) -> None:
    """One byte a second, for as long as the client has patience."""
    for byte in reply.encode():
        await _send(writer, bytes([byte]))
        await asyncio.sleep(_DRIP_SECONDS)


async def endless(writer: StreamWriter, reply: Reply) -> None:
    """A body that goes on and on, as fast as the client reads it."""
    await _send(writer, reply.encode(extra_length=_ENDLESS_BYTES))
    while True:
        await _send(writer, _PIECE)
        await asyncio.sleep(
            0
        )  # drain() alone need not give way, and then never learns that the client has left


async def not_http(writer: StreamWriter, _reply: Reply) -> None:
    """The greeting of another protocol."""
    await _send(writer, _GREETING)


async def _send(writer: StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
