"""The certificate as served, also one that no authority vouches for."""

from __future__ import annotations

import asyncio
import hashlib
import ssl

from cryptography import x509

from exporter.observation import Certificate
from exporter.operations.responses import sanitize

# A server may show another certificate each time, of up to 100 kB: what is kept of all must stay little.
_MAX_KEPT = 2048
_MAX_KEPT_BYTES = 4096
_kept: dict[tuple[bytes, bool], Certificate | None] = {}


def read_certificate(der: bytes, *, verified: bool) -> Certificate | None:
    """Return the certificate in a DER encoding; None when it cannot be read at all."""
    key = (der, verified)
    if key in _kept:
        return _kept[key]
    found = _decode(der, verified=verified)
    if len(der) <= _MAX_KEPT_BYTES:
        if len(_kept) >= _MAX_KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = found
    return found


def _decode(der: bytes, *, verified: bool) -> Certificate | None:
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
