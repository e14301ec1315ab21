"""The certificate as served, also one that no authority vouches for."""

from __future__ import annotations

import asyncio
import hashlib
import ssl

from cryptography import x509

from exporter.caches import BoundedCache
from exporter.observation import Certificate
from exporter.operations.responses import sanitize

# A server may show another certificate each time, of up to 100 kB: what is kept of all must stay little.
_kept: BoundedCache[tuple[bytes, bool], Certificate | None] = BoundedCache(4 * 1024 * 1024)
# What is read from a certificate, beside its encoding: texts of a bounded length.
_READ_BYTES = 1024


def read_certificate(der: bytes, *, verified: bool) -> Certificate | None:
    """Return the certificate in a DER encoding; None when it cannot be read at all."""
    return _kept.get((der, verified), lambda: _decode(der, verified=verified), len(der) + _READ_BYTES)


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
    """Return what a server shows to a client that does not trust it; None if the handshake fails.

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
