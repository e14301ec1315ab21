"""Whether certificate files can be used: they are loaded once, so that a wrong one is told before anything starts."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path


def check_ca_file(file: str) -> str:
    """A file of certificate authorities.

    Raises:
        ValueError: it cannot be read, or has no certificate.
    """
    state = _stat(file)
    if not _has_certificate(file, state.st_mtime_ns, state.st_size):
        raise ValueError(f"has no certificate in PEM format: {file}")
    return file


def check_readable(file: str) -> str:
    """A file that can be read.

    Raises:
        ValueError: it cannot.
    """
    _stat(file)
    return file


def check_key_pair(cert_file: str, key_file: str, place: str = "tls") -> None:
    """A certificate with its key, which are the keys `cert_file` and `key_file` of `place`.

    Raises:
        ValueError: they are no certificate and key in PEM format, the key has a passphrase, or they do not match.
    """
    try:
        # Without a passphrase of our own OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, password=lambda: "-")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(f"is not the key of the certificate in {place}.cert_file") from None
        raise ValueError(
            f"{place}.cert_file and {place}.key_file must be a certificate and its key without a passphrase, "
            "in PEM format"
        ) from None


@lru_cache(maxsize=100)  # many targets with one large file would take long
def _has_certificate(file: str, _mtime_ns: int, _size: int) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        return False
    return True


def _stat(file: str) -> os.stat_result:
    if not file:
        raise ValueError("must name a file")
    if not file.isprintable():
        raise ValueError("is no file name")
    try:
        with Path(file).open("rb") as content:
            content.read(1)
            return os.fstat(content.fileno())
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}: {file}") from None
