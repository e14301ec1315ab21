"""The caveats of an access token, which confine it. Pure; nothing is verified.

An Onedata token is a macaroon (packets of the first format, in base64) made alphanumeric: `0` and the five
other signs of base64 are each written as `0` and a digit. Caveats are texts such as `time < 1796000000`.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_ESCAPES = {"0": "0", "1": "_", "2": "-", "3": "/", "4": "+", "5": "="}
_URL_SAFE = str.maketrans("/+", "_-")
_SERVICE_INDICATION = re.compile(r"op[wp]-")
_LENGTH_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Caveats:
    """The caveats of a token. `valid_until` is the earliest `time` caveat, in seconds since the epoch."""

    texts: tuple[str, ...]

    @property
    def valid_until(self) -> float | None:
        """Return when the token expires; None if it does not."""
        timestamps = [text.removeprefix("time < ") for text in self.texts if text.startswith("time < ")]
        return min((float(timestamp) for timestamp in timestamps if timestamp.isdecimal()), default=None)

    @property
    def services(self) -> tuple[str, ...] | None:
        """The services that accept the token, such as `opp-*`; None if it is not confined to some."""
        texts = [text.removeprefix("service = ") for text in self.texts if text.startswith("service = ")]
        if not texts:
            return None
        return tuple(each.strip() for text in texts for each in text.split(","))

    def has(self, kind: str) -> bool:
        """Return whether there is a caveat of a kind, such as `ip`."""
        return any(text == kind or text.startswith(f"{kind} ") for text in self.texts)


def read_caveats(token: str) -> Caveats | None:
    """Return the caveats of a serialized token; None if it cannot be read, such as one of a later format."""
    proper = _SERVICE_INDICATION.sub("", token, count=1) if _SERVICE_INDICATION.match(token) else token
    try:
        plain = re.sub("0(.)", lambda match: _ESCAPES[match[1]], proper, flags=re.DOTALL).translate(_URL_SAFE)
        packets = list(_packets(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))))
    except (KeyError, ValueError, binascii.Error):
        return None
    if not packets or packets[0][0] != "location":
        return None
    return Caveats(tuple(value for key, value in packets if key == "cid"))


def _packets(raw: bytes) -> list[tuple[str, str]]:
    """Return keys and values: a packet is its length in four hexadecimal digits, key, space, value, line feed."""
    found = []
    begin = 0
    while begin < len(raw):
        length = int(raw[begin : begin + _LENGTH_DIGITS], 16)
        end = begin + length
        packet = raw[begin + _LENGTH_DIGITS : end]
        if length <= _LENGTH_DIGITS or end > len(raw) or not packet.endswith(b"\n"):
            raise ValueError("no packet")
        key, _, value = packet[:-1].partition(b" ")
        found.append((key.decode(), value.decode(errors="replace")))
        begin = end
    return found
