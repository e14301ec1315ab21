"""TLS towards clients."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping
from ipaddress import ip_address

from exporter.files.pem import load_key_pair
from exporter.settings.web_config import ClientAuth, ServerTls, TlsVersion

_VERSIONS = {TlsVersion.TLS12: ssl.TLSVersion.TLSv1_2, TlsVersion.TLS13: ssl.TLSVersion.TLSv1_3}
_VERIFY_MODES = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


def server_context(tls: ServerTls) -> ssl.SSLContext:
    """Return the TLS context that the web configuration describes.

    Raises:
        ssl.SSLError: the certificate, its key or the authorities cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.maximum_version = _VERSIONS[tls.max_version]
    load_key_pair(context, tls.certificate, tls.key)
    context.verify_mode = _VERIFY_MODES[tls.client_auth]
    if tls.client_ca:
        context.load_verify_locations(cadata=tls.client_ca)
    elif tls.client_auth is not ClientAuth.NONE:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    if tls.ciphers:
        context.set_ciphers(":".join(tls.ciphers))
    if tls.curve:
        context.set_ecdh_curve(tls.curve)
    if not tls.prefer_server_ciphers:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def has_allowed_name(certificate: Mapping[str, object] | None, allowed: Collection[str]) -> bool:
    """Return whether a client's certificate, as Python's TLS shows it, has one of the alternative names allowed."""
    names = (certificate or {}).get("subjectAltName", ())
    return isinstance(names, tuple) and any(_canonical(kind, name) in allowed for kind, name in names)


def _canonical(kind: str, name: str) -> str:
    """Return an alternative name as the web configuration spells it: OpenSSL writes out IPv6 addresses in full."""
    try:
        return str(ip_address(name)) if kind == "IP Address" else name
    except ValueError:
        return name
