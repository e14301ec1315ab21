"""Transcripts of requests without credentials: bounded, and without known secrets.

They are made in every round, of which nearly none becomes an incident. So they are plain text, and cheap.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.client.exchange_log import MASK, SECRET_HEADERS
from exporter.client.reading import Draft
from exporter.client.redaction import Redaction
from exporter.observation import Exchange, Transcript

MAX_HEAD_CHARACTERS = 2048
MAX_BODY_BYTES = 2048
_SECRET = {name.encode() for name in SECRET_HEADERS}
_MASK = MASK.encode()


def transcribe(exchange: Exchange, method: str, url: str, draft: Draft, redaction: Redaction) -> Transcript:
    """Return the transcript of an exchange, whose answer may be incomplete or missing."""
    response = draft.response
    if response is None:
        return Transcript(exchange, method, url)
    version = response.version
    http = f"HTTP/{version.major}.{version.minor}" if version else "HTTP"
    sent = [(name.encode(), value.encode()) for name, value in response.request_info.headers.items()]
    return Transcript(
        exchange,
        method,
        url,
        _head(f"{method} {response.request_info.url.raw_path_qs} HTTP/1.1", sent, redaction),
        _head(f"{http} {response.status} {response.reason or ''}".rstrip(), response.raw_headers, redaction),
        draft.body[:MAX_BODY_BYTES],
    )


def _head(first: str, headers: Iterable[tuple[bytes, bytes]], redaction: Redaction) -> str:
    lines = b"\n".join(
        b"%s: %s" % (name, _MASK if name.lower() in _SECRET else value) for name, value in headers
    )
    return redaction.text(f"{first}\n{lines.decode(errors='replace')}")[:MAX_HEAD_CHARACTERS]
