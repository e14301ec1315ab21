"""Certificates of every kind, right and wrong, made with `cryptography`: trustme makes only good ones."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from exporter.simulator.intermediate import ISSUER_ADDRESS, SIGNING, general_name

Key: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)
LOOPBACK_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Form:
    """How a certificate is made; times are days from now."""

    names: tuple[str, ...] = LOOPBACK_NAMES
    begins_in: float = -1.0
    ends_in: float = 60.0
    authority: bool = False
    key: str = "elliptic"
    has_authority_key: bool = True
    has_subject_key: bool = True
    has_key_usage: bool = True
    is_critical: bool = True
    issuer_address: bool = False


AUTHORITY = Form(names=(), authority=True)


@cache
def key_of(kind: str, _number: int = 0) -> Key:
    """A key; equal arguments give the same one, as those of RSA take a second to make."""
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    return ec.generate_private_key(ec.SECP256R1())


def issue(name: str, issuer: Issued | None = None, form: Form = Form()) -> Issued:
    """A certificate by an issuer, or by itself."""
    key = key_of(form.key, hash(name))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + form.begins_in * DAY)
        .not_valid_after(_end(now, form.ends_in))
    )
    for extension, critical in _extensions(form, key, issuer):
        builder = builder.add_extension(extension, critical=critical)
    signing = issuer.key if issuer else key
    if isinstance(signing, ed25519.Ed25519PrivateKey):
        return Issued(builder.sign(signing, None), key)
    return Issued(builder.sign(signing, hashes.SHA256()), key)


def _end(now: datetime, days: float) -> datetime:
    """The year 9999 is the last one that a certificate can have."""
    return datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) if days == float("inf") else now + days * DAY


def _extensions(form: Form, key: Key, issuer: Issued | None) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=form.authority, path_length=None), form.is_critical)
    ]
    if form.names:
        found.append((x509.SubjectAlternativeName([general_name(name) for name in form.names]), False))
    if form.has_subject_key:
        found.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    if issuer and form.has_authority_key:
        issuing = issuer.key.public_key()
        found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing), False))
    if form.has_key_usage and form.authority:
        found.append((SIGNING, True))
    if form.issuer_address:
        where = x509.UniformResourceIdentifier(ISSUER_ADDRESS)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
        found.append((x509.AuthorityInformationAccess([access]), False))
    return found


# The object identifiers of RSA signatures with SHA-256 and SHA-1.
_RSA_SHA256 = bytes.fromhex("06092a864886f70d01010b")
_RSA_SHA1 = bytes.fromhex("06092a864886f70d010105")


def ending_in_1949(name: str, issuer: Issued) -> Issued:
    """A certificate that ended in 1949, which no library makes: a later year, changed and signed again."""
    years = (datetime(2149, 1, 2, tzinfo=UTC) - datetime.now(UTC)) / DAY
    made = issue(name, issuer, Form(ends_in=years))
    body = made.certificate.tbs_certificate_bytes.replace(b"\x18\x0f2149", b"\x18\x0f1949")
    return _signed(body, made.key, issuer)


def signed_with_sha1(name: str, issuer: Issued) -> Issued:
    """A certificate whose signature is of SHA-1, which libraries refuse to make by now."""
    made = issue(name, issuer)
    body = made.certificate.tbs_certificate_bytes.replace(_RSA_SHA256, _RSA_SHA1)
    return _signed(body, made.key, issuer, _RSA_SHA1)


def _signed(body: bytes, key: Key, issuer: Issued, algorithm: bytes = _RSA_SHA256) -> Issued:
    assert isinstance(issuer.key, rsa.RSAPrivateKey)
    digest = hashes.SHA1() if algorithm == _RSA_SHA1 else hashes.SHA256()  # noqa: S303 - it is to be refused
    signature = issuer.key.sign(body, padding.PKCS1v15(), digest)
    named = bytes.fromhex("300d") + algorithm + bytes.fromhex("0500")
    der = _tagged(0x30, body + named + _tagged(0x03, b"\0" + signature))
    return Issued(x509.load_der_x509_certificate(der), key)


def _tagged(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content


def serving(folder: Path, sent: Sequence[Issued]) -> ssl.SSLContext:
    """The context of a server that sends these certificates, its own first."""
    file = folder / f"server-{len(list(folder.iterdir()))}.pem"
    key = sent[0].key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(key + b"".join(each.pem for each in sent))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A server may show certificates that this machine would not sign any more.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(file)
    return context


def trusting(folder: Path, *roots: Issued) -> Path:
    """A CA file with these certificates."""
    file = folder / f"trusted-{len(list(folder.iterdir()))}.pem"
    file.write_bytes(b"".join(each.pem for each in roots))
    return file


def verification_error(context: ssl.SSLContext, ca_file: Path, flags: int) -> str:
    """OpenSSL's error for a server with these flags, in a handshake in memory; empty if it accepts."""
    client_context = ssl.create_default_context(cafile=str(ca_file))
    client_context.verify_flags = ssl.VerifyFlags(flags)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return ""
