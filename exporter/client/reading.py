"""Reading an answer off its connection: the body up to a limit, the media type as it was sent."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp


class TooLargeError(Exception):
    """The body is longer than the request allows."""


@dataclass(slots=True)
class Draft:
    """What is known of an answer while it is being read; it outlives a failure amid the answer."""

    status: int = 0
    seconds: float | None = None
    body_bytes: int = 0
    response: aiohttp.ClientResponse | None = None


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body; raises `TooLargeError` as soon as it is longer than `limit` bytes."""
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
    """The media type as sent: aiohttp's `content_type` would make one up where there is none.

    Contradicting ones are given together, which is none that anybody expects.
    """
    sent = response.headers.getall("Content-Type", ())
    return ", ".join(dict.fromkeys(each.partition(";")[0].strip().lower() for each in sent))
