"""Small files that people write for the exporter and change while it runs; each read looks at them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from exporter.credentials import Secret

FileVersion: TypeAlias = tuple[int, ...]

_MAX_SECRET_BYTES = 64 * 1024
_MAX_NOTE_BYTES = 200


def read_secret(secret: Secret) -> str:
    """The secret itself, without surrounding white space.

    Raises:
        OSError: its file cannot be read.
        ValueError: it is empty, too long, or cannot be sent in a header.
    """
    raw = (
        _read(secret.file, _MAX_SECRET_BYTES + 1)
        if secret.file
        else secret.value.encode(errors="surrogatepass")
    )
    if len(raw) > _MAX_SECRET_BYTES:
        raise ValueError("is too long for a secret")
    try:
        value = raw.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if not value:
        raise ValueError("is empty")
    if not value.isprintable():
        raise ValueError("has line breaks or other control characters")
    return value


def read_note(file: str) -> str | None:
    """The first line of a file whose mere existence means something; None when there is no such file.

    A file that exists but cannot be read has an empty note.
    """
    try:
        text = _read_without_waiting(file, _MAX_NOTE_BYTES).decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""
    first = (text.splitlines() or [""])[0]
    return "".join(letter for letter in first if letter.isprintable()).strip()


def file_version(file: str) -> FileVersion:
    """What changes when a file is written or replaced; the same value for every file that is not there."""
    try:
        status = os.stat(file)  # noqa: PTH116 - a path object would only be taken apart again
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _read(file: str, at_most: int) -> bytes:
    with Path(file).open("rb") as content:
        return content.read(at_most)


def _read_without_waiting(file: str, at_most: int) -> bytes:
    """Whoever puts a pipe where a file is expected must not make the exporter wait for a writer."""
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(number, at_most)
    finally:
        os.close(number)
