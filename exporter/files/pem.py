"""Certificates and keys in PEM format. Files are read like all others, within limits, and never by OpenSSL itself."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from exporter.files.reading import read_file

MAX_PEM_BYTES = 4 * 2**20


def read_pem(file: str) -> str:
    """Return the text of a file of certificates or keys; raise OSError if it cannot be read."""
    return read_file(file, MAX_PEM_BYTES).decode("ascii", "replace")


def load_key_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Give a context its certificate and the key, which must have no passphrase.

    Raises:
        ssl.SSLError: they are not a certificate and a key, the key has a passphrase, or they do not match.
    """
    with _memory_file(certificate) as cert_file, _memory_file(key) as key_file:
        # Without a passphrase of our own OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert_file, key_file, password=lambda: "-")


@contextmanager
def _memory_file(content: str) -> Iterator[str]:
    """Give content a file name within the block, for libraries that read only files; avoid the disk if possible."""
    try:
        number = os.memfd_create("onedata-exporter")
    except (AttributeError, OSError):  # not Linux, or not allowed
        number, name = tempfile.mkstemp()
        os.unlink(name)  # noqa: PTH108 - as above
    try:
        with open(number, "wb", closefd=False) as written:
            written.write(content.encode())
        os.lseek(number, 0, os.SEEK_SET)
        yield f"/dev/fd/{number}"
    finally:
        os.close(number)
