"""Access tokens as Onezone writes them: macaroons, of which nothing but the caveats means anything here."""

from __future__ import annotations

import base64
import re
from fnmatch import fnmatchcase

from exporter.credentials.caveats import read_caveats

_ESCAPES = {"0": "00", "_": "01", "-": "02", "/": "03", "+": "04", "=": "05"}
_SERVICE = "service = "


def serialize(*caveats: str, signature: bytes = bytes(range(32))) -> str:
    """Return a token with these caveats: a macaroon in base64, its signs made alphanumeric."""
    raw = _packet("location", b"onezone.example") + _packet("identifier", b"2/nmd/usr-abc/act/123")
    raw += b"".join(_packet("cid", caveat.encode()) for caveat in caveats)
    raw += _packet("signature", signature)
    plain = base64.urlsafe_b64encode(raw).decode()
    return "".join(_ESCAPES.get(char, char) for char in plain)


def has_expired(token: str, now: float) -> bool:
    """Return whether a `time` caveat of a token has passed."""
    caveats = read_caveats(token)
    return caveats is not None and caveats.valid_until is not None and caveats.valid_until <= now


def admits(token: str, service: str) -> bool:
    """Return whether the `service` caveats of a token admit a service, such as `ozw-onezone`."""
    caveats = read_caveats(token)
    lists = (
        [text.removeprefix(_SERVICE) for text in caveats.texts if text.startswith(_SERVICE)]
        if caveats
        else []
    )
    return all(any(fnmatchcase(service, one.strip()) for one in re.split("[|,]", text)) for text in lists)


def _packet(key: str, value: bytes) -> bytes:
    content = f"{key} ".encode() + value + b"\n"
    return f"{len(content) + 4:04x}".encode() + content
