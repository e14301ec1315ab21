"""Reading a certificate as served, also one that no authority vouches for.

Of one that was verified Python tells everything. Only the others, and those with unusual names, need
`cryptography`, which is imported then: it takes eight megabytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from typing import Any

from exporter import spare
from exporter.observation import Certificate
from exporter.operations.responses import sanitize

# A server may show another certificate each time, of up to 100 kB: what is kept of all must stay little.
_MAX_KEPT = 2048
_MAX_KEPT_BYTES = 4096
_kept: dict[tuple[bytes, bool], Certificate | None] = {}

# RFC 4514, section 3.
_SHORT_NAMES = {
    "commonName": "CN",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "streetAddress": "STREET",
    "userId": "UID",
}
_TO_ESCAPE = re.compile(r'[\\"+,;<>]|^[ #]| $')


def read_certificate(
    der: bytes,
    verified: bool,  # noqa: FBT001 - a fact, not a mode
    shown_by: ssl.SSLObject | None = None,
) -> Certificate | None:
    """The certificate in a DER encoding; None when it cannot be read at all.

    `shown_by` is the connection over which it was verified, if it is at hand: it may tell the rest.
    """
    key = (der, verified)
    if key in _kept:
        return _kept[key]
    found = (_as_told(der, shown_by) if verified and shown_by else None) or _decode(der, verified)
    if len(der) <= _MAX_KEPT_BYTES:
        if len(_kept) >= _MAX_KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = found
    return found


def _as_told(der: bytes, shown_by: ssl.SSLObject) -> Certificate | None:
    """What Python tells of a verified certificate; None when that is not enough."""
    try:
        told: dict[str, Any] = shown_by.getpeercert() or {}
        return Certificate(
            subject=sanitize(distinguished_name(told["subject"])),
            issuer=sanitize(distinguished_name(told["issuer"])),
            not_before=float(ssl.cert_time_to_seconds(told["notBefore"])),
            not_after=float(ssl.cert_time_to_seconds(told["notAfter"])),
            fingerprint_sha256=hashlib.sha256(der).hexdigest(),
            verified=True,
        )
    except (KeyError, OSError, ValueError):  # an SSLError is an OSError
        return None


def distinguished_name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """A name in the form of RFC 4514. Raises KeyError or ValueError for one that is unusual."""
    written = []
    for ((attribute, value),) in reversed(parts):
        if "\0" in value:
            raise ValueError("a name with a NUL")
        written.append(f"{_SHORT_NAMES[attribute]}={_TO_ESCAPE.sub(_escaped, value)}")
    return ",".join(written)


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _decode(der: bytes, verified: bool) -> Certificate | None:  # noqa: FBT001 - a fact, not a mode
    with spare.lent():
        from cryptography import x509  # noqa: PLC0415 - seldom needed, and large

    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=sanitize(certificate.subject.rfc4514_string()),
            issuer=sanitize(certificate.issuer.rfc4514_string()),
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
            fingerprint_sha256=hashlib.sha256(der).hexdigest(),
            verified=verified,
        )
    except ValueError:
        return None


async def fetch_unverified_certificate(
    address: tuple[str, int], server_name: str, context: ssl.SSLContext
) -> ssl.SSLObject | None:
    """What a server shows of itself to one who does not trust it; None when no handshake comes about.

    It is a second handshake, on which nothing is sent. The caller sets the deadline.
    """
    loop = asyncio.get_running_loop()
    host, port = address
    try:
        transport, _ = await loop.create_connection(
            asyncio.Protocol, host, port, ssl=context, server_hostname=server_name
        )
    except OSError:
        return None
    try:
        shown: ssl.SSLObject = transport.get_extra_info("ssl_object")
        return shown
    finally:
        transport.abort()
