"""Reading an answer: off its connection up to a limit, its media type as sent, and its content."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from exporter.client.wire import TooLargeError
from exporter.operations.operation import Request, Value
from exporter.operations.responses import Response
from exporter.reasons import Failure

# Judging a longer body may take a tenth of a second, in which no other target should have to wait.
_QUICKLY_JUDGED_BYTES = 64 * 1024
_MAX_MEDIA_TYPE = 200


@dataclass(slots=True)
class Draft:
    """What is known of an answer while it is being read; it outlives a failure amid the answer."""

    status: int = 0
    seconds: float | None = None
    body_bytes: int = 0
    response: aiohttp.ClientResponse | None = None
    body: bytes = b""


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the whole body; raise TooLargeError as soon as it is longer than `limit` bytes."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            response.close()
            raise TooLargeError(f"the body is longer than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def media_type(response: aiohttp.ClientResponse) -> str:
    """Return the media type as sent: aiohttp's `content_type` would make one up where there is none.

    Contradicting ones are given together, which no operation expects.
    """
    sent = response.headers.getall("Content-Type", ())
    return ", ".join(dict.fromkeys(each.partition(";")[0].strip().lower() for each in sent))[:_MAX_MEDIA_TYPE]


async def parse(answer: Response, request: Request[Value]) -> Value | Failure:
    """Return what the request's own reader makes of the answer, off the event loop if that may take long."""
    if len(answer.body) <= _QUICKLY_JUDGED_BYTES:
        return request.read(answer)
    return await asyncio.to_thread(request.read, answer)
