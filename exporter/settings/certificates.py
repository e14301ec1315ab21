"""Whether certificate files can be used: they are loaded once, so that a wrong one is reported before the start."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import lru_cache

from exporter.certificates import MAX_CHAIN, parse_chain
from exporter.files import FileVersion, file_version
from exporter.files.pem import load_key_pair, read_pem

_MOST_PRIVATE_AUTHORITIES = MAX_CHAIN


def check_file_name(name: str) -> str:
    """Return the name of a file, which need not exist.

    Raises:
        ValueError: it is not the name of a file.
    """
    if not name:
        raise ValueError("must name a file")
    if not name.isprintable():
        raise ValueError("is no file name")
    return name


def read_pem_file(file: str) -> str:
    """Return the text of a file of certificates or keys.

    Raises:
        ValueError: it cannot be read.
    """
    check_file_name(file)
    try:
        return read_pem(file)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}: {file}") from None


def check_readable(file: str) -> str:
    """Return the name of a file that can be read.

    Raises:
        ValueError: it cannot.
    """
    read_pem_file(file)
    return file


def check_ca_file(file: str) -> str:
    """Return the name of a file of certificate authorities.

    Raises:
        ValueError: it cannot be read, or has no certificate.
    """
    if not _has_certificate(check_file_name(file), file_version(file)):
        raise ValueError(f"has no certificate in PEM format: {file}")
    return file


def has_certificate(pem: str) -> bool:
    """Return whether a text has a certificate in PEM format."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return False
    return True


def strict_objections(file: str) -> Iterator[str]:
    """Yield what newer verifiers refuse of the authorities of a file, one by one; nothing of one that is gone.

    A bundle of public authorities has too many: its old ones are known, and no server shows them.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=read_pem_file(file))
    except (ssl.SSLError, ValueError):
        return
    authorities = context.get_ca_certs(binary_form=True)
    if len(authorities) > _MOST_PRIVATE_AUTHORITIES:
        return
    for each in parse_chain(authorities, verified=True):
        if objection := each.strict_objection(is_last=each.is_self_issued):
            yield objection


def check_key_pair(certificate: str, key: str, place: str = "tls") -> None:
    """Check a certificate and its key in PEM format, which are the keys `cert_file` and `key_file` of `place`.

    Raises:
        ValueError: they are not a certificate and key in PEM format, the key has a passphrase, or they do not match.
    """
    try:
        load_key_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(f"is not the key of the certificate in {place}.cert_file") from None
        raise ValueError(
            f"{place}.cert_file and {place}.key_file must be a certificate and its key without a passphrase, "
            "in PEM format"
        ) from None


@lru_cache(maxsize=100)  # many targets with one large file would take long
def _has_certificate(file: str, _version: FileVersion) -> bool:
    return has_certificate(read_pem_file(file))
