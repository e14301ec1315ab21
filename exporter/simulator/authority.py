"""The private certificate authority of simulated zones, and the certificates it gives out, right and wrong."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache, cached_property
from pathlib import Path

import trustme

from exporter.files.pem import load_key_pair
from exporter.simulator import intermediate

_NAMES = ("onezone.example", "provider.example", "localhost", "127.0.0.1", "::1")
_OTHER_NAMES = ("another-zone.example",)
_DAY = timedelta(days=1)
_YEAR = 365 * _DAY


class Credential(Enum):
    """A certificate that a port can show, by what is wrong with it."""

    GOOD = "good"
    ENDING = "ending"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OTHER_NAME = "other_name"
    UNTRUSTED = "untrusted"
    ISSUER_EXPIRED = "issuer_expired"
    INCOMPLETE = "incomplete"
    RENEWED = "renewed"


_BY_INTERMEDIATE = frozenset({Credential.ISSUER_EXPIRED, Credential.INCOMPLETE})
_END_IN = {Credential.ENDING: 3 * _DAY, Credential.EXPIRED: -_DAY}


class ObservedTls(ssl.SSLObject):
    """The server's side of a TLS connection that remembers which name the client asked for."""

    server_name: str | None = None


class Authority:
    """One authority serves any number of zones: certificates are made when first needed, then shared.

    By default they are valid for onezone.example, provider.example, localhost, 127.0.0.1 and ::1. Their keys are by
    default elliptic (the real ones are RSA), so that hundreds of zones start and answer quickly.
    """

    def __init__(self, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> None:
        self._key_type = key_type
        self._authority = trustme.CA(organization_name="Simulated Zone Authority", key_type=key_type)
        # Not methods under @cache: that would keep every authority alive for good.
        self.server_context = cache(self._make_server_context)

    @property
    def ca_pem(self) -> str:
        """The authority's own certificate, which a client must trust (PEM)."""
        return self._authority.cert_pem.bytes().decode()

    def write_ca_file(self, file: Path) -> Path:
        """Write the authority's certificate to a file, for `tls.ca_file`; returns the file."""
        file.write_text(self.ca_pem)
        return file

    @cached_property
    def forwarding_context(self) -> ssl.SSLContext:
        """The context of the worker towards its own Onepanel: the zone's chain, any name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        self._authority.configure_trust(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts this authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return context

    def _make_server_context(self, credential: Credential, names: tuple[str, ...] = _NAMES) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.num_tickets = 0
        context.sslobject_class = ObservedTls
        context.sni_callback = _remember_name
        if credential in _BY_INTERMEDIATE:
            issued = intermediate.issue(
                self._authority, names, is_expired=credential is Credential.ISSUER_EXPIRED
            )
            is_sent = credential is not Credential.INCOMPLETE
            load_key_pair(context, issued.leaf + (issued.intermediate if is_sent else ""), issued.key)
        else:
            self._issue(credential, names).configure_cert(context)
        return context

    def _issue(self, credential: Credential, right_names: tuple[str, ...]) -> trustme.LeafCert:
        now = datetime.now(UTC)
        start = now + _DAY if credential is Credential.NOT_YET_VALID else now - _YEAR
        end = now + _END_IN.get(credential, _YEAR)
        issuer = (
            trustme.CA(key_type=self._key_type) if credential is Credential.UNTRUSTED else self._authority
        )
        names = _OTHER_NAMES if credential is Credential.OTHER_NAME else right_names
        return issuer.issue_cert(
            *names, common_name=names[0], not_before=start, not_after=end, key_type=self._key_type
        )


def _remember_name(tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
    if isinstance(tls, ObservedTls):
        tls.server_name = name
