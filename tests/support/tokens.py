"""Tokens as Onezone writes them."""

from __future__ import annotations

import base64

_ESCAPES = {"0": "00", "_": "01", "-": "02", "/": "03", "+": "04", "=": "05"}


def serialize(*caveats: str, signature: bytes = bytes(range(32))) -> str:
    """A token with these caveats: a macaroon in base64, its signs made alphanumeric."""
    raw = _packet("location", b"onezone.example") + _packet("identifier", b"2/nmd/usr-abc/act/123")
    raw += b"".join(_packet("cid", caveat.encode()) for caveat in caveats)
    raw += _packet("signature", signature)
    plain = base64.urlsafe_b64encode(raw).decode()
    return "".join(_ESCAPES.get(char, char) for char in plain)


def _packet(key: str, value: bytes) -> bytes:
    content = f"{key} ".encode() + value + b"\n"
    return f"{len(content) + 4:04x}".encode() + content
