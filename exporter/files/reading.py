"""Small files that change while the exporter runs. Only regular files are read, and never more than a limit."""

from __future__ import annotations

import errno
import os
import stat
from typing import TypeAlias

from exporter.credentials import Secret

FileVersion: TypeAlias = tuple[int, ...]

MAX_SECRET_BYTES = 64 * 1024
MAX_CONFIGURATION_BYTES = 32 * 2**20
_MAX_NOTE_BYTES = 200
_PIECE_BYTES = 64 * 1024
_BYTE_ORDER_MARK = "\ufeff"


def read_file(file: str, max_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger than `max_bytes`.
    """
    content = _read_beginning(file, max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"File larger than {max_bytes} bytes", file)
    return content


def cause(error: OSError | ValueError) -> str:
    """Return why a file could not be used, without its name."""
    return getattr(error, "strerror", None) or str(error)


def read_secret(secret: Secret) -> str:
    """Return the secret itself, without surrounding white space.

    Raises:
        OSError: its file cannot be read.
        ValueError: it is empty, too long, or cannot be sent in a header.
    """
    raw = (
        _read_beginning(secret.file, MAX_SECRET_BYTES + 1)
        if secret.file
        else secret.value.encode(errors="surrogatepass")
    )
    if len(raw) > MAX_SECRET_BYTES:
        raise ValueError("is too long for a secret")
    try:
        value = raw.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if value.startswith(_BYTE_ORDER_MARK):
        raise ValueError("begins with a byte order mark (BOM): save it as UTF-8 without BOM")
    if not value:
        raise ValueError("is empty")
    if not value.isprintable():
        raise ValueError("has line breaks or other control characters")
    return value


def read_note(file: str) -> str | None:
    """Return the first line of a file whose mere existence means something; None if there is no such file.

    A file that exists but cannot be read has an empty note.
    """
    try:
        text = _read_beginning(file, _MAX_NOTE_BYTES).decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""
    first = (text.splitlines() or [""])[0]
    return "".join(letter for letter in first if letter.isprintable()).strip()


def file_version(file: str) -> FileVersion:
    """Return what changes when a file is written or replaced; the same value for every file that is missing.

    Take it before the file is read: otherwise a change in between stays unnoticed.
    """
    try:
        status = os.stat(file)  # noqa: PTH116 - a path object would only be taken apart again
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _read_beginning(file: str, max_bytes: int) -> bytes:
    # A pipe or device in place of a file must not make the exporter wait: opening one could take for ever.
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(number).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), file)
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file", file)
        content = bytearray()
        while len(content) < max_bytes and (
            data := os.read(number, min(_PIECE_BYTES, max_bytes - len(content)))
        ):
            content += data
        return bytes(content)
    finally:
        os.close(number)
