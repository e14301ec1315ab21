"""Certificates in their DER encoding: what is read of them, kept in little room."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from exporter.caches import BoundedCache
from exporter.observation import Certificate
from exporter.operations.responses import sanitize

# What strict verifiers do with a certificate that has an objection.
REFUSED_ELSEWHERE = "newer verifiers refuse this (Python 3.13, for example)"
# What is read from a certificate, beside its encoding: texts of a bounded length.
_READ_BYTES = 4096
# Chains have two to four certificates. TLS itself would let a server send hundreds.
MAX_CHAIN = 16

Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class ParsedCertificate:
    """One certificate: what is shown of it, and what its chain is judged by.

    `name` and `issuer_name` are short names for people; the keys identify subject and issuer, whatever they
    are called. `names_issuer_address`: it names a URL of its issuer's certificate (AIA). `objection` is what
    OpenSSL's strict checks refuse of it at any position of a chain.
    """

    shown: Certificate
    name: str
    issuer_name: str
    subject_key: bytes
    issuer_key: bytes
    names_issuer_address: bool
    has_alternative_names: bool
    has_authority_key: bool
    objection: str

    @property
    def is_self_issued(self) -> bool:
        """Return whether it names itself as its issuer, as roots do."""
        return self.subject_key == self.issuer_key

    def strict_objection(self, *, is_last: bool) -> str:
        """Return what VERIFY_X509_STRICT refuses of it in a chain, whose last certificate is the trusted one.

        The text is empty if there is nothing. It begins with the name of the certificate.
        """
        missing = "" if self.has_authority_key or is_last else "it has no Authority Key Identifier"
        objection = "; ".join(part for part in (missing, self.objection) if part)
        return f"{self.name}: {objection}" if objection else ""


def parse_chain(ders: Iterable[bytes], *, verified: bool) -> tuple[ParsedCertificate, ...]:
    """Return the certificates of a chain that can be read at all, the first ones if there are too many."""
    parsed = (
        parse_certificate(der, verified=verified) for _, der in zip(range(MAX_CHAIN), ders, strict=False)
    )
    return tuple(each for each in parsed if each is not None)


def parse_certificate(der: bytes, *, verified: bool) -> ParsedCertificate | None:
    """Return the certificate in a DER encoding; None when it cannot be read at all."""
    return _kept.get((der, verified), lambda: _parse(der, verified=verified), len(der) + _READ_BYTES)


# A server may show another certificate each time, of up to 100 kB: what is kept of all must stay little.
_kept: BoundedCache[tuple[bytes, bool], ParsedCertificate | None] = BoundedCache(4 * 1024 * 1024)


def _parse(der: bytes, *, verified: bool) -> ParsedCertificate | None:
    try:
        certificate = x509.load_der_x509_certificate(der)
        shown = Certificate(
            subject=sanitize(certificate.subject.rfc4514_string()),
            issuer=sanitize(certificate.issuer.rfc4514_string()),
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
            fingerprint_sha256=hashlib.sha256(der).hexdigest(),
            verified=verified,
        )
        return ParsedCertificate(
            shown=shown,
            name=_name(certificate.subject),
            issuer_name=_name(certificate.issuer),
            subject_key=hashlib.sha256(certificate.subject.public_bytes()).digest(),
            issuer_key=hashlib.sha256(certificate.issuer.public_bytes()).digest(),
            names_issuer_address=_names_issuer_address(certificate),
            has_alternative_names=_extension(certificate, x509.SubjectAlternativeName) is not None,
            has_authority_key=_has_authority_key(certificate),
            objection="; ".join(_objections(certificate)),
        )
    except ValueError:
        return None


def _name(name: x509.Name) -> str:
    """Return the part of a name that people know it by."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            if isinstance(attribute.value, str) and attribute.value.strip():
                return sanitize(attribute.value)
    return sanitize(name.rfc4514_string())


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> x509.Extension[Extension] | None:
    # Extensions that cannot be read raise ValueError: of such a certificate the rest is shown all the same.
    with suppress(x509.ExtensionNotFound, ValueError):
        return certificate.extensions.get_extension_for_class(kind)
    return None


def _names_issuer_address(certificate: x509.Certificate) -> bool:
    access = _extension(certificate, x509.AuthorityInformationAccess)
    return access is not None and any(
        each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access.value
    )


def _has_authority_key(certificate: x509.Certificate) -> bool:
    found = _extension(certificate, x509.AuthorityKeyIdentifier)
    return found is not None and found.value.key_identifier is not None


def _objections(certificate: x509.Certificate) -> Iterator[str]:
    """Yield what strict checks refuse of an authority's certificate, at any position of its chain."""
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is None or not basic.value.ca:
        return
    if not basic.critical:
        yield "its Basic Constraints are not critical"
    if _extension(certificate, x509.KeyUsage) is None:
        yield "it has no Key Usage"
    if _extension(certificate, x509.SubjectKeyIdentifier) is None:
        yield "it has no Subject Key Identifier"
