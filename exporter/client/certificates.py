"""Reading a certificate as served, also one that no authority vouches for."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from functools import lru_cache

from cryptography import x509

from exporter.observation import Certificate
from exporter.operations.answers import one_line

# A server may show another certificate each time, of up to 100 kB: what is kept of all must stay little.
_MAX_KEPT = 2048
_MAX_KEPT_BYTES = 4096


def read_certificate(der: bytes, verified: bool) -> Certificate | None:  # noqa: FBT001 - a fact, not a mode
    """The certificate in a DER encoding; None when it cannot be read at all."""
    return _read_and_keep(der, verified) if len(der) <= _MAX_KEPT_BYTES else _read(der, verified)


def _read(der: bytes, verified: bool) -> Certificate | None:  # noqa: FBT001 - a fact, not a mode
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=one_line(certificate.subject.rfc4514_string()),
            issuer=one_line(certificate.issuer.rfc4514_string()),
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
            fingerprint_sha256=hashlib.sha256(der).hexdigest(),
            verified=verified,
        )
    except ValueError:
        return None


_read_and_keep = lru_cache(maxsize=_MAX_KEPT)(_read)


async def peek(address: tuple[str, int], server_name: str, context: ssl.SSLContext) -> ssl.SSLObject | None:
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
