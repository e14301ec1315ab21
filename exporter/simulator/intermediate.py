"""Certificates by an intermediate of the simulated authority: expired, or not sent by the server."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

NAME = "Simulated Intermediate"
ISSUER_ADDRESS = "http://issuer.example/intermediate.der"
_DAY = timedelta(days=1)
_YEAR = 365 * _DAY
SIGNING = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Issued(NamedTuple):
    """A certificate, the intermediate that issued it, and its key, in PEM."""

    leaf: str
    intermediate: str
    key: str


def issue(authority: trustme.CA, names: tuple[str, ...], *, is_expired: bool) -> Issued:
    """Return a certificate for these names; `is_expired`: its issuer has expired a day ago."""
    root = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    root_key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    if not isinstance(root_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError("the authority's key is neither elliptic nor RSA")
    intermediate_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    intermediate = (
        _builder(NAME, root.subject, intermediate_key, now - _DAY if is_expired else now + _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(SIGNING, critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    address = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(ISSUER_ADDRESS)
    )
    issuing = intermediate_key.public_key()
    leaf = (
        _builder(names[0], intermediate.subject, key, now + _YEAR)
        .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing), critical=False)
        .add_extension(x509.AuthorityInformationAccess([address]), critical=False)
        .sign(intermediate_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Issued(leaf.public_bytes(pem).decode(), intermediate.public_bytes(pem).decode(), private.decode())


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - _YEAR)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def general_name(name: str) -> x509.GeneralName:
    """Return a host name or IP address as an alternative name of a certificate."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
